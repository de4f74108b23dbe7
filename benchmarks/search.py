"""Search in one process, p50 and p95 in milliseconds, beside a plain FTS5 query for the same words on the same file.

The plain query is `MATCH 'word OR word ...' ORDER BY bm25 LIMIT 20` without filters, joins or choice of words. Goals: p50 of
every row at most 10 ms at 50,000 memories and 40 ms at 200,000 (--full; building the file takes a minute).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from typing import TYPE_CHECKING, Any

from _corpus import Corpus, build

import claudemem_lib

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.memory import Memory

ROUNDS = 60
GOALS_MS = {50_000: 10, 200_000: 40}
PLAIN = """
SELECT m.id, m.title, bm25(memories_fts) AS score FROM memories_fts JOIN memories m ON m.id = memories_fts.rowid
WHERE memories_fts MATCH ? ORDER BY score LIMIT 20
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="also with 200,000 memories")
    parser.add_argument("--folder", help="a data folder to use instead of building one")
    options = parser.parse_args()
    if options.folder:
        report(options.folder, Corpus())
        return
    for count in (50_000, 200_000) if options.full else (50_000,):
        with tempfile.TemporaryDirectory(prefix="claude-mem-bench-") as folder:
            report(folder, build(folder, count))


def report(folder: str, corpus: Corpus) -> None:
    """One table for one file."""
    with claudemem_lib.open(folder) as memory:
        count = sum(memory.stats()["counts"][kind] for kind in ("observations", "summaries", "notes"))
        goal = GOALS_MS.get(count)
        print(f"{count:,} memories" + (f", goal p50 <= {goal} ms" if goal else ""))
        print(f"{'':34}{'p50':>8}{'p95':>8}{'plain p50':>12}{'plain p95':>12}")
        for name, words, filters in questions():
            texts = [corpus.question(words) for _ in range(ROUNDS)]
            mine, plain = measured(memory, texts, filters)
            columns = "".join(f"{value:8.2f}" for value in mine)
            print(f"{name:34}{columns}" + ("".join(f"{value:12.2f}" for value in plain) if words else ""))


def questions() -> list[tuple[str, int, dict[str, Any]]]:
    """What is asked: a name, how many words, the filters."""
    return [
        ("1 word", 1, {}),
        ("2 words", 2, {}),
        ("8 words", 8, {}),
        ("30 words", 30, {}),
        ("2 words, large project", 2, {"project": "project-0"}),
        ("2 words, small project", 2, {"project": "project-18"}),
        ("8 words, small project", 8, {"project": "project-18"}),
        ("2 words, part of a path", 2, {"files": "src/ba"}),
        ("2 words, type and concept", 2, {"type": "bugfix", "concepts": "gotcha"}),
        ("2 words, newest first", 2, {"order": "date_desc"}),
        ("2 words, page 6", 2, {"offset": 100}),
        ("nothing: newest", 0, {}),
        ("nothing, small project", 0, {"project": "project-18"}),
        ("nothing, part of a path", 0, {"files": "src/ba"}),
        ("nothing, rare path", 0, {"files": "no/such/folder"}),
        ("nothing, type and concept", 0, {"type": "bugfix", "concepts": "gotcha"}),
    ]


def measured(
    memory: Memory, texts: list[str], filters: dict[str, Any]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """p50 and p95 of our search and of the plain one, measured in turn."""
    mine, plain = [], []
    for text in texts:
        mine.append(clocked(memory.search, text, **filters))
        if text:
            words = " OR ".join(f'"{word}"' for word in text.split())
            plain.append(clocked(memory.database.rows, PLAIN, (words,)))
    return spread(mine), spread(plain or [0.0] * 2)


def clocked(action: Callable[..., object], *given: Any, **named: Any) -> float:
    start = time.perf_counter()
    action(*given, **named)
    return (time.perf_counter() - start) * 1000


def spread(times: list[float]) -> tuple[float, float]:
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


if __name__ == "__main__":
    main()
