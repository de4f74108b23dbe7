"""The vectors of memories: two ordinary tables, ranked with sqlite-vec's functions. Gives ids and cosines; no model is known here.

A vector has length 1 and one scale for all: eight bits a value, one bit of sign. Candidates are chosen by the signs (Hamming
distance), ranked by the eight-bit values. That is a third of the time of a vec0 table and gives its space back on deletion.
"""

from __future__ import annotations

import math
from array import array
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw
from attrs import evolve, frozen

from claudemem_lib.store import sql
from claudemem_lib.store.connection import run, unreadable
from claudemem_lib.store.fulltext import Filters, clauses
from claudemem_lib.store.heldvectors import LARGEST, LEAST_POOL, PER_POOL
from claudemem_lib.store.memories import id_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from claudemem_lib.store.database import Database
    from claudemem_lib.store.heldvectors import HeldVectors

DEVIATIONS = 4.0
PER_TRANSACTION = 500
ROW_BYTES = 12


@frozen
class Space:
    """What the stored vectors are in: only vectors of one space can be compared. *scale* is the value that eight bits end at."""

    model: str
    dimension: int
    scale: float


def space_of(model: str, dimension: int) -> Space:
    """The space of a model's vectors: the values of a vector of length 1 hardly exceed four standard deviations."""
    return Space(model, dimension, DEVIATIONS / math.sqrt(dimension))


def unavailable(database: Database) -> str:
    """Why vectors cannot be searched on this machine, "" if they can; loads sqlite-vec into this thread's connection."""
    connection = database.connection()
    try:
        connection.execute(sql.VEC_VERSION).fetchall()
    except apsw.SQLError:
        pass
    else:
        return ""
    # Importing the package would import numpy; its shared library is all that is needed.
    spec = find_spec("sqlite_vec")
    if spec is None or not spec.origin:
        return "semantic search needs sqlite-vec: pip install 'claudemem[semantic-lite]'"
    try:
        connection.enable_load_extension(True)  # noqa: FBT003  # apsw takes no name
        try:
            connection.load_extension(str(Path(spec.origin).with_name("vec0")))
        finally:
            connection.enable_load_extension(False)  # noqa: FBT003
    except (apsw.Error, AttributeError) as error:
        return f"sqlite-vec cannot be loaded here: {error}"
    return ""


def space(database: Database) -> Space | None:
    """The space of the stored vectors, None if there are none yet."""
    row = _row(database, sql.SPACE)
    return Space(*row) if row else None


def enter(database: Database, wanted: Space) -> None:
    """Make *wanted* the space of the file; vectors of another one leave, a bounded number at a time."""
    if space(database) == wanted:
        return
    clear(database)
    with database.write() as connection:
        run(connection, sql.SET_SPACE, (wanted.model, wanted.dimension, wanted.scale))


def clear(database: Database) -> int:
    """Delete every vector; gives how many. They are made again where there is an embedder."""
    with database.write() as connection:
        run(connection, sql.CLEAR_SPACE)
    gone = 0
    while True:
        with database.write() as connection:
            found = len(run(connection, sql.CLEAR_VECTORS, (PER_TRANSACTION,)))
        gone += found
        if found < PER_TRANSACTION:
            break
    with database.write() as connection:
        run(connection, sql.CLEAR_SIGNS)
    return gone


def add(database: Database, known: Space, vectors: Mapping[int, Sequence[float]], texts: Mapping[int, str]) -> int:
    """Store vectors of memories, in one transaction, if the file is still in that space; gives how many.

    What was forgotten or edited since *texts* was read is left out: it has no vector and waits.
    """
    with database.write() as connection:
        row = run(connection, sql.SPACE)
        if not row or Space(*row[0]) != known:
            return 0
        current = {row[0]: (row[1], text_of(row[2:])) for row in run(connection, sql.TEXTS, (id_list(vectors),))}
        stored = 0
        for memory, vector in vectors.items():
            project, text = current.get(memory, (0, ""))
            if memory not in current or text != texts[memory]:
                continue
            run(connection, sql.ADD_VECTOR, (memory, project, eight_bits(vector, known.scale)))
            run(connection, sql.ADD_SIGNS, (project, memory, signs(vector)))
            stored += 1
    return stored


def waiting(database: Database, cap: int, most: int) -> dict[int, str]:
    """The memories that shall have a vector and have none yet, newest first, with what to embed.

    Those are the newest *cap*, every note, and what a person pinned or changed.
    """
    found = [row[0] for row in database.rows(sql.WAITING, {"cap": cap or -1, "most": most})]
    rows = database.rows(sql.TEXTS, (id_list(found),)) if found else []
    return {row[0]: text_of(row[2:]) for row in rows}


def text_of(row: Sequence[str]) -> str:
    """What is embedded of a memory, in one piece: parts did no better in the benchmarks and cost several vectors each."""
    title, *texts, concepts = row
    body = "\n".join(text for text in texts if text)
    head = " ".join(part for part in (title, concepts) if part)
    begins = " ".join(body[: 2 * len(title)].split()).startswith(" ".join(title.rstrip("…").split()))
    return body if begins and not concepts else f"{head}\n{body}".strip()


def count(database: Database) -> int:
    """How many memories have a vector."""
    return int(_row(database, sql.COUNT_VECTORS)[0])


def count_waiting(database: Database, cap: int) -> int:
    """How many memories within the cap have no vector yet."""
    return int(database.row(sql.COUNT_WAITING, {"cap": cap or -1})[0])


def edge(database: Database, cap: int) -> tuple[int, int] | None:
    """The oldest memory within the cap as (created_ms, id), None if all are."""
    row = database.row(sql.EDGE, (cap - 1,)) if cap else None
    return (row[0], row[1]) if row else None


def beyond(database: Database, behind: tuple[int, int]) -> tuple[list[int], tuple[int, int] | None]:
    """Those of the next PER_TRANSACTION memories older than *behind* that have a vector and no right to it, and where to go on.

    Notes, pinned memories and those that a person changed keep theirs. A run without any ends it: what was pushed out one by one
    left nothing behind it.
    """
    rows = database.rows(sql.BEYOND, (*behind, PER_TRANSACTION))
    found = [row[0] for row in rows if row[2]]
    return found, (rows[-1][1], rows[-1][0]) if found and len(rows) == PER_TRANSACTION else None


def over(database: Database, behind: tuple[int, int], after: int) -> list[int]:
    """PER_TRANSACTION of all memories older than *behind* that have a vector and no right to it, those with ids above *after*."""
    bound = {"at": behind[0], "id": behind[1], "after": after, "most": PER_TRANSACTION}
    return [row[0] for row in database.rows(sql.OVER, bound)]


def count_over(database: Database, cap: int) -> int:
    """How many embedded memories lie beyond the cap; reads all vectors, for a person who asks."""
    behind = edge(database, cap)
    return int(database.row(sql.COUNT_OVER, {"at": behind[0], "id": behind[1]})[0]) if behind else 0


def bytes_each(database: Database) -> int:
    """About what a vector takes in the file: its eight-bit values, its signs, and the keys of both."""
    known = space(database)
    return known.dimension + known.dimension // 8 + 2 * ROW_BYTES if known else 0


def drop(database: Database, ids: Iterable[int]) -> int:
    """Delete the vectors of some memories, nothing else; gives how many."""
    with database.write() as connection:
        return len(run(connection, sql.DROP_VECTORS, (id_list(ids),)))


def mend(database: Database) -> int:
    """Delete vectors whose memory or other half is gone and damaged ones; gives how many. What lacks one is embedded again."""
    steps = (sql.DROP_ORPHANS, sql.DROP_HALVES, sql.DROP_MISFITS, sql.DROP_LONE_SIGNS)
    with database.write() as connection:
        return sum(len(run(connection, text)) for text in steps)


def near(  # noqa: PLR0913, PLR0917  # what to compare with what, and the signs where they are held
    database: Database,
    known: Space,
    vector: Sequence[float],
    filters: Filters,
    limit: int,
    held: HeldVectors | None = None,
) -> list[tuple[int, float]]:
    """The memories nearest to *vector* that pass the filters, with their cosines, nearest first.

    The filters apply before the candidates are cut. Recall of the nearest ten: .97 and better. Where signs are *held*, they
    choose the candidates; else the file is scanned.
    """
    try:
        rows = held.nearest(vector, known.scale, filters, limit) if held else None
        if rows is None:
            rows = _scanned(database, known, vector, filters, limit)
    except apsw.SQLError as error:
        raise unreadable(database.path, error) from error
    unit = (LARGEST / known.scale) ** 2
    return [(memory, 1 - distance**2 / (2 * unit)) for memory, distance in rows]


def _scanned(database: Database, known: Space, vector: Sequence[float], filters: Filters, limit: int) -> list[Any]:
    """The nearest by a scan of the file, as (memory, distance)."""
    where, projects = clauses(Filters(projects=filters.projects))
    condition, values = clauses(evolve(filters, projects=()))
    inside = sql.NEAR_AMONG.format(filters=condition) if condition else ""
    text = sql.NEAR.format(filters=where.replace("m.project_id", "s.project_id") + inside)
    pool = max(LEAST_POOL, 10 * limit, count(database) // PER_POOL)
    bound = {**projects, **values, "limit": limit, "pool": pool, "signs": signs(vector)}
    return database.rows(text, {**bound, "vector": eight_bits(vector, known.scale)})


def _row(database: Database, text: str) -> Any:
    """The first row, or None; StoreUnreadable where the file lacks a table."""
    try:
        return database.row(text)
    except apsw.SQLError as error:
        raise unreadable(database.path, error) from error


def eight_bits(vector: Iterable[float], scale: float) -> bytes:
    """A vector as signed bytes."""
    factor = LARGEST / scale
    values = [round(value * factor) for value in vector]
    if max(values, default=0) > LARGEST or min(values, default=0) < -LARGEST:
        values = [max(-LARGEST, min(LARGEST, value)) for value in values]
    return array("b", values).tobytes()


def signs(vector: Sequence[float]) -> bytes:
    """The signs of a vector, a bit each, filled up to whole bytes."""
    bits = "".join("1" if value > 0 else "0" for value in vector)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")
