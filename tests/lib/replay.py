"""A heavy recorded day, given to a memory and observed to its end through a scripted service. Used by tests and a benchmark."""

from __future__ import annotations

import hashlib
import os
import random
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve
from werkzeug import Response

from claudemem_lib import prompts
from claudemem_lib.models import Observed
from claudemem_lib.store import events
from tests.lib import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from claudemem_lib.memory import Memory
    from claudemem_lib.models import Batch
    from claudemem_lib.modes import Mode

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("CLAUDE_MEM_TEST_SHARED") or ROOT.parent / "shared")
DAY = [
    SHARED / "data" / "transcripts" / "spotter" / name
    for name in ("258c7280-ae70-4798-800f-63464d01a85d.jsonl", "fa812bfe-b295-4cca-9c2f-fdf01028cb46.jsonl")
]
SERVER_STATUSES = (400, 401, 402, 403, 404, 408, 413, 429, 500, 502, 503, 504, 529)


def give_day(memory: Memory) -> int:
    """Both long transcripts, as the events the host's hooks would have told; how many wait to be observed."""
    for path in DAY:
        list(memory.backfill(path))
    return events.counts(memory.database)["pending"]


def drain(memory: Memory, clock: Any, *, minutes: int = 0, meanwhile: Callable[[], object] = lambda: None) -> Observed:
    """Observe until nothing waits, letting *minutes* pass whenever nothing is ready."""
    done = Observed()
    for _ in range(5_000):
        counts = events.counts(memory.database)
        if not counts["pending"] + counts["claimed"]:
            break
        ran = memory.observe_pending(most=1)
        done = evolve(done, batches=done.batches + ran.batches, events=done.events + ran.events)
        meanwhile()
        if not ran.events:
            clock.advance(minutes=minutes)
            if not minutes:
                break
    return done


def new_events(asked: wire.Asked) -> str:
    """The events a request asks about, as they stand in it."""
    return asked.user.partition("# New events")[2]


def answer(asked: wire.Asked) -> str:
    """An answer whose title is as unique as the events it is about."""
    title = hashlib.sha256(new_events(asked).encode()).hexdigest()[:16]
    summary = (
        "<summary><request>r</request><completed>c</completed></summary>" if "then the summary" in asked.user else ""
    )
    return f"<observation><type>discovery</type><title>{title}</title></observation>{summary}"


def unreliable(provider: str, share: float, seed: int = 1) -> Callable[[wire.Asked], str | Response]:
    """Answers that fail in every way there is, *share* of the time."""
    dice = random.Random(seed)  # no secret
    failing: list[Callable[[wire.Asked], str | Response]] = [
        *(lambda _asked, status=status: wire.refusal(provider, status, "no") for status in SERVER_STATUSES),
        lambda _asked: wire.refusal(provider, 429, "slow down", retry_after="7"),
        lambda _asked: Response("<html>proxy</html>", content_type="application/json"),
        lambda _asked: Response("{", content_type="application/json", headers={"Content-Length": "99"}),
        lambda _asked: wire.answer(provider, ""),
        lambda _asked: "Sure! I will look at that.",
        lambda _asked: "I cannot help with that.",
        lambda _asked: "Credit balance is too low",
        lambda _asked: "API Error: 529 Overloaded",
    ]
    return lambda asked: dice.choice(failing)(asked) if dice.random() < share else answer(asked)


def titles(memory: Memory) -> Counter[str]:
    """How often each observation was stored."""
    return Counter(row[0] for row in memory.database.rows("SELECT title FROM memories WHERE kind = 'observation'"))


def one_by_one(mode: Mode, batch: Batch) -> Iterator[int]:
    """The characters of each request if every event had one of its own."""
    for event in batch.events:
        alone = evolve(batch, events=(event,), finished=event.kind == "stop")
        prompt = prompts.build(mode, alone)
        yield len(prompt.system) + len(prompt.user)
