"""Rows as a person changes them: edit, pin, merge and rename."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claudemem_lib.store import memories, sql
from claudemem_lib.store.connection import run
from claudemem_lib.store.text import storable
from claudemem_lib.words import terms_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import apsw

    from claudemem_lib.models import StoredMemory


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
    run(connection, sql.UNLINK_SIMILAR, (one.id,))  # it says something else now; whoever embeds it links it again
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


def rename(connection: apsw.Connection, project: int, name: str) -> None:
    """Give a project another name."""
    run(connection, sql.RENAME_PROJECT, (storable(name), project))


def pin(connection: apsw.Connection, ids: Iterable[int], at_ms: int, *, on: bool) -> list[int]:
    """Pin memories or let them go; gives the ids that were there."""
    return [one for one in ids if run(connection, sql.PIN, {"id": one, "on": int(on), "at": at_ms})]
