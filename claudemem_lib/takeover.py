"""A database of the original, taken over: sessions, prompts, observations and summaries, each once however often it is run.

A row's uid follows from what it says, so a second run, or one after a kill, adds what is missing. What the same database says twice
in one project is one memory with a counter, as everywhere. Nothing is held but the sessions and a few bytes per memory.
"""

from __future__ import annotations

import os
import shutil
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claudemem_lib import bundle, lean, original, projects
from claudemem_lib.store import merging, sql
from claudemem_lib.store.original import Original
from claudemem_lib.store.sessions import NAMED, title_of
from claudemem_lib.tally import MASKED, Tally
from claudemem_lib.whereabouts import Folders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claudemem_lib.store.database import Database

AT_ONCE = 100
_SCRATCH = "import-"
_NOT_OBSERVED = "waiting for the original's model (transcripts still tell of them: claude-mem backfill)"


class Takeover:
    """A run over one database of the original. Iterate over it: each step gives how many rows are done."""

    def __init__(  # noqa: PLR0913  # where from, where to and how
        self,
        database: Database,
        data_dir: str,
        path: Path,
        *,
        transcripts: Path,
        own: tuple[str, ...],
        dry_run: bool = False,
    ) -> None:
        """Nothing is read yet. *transcripts*: the host's, which say what folder a session was in. *own*: patterns to mask."""
        self._database, self._data_dir, self._path, self._dry_run = database, data_dir, path, dry_run
        self._own = own
        self._merging = merging.Merging(database, os.path.isdir)
        self._transcripts = transcripts
        self.tally = Tally()
        self.total = 0
        self._waiting: deque[dict[str, Any]] = deque()
        self._sessions: dict[str, dict[str, Any]] = {}
        self._hosts: set[str] = set()
        self._uids: set[str] = set()
        self._first: dict[tuple[str, int], tuple[str, int]] = {}

    def __iter__(self) -> Iterator[int]:
        """Do the work. StoreUnreadable or StoreBusy end it; what is stored by then stays."""
        scratch = _scratch(self._data_dir)
        try:
            with Original(self._path, scratch) as source:
                yield from self._run(source)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _run(self, source: Original) -> Iterator[int]:
        known = (*original.SESSIONS, original.PROMPTS, *original.MEMORIES)
        counts = {table: source.count(table) for table in known if table in source.tables}
        self.total = sum(counts.values())
        for table, rows in counts.items():
            self.tally.table(table).rows = rows
        self._not_taken(source)
        done = 0
        for step in (self._read_sessions(source), self._read_prompts(source), self._read_memories(source)):
            for _ in step:
                done += 1
                if len(self._waiting) >= AT_ONCE:
                    self._store()
                    yield done
            self._store()
            yield done
        if source.changed():
            self.tally.said.append(f"{self._path} was written to meanwhile; import it again to have all of it")

    def _not_taken(self, source: Original) -> None:
        """Say what is left behind: waiting work, and tables of other kinds that hold something."""
        for table in original.QUEUES:
            if rows := source.count(table):
                self.tally.table(table).rows = rows
                self.tally.table(table).dropped[_NOT_OBSERVED] = rows
        own = {*original.SESSIONS, *original.MEMORIES, *original.QUEUES, original.PROMPTS, "schema_versions"}
        for table in sorted(set(source.tables) - own):
            if rows := source.count(table):
                self.tally.said.append(f"not taken over: {rows} rows of {table}, which mean nothing here")

    # -------------------------------------------------------------------------------------------------------- sessions
    def _read_sessions(self, source: Original) -> Iterator[None]:
        folders = Folders(source, self._transcripts)
        for table in original.SESSIONS:
            for row in source.rows(table):
                yield
                try:
                    found = original.session_of(row)
                except original.Unusable as reason:
                    self.tally.table(table).count(str(reason))
                    continue
                self._session(source, table, found, folders)
        self._folders = folders

    def _session(self, source: Original, table: str, found: dict[str, Any], folders: Folders) -> None:
        known = self._database.row(sql.WHOLE_SESSION, (found["id"],))
        identity = self._identity(found["project"], folders, found["id"])
        project = known[1] if known else identity["key"]
        if found["id"] in self._hosts:
            self.tally.table(table).count("the same session again")
            return
        kept = {"id": found["id"], "project": project, "name": found["project"], "started_ms": found["started_ms"]}
        self._hosts.add(found["id"])
        for inner in (found["inner"], found["id"]):
            if inner:
                self._sessions.setdefault(inner, kept)
        span = (found["started_ms"] or found["ended_ms"] or 1, found["ended_ms"] or found["started_ms"] or 1)
        self._put(table, _session(found, project, span, folders.of(found["id"])))
        if found["prompt"].strip() and not source.count(original.PROMPTS):
            self._put(
                None, _prompt({"session": found["id"], "number": 1, "text": found["prompt"], "created_ms": span[0]})
            )

    def _identity(self, name: str, folders: Folders, session: str) -> dict[str, Any]:
        """The project of a session, as the folder says, else by the name the original gave it."""
        identity = folders.identity(session, name)
        if identity is None:
            identity = (f"{NAMED}{name}", name, "") if name.strip() else projects.UNKNOWN
        about = dict(zip(("key", "name", "root"), identity, strict=True))
        about["key"] = self._by_name(name) if not about["root"] and name.strip() else about["key"]
        self._merging.projects.setdefault(about["key"], about)
        return about

    def _by_name(self, name: str) -> str:
        """The key of the project of that name that is known here, else one that says only the name."""
        known = self._database.row(sql.PROJECT_BY_NAME, (name,))
        return str(known[1]) if known else f"{NAMED}{name}"

    # --------------------------------------------------------------------------------------------------------- prompts
    def _read_prompts(self, source: Original) -> Iterator[None]:
        for row in source.rows(original.PROMPTS):
            yield
            table = self.tally.table(original.PROMPTS)
            try:
                found = original.prompt_of(row)
            except original.Unusable as reason:
                table.count(str(reason))
                continue
            session = self._sessions.get(found["session"])
            found["created_ms"] = found["created_ms"] or (session["started_ms"] if session else 0)
            if not found["created_ms"]:
                table.count("without a time")
                continue
            if session is None:
                table.notes["of a session that is not there: one is made for it"] += 1
                self._orphan(found)
            self._put(original.PROMPTS, _prompt(found))

    def _orphan(self, found: dict[str, Any]) -> None:
        """A session for prompts whose own is missing."""
        host, at_ms = found["session"], found["created_ms"]
        known = self._database.row(sql.WHOLE_SESSION, (host,))
        project = known[1] if known else self._identity("", self._folders, host)["key"]
        self._sessions[host] = {"id": host, "project": project, "name": "", "started_ms": at_ms}
        made = {"id": host, "title": "", "prompt": found["text"]}
        self._put(None, _session(made, project, (at_ms, at_ms), self._folders.of(host)))

    # -------------------------------------------------------------------------------------------------------- memories
    def _read_memories(self, source: Original) -> Iterator[None]:
        for name in original.MEMORIES:
            table = self.tally.table(name) if name in source.tables else None
            for row in source.rows(name) if table else ():
                yield
                notes: list[str] = []
                try:
                    record = self._memory(original.memory_of(name, row, notes.append))
                except original.Unusable as reason:
                    table.count(str(reason))  # type: ignore[union-attr]  # there are no rows without it
                    continue
                table.notes.update(notes)  # type: ignore[union-attr]
                self._place(name, record)

    def _memory(self, made: dict[str, Any]) -> dict[str, Any]:
        """The record of a memory; Unusable where it has no time."""
        session = self._sessions.get(made["inner"]) if made["inner"] else None
        made["created_ms"] = made["created_ms"] or (session["started_ms"] if session else 0)
        if not made["created_ms"]:
            message = "without a time"
            raise original.Unusable(message)
        if session and made["project"] in ("", session["name"]):
            key = session["project"]
        else:
            key = self._identity(made["project"], self._folders, "")["key"]
        record = bundle.FIELDS["memory"] | {name: value for name, value in made.items() if name != "inner"}
        record |= {"record": "memory", "exact": True, "uid": original.uid(made), "project": key}
        record["session"] = session["id"] if session else ""
        record["orphan"] = bool(made["inner"]) and session is None
        files = [("modified", path) for path in made.get("files_modified", ())]
        record["files"] = [list(pair) for pair in (*files, *(("read", path) for path in made.get("files_read", ())))]
        record["facts"] = "\n".join(" ".join(fact.split()) for fact in made.get("facts", ()))
        record["concepts"] = list(made.get("concepts", ()))
        return record

    def _place(self, name: str, record: dict[str, Any]) -> None:
        """Store a memory, or count it where the same was said before."""
        table = self.tally.table(name)
        if record["uid"] in self._uids:
            table.count("an exact copy of another row")
            return
        self._uids.add(record["uid"])
        try:
            record = bundle.cleaned(record, self._own)
        except bundle.BadLine as reason:
            table.count(str(reason))
            return
        table.notes.update([MASKED] * bool(record["masked"]))
        table.notes.update(["of a session that is not there: kept without one"] * record["orphan"])
        content = record["row"]["content_key"]
        first = self._first.get((record["project"], content)) if content is not None else None
        if first is None:
            if content is not None:
                self._first[record["project"], content] = (record["uid"], 0)
            self._waiting.append({**record, "table": name})
            return
        uid, repeats = first[0], first[1] + 1
        self._first[record["project"], content] = (uid, repeats)
        table.count("said before in its project: one memory with a counter")
        self._waiting.append(
            {"record": "repeat", "uid": uid, "repeats": repeats, "at": record["created_ms"], "table": None}
        )

    # ------------------------------------------------------------------------------------------------------------ store
    def _put(self, table: str | None, record: dict[str, Any]) -> None:
        try:
            record = bundle.cleaned(record, self._own)
        except bundle.BadLine as reason:
            if table:
                self.tally.table(table).count(str(reason))
            return
        if table:
            self.tally.table(table).notes.update([MASKED] * bool(record["masked"]))
        if record["record"] == "session":
            record["title"] = title_of(record["title"])
        self._waiting.append({**record, "exact": True, "table": table})

    def _store(self) -> None:
        if self._dry_run:
            while self._waiting:
                record = self._waiting.popleft()
                self._count(record, self._merging.survey(record))
        else:
            self._merging.store(self._waiting, self._count)

    def _count(self, record: dict[str, Any], outcome: str) -> None:
        if record["table"]:
            self.tally.table(record["table"]).count(outcome)


def _session(found: dict[str, Any], project: str, span: tuple[int, int], cwd: str) -> dict[str, Any]:
    values = {"id": found["id"], "project": project, "title": found["title"] or found["prompt"], "cwd": cwd}
    times = {"started_ms": span[0], "last_ms": span[1], "ended_ms": span[1]}
    return {"record": "session", **bundle.FIELDS["session"], **values, **times}


def _prompt(found: dict[str, Any]) -> dict[str, Any]:
    return {"record": "prompt", **bundle.FIELDS["prompt"], **found}


def _scratch(data_dir: str) -> Path:
    """A folder for copies; those of imports that were killed are removed."""
    for old in Path(data_dir).glob(f"{_SCRATCH}*"):
        if not _lives(old.name.removeprefix(_SCRATCH)):
            shutil.rmtree(old, ignore_errors=True)
    folder = Path(data_dir) / f"{_SCRATCH}{os.getpid()}"
    lean.make_folder(str(folder))
    return folder


def _lives(number: str) -> bool:
    try:
        os.kill(int(number), 0)
    except (ValueError, ProcessLookupError):
        return False
    except OSError:
        return True
    return True
