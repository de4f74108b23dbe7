"""Rows as a person changes them: edit, pin, forget, merge, and the few minutes in which it can be undone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from claudemem_lib.store import memories, sql
from claudemem_lib.store.connection import run
from claudemem_lib.store.text import storable
from claudemem_lib.words import terms_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import apsw

    from claudemem_lib.models import StoredMemory
    from claudemem_lib.store.database import Database


def remember_undo(connection: apsw.Connection, now_ms: int, what: str, verb: str, payload: Any) -> None:
    """Write down how a change is undone, inside the change's own transaction."""
    run(connection, sql.ADD_UNDO, (now_ms, what, verb, json.dumps(payload, ensure_ascii=False)))


def take_undo(connection: apsw.Connection, since_ms: int) -> tuple[str, str, Any] | None:
    """What was changed last, the verb that undoes it and what that needs; None if nothing is young enough."""
    rows = run(connection, sql.LAST_UNDO, (since_ms,))
    if not rows:
        return None
    number, what, verb, payload = rows[0]
    run(connection, sql.TAKE_UNDO, (number,))
    return what, verb, json.loads(payload)


def lapse(connection: apsw.Connection, before_ms: int = 1 << 62) -> None:
    """Let go of what can no longer be undone; of everything, where something has to be gone at once."""
    run(connection, sql.LAPSE_UNDO, (before_ms,))


def whole(connection: apsw.Connection, ids: Sequence[int]) -> dict[str, Any]:
    """Memories with everything that hangs on them, as plain values."""
    wanted = memories.id_list(ids)
    return {
        "rows": [list(row) for row in run(connection, sql.WHOLE_ROWS, (wanted,))],
        "files": [
            [memory, role, path, position]
            for position, (memory, role, path) in enumerate(run(connection, sql.FILES, (memories.id_list(ids),)))
        ],
        "concepts": [list(row) for row in run(connection, sql.CONCEPTS, (memories.id_list(ids),))],
        "links": [
            list(row)
            for row in run(connection, sql.WHOLE_LINKS, {"ids": memories.id_list(ids), "more": memories.id_list(ids)})
        ],
    }


def put_back(connection: apsw.Connection, kept: dict[str, Any]) -> None:
    """Memories as whole() gave them, in place of what has their ids now."""
    memories.forget(connection, [row[0] for row in kept["rows"]])
    for text, rows in (
        (sql.PUT_BACK, kept["rows"]),
        (sql.PUT_BACK_FILE, kept["files"]),
        (sql.ADD_CONCEPT, kept["concepts"]),
        (sql.PUT_BACK_LINK, kept["links"]),
    ):
        for row in rows:
            run(connection, text, row)


def edit(connection: apsw.Connection, one: StoredMemory, at_ms: int) -> None:
    """Store the words, files and concepts of *one* as changed at *at_ms*, and find it by them from now on."""
    row: dict[str, Any] = {
        name: storable(getattr(one, name)[: memories.LONGEST_TEXT]) for name in memories.TEXTS if name != "facts"
    }
    row["facts"] = storable("\n".join(" ".join(fact.split()) for fact in one.facts))[: memories.LONGEST_TEXT]
    files = [("modified", storable(path)) for path in one.files_modified]
    files += [("read", storable(path)) for path in one.files_read]
    concepts = [storable(concept) for concept in one.concepts]
    names = [path for _, path in files] + concepts
    row["terms"] = terms_of(*row.values(), *names) + "".join(f"\n{name}" for name in names)[: memories.LONGEST_TEXT]
    row["read_tokens"] = memories.read_tokens(*(row[name] for name in memories.TEXTS))
    row |= {"id": one.id, "kind": one.kind, "type": storable(one.type), "changed_ms": at_ms}
    row["content_key"] = memories.content_key(row, files)
    del row["kind"]
    run(connection, sql.EDIT_MEMORY, row)
    run(connection, sql.CLEAR_FILES, (one.id,))
    run(connection, sql.CLEAR_CONCEPTS, (one.id,))
    for position, (role, path) in enumerate(files):
        run(connection, sql.ADD_FILE, (one.id, role, path, position))
    for concept in concepts:
        run(connection, sql.ADD_CONCEPT, (one.id, concept))


def merge(connection: apsw.Connection, source: int, target: int) -> dict[str, Any]:
    """Everything of project *source* belongs to *target* from now on; gives what split() needs."""
    project = list(run(connection, sql.WHOLE_PROJECT, (source,))[0])
    where = {"of": source, "to": target}
    moved = {
        "sessions": [row[0] for row in run(connection, sql.MOVE_SESSIONS, where)],
        "memories": [row[0] for row in run(connection, sql.MOVE_MEMORIES, where)],
        "aliases": [row[0] for row in run(connection, sql.MOVE_ALIASES, where)],
    }
    run(connection, sql.DROP_PROJECT, (source,))
    run(connection, sql.ADD_ALIAS, (project[1], target))
    return {"project": project, **moved}


def split(connection: apsw.Connection, kept: dict[str, Any]) -> None:
    """Undo merge()."""
    source = kept["project"][0]
    run(connection, sql.DROP_ALIAS, (kept["project"][1],))
    run(connection, sql.PUT_BACK_PROJECT, kept["project"])
    run(connection, sql.RETURN_SESSIONS, (source, memories.id_list(kept["sessions"])))
    run(connection, sql.RETURN_MEMORIES, (source, memories.id_list(kept["memories"])))
    for key in kept["aliases"]:
        run(connection, sql.RETURN_ALIAS, (source, key))


def drop_project(connection: apsw.Connection, project: int) -> tuple[int, int]:
    """Delete a project with all its sessions and memories; gives how many memories and sessions."""
    gone = len(run(connection, sql.DROP_PROJECT_MEMORIES, (project,)))
    sessions = len(run(connection, sql.DROP_PROJECT_SESSIONS, (project,)))
    run(connection, sql.DROP_PROJECT, (project,))
    return gone, sessions


def holds(database: Database, project: int) -> tuple[int, ...]:
    """Observations, summaries, notes, pinned memories, sessions, prompts and unfinished events of a project."""
    return tuple(database.row(sql.PROJECT_HOLDS, {"id": project}))


def rename(connection: apsw.Connection, project: int, name: str) -> None:
    """Give a project another name."""
    run(connection, sql.RENAME_PROJECT, (storable(name), project))


def pin(connection: apsw.Connection, ids: Iterable[int], at_ms: int, *, on: bool) -> list[int]:
    """Pin memories or let them go; gives the ids that were there."""
    return [one for one in ids if run(connection, sql.PIN, {"id": one, "on": int(on), "at": at_ms})]
