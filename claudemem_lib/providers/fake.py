"""A provider that says what it is told to: for tests, the demo and checks of an installation. No model, no network."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from claudemem_lib import paths
from claudemem_lib.errors import BadReply, ProviderDown
from claudemem_lib.models import Reply, Usage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from claudemem_lib.models import Prompt
    from claudemem_lib.settings import Settings

DELAY_MS, FAIL_PERCENT = "CLAUDE_MEM_FAKE_DELAY_MS", "CLAUDE_MEM_FAKE_FAIL_PERCENT"


class Fake:
    """Answers with *script* item by item: text, a whole Reply, or an error to raise; after its end with a fixed form.

    *prompts* holds every prompt it was given, in order.
    """

    name = "fake"

    def __init__(self, script: Iterable[str | Reply | Exception] = (), *, networked: bool = False) -> None:
        """*networked*: be treated as one that costs something."""
        self._script = iter(script)
        self.networked = networked
        self.prompts: list[Prompt] = []

    def complete(self, prompt: Prompt) -> Reply:
        """The next item of the script, or an answer that depends on the prompt alone."""
        self.prompts.append(prompt)
        item = next(self._script, None)
        if isinstance(item, Exception):
            raise item
        if isinstance(item, Reply):
            return item
        text = default_answer(prompt) if item is None else item
        usage = Usage(input_tokens=(len(prompt.system) + len(prompt.user)) // 4, output_tokens=len(text) // 4)
        return Reply(text=text, model="fake-1", usage=usage)


def default_answer(prompt: Prompt) -> str:
    """One observation that counts the batch's events, and a summary where the turn has ended."""
    batch = prompt.batch
    request = escape(" ".join(batch.request.split())[:80] or "no request")
    title = f"Prompt {batch.prompt_number}: {len(batch.events)} events from {batch.events[0].id} for {request}"
    answer = (
        f"<observation><type>{prompt.types[0]}</type><title>{title}</title>"
        f"<narrative>Recorded without a model.</narrative></observation>"
    )
    if batch.finished:
        answer += f"\n<summary><request>{request}</request><completed>{title}</completed></summary>"
    return answer


class Unsteady:
    """A provider that takes its time and fails now and then, to see what becomes of the events."""

    name = "fake"

    def __init__(self, inner: Fake, delay_ms: int, fail_percent: int) -> None:
        self._inner, self._delay_ms, self._fail_percent = inner, delay_ms, fail_percent

    def complete(self, prompt: Prompt) -> Reply:
        """As the inner provider, after the delay, if it does not fail."""
        time.sleep(self._delay_ms / 1_000)
        if random.randrange(100) < self._fail_percent:  # noqa: S311  # chance, no secret
            message = "the fake provider fails now and then, as it was told to"
            raise random.choice((ProviderDown, BadReply))(message)  # noqa: S311  # the outage, and the failure that counts
        return self._inner.complete(prompt)


def provider(_settings: Settings) -> Fake | Unsteady:
    """A fake without a script; `CLAUDE_MEM_FAKE_DELAY_MS` and `CLAUDE_MEM_FAKE_FAIL_PERCENT` make it slow and unsteady."""
    delay_ms, fail_percent = (int(paths.environment(name) or 0) for name in (DELAY_MS, FAIL_PERCENT))
    return Unsteady(Fake(), delay_ms, fail_percent) if delay_ms or fail_percent else Fake()
