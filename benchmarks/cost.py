"""What a heavy recorded day costs: both long transcripts through each networked provider against a scripted service.

Beside it: what one call per event would have cost, and the digest without a model. Tokens are characters / 4, answers are as
long as a usual one. Nothing leaves this machine.
"""

from __future__ import annotations

import logging
import sys
import tempfile
from typing import TYPE_CHECKING

from pytest_httpserver import HTTPServer

import claudemem_lib
from claudemem_lib import modes, prices, settings
from claudemem_lib.models import Usage
from claudemem_lib.store import events
from claudemem_lib.store.events import Readiness
from tests.lib import replay, wire

if TYPE_CHECKING:
    from claudemem_lib.memory import Memory
    from claudemem_lib.models import Batch

USUAL_REPLY_TOKENS = 450
PER_TOKEN = 4
MODELS = ("claude-haiku-4-5", "claude-sonnet-4-5", "gemini-2.5-flash-lite", "gpt-5-mini")


def main() -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # the scripted service's log
    if not replay.DAY[0].exists():
        sys.exit(f"the recorded day is not there: {replay.DAY[0]}")
    print(f"{'':28}{'events':>8}{'calls':>7}{'input tokens':>14}{'mean':>8}{'largest':>9}")
    for provider in wire.NETWORKED:
        line(provider, *through(provider))
    sizes, waiting = alone()
    line("one call per event", waiting, sizes)
    print()
    print(f"{'US dollars a day':28}{'batched':>10}{'per event':>12}{'ratio':>8}")
    _, batched = through("claude")
    for model in MODELS:
        one, other = (money(model, part) for part in (batched, sizes))
        print(f"{model:28}{one:10.3f}{other:12.3f}{other / one:8.1f}")
    growth()


def line(name: str, finished: int, sizes: list[int]) -> None:
    print(f"{name:28}{finished:8}{len(sizes):7}{sum(sizes):14,}{sum(sizes) // len(sizes):8,}{max(sizes):9,}")


def through(provider: str, share: float = 1) -> tuple[int, list[int]]:
    """How many events were finished and the tokens of each request; *share* of the day's events."""
    with tempfile.TemporaryDirectory(prefix="claude-mem-bench-") as folder, HTTPServer() as server:
        service = wire.FakeApi(server, provider)
        service.answering = replay.answer
        free = {"daily_token_limit": 0, "daily_cost_limit_cents": 0, "gemini_rate_limiting_enabled": False}
        settings.save(folder, service.settings(fallback_local_hours=0, **free))
        with claudemem_lib.open(folder) as memory:
            waiting = replay.give_day(memory)
            finished = 0
            while finished < waiting * share and (done := memory.observe_pending(most=1)).events:
                finished += done.events
        return finished, [asked.tokens for asked in service.asked]


def alone() -> tuple[list[int], int]:
    """The tokens of each request if every event had one of its own."""
    mode = modes.load("code")
    with tempfile.TemporaryDirectory(prefix="claude-mem-bench-") as folder, claudemem_lib.open(folder) as memory:
        waiting = replay.give_day(memory)
        sizes = [size // PER_TOKEN for batch in batches(memory) for size in replay.one_by_one(mode, batch)]
    return sizes, waiting


def batches(memory: Memory) -> list[Batch]:
    """All waiting turns."""
    readiness = Readiness(enough=1, age_ms=0, most=500, lease_ms=1, flush=True)
    found: list[Batch] = []
    while batch := events.claim(memory.database, f"t{len(found)}", readiness, memory.clock()):
        found.append(batch)
        with memory.database.write() as connection:
            events.finish(connection, batch, memory.clock())
    return found


def money(model: str, sizes: list[int]) -> float:
    """US dollars for requests of these sizes and usual replies."""
    price = prices.of(prices.load("/nowhere")[0], model)
    used = Usage(input_tokens=sum(sizes), output_tokens=USUAL_REPLY_TOKENS * len(sizes))
    return price.cost_micros(used) / 1_000_000 if price else float("nan")


def growth() -> None:
    """Input tokens by share of the day: linear in events."""
    print(f"\n{'share of the day':28}{'events':>8}{'input tokens':>14}{'tokens per event':>18}")
    for share in (0.25, 0.5, 0.75, 1):
        finished, sizes = through("claude", share)
        print(f"{share:<28.0%}{finished:8}{sum(sizes):14,}{sum(sizes) / finished:18.0f}")


if __name__ == "__main__":
    main()
