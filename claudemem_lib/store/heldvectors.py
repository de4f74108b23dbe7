"""The vectors held in memory by a process that has numpy anyway: the nearest without a scan of the file.

Signs choose candidates, eight-bit values rank them. Up to MOST_RANKED_HERE vectors both are held: 450 bytes a vector (of 384
values), and a quarter more while there is room to grow. Of more vectors only the signs are, 64 bytes a vector, and the file ranks.

The table `vector_changes` says what changed since they were read, whoever changed it; they are read whole where it goes back no
further.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import apsw
from attrs import evolve, frozen

from claudemem_lib.store import sql
from claudemem_lib.store.connection import unreadable
from claudemem_lib.store.fulltext import Filters, clauses
from claudemem_lib.store.memories import id_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claudemem_lib.store.database import Database

    Row = tuple[int, int, bytes, bytes | None]
    Near = list[tuple[int, float]]

LEAST_POOL = 1_000
PER_POOL = 100  # one candidate by its signs for so many vectors, beyond the least
FEW, FEW_POOL = 5_000, 450  # among no more than FEW vectors, so many candidates are enough
LEAST_RANKED, MOST_RANKED = 300, 3_000  # candidates that the file ranks, one for PER_RANKED vectors
PER_RANKED = 150
MOST_RANKED_HERE = 100_000
MOST_HELD = 2_000_000
LARGEST = 127
PER_READ = 5_000
BLOCK = 32_768  # so many distances at a time stay in the processor's cache
WORD_BITS = 64
FARTHEST = 65_535
GONE = -1
SPARE = 1_024
DEAD_PART = 10  # one in so many may be dead before they are thrown out


@frozen
class Held:
    """Columns with one entry a vector, the first *count* of them in use. GONE is no project.

    *words* are the signs, 64 a row; *values* the eight-bit values, a row a vector, and *squares* their sums, both None where the
    file ranks.
    """

    file: object
    place: int
    count: int
    dead: int
    ids: Any
    projects: Any
    words: Any
    values: Any
    squares: Any


class HeldVectors:
    """The vectors of one memory file. Threads share it: each works on the columns as they were when it asked."""

    def __init__(self, database: Database) -> None:
        """Nothing is read yet."""
        self._database = database
        self._held: Held | None = None
        self._reading = threading.Lock()
        self._too_many = False

    def nearest(self, vector: Sequence[float], scale: float, filters: Filters, limit: int) -> Near | None:
        """The *limit* nearest as (memory, distance of their eight-bit values), nearest first, newer ones first where equal.

        None where nothing can be held: without numpy, while another thread reads it for the first time, or for too many vectors.
        """
        np = _numpy()
        held = self.fresh(len(vector)) if np else None
        if np is None or held is None:
            return None
        chosen = self._passing(np, held, filters)
        asked = np.asarray(vector, np.float64)
        far = _distances(np, held, _columns(np, np.packbits(asked > 0)[None])[:, 0], chosen)
        near = _smallest(np, far, _pool(len(far), limit))
        places = near if chosen is None else chosen[near]
        eight = np.clip(np.rint(asked * (LARGEST / scale)), -LARGEST, LARGEST)
        if held.values is not None:
            return _ranked(np, held, places, eight, limit)
        most = max(LEAST_RANKED, 4 * limit, min(MOST_RANKED, len(far) // PER_RANKED))
        places = _likely(np, held, places, asked.astype(np.float32), most)
        where, projects = clauses(Filters(projects=filters.projects))
        text = sql.NEAREST_OF.format(filters=where.replace("m.project_id", "v.project_id"))
        among = id_list(held.ids[places].tolist())
        return self._database.rows(
            text, {**projects, "vector": eight.astype(np.int8).tobytes(), "limit": limit, "ids": among}
        )

    def fresh(self, dimension: int) -> Held | None:
        """The vectors as the file has them now, those with *dimension* values; None where they cannot be held."""
        np = _numpy()
        if np is None or self._too_many:
            return None
        file = (self._database.identity(), dimension)
        held = self._held
        _, last = self._kept()
        if held is not None and held.file == file and held.place == last:
            return held
        if not self._reading.acquire(blocking=held is not None):
            return None
        try:
            held, (first, last) = self._held, self._kept()
            if held is None or held.file != file or not first - 1 <= held.place <= last:
                held = self._all(np, file, dimension, last)
            elif held.place < last:
                held = self._changed(np, held, dimension, last)
            self._held = held
        finally:
            self._reading.release()
        return held

    def _kept(self) -> tuple[int, int]:
        """The first and the last change that the file still knows, (1, 0) if there was none."""
        try:
            first, last = self._database.row(sql.CHANGES_KEPT)
        except apsw.SQLError as error:
            raise unreadable(self._database.path, error) from error
        return first or 1, last or 0

    def _all(self, np: Any, file: object, dimension: int, place: int) -> Held | None:
        """Everything, read in parts; what changes meanwhile is read again the next time."""
        here = self._database.row(sql.COUNT_VECTORS)[0] <= MOST_RANKED_HERE
        held = Held(file, place, 0, 0, *_room(np, 0, dimension, here))
        text = sql.SIGNS_AFTER.format(values=sql.VALUES_OF_SIGNS if here else "NULL")
        last = (-(1 << 62), 0)
        while rows := self._database.rows(text, (*last, PER_READ)):
            held = _with(np, held, rows, dimension)
            if held.count > MOST_HELD:
                self._too_many = True
                return None
            last = (rows[-1][1], rows[-1][0])
        return held

    def _changed(self, np: Any, held: Held, dimension: int, place: int) -> Held:
        """What changed since: the old entries die, the new ones come last."""
        ranked = held.values is not None
        rows = self._database.rows(sql.CHANGED_SIGNS.format(values="v.v" if ranked else "NULL"), (held.place,))
        ids, projects = held.ids[: held.count], held.projects[: held.count]
        old = np.isin(ids, np.array([row[0] for row in rows], np.int64)) & (projects != GONE)
        held = evolve(held, place=place, dead=held.dead + int(old.sum()))
        if old.any():  # in a copy: another thread may be looking through these columns just now
            held = evolve(held, projects=held.projects.copy())
            held.projects[: held.count][old] = GONE
        held = _with(np, held, [row for row in rows if row[2] is not None], dimension)
        if held.dead * DEAD_PART > held.count + DEAD_PART * SPARE:
            alive = np.flatnonzero(held.projects[: held.count] != GONE)
            held = evolve(
                held,
                count=len(alive),
                dead=0,
                ids=held.ids[alive],
                projects=held.projects[alive],
                words=np.ascontiguousarray(held.words[:, alive]),
                values=None if held.values is None else held.values[alive],
                squares=None if held.values is None else held.squares[alive],
            )
        return held

    def _passing(self, np: Any, held: Held, filters: Filters) -> Any:
        """The places of what passes the filters, None if all does."""
        projects = held.projects[: held.count]
        if filters != Filters(projects=filters.projects):
            condition, values = clauses(filters)
            passing = self._database.row(sql.PASSING.format(filters=condition), values)[0]
            listed = np.fromstring(passing or "", np.int64, sep=",")
            return np.flatnonzero(np.isin(held.ids[: held.count], listed) & (projects != GONE))
        if len(filters.projects) == 1:
            return np.flatnonzero(projects == filters.projects[0])
        return np.flatnonzero(np.isin(projects, filters.projects)) if filters.projects else None


def _numpy() -> Any:
    """The package numpy if somebody loaded it already and it can count bits; loading it costs more than it would save."""
    found = sys.modules.get("numpy")
    return found if hasattr(found, "bitwise_count") else None


def _columns(np: Any, signs: Any) -> Any:
    """Rows of bytes as columns of words, filled up with noughts."""
    rows, size = signs.shape
    whole = np.zeros((rows, -(-size * 8 // WORD_BITS) * 8), np.uint8)
    whole[:, :size] = signs
    return np.ascontiguousarray(whole.view(np.uint64).T)


def _room(np: Any, size: int, dimension: int, ranked: bool) -> tuple[Any, ...]:  # noqa: FBT001  # a column more or less
    """Columns of *size* entries."""
    words = np.empty((-(-dimension // WORD_BITS), size), np.uint64)
    values, squares = (np.empty((size, dimension), np.int8), np.empty(size, np.int64)) if ranked else (None, None)
    return np.empty(size, np.int64), np.empty(size, np.int64), words, values, squares


def _with(np: Any, held: Held, rows: Sequence[Row], dimension: int) -> Held:
    """The columns with more entries. Signs and values of another length are left out: they are damaged."""
    size, ranked = -(-dimension // 8), held.values is not None
    rows = [row for row in rows if len(row[2]) == size and (not ranked or len(row[3] or b"") == dimension)]
    if not rows:
        return held
    count = held.count + len(rows)
    if ranked and count > 2 * MOST_RANKED_HERE:
        held, ranked = evolve(held, values=None, squares=None), False
    if count > len(held.ids):
        held = _longer(np, held, count + count // 4 + SPARE, dimension)
    added = slice(held.count, count)
    held.ids[added] = [row[0] for row in rows]
    held.projects[added] = [row[1] for row in rows]
    held.words[:, added] = _columns(np, np.frombuffer(b"".join(row[2] for row in rows), np.uint8).reshape(-1, size))
    if ranked:
        held.values[added] = np.frombuffer(b"".join(row[3] or b"" for row in rows), np.int8).reshape(-1, dimension)
        values = held.values[added].astype(np.float32)
        held.squares[added] = np.einsum("ij,ij->i", values, values)
    return evolve(held, count=count)


def _longer(np: Any, held: Held, size: int, dimension: int) -> Held:
    """The same in columns with room for *size* entries."""
    room = _room(np, size, dimension, held.values is not None)
    longer = evolve(held, **dict(zip(("ids", "projects", "words", "values", "squares"), room, strict=True)))
    used = slice(held.count)
    longer.ids[used], longer.projects[used] = held.ids[used], held.projects[used]
    longer.words[:, used] = held.words[:, used]
    if held.values is not None:
        longer.values[used], longer.squares[used] = held.values[used], held.squares[used]
    return longer


def _distances(np: Any, held: Held, signs: Any, chosen: Any) -> Any:
    """How many signs differ (Hamming distance), an entry a place; FARTHEST for what is gone."""
    count = held.count if chosen is None else len(chosen)
    far = np.zeros(count, np.uint16)
    for start in range(0, count, BLOCK):
        part = slice(start, min(start + BLOCK, count))
        words = held.words[:, part] if chosen is None else held.words.take(chosen[part], axis=1)
        for word, sign in zip(words, signs, strict=True):
            far[part] += np.bitwise_count(word ^ sign)
    if held.dead and chosen is None:
        far[held.projects[:count] == GONE] = FARTHEST
    return far


def _pool(count: int, limit: int) -> int:
    """How many of *count* vectors are candidates."""
    return max(FEW_POOL if count <= FEW else LEAST_POOL, 10 * limit, count // PER_POOL)


def _ranked(np: Any, held: Held, places: Any, eight: Any, limit: int) -> Near:
    """The nearest of the places by their values."""
    products = held.values.take(places, axis=0).astype(np.float32) @ eight.astype(np.float32)  # whole numbers, so exact
    squares = held.squares[places] + eight @ eight - 2.0 * products
    if len(places) > limit:  # more than asked for where several are equally far
        some = np.flatnonzero(squares <= np.partition(squares, limit - 1)[limit - 1])
        places, squares = places[some], squares[some]
    ids = held.ids[places]
    order = np.lexsort((-ids, squares))[:limit]
    return list(zip(ids[order].tolist(), np.sqrt(squares[order].astype(np.float32)).tolist(), strict=True))


def _smallest(np: Any, far: Any, most: int) -> Any:
    """The places of the *most* smallest distances, without those of what is gone."""
    if len(far) <= most:
        return np.flatnonzero(far < FARTHEST)
    near = np.argpartition(far.astype(np.int32), most - 1)[:most]  # four times as fast as with 16 bits
    return near[far[near] < FARTHEST]


def _likely(np: Any, held: Held, places: Any, asked: Any, most: int) -> Any:
    """Those *most* of the places whose signs the values of *asked* agree with best: one side of the product is exact."""
    if len(places) <= most:
        return places
    signs = np.ascontiguousarray(held.words[:, places].T).view(np.uint8)
    likeness = np.unpackbits(signs, axis=1, count=len(asked)).astype(np.float32) @ asked
    return places[np.argpartition(likeness, len(places) - most)[-most:]]
