"""One claimed batch -> stored memories. Providers are asked outside any transaction; one transaction keeps the result.

claim -> asker.ask -> memories + events finished
            |
       no answer: release
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from claudemem_lib import folder_context, redact, verbatim
from claudemem_lib.errors import (
    AuthFailed,
    ClaudeMemError,
    LeaseLost,
    ProviderDown,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    StoreError,
)
from claudemem_lib.ids import new_uid
from claudemem_lib.models import Observed
from claudemem_lib.store import events, memories, sessions, usage
from claudemem_lib.store.events import Readiness
from claudemem_lib.store.text import storable

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.asking import Answer, Asker
    from claudemem_lib.models import Batch
    from claudemem_lib.settings import Settings
    from claudemem_lib.store.database import Database

LONGEST_WAIT_MS = 86_400_000
LONGEST_REASON = 1_000
_NOT_ITS_FAULT = (AuthFailed, ProviderDown, QuotaExhausted, RateLimited)  # the same batch may well succeed later
_CHARACTERS_PER_TOKEN = 4


def no_log(_outcome: str) -> None:
    """Nobody keeps a log."""


@frozen(kw_only=True)
class Observer:
    """What it takes to observe: the file, someone who asks providers, the settings and a clock (milliseconds UTC)."""

    database: Database
    asker: Asker
    settings: Settings
    clock: Callable[[], int]
    tell: Callable[[str], object] = no_log
    """Told each batch's outcome in one line, for a log: ids and counts, never what the events say."""

    def observe_next(self, *, flush: bool = False, session: str = "") -> Observed | None:
        """Claim and observe one batch, of one *session* if given; None if nothing is ready. *flush* waits for no turn's end."""
        parked = events.park_tired(self.database, self.settings.retry_limit, self.clock())
        batch = self.claim(flush=flush, session=session)
        if batch is None:
            return Observed(parked=parked) if parked else None
        done = self.observe(batch)
        return evolve(done, parked=done.parked + parked)

    def claim(self, *, flush: bool = False, session: str = "") -> Batch | None:
        """Take the next batch that is ready, for as long as the lease lasts."""
        settings, most = self.settings, self.asker.most_events()
        if not most:  # nobody may be asked now: the queue waits untouched
            return None
        readiness = Readiness(
            enough=min(settings.batch_max_size, most) if settings.batching_enabled else 1,
            age_ms=settings.batch_max_age_seconds * 1_000,
            most=most,
            lease_ms=settings.lease_seconds * 1_000,
            flush=flush,
            session=session,
        )
        return events.claim(self.database, new_uid(self.clock()), readiness, self.clock())

    def observe(self, batch: Batch) -> Observed:
        """Ask, understand, store; a failure gives the batch back."""
        try:
            answer = self.asker.ask(batch)
            stored = self._store(batch, answer)
        except LeaseLost:
            self._tell(batch, "taken over by another worker")
            return Observed(batches=1, failed=1)
        except StoreError:
            raise
        except (KeyboardInterrupt, SystemExit):
            events.release(self.database, batch.token)
            raise
        except Exception as error:  # noqa: BLE001  # one batch that breaks a provider must not stop all the others
            return self._give_back(batch, error)
        self._tell(batch, f"{stored} memories by {answer.provider}")
        self._keep_folders(batch, answer)
        return Observed(batches=1, events=len(batch.events), memories=stored)

    def _keep_folders(self, batch: Batch, answer: Answer) -> None:
        """Bring folder context files up to date where they are wanted; what goes wrong there costs nothing that was stored."""
        try:
            made = answer.parsed.observations
            outcomes = folder_context.after_turn(self.database, self.settings, batch, made, self.clock())
        except Exception as error:  # noqa: BLE001  # a file of somebody else's project must not stop the queue
            self.tell(f"folder context of {batch.project}: {type(error).__name__}: {error}")
            return
        for one in outcomes:
            if one.state != "unchanged":
                self.tell(f"folder context {one.state}: {one.path}{f' ({one.reason})' if one.reason else ''}")

    def _tell(self, batch: Batch, outcome: str) -> None:
        ids = ",".join(str(event.id) for event in batch.events)
        self.tell(f"session {batch.host_id} prompt {batch.prompt_number} events {ids}: {outcome}")

    def _give_back(self, batch: Batch, error: Exception) -> Observed:
        """The batch waits for its next try; the cause is kept where people see it."""
        now_ms = self.clock()
        wait_ms = error.retry_after_ms if isinstance(error, ProviderError) else None
        wait_ms = events.backoff_ms(batch.attempts) if wait_ms is None else min(max(0, wait_ms), LONGEST_WAIT_MS)
        reason = str(error) if isinstance(error, ClaudeMemError) else f"{type(error).__name__}: {error}"
        reason = storable(redact.clean(reason, LONGEST_REASON, self.settings.redact_patterns)) or type(error).__name__
        failed = not isinstance(error, _NOT_ITS_FAULT)
        events.release(self.database, batch.token, reason, now_ms + wait_ms, failed=failed)
        parked = events.park_tired(self.database, self.settings.retry_limit, now_ms)
        self._tell(batch, f"failed ({type(error).__name__}), {'parked' if parked else 'to be tried again'}")
        return Observed(batches=1, failed=1, parked=parked)

    def _store(self, batch: Batch, answer: Answer) -> int:
        """Everything that was made of the batch and its end, in one transaction; gives how many memories stayed."""
        parsed = answer.parsed
        summary = parsed.summary if batch.finished else None
        made, kept = len(parsed.observations) + (summary is not None), 0
        with self.database.write() as connection:
            events.finish(connection, batch, self.clock())
            origin = memories.Origin(
                project_id=sessions.project_of(connection, batch.session_id),
                created_ms=batch.events[-1].occurred_ms,
                session_id=batch.session_id,
                host_id=batch.host_id,
                prompt_number=batch.prompt_number,
                batch=batch.token,
                branch=batch.branch,
                provider=answer.provider,
                model=answer.model,
                work_tokens=_work_tokens(batch) // max(1, made),
            )
            # What is kept word for word stands beside the summary, or where there is none, beside the last observation.
            beside = evolve(origin, verbatim=verbatim.extract(batch))
            for left, observation in zip(range(made - 1, -1, -1), parsed.observations, strict=False):
                kept += memories.add_observation(connection, observation, origin if left else beside) > 0
            if summary is not None:
                kept += memories.add_summary(connection, summary, beside) > 0
            if answer.call is not None:
                usage.add(connection, answer.call, self.clock())
        return kept


def _work_tokens(batch: Batch) -> int:
    """What it cost the session to find this out: the size of its events, at four characters a token."""
    return sum(len(str(event.payload)) for event in batch.events) // _CHARACTERS_PER_TOKEN
