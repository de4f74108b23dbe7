"""One claimed batch -> stored memories. The provider is asked outside any transaction; one transaction keeps the result.

claim -> prompts.build -> provider.complete -> replies.parse -> memories + usage + events finished
                                 |                  |
                            failed: release    not understood: release
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from claudemem_lib import prompts, replies
from claudemem_lib.errors import BadReply, ClaudeMemError, LeaseLost, RateLimited, StoreError
from claudemem_lib.ids import new_uid
from claudemem_lib.models import Observed, Outcome
from claudemem_lib.store import events, memories, usage
from claudemem_lib.store.events import Readiness

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.models import Batch, ParsedReply, Reply
    from claudemem_lib.modes import Mode
    from claudemem_lib.providers import Provider
    from claudemem_lib.settings import Settings
    from claudemem_lib.store.database import Database

WHOLE_TURN = 500
_CHARACTERS_PER_TOKEN = 4


@frozen(kw_only=True)
class Observer:
    """What it takes to observe: the file, a provider, a mode, the settings and a clock (milliseconds UTC)."""

    database: Database
    provider: Provider
    mode: Mode
    settings: Settings
    clock: Callable[[], int]

    def observe_next(self, *, flush: bool = False) -> Observed | None:
        """Claim and observe one batch; None if nothing is ready. *flush* does not wait for a turn's end."""
        settings = self.settings
        parked = events.park_tired(self.database, settings.retry_limit, self.clock())
        readiness = Readiness(
            enough=settings.batch_max_size,
            age_ms=settings.batch_max_age_seconds * 1_000,
            most=WHOLE_TURN,
            lease_ms=settings.lease_seconds * 1_000,
            flush=flush,
        )
        batch = events.claim(self.database, new_uid(self.clock()), readiness, self.clock())
        if batch is None:
            return Observed(parked=parked) if parked else None
        return self._observe(batch)

    def _observe(self, batch: Batch) -> Observed:
        """Ask, understand, store; a failure gives the batch back."""
        try:
            reply = self.provider.complete(prompts.build(self.mode, batch))
            parsed = replies.parse(reply.text, self.mode.type_ids)
            if parsed.outcome in (Outcome.NOT_UNDERSTOOD, Outcome.REFUSED):
                message = f"{self.provider.name} gave no usable answer: {parsed.reason or parsed.outcome}"
                raise BadReply(message)  # noqa: TRY301  # handled like the provider's own errors
            stored = self._store(batch, reply, parsed)
        except LeaseLost:
            return Observed(batches=1, failed=1)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001  # one batch that breaks a provider must not stop all the others
            return self._give_back(batch, error)
        return Observed(batches=1, events=len(batch.events), memories=stored)

    def _give_back(self, batch: Batch, error: Exception) -> Observed:
        """The batch waits for its next try; the cause is kept where people see it."""
        now_ms = self.clock()
        wait_ms = error.retry_after_ms if isinstance(error, RateLimited) else None
        not_before_ms = now_ms + (events.backoff_ms(batch.attempts) if wait_ms is None else wait_ms)
        reason = str(error) if isinstance(error, ClaudeMemError) else f"{type(error).__name__}: {error}"
        events.release(self.database, batch.token, reason, not_before_ms, failed=True)
        return Observed(batches=1, failed=1, parked=events.park_tired(self.database, self.settings.retry_limit, now_ms))

    def _store(self, batch: Batch, reply: Reply, parsed: ParsedReply) -> int:
        """Everything that was made of the batch and its end, in one transaction; gives the number of memories."""
        made = len(parsed.observations) + (parsed.summary is not None)
        origin = memories.Origin(
            project_id=batch.project_id,
            created_ms=batch.events[-1].occurred_ms,
            session_id=batch.session_id,
            prompt_number=batch.prompt_number,
            batch=batch.token,
            branch=batch.branch,
            provider=self.provider.name,
            model=reply.model,
            work_tokens=_work_tokens(batch) // made if made else 0,
        )
        with self.database.write() as connection:
            events.finish(connection, batch, self.clock())
            for observation in parsed.observations:
                memories.add_observation(connection, observation, origin)
            if parsed.summary is not None:
                memories.add_summary(connection, parsed.summary, origin)
            usage.add(connection, self.provider.name, reply, batch.session_id, self.clock())
        return made


def _work_tokens(batch: Batch) -> int:
    """What it cost the session to find this out: the size of its events, at four characters a token."""
    return sum(len(str(event.payload)) for event in batch.events) // _CHARACTERS_PER_TOKEN
