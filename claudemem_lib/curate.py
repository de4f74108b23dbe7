"""What a person does to the memory by hand: edit, pin, mark superseded, rename and merge projects; and undo.

All of it, and forgetting (forget.py), can be undone for UNDO_MS: how is kept in the same file and let go of afterwards.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from claudemem_lib import modes, redact, settings
from claudemem_lib.errors import BadRequest, NotFound
from claudemem_lib.store import curating, forgetting, memories, space, sql, status, undo
from claudemem_lib.store.connection import run

if TYPE_CHECKING:
    from collections.abc import Callable

    import apsw

    from claudemem_lib.models import Project, StoredMemory
    from claudemem_lib.settings import Settings
    from claudemem_lib.store.database import Database

UNDO_MS = 600_000
TEXTS = (
    "type",
    "title",
    "subtitle",
    "narrative",
    "investigated",
    "learned",
    "completed",
    "next_steps",
    "notes",
    "verbatim",
)
_SAYING = (*TEXTS[1:], "facts")
LISTS = ("facts", "concepts", "files_modified", "files_read")


class Curate:
    """Changing verbs of a memory that a person asks for."""

    def __init__(
        self, database: Database, data_dir: str, clock: Callable[[], int], in_force: Callable[[], Settings]
    ) -> None:
        """Nothing is changed yet."""
        self._database, self._data_dir, self._clock, self._in_force = database, data_dir, clock, in_force

    def edit(self, memory_id: int, **changes: Any) -> None:
        """Change the words of a memory; *changes* are its fields (TEXTS as text, LISTS as lists). Secrets are masked as always."""
        unknown = sorted(set(changes) - {*TEXTS, *LISTS})
        if unknown:
            message = f"{', '.join(unknown)} cannot be edited; {', '.join((*TEXTS, *LISTS))} can"
            raise BadRequest(message)
        (one,) = self._all_there([memory_id])
        if problem := self._type_problem(one, changes.get("type", one.type)):
            raise BadRequest(problem)
        out = redact.Redaction(self._in_force().redact_patterns)
        edited = evolve(one, **{name: _cleaned(value, out) for name, value in changes.items()})
        for name in changes:
            _check_length(name, getattr(edited, name))
        if not any(getattr(edited, name) for name in _SAYING):
            message = f"without {', '.join(changes)} #{memory_id} would say nothing; `claude-mem forget {memory_id}` lets it go"
            raise BadRequest(message)
        with self._database.write() as connection:
            number = undo.begin(connection, self._clock(), f"the edit of #{memory_id}", "put_back")
            undo.keep_memories(connection, number, [memory_id])
            curating.edit(connection, edited, self._clock())
            status.count_masked(connection, out.counts)

    def pin(self, memory_id: int, *, on: bool = True) -> None:
        """Let a memory always be told to new sessions of its project, or no longer."""
        with self._database.write() as connection:
            what = f"{'pinning' if on else 'unpinning'} #{memory_id}"
            self._undoable(connection, what, "pin", {"id": memory_id, "on": not on})
            if not curating.pin(connection, [memory_id], self._clock(), on=on):
                raise _missing([memory_id])

    def supersede(self, memory_id: int, by: int | None) -> None:
        """Say that memory *by* replaces this one, which then ranks low and is not told to sessions; None takes it back."""
        if by == memory_id:
            message = f"#{by} cannot replace itself"
            raise BadRequest(message)
        self._all_there([memory_id, *([] if by is None else [by])])
        with self._database.write() as connection:
            if by is not None and run(connection, sql.SUPERSEDED_BY_IT, {"by": by, "memory": memory_id}):
                message = (
                    f"#{by} is superseded by #{memory_id} itself, at once or by way of others, and of a circle none would be told; "
                    f"`claude-mem supersede {by} --clear` first"
                )
                raise BadRequest(message)
            what = f"marking #{memory_id} as superseded" if by else f"marking #{memory_id} as current"
            undo.keep_memories(connection, undo.begin(connection, self._clock(), what, "put_back"), [memory_id])
            run(connection, sql.UNLINK, (memory_id,))
            if by is not None:
                link = {"memory": by, "other": memory_id, "kind": "supersedes", "at": self._clock()}
                run(connection, sql.LINK, link)

    def undo(self) -> str:
        """Undo the last change of the last UNDO_MS; gives what was undone. NotFound if there is none."""
        with self._database.write() as connection:
            found = undo.take(connection, self._clock() - UNDO_MS)
            if found is None:
                message = f"there is nothing to undo; changes can be undone for {UNDO_MS // 60_000} minutes"
                raise NotFound(message)
            number, what, verb, payload = found
            if verb == "put_back":
                undo.put_back(connection, number)
            elif verb == "pin":
                curating.pin(connection, [payload["id"]], self._clock(), on=payload["on"])
            elif verb == "rename":
                curating.rename(connection, payload["id"], payload["name"])
            else:
                curating.split(connection, payload)
            undo.drop(connection, number)
            return what

    def rename_project(self, project: str, name: str) -> None:
        """Give a project another name; NotFound or BadRequest say what is wrong."""
        found, name = self._project(project), redact.clean(name, own=self._in_force().redact_patterns).strip()
        other = status.project_named(self._database, name) if name else None
        if not name or (other and other.id != found.id):
            message = (
                f"there is a project called {name!r} already; merge the two instead" if name else "a name is needed"
            )
            raise BadRequest(message)
        with self._database.write() as connection:
            what = f"renaming {found.name} to {name}"
            self._undoable(connection, what, "rename", {"id": found.id, "name": found.name})
            curating.rename(connection, found.id, name)

    def merge_projects(self, source: str, into: str) -> None:
        """Let *into* have everything of *source*, and what its folder adds from now on."""
        one, other = self._project(source), self._project(into)
        if one.id == other.id:
            message = f"{source!r} and {into!r} are the same project"
            raise BadRequest(message)
        with self._database.write() as connection:
            kept = curating.merge(connection, one.id, other.id)
            self._undoable(connection, f"merging {one.name} into {other.name}", "split", kept)

    def exclude_project(self, project: str, *, on: bool = True) -> tuple[str, ...]:
        """Record nothing of a project's folder from now on, or again; gives the folders that are excluded."""
        root = self._project(project).root
        if not root:
            message = f"{project!r} has no folder; exclude one by name with the setting CLAUDE_MEM_EXCLUDED_PROJECTS"
            raise BadRequest(message)
        current, _ = settings.load(self._data_dir, {})
        others = tuple(folder for folder in current.excluded_projects if folder != root)
        excluded = (*others, root) if on else others
        settings.save(self._data_dir, {"excluded_projects": excluded})
        return excluded

    def lapse(self, *, at_once: bool = False) -> bool:
        """Let go of what can no longer be undone (*at_once*: of all that could); whether no byte of it is in our files."""
        before_ms = undo.AT_ONCE if at_once else self._clock() - UNDO_MS
        for number in () if self._database.read_only else forgetting.unfinished(self._database):
            forgetting.go_on(self._database, number)
        if self._database.read_only or not undo.lapsed(self._database, before_ms):
            return True
        with self._database.write() as connection:
            over = undo.lapse(connection, before_ms)
        for _, payload in over:
            for name in (payload or {}).get("remove", ()):
                with suppress(OSError):
                    (Path(self._data_dir) / name).unlink()
        if not space.written_back(self._database):
            return False  # somebody reads an older state just now: the next time
        with self._database.write() as connection:
            for number, _ in over:
                undo.drop(connection, number)
        return True

    def _type_problem(self, one: StoredMemory, wanted: str) -> str:
        """Why *one* cannot get a type, "" if it can: one of the mode in force, or the one it has."""
        mode = modes.load_or_code(self._in_force().mode, Path(self._data_dir) / modes.FOLDER)
        known = mode.type_ids if one.kind == "observation" else ()
        if wanted == one.type or wanted in known:
            return ""
        if not known:
            return f"#{one.id} is a {one.kind}, and only observations have a type"
        return f"{wanted!r} is no type of the mode {mode.name}: {', '.join(known)}"

    def _undoable(self, connection: apsw.Connection, what: str, verb: str, payload: Any) -> None:
        undo.begin(connection, self._clock(), what, verb, payload)

    def _all_there(self, ids: list[int]) -> list[Any]:
        found = memories.get(self._database, ids)
        if len(found) < len(set(ids)):
            raise _missing(sorted(set(ids) - {one.id for one in found}))
        return found

    def _project(self, name: str) -> Project:
        found = status.project_named(self._database, name)
        if found is None:
            message = f"no project is called {name!r}; `claude-mem projects` lists them"
            raise NotFound(message)
        return found


def _missing(ids: list[int]) -> NotFound:
    return NotFound(f"there is no memory {', '.join(f'#{one}' for one in ids)}")


def _check_length(name: str, value: str | tuple[str, ...]) -> None:
    """BadRequest for more than a memory holds: nothing is cut behind anybody's back."""
    size = len(value if isinstance(value, str) else "\n".join(value))
    if size > memories.LONGEST_TEXT:
        message = f"{name} holds at most {memories.LONGEST_TEXT:,} characters, not {size:,}; nothing was changed"
        raise BadRequest(message)


def _cleaned(value: Any, out: redact.Redaction) -> Any:
    if isinstance(value, str):
        return out.clean(value).strip()
    return tuple(text for part in value if (text := out.clean(str(part)).strip()))
