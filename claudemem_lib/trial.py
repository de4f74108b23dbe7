"""One real, tiny question to a provider: does it answer, how fast, for how much? Asked only on a person's word, since it costs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from attrs import field, frozen

from claudemem_lib import providers, render
from claudemem_lib.budget import dollars
from claudemem_lib.errors import BadReply, DailyLimit, ProviderError, SettingsError
from claudemem_lib.models import Batch, Event, Prompt, Usage
from claudemem_lib.store import usage
from claudemem_lib.store.usage import Call

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.chain import Chain
    from claudemem_lib.models import Reply
    from claudemem_lib.providers import Provider

PURPOSE = "test"
SYSTEM = "You are asked only whether you can be reached. Answer with the single word ready."
QUESTION = "Can you be reached?"
LONGEST_ANSWER = 80


@frozen(kw_only=True)
class Trial:
    """What came of the question; *error* is "" where there was an answer, *cost_micros* None where nobody knows the price."""

    provider: str
    model: str = ""
    answer: str = ""
    error: str = ""
    took_ms: int = 0
    usage: Usage = field(factory=Usage)
    cost_micros: int | None = 0

    @property
    def ok(self) -> bool:
        """Whether the provider can be used."""
        return not self.error

    def sentence(self) -> str:
        """For people."""
        took = f"{self.took_ms / 1_000:.1f} s"
        if self.error:
            return f"{self.provider} did not answer ({took}): {self.error}"
        tokens = self.usage.prompt_tokens + self.usage.output_tokens
        cost = "at an unknown price" if self.cost_micros is None else dollars(self.cost_micros)
        spent = f"{tokens:,} tokens, {cost}" if tokens else "no tokens, no cost"
        name = " ".join(part for part in (self.provider, self.model) if part)
        return f"{name} answers in {took}: {spent}."


def ask(chain: Chain, name: str = "", timer: Callable[[], float] = time.monotonic) -> Trial:
    """Ask the provider called *name* (default: the one in force) once. What it cost is written down, and counts for the day.

    A provider that answers is well again: what waited for it goes on at once.
    """
    named = name or chain.names[0]
    begun = timer()

    def took_ms() -> int:
        return round((timer() - begun) * 1_000)

    try:
        provider = chain.given or chain.load(named, chain.settings)
        reply = _answer(chain, provider)
    except (ProviderError, SettingsError) as error:
        return Trial(provider=named, error=str(error), took_ms=took_ms())
    took = took_ms()
    call = Call(
        provider=provider.name,
        reply=reply,
        session_id=None,
        characters=len(SYSTEM + QUESTION),
        cost_micros=chain.budget.cost_micros(provider.name, reply) if providers.networked(provider) else 0,
        purpose=PURPOSE,
    )
    with chain.database.write() as connection:
        usage.add(connection, call, chain.clock())
    chain.answered(provider)
    text = render.line(reply.text, LONGEST_ANSWER)
    return Trial(
        provider=named, model=reply.model, answer=text, took_ms=took, usage=reply.usage, cost_micros=call.cost_micros
    )


def _answer(chain: Chain, provider: Provider) -> Reply:
    """Its reply; a ProviderError for none, for an empty one, for whatever breaks, and where today's limit is reached."""
    reached = chain.budget.reached() if providers.networked(provider) else ""
    if reached:
        raise DailyLimit(reached)
    try:
        reply = provider.complete(_prompt(chain.clock()))
    except ProviderError:
        raise
    except Exception as error:
        message = f"{provider.name} broke: {type(error).__name__}: {error}"
        raise BadReply(message) from error
    if not reply.text.strip():
        message = f"{provider.name} gave an empty answer"
        raise BadReply(message)
    return reply


def _prompt(now_ms: int) -> Prompt:
    """The question; with a batch of one event, since a provider without a model reads that."""
    said = {"text": "ready"}
    event = Event(id=0, uid="", kind="stop", tool="", payload=said, occurred_ms=now_ms)
    batch = Batch(
        token="", session_id=0, host_id="", project_id=0, project="", root="", branch="", prompt_number=1,
        request=QUESTION, events=(event,), finished=True,
    )  # fmt: skip
    return Prompt(system=SYSTEM, user=QUESTION, batch=batch, types=("discovery",), concepts=())
