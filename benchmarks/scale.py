"""How the memory carries 1,000, 50,000 and 200,000 memories (1,000,000 with --full): p50 and p95 in milliseconds, file size.

Vectors are made up (clusters with noise) but searched as real ones are; embedding a question (about 4 ms) is apart. Beside them:
a plain FTS5 query for the same words, and numpy's float32 product over the same vectors where numpy is installed.
Goals at 50,000: vectors p50 <= 10 ms, one project of twenty <= 1.5 ms, both together <= 20 ms.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _corpus import build
from attrs import evolve

import claudemem_lib
from claudemem_lib import search
from claudemem_lib.settings import Settings
from claudemem_lib.store import sql, vectors
from claudemem_lib.store.fulltext import Filters, Page

if TYPE_CHECKING:
    from collections.abc import Callable

    from _corpus import Corpus

    from claudemem_lib.memory import Memory

DIMENSION = 384
ROUNDS = 40
CENTRES = 400
PER_TRANSACTION = 2_000
PLAIN = """
SELECT m.id, m.title, bm25(memories_fts) AS score FROM memories_fts JOIN memories m ON m.id = memories_fts.rowid
WHERE memories_fts MATCH ? ORDER BY score LIMIT 20
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="also with 1,000,000 memories")
    parser.add_argument("--only", type=int, help="with so many memories only")
    options = parser.parse_args()
    sizes = [1_000, 50_000, 200_000, *([1_000_000] if options.full else [])]
    for count in [options.only] if options.only else sizes:
        with tempfile.TemporaryDirectory(prefix="claude-mem-scale-") as folder:
            report(folder, count)


def report(folder: str, count: int) -> None:
    """One table for one size."""
    corpus = build(folder, count)
    settings = evolve(Settings(), provider="local", max_embeddings=0)
    with claudemem_lib.open(folder, settings=settings) as memory:
        text_bytes = size(memory)
        made = Vectors(memory)
        start = time.perf_counter()
        made.fill()
        took = time.perf_counter() - start
        each = (size(memory) - text_bytes) / count
        print(f"\n{count:,} memories: {size(memory) / 1e6:.1f} MB, of which vectors {each:.0f} bytes each")
        if not vectors.unavailable(memory.database):
            searches(memory, made, corpus)
        line("insert a note", lambda: memory.remember(corpus.sentence(40), project="project-1"))
        line("context", lambda: memory.context(f"/bench/project-{corpus.random.randrange(20)}"))
        print(f"{'store vectors':34}{count / took:10,.0f} a second")
        prune(memory, count)


class Vectors:
    """Made-up vectors of every memory."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.random = random.Random(3)
        self.centres = [[self.random.gauss(0, 1) for _ in range(DIMENSION)] for _ in range(CENTRES)]
        self.space = vectors.space_of("made up", DIMENSION)
        self.kept: list[list[float]] = []

    def one(self) -> list[float]:
        """A vector of length 1 near one of the centres."""
        noise, centre = self.random.random, self.random.choice(self.centres)
        values = [value + 3 * (noise() - 0.5) for value in centre]
        length = sum(value * value for value in values) ** 0.5
        return [value / length for value in values]

    def fill(self) -> None:
        """Store a vector for every memory; the same thousand again and again, each a little changed in its first values."""
        database = self.memory.database
        vectors.enter(database, self.space)
        some = [self.one() for _ in range(1_000)]
        rows = database.rows("SELECT id, project_id FROM memories ORDER BY id")
        for start in range(0, len(rows), PER_TRANSACTION):
            with database.write() as connection:
                for number, project in rows[start : start + PER_TRANSACTION]:
                    vector = [self.random.uniform(-0.1, 0.1) for _ in range(16)] + some[number % 1_000][16:]
                    connection.execute(sql.ADD_VECTOR, (number, project, vectors.eight_bits(vector, self.space.scale)))
                    connection.execute(sql.ADD_SIGNS, (project, number, vectors.signs(vector)))
                    if len(rows) <= 50_000:
                        self.kept.append(vector)

    def near(self, filters: Filters, limit: int = 10) -> list[tuple[int, float]]:
        """The nearest to a new vector."""
        return vectors.near(self.memory.database, self.space, self.one(), filters, limit)


def searches(memory: Memory, made: Vectors, corpus: Corpus) -> None:
    """The rows about searching."""
    one_of_twenty = Filters(projects=(memory.projects()[10].id,))
    now_ms = memory.clock()
    text = search.Finder(database=memory.database, now_ms=now_ms)
    both = search.Finder(
        database=memory.database, now_ms=now_ms, near=lambda _, filters, most: made.near(filters, most)
    )
    page = Page(order="relevance", limit=20)

    def plain() -> Any:
        return memory.database.rows(PLAIN, (" OR ".join(f'"{word}"' for word in corpus.question(5).split()),))

    line("vectors, everything", lambda: made.near(Filters()))
    line("vectors, one project of twenty", lambda: made.near(one_of_twenty))
    if made.kept and importlib.util.find_spec("numpy"):
        line("  numpy float32, resident", resident(made))
    line("full text, 5 words", lambda: text.search(corpus.question(5), Filters(), page))
    line("  plain FTS5, the same", plain)
    line("both, 5 words", lambda: both.search(corpus.question(5), Filters(), page))
    line("both, one project of twenty", lambda: both.search(corpus.question(5), one_of_twenty, page))
    line("both, by type", lambda: both.search(corpus.question(5), Filters(types=("bugfix",)), page))


def resident(made: Vectors) -> Callable[[], object]:
    """The yardstick: one product over all vectors held in memory, and its ten largest."""
    import numpy as np  # noqa: PLC0415  # where it is installed

    matrix = np.array(made.kept, np.float32)
    return lambda: np.argpartition(matrix @ np.array(made.one(), np.float32), -10)[-10:]


def prune(memory: Memory, count: int) -> None:
    """What it takes to drop a fifth of the vectors, oldest first."""
    memory.settings = evolve(memory.settings, max_embeddings=count - count // 5)
    start = time.perf_counter()
    done = memory.prune()
    print(f"{'prune':34}{done.vectors:10,} vectors in {time.perf_counter() - start:.2f} s, "
          f"{done.file_bytes_before / 1e6:.1f} -> {done.file_bytes / 1e6:.1f} MB")  # fmt: skip


def line(name: str, action: Callable[[], object]) -> None:
    """One measured row."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        action()
        times.append((time.perf_counter() - start) * 1_000)
    print(f"{name:34}{statistics.median(times):10.2f}{statistics.quantiles(times, n=20)[-1]:10.2f}")


def size(memory: Memory) -> int:
    """Bytes of the file, its log written back."""
    memory.database.rows(sql.CHECKPOINT)
    return Path(memory.database.path).stat().st_size


if __name__ == "__main__":
    main()
