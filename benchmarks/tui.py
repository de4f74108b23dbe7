"""First frame of the interface with 50,000 and 1,000,000 memories beside an empty Textual app; keys to frame. Prints, never gates.

python benchmarks/tui.py [MEMORIES]        (default: 50,000; each run fills a file in a temporary folder)
"""

from __future__ import annotations

import asyncio
import math
import os
import subprocess
import sys
import tempfile
import time
from statistics import median
from typing import Any

from _frames import Watched
from textual.widgets import Input

from claudemem_lib.memory import Memory
from claudemem_lib.settings import Settings
from claudemem_lib.store import sessions
from claudemem_lib.store.connection import run
from claudemem_tui import terminal
from claudemem_tui.screens.filters import Filters
from claudemem_tui.widgets.choice import Choice

RUNS, ROUNDS = 11, 40
BETWEEN_LETTERS_S = 0.15
EMPTY = """
import time, sys; begun = time.perf_counter()
from textual.app import App
class Empty(App):
    def _display(self, screen, frame):
        super()._display(screen, frame)
        if frame is not None and not self._batch_count: self.took = time.perf_counter() - begun; self.exit()
app = Empty()
app.run(headless=True, size=(120, 40)); print(app.took)
"""
OURS = """
import time, sys; begun = time.perf_counter()
from claudemem_tui.__main__ import collect_rarely; collect_rarely()
from claudemem_tui import terminal
class Ours(terminal.MemoryApp):
    first = None
    def run(self): super().run(headless=True, size=(120, 40)); print(self.first, self.took)
    def _display(self, screen, frame):
        super()._display(screen, frame)
        if frame is not None and not self._batch_count: self.first = self.first or time.perf_counter() - begun
    def on_virtual_list_highlighted(self): self.call_after_refresh(self.done)  # the first page is there
    def done(self): self.took = time.perf_counter() - begun; self.exit()
terminal.MemoryApp = Ours
terminal.run(sys.argv[1])
"""
ROWS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO memories(uid, kind, type, project_id, session_id, prompt_number, title, narrative, read_tokens, created_ms)
SELECT 'u' || i, 'observation', CASE i % 3 WHEN 0 THEN 'bugfix' WHEN 1 THEN 'feature' ELSE 'discovery' END, :project, :session,
  1, 'Parser handles part ' || i || ' of module ' || (i % 977), 'The tokenizer of file ' || (i % 313) || ' stopped at quotes.',
  40, :now - i * 1000 FROM n
"""


def fill(folder: str, count: int) -> None:
    """A memory with *count* observations of one session."""
    with Memory(folder, Settings(provider="local")) as memory:
        now = memory.clock()
        with memory.database.write() as connection:
            where = {"identity": ("path:/shop", "shop", "/shop"), "cwd": "/shop", "branch": "main"}
            session = sessions.session_for(connection, "s1", now, where)
            project = sessions.project_of(connection, session)
            run(connection, ROWS, {"count": count, "project": project, "session": session, "now": now})


def started(code: str, *arguments: str) -> tuple[float, ...]:
    """Seconds to what *code* prints, in a fresh process; its modules compiled before, as an installation has them."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    found = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, env=environment
    )
    return tuple(map(float, found.stdout.split()))


def starts(folder: str, count: int) -> None:
    """The first frame and the first page in it, beside an empty app; started in turn, so that both meet the same machine."""
    cold = started(OURS, folder)
    starts = [started(EMPTY) + started(OURS, folder) for _ in range(RUNS)]
    empty, first, page = (median(figures) * 1000 for figures in zip(*starts, strict=True))
    print(
        f"{count:,} memories: first frame {first:.0f} ms ({first / empty:.2f} x an empty Textual app's {empty:.0f} ms), "
        f"first page in it {page:.0f} ms ({page / empty:.2f} x); the start before all others "
        f"(whatever was not compiled or cached): {cold[0] * 1000:.0f} and {cold[1] * 1000:.0f} ms"
    )


async def keys(folder: str) -> dict[str, list[float]]:
    """Milliseconds from each key to the frame that shows what it asked for."""
    found: dict[str, list[float]] = {}
    with terminal.opened(folder) as memory:
        app = Watched(lambda: memory)
        async with app.run_test(size=(120, 40)):
            feed: Any = app.screen.query_one("#feed")
            await app.settled()
            for _ in range(ROUNDS):
                await moves(app, feed, found)
                await filters(app, feed, found)
                await search(app, feed, found)
    return found


async def moves(app: Watched, feed: Any, found: dict[str, list[float]]) -> None:
    """Through the list."""
    for name, key, shown in (
        ("end", "end", lambda: feed.cursor == feed.total - 1 and feed.current is not None),
        ("page up", "pageup", lambda: feed.cursor < feed.total - 1 and feed.current is not None),
        ("home", "home", lambda: feed.cursor == 0 and feed.current is not None),
        ("down", "down", lambda: feed.cursor == 1),
    ):
        await app.settled()
        found.setdefault(name, []).append(await app.timed(key, shown))


async def filters(app: Watched, feed: Any, found: dict[str, list[float]]) -> None:
    """Only one type; then everything again. The clock starts with the key that applies the choice."""
    whole = feed.total
    await app.settled()
    took = await app.timed("f", lambda: isinstance(app.screen, Filters) and app.screen.is_mounted)
    found.setdefault("filters open", []).append(took)
    await app.settled()
    app.screen.query_one("#type", Choice).value = "bugfix"
    await app.settled()
    took = await app.timed("ctrl+s", lambda: feed.total < whole and feed.current is not None)
    found.setdefault("filter applied", []).append(took)
    await app.settled()
    took = await app.timed("escape", lambda: feed.total == whole and feed.current is not None)
    found.setdefault("filter cleared", []).append(took)


async def search(app: Watched, feed: Any, found: dict[str, list[float]]) -> None:
    """A word typed letter by letter, as fast as a quick person does; then out of it."""
    whole, word = feed.total, "module"
    box = app.screen.query_one("#search", Input)
    await app.settled()
    await app.timed("slash", lambda: box.has_focus)
    for number in range(1, len(word) + 1):
        before = feed.source

        def letter(number: int = number) -> bool:
            return box.value == word[:number]

        def answer(number: int = number, before: object = before) -> bool:
            return letter(number) and feed.source is not before and feed.total < whole

        begun = time.perf_counter()
        found.setdefault("search: letter shown", []).append(await app.timed(word[number - 1], letter))
        app.begin(answer)
        await asyncio.wait_for(app.shown.wait(), 60)
        found.setdefault("search: answer shown", []).append((time.perf_counter() - begun) * 1000)
        await asyncio.sleep(max(0.0, begun + BETWEEN_LETTERS_S - time.perf_counter()))
    await app.settled()
    await app.timed("escape", lambda: feed.has_focus)
    took = await app.timed("escape", lambda: feed.total == whole and feed.current is not None)
    found.setdefault("search cleared", []).append(took)


def main() -> None:
    """Fill, start, press keys, print."""
    count = int(sys.argv[1].replace(",", "")) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as small, tempfile.TemporaryDirectory() as large:
        fill(small, 1_000)
        fill(large, count)
        starts(large, count)
        figures = {number: asyncio.run(keys(folder)) for number, folder in ((1_000, small), (count, large))}
        print(f"from a key to the frame that answers it, ms: median, p95, most ({ROUNDS} rounds)")
        for name in figures[count]:
            parts = []
            for number, found in figures.items():
                values = sorted(found[name])
                parts.append(f"{number:>9,}: {median(values):4.0f} {percentile(values):4.0f} {values[-1]:4.0f}")
            print(f"{name:<24}" + "   ".join(parts))


def percentile(values: list[float]) -> float:
    """The 95th, of values in order."""
    return values[min(len(values) - 1, math.ceil(len(values) * 0.95) - 1)]


if __name__ == "__main__":
    main()
