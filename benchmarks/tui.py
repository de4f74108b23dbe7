"""First frame of the interface with 50,000 and 1,000,000 memories beside an empty Textual app; keys to frame. Prints, never gates.

python benchmarks/tui.py [MEMORIES]        (default: 50,000; each run fills a file in a temporary folder)
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from claudemem_lib.memory import Memory
from claudemem_lib.settings import Settings
from claudemem_lib.store import sessions
from claudemem_lib.store.connection import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot

RUNS = 7
EMPTY = """
import time, sys; begun = time.perf_counter()
from textual.app import App
class Empty(App):
    def on_ready(self): self.took = time.perf_counter() - begun; self.exit()
app = Empty()
app.run(headless=True, size=(120, 40)); print(app.took)
"""
OURS = """
import time, sys; begun = time.perf_counter()
from claudemem_lib.memory import Memory
from claudemem_tui.app import MemoryApp
class Ours(MemoryApp):
    def on_virtual_list_highlighted(self):  # the first page is there
        self.call_after_refresh(self.done)
    def done(self): self.took = time.perf_counter() - begun; self.exit()
with Memory(sys.argv[1]) as memory: app = Ours(memory); app.run(headless=True, size=(120, 40)); print(app.took)
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


def started(code: str, *arguments: str) -> float:
    """Seconds until the first frame, in a fresh process."""
    found = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return float(found.stdout.strip().splitlines()[-1])


async def keys(folder: str) -> dict[str, list[float]]:
    """Milliseconds from a key to the frame that shows what it asked for."""
    from claudemem_tui.app import MemoryApp  # noqa: PLC0415  # not part of what is timed above

    found: dict[str, list[float]] = {}
    with Memory(folder, Settings(provider="local")) as memory:
        app = MemoryApp(memory)
        async with app.run_test(size=(120, 40)) as pilot:
            feed: Any = app.screen.query_one("#feed")
            await settle(pilot, lambda: feed.current is not None)
            for _ in range(RUNS):
                for name, press, shown in (
                    ("end", ("end",), lambda: feed.cursor == feed.total - 1 and feed.current is not None),
                    ("page up", ("pageup",), lambda: feed.current is not None),
                    ("home", ("home",), lambda: feed.cursor == 0 and feed.current is not None),
                    ("down", ("down",), lambda: feed.cursor == 1),
                ):
                    found.setdefault(name, []).append(await timed(pilot, press, shown))
                await search(pilot, app, feed, found)
    return found


async def search(pilot: Pilot[None], app: Any, feed: Any, found: dict[str, list[float]]) -> None:
    """A word typed into the search box, letter by letter; then out of it."""
    whole = feed.total
    await pilot.press("slash")
    took = await timed(pilot, tuple("module"), lambda: feed.total < whole and feed.current is not None)
    found.setdefault("search (typing 6 letters)", []).append(took)
    await pilot.press("escape")
    took = await timed(pilot, ("escape",), lambda: feed.total == whole and feed.current is not None)
    found.setdefault("clear search", []).append(took)
    assert app.screen.query_one("#search").value == ""


async def settle(pilot: Pilot[None], true: Callable[[], bool]) -> None:
    """Until it is shown."""
    while not true():
        await pilot.pause(0.001)


async def timed(pilot: Pilot[None], press: tuple[str, ...], shown: Callable[[], bool]) -> float:
    """Milliseconds from the keys to what they ask for."""
    begun = time.perf_counter()
    await pilot.press(*press)
    await settle(pilot, shown)
    return (time.perf_counter() - begun) * 1000


def main() -> None:
    """Fill, start, press keys, print."""
    count = int(sys.argv[1].replace(",", "")) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as small, tempfile.TemporaryDirectory() as large:
        fill(small, 1_000)
        fill(large, count)
        pairs = [(started(EMPTY), started(OURS, large)) for _ in range(RUNS)]
        empty, ours = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
        print(
            f"first frame: empty Textual app {empty * 1000:.0f} ms, {count:,} memories {ours * 1000:.0f} ms ({ours / empty:.2f} x)"
        )
        figures = {number: asyncio.run(keys(folder)) for number, folder in ((1_000, small), (count, large))}
        for name in figures[count]:
            parts = [
                f"{n:>9,}: {median(f[name]):6.0f} ms, p95 {quantiles(f[name], n=20)[-1]:6.0f}"
                for n, f in figures.items()
            ]
            print(f"{name:<28}" + "   ".join(parts))


if __name__ == "__main__":
    main()
