"""One batch -> what a provider made of it. Requests are bounded, paced, counted and, where the answer is none, asked again.

too long       the batch is asked about in halves, down to one event, and that one shortened
not understood once more with a reminder, then the next provider
refused        the next provider
no answer      the next provider if this one is given up, else the batch waits

Nothing here touches an event: whoever asked stores the answer and the end of the batch together, or gives the batch back.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from claudemem_lib import prompts, providers, replies
from claudemem_lib.budget import batch_events, day_end_ms
from claudemem_lib.chain import gap_ms, nobody
from claudemem_lib.errors import BadReply, ContextTooLong, DailyLimit, ProviderError
from claudemem_lib.models import Outcome, ParsedReply
from claudemem_lib.providers import failures
from claudemem_lib.store import events, health, usage
from claudemem_lib.store.usage import Call

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.budget import Budget
    from claudemem_lib.chain import Chain
    from claudemem_lib.models import Batch, Prompt, Reply
    from claudemem_lib.modes import Mode
    from claudemem_lib.providers import Provider
    from claudemem_lib.settings import Settings
    from claudemem_lib.store.database import Database

WHOLE_TURN = 500
SMALLEST_REQUEST = 2_000  # characters; a model that cannot take these cannot be used
_UNUSABLE = (Outcome.NOT_UNDERSTOOD, Outcome.REFUSED)


@frozen(kw_only=True)
class Answer:
    """What was made of a batch, and by whom; *call* is what is still to be written down, of a provider that costs nothing."""

    parsed: ParsedReply
    provider: str
    model: str
    call: Call | None = None


@frozen(kw_only=True)
class Asker:
    """What it takes to ask: the providers, the budget, a mode, a clock, and something that waits (seconds)."""

    database: Database
    chain: Chain
    budget: Budget
    mode: Mode
    settings: Settings
    clock: Callable[[], int]
    wait: Callable[[float], object] = time.sleep

    def most_events(self) -> int:
        """How many events a batch may hold for whoever is asked next; 0 while nobody may be asked."""
        ready = self.chain.ready()
        if not ready:
            return 0
        return batch_events(self.settings, ready[0].name) if providers.networked(ready[0]) else WHOLE_TURN

    def ask(self, batch: Batch) -> Answer:
        """The answer of the first provider that has one; else the last one's ProviderError, or whatever broke it."""
        last: ProviderError = nobody()
        for provider in self.chain.ready():
            try:
                answer = self._asked(provider, batch)
            except DailyLimit:
                raise
            except ProviderError as error:
                next_one = self.chain.failed(provider, error)
                if not (next_one or isinstance(error, BadReply)):
                    raise
                last = error
            else:
                self.chain.answered(provider)
                return answer
        raise last

    def _asked(self, provider: Provider, batch: Batch) -> Answer:
        if not providers.networked(provider):
            prompt = prompts.build(self.mode, batch)
            reply = provider.complete(prompt)
            call = self._paid(provider, prompt, reply, batch)
            return evolve(self._answer(provider, reply, self._understood(provider, reply)), call=call)
        if prompts.says_nothing(batch):
            return Answer(parsed=ParsedReply(outcome=Outcome.NOTHING), provider=provider.name, model="")
        answer = self._bounded(provider, batch, self.budget.characters(provider.name))
        return evolve(answer, parsed=replies.checked(answer.parsed, batch))

    def _bounded(self, provider: Provider, batch: Batch, limit: int) -> Answer:
        """The answer to *batch* in requests of at most *limit* characters, and fewer where the provider says so."""
        try:
            return self._once(provider, batch, limit)
        except ContextTooLong as error:
            if len(batch.events) > 1:
                halves = [self._bounded(provider, half, limit // 2) for half in _halves(batch)]
                return evolve(halves[-1], parsed=replies.joined([half.parsed for half in halves]))
            if limit <= SMALLEST_REQUEST:
                message = f"{provider.name} cannot take even one shortened event: {error}"
                raise BadReply(message) from error
            return self._bounded(provider, batch, max(SMALLEST_REQUEST, limit // 4))

    def _once(self, provider: Provider, batch: Batch, limit: int) -> Answer:
        """One request, and one more with a reminder if its answer was not understood."""
        prompt = prompts.build(self.mode, batch, limit)
        reply = self._call(provider, prompt, batch)
        parsed = replies.parse(reply.text, self.mode.type_ids)
        if parsed.outcome is Outcome.NOT_UNDERSTOOD:
            told = failures.from_prose(provider.name, reply.text)
            if told is not None:
                raise told
            reply = self._call(provider, prompts.with_reminder(prompt), batch)
        return self._answer(provider, reply, self._understood(provider, reply))

    def _understood(self, provider: Provider, reply: Reply) -> ParsedReply:
        """The reply as values; BadReply if it cannot be used, or what its prose really tells of."""
        parsed = replies.parse(reply.text, self.mode.type_ids)
        if parsed.outcome in _UNUSABLE:
            told = failures.from_prose(provider.name, reply.text) if providers.networked(provider) else None
            message = f"{provider.name} gave no usable answer: {parsed.reason or parsed.outcome}"
            raise told or BadReply(message)
        return parsed

    def _answer(self, provider: Provider, reply: Reply, parsed: ParsedReply) -> Answer:
        return Answer(parsed=parsed, provider=provider.name, model=reply.model)

    def _call(self, provider: Provider, prompt: Prompt, batch: Batch) -> Reply:
        """One call within the day's limit, at the provider's pace, with the batch's lease renewed, and written down."""
        tokens = int(len(prompt.system + prompt.user) / self.budget.per_token(provider.name))
        reached = self.budget.reached(tokens)
        if reached:
            self.chain.stop_for_today(reached, day_end_ms(self.clock()))
            raise DailyLimit(reached)
        self._keep_pace(provider)
        events.renew(self.database, batch.token, self.clock() + self.settings.lease_seconds * 1_000)
        try:
            reply = provider.complete(prompt)
        except ProviderError:
            raise
        except Exception as error:
            message = f"{provider.name} broke: {type(error).__name__}: {error}"
            raise BadReply(message) from error
        with self.database.write() as connection:  # at once: what was paid counts, whatever becomes of the answer
            usage.add(connection, self._paid(provider, prompt, reply, batch), self.clock())
        return reply

    def _keep_pace(self, provider: Provider) -> None:
        """Wait for this provider's place in line; the first request of a batch never has to."""
        gap, name = gap_ms(provider), self.chain.identity(provider.name)
        while gap and not health.may_ask(self.database, name, gap, self.clock()):
            self.wait(gap / 1_000)

    def _paid(self, provider: Provider, prompt: Prompt, reply: Reply, batch: Batch) -> Call:
        return Call(
            provider=provider.name,
            reply=reply,
            session_id=batch.session_id,
            characters=len(prompt.system) + len(prompt.user),
            cost_micros=self.budget.cost_micros(provider.name, reply),
        )


def _halves(batch: Batch) -> tuple[Batch, Batch]:
    """The first half as if the turn went on, the second as if the first had been observed before."""
    middle = len(batch.events) // 2
    first, second = batch.events[:middle], batch.events[middle:]
    return evolve(batch, events=first, finished=False), evolve(batch, events=second, earlier=(*batch.earlier, *first))
