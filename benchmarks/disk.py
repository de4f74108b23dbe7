"""How much of the disk ninety days of heavy use take: a session an hour for ten hours of every day, observed without a model.

The clock is made up; every day ends as a server's does (taken in, observed, pruned). Printed: the folder, the file and what was
captured, every ten days, and what the tables take at the end. --days 90 --sessions 10 are the figures of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from _corpus import START_MS, Corpus
from attrs import evolve

import claudemem_lib
from claudemem_lib.settings import Settings

if TYPE_CHECKING:
    from claudemem_lib.memory import Memory

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
TURNS, TOOLS, OUTPUT_WORDS = 3, 6, 1_500
PAGES = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 12"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--sessions", type=int, default=2, help="sessions a day")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="claude-mem-disk-") as folder:
        run(folder, options.days, options.sessions)


def run(folder: str, days: int, sessions: int) -> None:
    """The days one after the other, and a line every ten."""
    corpus = Corpus()
    now = [START_MS]
    began = time.perf_counter()
    captured = events = 0
    settings = evolve(Settings(), provider="local")
    print(f"{'day':>4}{'captured':>12}{'events':>9}{'memories':>10}{'folder':>10}{'file':>10}   MB")
    with claudemem_lib.open(folder, settings=settings, clock=lambda: now[0]) as memory:
        for day in range(1, days + 1):
            for session in range(sessions):
                written, count = a_session(memory, corpus, now, f"d{day}-{session}")
                captured, events = captured + written, events + count
                memory.take_in()
                memory.observe_pending()
            memory.prune()
            now[0] = START_MS + day * DAY_MS
            if day % 10 == 0 or day == days:
                counts = memory.stats()["counts"]
                made = counts["observations"] + counts["summaries"]
                sizes = (taken(folder), memory.stats()["file_bytes"])
                mb = "".join(f"{size / 1e6:10.1f}" for size in sizes)
                print(f"{day:4}{captured / 1e6:12.1f}{events:9,}{made:10,}{mb}")
        for name, size in memory.database.rows(PAGES):
            print(f"  {name:32}{size / 1e6:8.2f} MB")
    print(f"took {time.perf_counter() - began:.0f} s")


def a_session(memory: Memory, corpus: Corpus, now: list[int], name: str) -> tuple[int, int]:
    """Three turns of six tools with large outputs; gives what was captured, in bytes and events."""
    about = {"session_id": name, "cwd": f"/home/you/project{len(name) % 3}"}
    inbox = Path(memory.data_dir) / "inbox"
    for turn in range(TURNS):
        now[0] += HOUR_MS // (TURNS * 2)
        calls: list[dict[str, object]] = [
            {"hook_event_name": "UserPromptSubmit", "prompt": corpus.sentence(40), "prompt_id": f"{name}-{turn}"}
        ]
        calls += [a_call(corpus, f"{name}-{turn}-{number}", number) for number in range(TOOLS)]
        calls += [{"hook_event_name": "Stop", "last_assistant_message": corpus.sentence(80)}]
        for call in calls:
            memory.capture({**about, **call}, at_ms=now[0])
            now[0] += 1_000
    files = list(inbox.glob("*.json"))
    return sum(file.stat().st_size for file in files), len(files)


def a_call(corpus: Corpus, identity: str, number: int) -> dict[str, object]:
    """An edit, a read or a command, by turns."""
    text, path = (
        corpus.sentence(OUTPUT_WORDS),
        f"/home/you/{corpus.files[int(identity.rpartition('d')[2].partition('-')[0]) % 400]}",
    )
    kinds: tuple[tuple[str, dict[str, object], dict[str, object]], ...] = (
        ("Edit", {"file_path": path, "old_string": text[:800], "new_string": text[800:1_600]}, {"filePath": path}),
        ("Read", {"file_path": path}, {"type": "text", "file": {"filePath": path, "content": text}}),
        ("Bash", {"command": f"make {corpus.word()}"}, {"stdout": text, "stderr": ""}),
    )
    tool, given, answer = kinds[number % 3]
    return {
        "hook_event_name": "PostToolUse",
        "tool_name": tool,
        "tool_use_id": identity,
        "tool_input": given,
        "tool_response": answer,
    }


def taken(folder: str) -> int:
    """Bytes of everything in the data folder."""
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())


if __name__ == "__main__":
    main()
