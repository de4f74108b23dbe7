"""How the memory carries 1,000, 50,000 and 200,000 memories (1,000,000 with --full): milliseconds, ratios, recall, file size.

A row gives p50 and p95 of the clock, p50 of the processor (all threads of this process; the one to believe on a busy machine), and
the ratio to the row it is measured against, by clock and by processor. Vectors are made up (400 clusters with noise, each vector
another) but stored and searched as real ones are; embedding a question (2 to 6 ms) is apart. Beside them: numpy's float32 product
over the same vectors with argpartition, which also says what the nearest ten really are, and a plain FTS5 query for the same words.
Goals at 50,000: vectors at most 1.0 x numpy at recall .97, in one project of twenty 0.15 x; both together at most 2.2 x their
full-text part and 20 ms, 10 ms in a project. At 1,000,000: 120 ms, in a project 10 ms, 0.5 KB a vector.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from _corpus import build
from attrs import evolve

import claudemem_lib
from claudemem_lib import search
from claudemem_lib.settings import Settings
from claudemem_lib.store import sql, vectors
from claudemem_lib.store.fulltext import Filters, Page
from claudemem_lib.store.heldvectors import LARGEST, HeldVectors

if TYPE_CHECKING:
    from collections.abc import Callable

    from _corpus import Corpus

    from claudemem_lib.memory import Memory

DIMENSION = 384
ROUNDS = 40
QUESTIONS = 100  # whose nearest ten are compared
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
    start = time.perf_counter()
    corpus = build(folder, count)
    built = time.perf_counter() - start
    settings = evolve(Settings(), provider="local", max_embeddings=0)
    with claudemem_lib.open(folder, settings=settings) as memory:
        text_bytes = size(memory)
        print(f"\n{count:,} memories, filled in {built:,.0f} s: {text_bytes / 1e6:.1f} MB without vectors")
        if vectors.unavailable(memory.database):
            print("vectors: not here, they need sqlite-vec (pip install 'claudemem[semantic-lite]')")
        else:
            made = Vectors(memory, count)
            start = time.perf_counter()
            made.fill()
            took = time.perf_counter() - start
            each = (size(memory) - text_bytes) / count
            print(
                f"with vectors: {size(memory) / 1e6:.1f} MB, {each:.0f} bytes a vector, {count / took:,.0f} stored a second"
            )
            print(f"{'':34}{'p50':>9}{'p95':>9}{'cpu p50':>9}   ratio by clock, by processor")
            searches(memory, made, corpus)
        line("insert a note", lambda: memory.remember(corpus.sentence(40), project="project-1"))
        line("context", lambda: memory.context(f"/bench/project-{corpus.random.randrange(20)}"))
        prune(memory, count)


class Vectors:
    """Made-up vectors of every memory."""

    def __init__(self, memory: Memory, count: int) -> None:
        self.memory = memory
        self.random = np.random.default_rng(3)
        self.centres = self.random.standard_normal((CENTRES, DIMENSION), np.float32)
        self.space = vectors.space_of("made up", DIMENSION)
        self.all = self.some(count)
        rows = memory.database.rows("SELECT id, project_id FROM memories ORDER BY id")
        self.ids, self.projects = np.array(rows).T
        self.questions = self.some(QUESTIONS)
        self.held = HeldVectors(memory.database)

    def some(self, count: int) -> Any:
        """Vectors of length 1, each near one of the centres."""
        found = np.empty((count, DIMENSION), np.float32)
        for start in range(0, count, PER_TRANSACTION):
            part = found[start : start + PER_TRANSACTION]
            part[:] = self.centres[self.random.integers(CENTRES, size=len(part))]
            part += 3 * (self.random.random(part.shape, np.float32) - 0.5)
            part /= np.linalg.norm(part, axis=1, keepdims=True)
        return found

    def fill(self) -> None:
        """Store a vector for every memory."""
        database = self.memory.database
        vectors.enter(database, self.space)
        for start in range(0, len(self.all), PER_TRANSACTION):
            part = slice(start, start + PER_TRANSACTION)
            values = np.rint(self.all[part] * (LARGEST / self.space.scale))
            bytes_ = np.clip(values, -LARGEST, LARGEST).astype(np.int8)
            signs = np.packbits(self.all[part] > 0, axis=1)
            rows = zip(self.ids[part].tolist(), self.projects[part].tolist(), bytes_, signs, strict=True)
            with database.write() as connection:
                for number, project, value, sign in rows:
                    connection.execute(sql.ADD_VECTOR, (number, project, value.tobytes()))
                    connection.execute(sql.ADD_SIGNS, (project, number, sign.tobytes()))

    def near(self, question: Any, filters: Filters, limit: int = 10, *, held: bool = True) -> list[tuple[int, float]]:
        """The nearest, as a server finds them or (not *held*) as a process without numpy does."""
        signs = self.held if held else None
        return vectors.near(self.memory.database, self.space, question.tolist(), filters, limit, signs)

    def exact(self, question: Any, project: int = 0) -> set[int]:
        """The yardstick: one product over all vectors held in memory, and its ten largest."""
        found = self.all[self.projects == project] @ question if project else self.all @ question
        ids = self.ids[self.projects == project] if project else self.ids
        return set(ids[np.argpartition(found, -10)[-10:]].tolist())

    def recall(self, filters: Filters, *, held: bool = True) -> float:
        """Which part of the nearest ten is found."""
        project = filters.projects[0] if filters.projects else 0
        hits = 0
        for question in self.questions:
            hits += len(
                self.exact(question, project) & {number for number, _ in self.near(question, filters, held=held)}
            )
        return hits / len(self.questions) / 10

    def one_of_twenty(self) -> int:
        """The project whose size is nearest to a twentieth."""
        ids, sizes = np.unique(self.projects, return_counts=True)
        return int(ids[np.argmin(np.abs(sizes - len(self.ids) / 20))])


def searches(memory: Memory, made: Vectors, corpus: Corpus) -> None:
    """The rows about searching."""
    project = made.one_of_twenty()
    one = Filters(projects=(project,))
    bugs = Filters(types=("bugfix",))
    questions = itertools.cycle(made.some(ROUNDS))
    text = search.Finder(database=memory.database, now_ms=memory.clock())
    both = search.Finder(
        database=memory.database,
        now_ms=memory.clock(),
        near=lambda _, filters, most: made.near(next(questions), filters, most),
    )
    page = Page(order="relevance", limit=20)
    words = itertools.cycle([corpus.question(5) for _ in range(ROUNDS)])

    def plain() -> object:
        return memory.database.rows(PLAIN, (" OR ".join(f'"{word}"' for word in next(words).split()),))

    start = time.process_time()
    made.held.fresh(DIMENSION)
    print(f"{'read the signs, once':34}{(time.process_time() - start) * 1_000:27.1f}")
    base = line("numpy float32, everything", lambda: made.exact(next(questions)))
    for name, filters in (("everything", Filters()), (f"one project ({(made.projects == project).mean():.1%})", one)):
        for how, held in (("", True), (", scan", False)):
            found = f"   recall@10 {made.recall(filters, held=held):.3f}"
            line(f"vectors, {name}{how}", lambda: made.near(next(questions), filters, held=held), base, found)  # noqa: B023  # called at once
    line("vectors, by type", lambda: made.near(next(questions), bugs), base)
    part = {
        name: line(f"full text, {name}", lambda: text.search(next(words), filters, page))  # noqa: B023  # called at once
        for name, filters in (("everything", Filters()), ("one project", one), ("by type", bugs))
    }
    line("plain FTS5, everything", plain, part["everything"])
    for name, filters in (("everything", Filters()), ("one project", one), ("by type", bugs)):
        line(f"both, {name}", lambda: both.search(next(words), filters, page), part[name])  # noqa: B023  # called at once


def prune(memory: Memory, count: int) -> None:
    """What it takes to drop a fifth of the vectors, oldest first."""
    memory.settings = evolve(memory.settings, max_embeddings=count - count // 5)
    start = time.perf_counter()
    done = memory.prune()
    print(f"{'prune':34}{done.vectors:10,} vectors in {time.perf_counter() - start:.2f} s, "
          f"{done.file_bytes_before / 1e6:.1f} -> {done.file_bytes / 1e6:.1f} MB")  # fmt: skip


def line(
    name: str, action: Callable[[], object], base: tuple[float, float] | None = None, more: str = ""
) -> tuple[float, float]:
    """One measured row; gives p50 by clock and by processor."""
    action()
    clock, processor = [], []
    for _ in range(ROUNDS):
        start, used = time.perf_counter(), time.process_time()
        action()
        processor.append((time.process_time() - used) * 1_000)
        clock.append((time.perf_counter() - start) * 1_000)
    found = statistics.median(clock), statistics.median(processor)
    ratio = f"   {found[0] / base[0]:.2f} x, {found[1] / base[1]:.2f} x" if base else ""
    print(
        f"{name:34}{found[0]:9.2f}{statistics.quantiles(clock, n=20)[-1]:9.2f}{found[1]:9.2f}{ratio}{more}", flush=True
    )
    return found


def size(memory: Memory) -> int:
    """Bytes of the file that something uses, its log written back."""
    memory.database.rows(sql.CHECKPOINT)
    free = memory.database.row(sql.UNUSED_PAGES)[0] * memory.database.row("PRAGMA page_size")[0]
    return Path(memory.database.path).stat().st_size - int(free)


if __name__ == "__main__":
    main()
