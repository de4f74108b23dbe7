"""Records of another memory put into this one: a union in which the last edit wins, whichever record comes first.

Every record has a key of its own: a memory its uid, a session the host's id, a prompt its session and number, a project its key.
Two records of one key become one: of a memory the one changed last, of a session the one that goes on longest, of a prompt the
newest, of a project the oldest, and where they are equal in that the one whose text is greater. What was forgotten stays so.
"""

from __future__ import annotations

import json
from time import monotonic
from typing import TYPE_CHECKING, Any

from claudemem_lib.store import curating, forgetting, memories, sessions, sql, status
from claudemem_lib.store.connection import run
from claudemem_lib.store.tombstones import Tombstones

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable

    import apsw

    from claudemem_lib.store.database import Database

TRANSACTION_S = 0.008
SESSION = ("project", "title", "status", "source", "cwd", "branch", "started_ms", "last_ms", "ended_ms")
PROMPT = ("prompt_id", "origin", "text", "created_ms")
MEMORY = (
    "uid", "kind", "type", "project", "session", "prompt_number", "title", "subtitle", "narrative", "facts", "investigated",
    "learned", "completed", "next_steps", "notes", "verbatim", "branch", "provider", "model", "work_tokens", "pinned",
    "created_ms", "changed_ms", "repeats", "repeated_ms", "files", "concepts",
)  # fmt: skip
_COUNTED = ("repeats", "repeated_ms")


class Merging:
    """A run of records into one memory. Projects are made when something of them comes."""

    def __init__(self, database: Database, is_here: Callable[[str], bool]) -> None:
        """*is_here* says of a project's root whether it is a folder of this machine: such a project keeps its name."""
        self._database, self._is_here = database, is_here
        self.projects: dict[str, dict[str, Any]] = {}

    def store(self, waiting: deque[dict[str, Any]], done: Callable[[dict[str, Any], str], None]) -> None:
        """Store all of *waiting* in short transactions; *done* is told of each record, once it is safe, what became of it."""
        while waiting:
            became: list[tuple[dict[str, Any], str]] = []
            with self._database.write() as connection:
                until = monotonic() + TRANSACTION_S
                while waiting and (not became or monotonic() < until):
                    record = waiting.popleft()
                    became.append((record, self._stored(connection, record)))
            for record, outcome in became:
                done(record, outcome)

    def settle(self) -> None:
        """Forget what came to a forgotten project; let projects go of which nothing is left, and their names to who is next."""
        for key, at_ms in self._database.rows(sql.DEAD_PROJECTS):
            enforce(self._database, {"kind": "project", "key": key, "at_ms": at_ms})
        with self._database.write() as connection:
            run(connection, sql.DROP_EMPTY_PROJECTS)
            for key, told in sorted(self.projects.items()):
                found = run(connection, sql.PROJECT_BY_KEY, (key,)) if told.get("created_ms") else []
                if not found or found[0][1] != key or found[0][2] == told["name"] or self._is_here(found[0][3]):
                    continue
                wanted = sessions.free_name(connection, told["name"], found[0][3])
                if wanted == told["name"]:
                    run(connection, sql.RENAME_PROJECT, (wanted, found[0][0]))

    def survey(self, record: dict[str, Any]) -> str:
        """What store() would make of a record, for a dry run."""
        connection = self._database.connection()
        kind = record["record"]
        if kind in ("session", "prompt", "memory") and self._dead(connection, record):
            return "forgotten"
        known = {
            "session": lambda: run(connection, sql.WHOLE_SESSION, (record["id"],)),
            "prompt": lambda: self._known_prompt(connection, record),
            "memory": lambda: run(connection, sql.BUNDLED_MEMORY, (record["uid"],)),
            "link": lambda: run(connection, sql.KNOWN_LINK, (record["from"], record["to"], record["kind"])),
            "tombstone": lambda: run(connection, sql.DEAD, (record["kind"], record["key"])),
        }.get(kind)
        return "known" if known and known() else "new"

    # ------------------------------------------------------------------------------------------------- one record each
    def _stored(self, connection: apsw.Connection, record: dict[str, Any]) -> str:
        kind = record["record"]
        if kind in ("session", "prompt", "memory") and self._dead(connection, record):
            return "forgotten"
        verbs = {
            "session": self._session,
            "prompt": self._prompt,
            "memory": self._memory,
            "repeat": self._repeat,
            "link": self._link,
            "tombstone": self._tombstone,
        }
        outcome = verbs[kind](connection, record)
        if outcome in ("new", "changed"):
            status.count_masked(connection, record.get("masked"))
        return outcome

    def _dead(self, connection: apsw.Connection, record: dict[str, Any]) -> bool:
        """Whether a record is of what was forgotten."""
        session = record["id"] if record["record"] == "session" else record.get("session")
        at_ms = record["last_ms" if record["record"] == "session" else "created_ms"]
        dead = Tombstones(connection)
        if record["record"] == "memory" and dead.memory(record["uid"]):
            return True
        if record["record"] == "prompt" and dead.prompt(str(session), record["number"]):
            return True
        key = record.get("project") or self._project_of(connection, session)
        begun_ms = record["started_ms"] if record["record"] == "session" else at_ms
        return all(dead.moment(key, session or "", moment_ms) for moment_ms in (begun_ms, at_ms))

    @staticmethod
    def _project_of(connection: apsw.Connection, session: Any) -> str:
        found = run(connection, sql.WHOLE_SESSION, (session,)) if session else []
        return str(found[0][1]) if found else ""

    def _session(self, connection: apsw.Connection, record: dict[str, Any]) -> str:
        found = run(connection, sql.WHOLE_SESSION, (record["id"],))
        kept = {name: record[name] for name in SESSION}
        if Tombstones(connection).titled(record["id"]):
            kept["title"] = found[0][2] if found else ""  # its prompts name it
        if found:
            known = dict(zip(SESSION, (*found[0][1:-1], found[0][-1] or 0), strict=True))
            if "exact" in record:
                return "known"
            later: dict[str, Any] = max(
                known, kept, key=lambda one: (one["last_ms"], _text(one, without=("started_ms",)))
            )
            kept = dict(later)
            kept["started_ms"] = min(known["started_ms"], record["started_ms"])
            if kept == known:
                return "known"
        row = {**kept, "id": record["id"], "ended_ms": kept["ended_ms"] or None}
        row["project_id"] = self._project(connection, kept["project"], kept["started_ms"])
        run(connection, sql.PUT_SESSION, row)
        return "changed" if found else "new"

    @staticmethod
    def _known_prompt(connection: apsw.Connection, record: dict[str, Any]) -> list[Any]:
        session = run(connection, sql.SESSION_BY_HOST, (record["session"],))
        if not session:
            return []
        if "exact" not in record:
            return run(connection, sql.WHOLE_PROMPT, (session[0][0], record["number"]))
        return run(connection, sql.SAME_PROMPT, {**record, "session_id": session[0][0]})

    def _prompt(self, connection: apsw.Connection, record: dict[str, Any]) -> str:
        """A prompt; where "exact" is there, a number that is taken by another is no reason to lose one of the two."""
        session = run(connection, sql.SESSION_BY_HOST, (record["session"],))
        if not session:
            return "without its session"
        row = {**record, "session_id": session[0][0]}
        if "exact" in record:
            if run(connection, sql.SAME_PROMPT, row):
                return "known"
            if run(connection, sql.WHOLE_PROMPT, (row["session_id"], row["number"])):
                row["number"] = run(connection, sql.LAST_PROMPT, (row["session_id"],))[0][0] + 1
        found = run(connection, sql.WHOLE_PROMPT, (row["session_id"], row["number"]))
        if found:
            known, given = dict(zip(PROMPT, found[0][1:], strict=True)), {name: record[name] for name in PROMPT}
            if (known["created_ms"], _text(known)) >= (given["created_ms"], _text(given)):
                return "known"
        run(connection, sql.PUT_PROMPT, row)
        if row["origin"] == "user" and Tombstones(connection).titled(record["session"]):
            run(connection, sql.TITLE_SESSION, (sessions.title_of(row["text"]), row["session_id"]))
        return "changed" if found else "new"

    def _memory(self, connection: apsw.Connection, record: dict[str, Any]) -> str:
        found = run(connection, sql.BUNDLED_MEMORY, (record["uid"],))
        kept = record
        if found:
            known = as_memory(found[0][1:])
            if "exact" in record:
                return "known"
            kept = self._joined(known, record)
            if all(kept[name] == known[name] for name in MEMORY):
                return "known"
        project = self._project(connection, kept["project"], kept["created_ms"])
        if "exact" in record and self._is_said(connection, kept, project):
            return "said there already"
        session = run(connection, sql.SESSION_BY_HOST, (kept["session"],)) if kept["session"] else []
        row = {**kept, **kept["row"], "project_id": project, "session_id": session[0][0] if session else None}
        row["repeated_ms"] = kept["repeated_ms"] or None
        memory = run(connection, sql.PUT_MEMORY, row)[0][0]
        run(connection, sql.CLEAR_FILES, (memory,))
        run(connection, sql.CLEAR_CONCEPTS, (memory,))
        for position, (role, path) in enumerate(kept["files"]):
            run(connection, sql.ADD_FILE, (memory, role, path, position))
        for concept in kept["concepts"]:
            run(connection, sql.ADD_CONCEPT, (memory, concept))
        if "exact" in record and session:
            run(connection, sql.EXTEND_SESSION, {"id": session[0][0], "at": kept["created_ms"]})
        return "changed" if found else "new"

    @staticmethod
    def _joined(known: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        """The one of two that was changed last, with the repeats of both."""

        def rank(one: dict[str, Any]) -> tuple[int, str]:
            return one["changed_ms"], _text({name: one[name] for name in MEMORY}, without=_COUNTED)

        later: dict[str, Any] = max(known, given, key=rank)
        kept = dict(later)
        if "row" not in kept:
            kept["row"] = worded(kept)
        return kept | {name: max(known[name], given[name]) for name in _COUNTED}

    @staticmethod
    def _is_said(connection: apsw.Connection, record: dict[str, Any], project: int) -> bool:
        key = record["row"]["content_key"]
        return key is not None and bool(run(connection, sql.SAYS_THE_SAME, (key, project)))

    @staticmethod
    def _repeat(connection: apsw.Connection, record: dict[str, Any]) -> str:
        return "changed" if run(connection, sql.COUNT_REPEATS, record) else "known"

    @staticmethod
    def _link(connection: apsw.Connection, record: dict[str, Any]) -> str:
        known = run(connection, sql.KNOWN_LINK, (record["from"], record["to"], record["kind"]))
        put = run(connection, sql.PUT_LINK, record)
        return ("changed" if put else "known") if known else "new" if put else "without its memories"

    @staticmethod
    def _tombstone(connection: apsw.Connection, record: dict[str, Any]) -> str:
        known = run(connection, sql.DEAD, (record["kind"], record["key"]))
        run(connection, sql.BURY, {"kind": record["kind"], "key": record["key"], "at": record["at_ms"]})
        return ("changed" if known[0][0] < record["at_ms"] else "known") if known else "new"

    # -------------------------------------------------------------------------------------------------------- projects
    def _project(self, connection: apsw.Connection, key: str, at_ms: int) -> int:
        """The id of a project, made or told anew by what is known of it here and there."""
        told = {"name": key, "root": "", "aliases": []} | self.projects.setdefault(key, {})
        found = run(connection, sql.PROJECT_BY_KEY, (key,))
        if told.get("done") and found:
            return int(found[0][0])
        if not found:
            self._make_room(connection, key, told["name"])
            project = sessions.project_id(
                connection, (key, told["name"], told["root"]), told.get("created_ms") or at_ms
            )
        else:
            project = int(found[0][0])
        if told.get("created_ms") and (not found or found[0][1] == key):
            self._tell(connection, project, told)
        for alias in told["aliases"]:
            other = run(connection, sql.PROJECT_BY_KEY, (alias,))
            if other and other[0][0] != project:
                curating.merge(connection, other[0][0], project)
            elif not other:
                run(connection, sql.ADD_ALIAS, (alias, project))
        self.projects[key]["done"] = True
        return project

    def _make_room(self, connection: apsw.Connection, key: str, name: str) -> None:
        """Of two projects of one name the one with the lesser key keeps it, whichever came first."""
        holder = run(connection, sql.PROJECT_BY_NAME, (name,))
        if holder and holder[0][1] > key and not self._is_here(holder[0][3]):
            other = sessions.free_name(connection, name, holder[0][3])
            run(connection, sql.RENAME_PROJECT, (other, holder[0][0]))

    def _tell(self, connection: apsw.Connection, project: int, told: dict[str, Any]) -> None:
        """Name and folder of the older of two records of one project, unless its folder is one of this machine."""
        _, _, name, root, created_ms = run(connection, sql.WHOLE_PROJECT, (project,))[0]
        older = min((created_ms, name, root), (told["created_ms"], told["name"], told["root"]))
        if older != (created_ms, name, root) and not self._is_here(root):
            holder = run(connection, sql.PROJECT_BY_NAME, (older[1],))
            free = older[1] if not holder or holder[0][0] == project else name
            run(connection, sql.TOLD_PROJECT, (free, older[2], older[0], project))


def enforce(database: Database, record: dict[str, Any]) -> int:
    """Delete what a tombstone is about, a few rows a transaction; gives how many memories, prompts and sessions."""
    kind, key, gone = record["kind"], record["key"], 0
    if kind in ("memory", "prompt", "span"):
        return forgetting.bury(database, kind, key, record["at_ms"])
    if kind == "session":
        steps: list[tuple[str, tuple[Any, ...]]] = [(sql.FORGET_OF_SESSION, (key,)), (sql.FORGET_SESSION, (key,))]
    else:
        found = database.row(sql.PROJECT_BY_KEY, (key,))
        values = (found[0], record["at_ms"]) if found else ()
        texts = (sql.FORGET_OF_PROJECT, sql.FORGET_PROMPTS, sql.FORGET_SESSIONS) if found else ()
        steps = [(text, values) for text in texts]
    for text, values in steps:
        while True:
            with database.write() as connection:
                rows = len(run(connection, text, values))
            gone += rows
            if not rows:
                break
    return gone


def as_memory(row: tuple[Any, ...]) -> dict[str, Any]:
    """A row of a bundle's memories as its record."""
    record = dict(zip(MEMORY, row, strict=True))
    record["files"] = json.loads(record["files"])
    record["concepts"] = json.loads(record["concepts"])
    return record


def worded(record: dict[str, Any]) -> dict[str, Any]:
    """The columns that follow from what a memory's record says."""
    files = [(role, path) for role, path in record["files"]]
    return memories.worded(record["kind"], record["type"], record, files, record["concepts"])


def _text(record: dict[str, Any], without: tuple[str, ...] = ()) -> str:
    """A record as one text, the same for the same values."""
    kept = {name: value for name, value in record.items() if name not in without}
    return json.dumps(kept, sort_keys=True, ensure_ascii=True)
