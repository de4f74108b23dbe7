"""How a change by hand is taken back for a few minutes: rows as they were, kept in the file and then let go of, byte by byte.

begin, keep ...   the change is made and can be undone: `take` finds it, `put_back` has it as it was
lapse             too late: what was kept is deleted; the record alone stays, as "purge", until the log is written back too
drop              no byte is left
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from claudemem_lib.store import memories, sql
from claudemem_lib.store.connection import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw

    from claudemem_lib.store.database import Database

AT_ONCE = 1 << 62


def begin(connection: apsw.Connection, now_ms: int, what: str, verb: str, payload: Any = None) -> int:
    """Write down that a change can be undone, inside the change's own transaction; gives the number to keep rows under."""
    return int(run(connection, sql.ADD_UNDO, (now_ms, what, verb, json.dumps(payload, ensure_ascii=False)))[0][0])


def take(connection: apsw.Connection, since_ms: int) -> tuple[int, str, str, Any] | None:
    """What was changed last: its number, what it was, the verb that undoes it and what that needs; None if all is older."""
    rows = run(connection, sql.LAST_UNDO, (since_ms,))
    if not rows:
        return None
    number, what, verb, payload = rows[0]
    return number, what, verb, json.loads(payload)


def drop(connection: apsw.Connection, number: int) -> None:
    """It was taken back."""
    run(connection, sql.TAKE_UNDO, (number,))


def keep(connection: apsw.Connection, number: int, table: str, column: str, ids: Sequence[int]) -> None:
    """Keep the rows of *table* whose *column* is one of *ids*."""
    if ids:
        run(connection, sql.KEEP[table] + sql.KEEP_BY.format(column), {"undo": number, "ids": memories.id_list(ids)})


def keep_memories(connection: apsw.Connection, number: int, ids: Sequence[int]) -> None:
    """Keep memories with everything that hangs on them."""
    keep(connection, number, "memories", "id", ids)
    for table in ("memory_files", "memory_concepts", "memory_repeats", "memory_links"):
        keep(connection, number, table, "memory_id", ids)
    keep(connection, number, "memory_links", "other_id", ids)


def keep_tombstone(connection: apsw.Connection, number: int, kind: str, key: str) -> None:
    """Keep what a tombstone was before it is set, or that it was not there."""
    values = {"undo": number, "kind": kind, "key": key}
    run(connection, sql.KEEP["tombstones"] + sql.KEEP_TOMBSTONE, values)
    run(connection, sql.KEEP_SET, values)


def put_back(connection: apsw.Connection, number: int) -> None:
    """The kept rows, in place of what has their numbers now."""
    values = {"undo": number}
    run(connection, sql.DROP_KEPT, values)
    run(connection, sql.DROP_SET, values)
    for row in run(connection, sql.KEPT_PROJECTS, values):
        _put_back_project(connection, row)
    for text in sql.PUT_BACK.values():
        run(connection, text, values)
    run(connection, sql.PUT_BACK_LINKS, values)
    run(connection, sql.PUT_BACK_USAGE, values)


def _put_back_project(connection: apsw.Connection, row: tuple[Any, ...]) -> None:
    """A project as it was. One that its folder has begun meanwhile becomes part of it; one that took its name keeps it."""
    number, key, name, root, created_ms = row
    begun = run(connection, sql.PROJECT_WITH_KEY, (key,))
    if (number,) in begun:
        return  # it did not go: something came into it meanwhile
    for (other,) in begun:
        run(connection, sql.SET_ASIDE_PROJECT, (other,))
    taken = run(connection, sql.PROJECT_BY_NAME, (name,))
    run(connection, sql.PUT_BACK_PROJECT, (number, key, f"{name} {number}" if taken else name, root, created_ms))
    for (other,) in begun:
        for text in (sql.MOVE_SESSIONS, sql.MOVE_MEMORIES, sql.MOVE_ALIASES):
            run(connection, text, {"of": other, "to": number})
        run(connection, sql.DROP_PROJECT, (other,))


def kept(database: Database) -> bool:
    """Whether anything is kept at all, to be undone, let go of or gone on with."""
    return bool(database.row(sql.UNDO_KEPT)[0])


def lapsed(database: Database, before_ms: int) -> bool:
    """Whether there is anything to let go of."""
    return bool(database.row(sql.LAPSED, (before_ms,))[0])


def lapse(connection: apsw.Connection, before_ms: int) -> list[tuple[int, Any]]:
    """Let go of the rows of changes before *before_ms*; gives those that are to be purged: number and what they name."""
    run(connection, sql.LAPSE_ROWS, (before_ms,))
    run(connection, sql.LAPSE_UNDO, (before_ms,))
    return [(number, json.loads(payload)) for number, payload in run(connection, sql.TO_PURGE)]
