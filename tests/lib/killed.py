"""Runs one piece of work again and again, each time broken off at a later write, and prints what came of it.

    python killed.py SCENARIO HOW TEMPLATE FOLDER [STRIDE]

SCENARIO is take_in, observe, create, backfill, prune, forget (the session s1, for good), undo (the same, and back again),
import (a database of the original), bundle, embed or reindex. HOW is kill (the process kills itself), torn (the same, after half
of the write), io (the write fails) or full (the disk is full). TEMPLATE is the data folder the work begins with, copied to
FOLDER for each try.
STRIDE 3 breaks off at every third write only.

A write is a SQL statement, a write to the database's files, or a file moved or removed. One JSON line is printed for each try:
where it was broken off, what was there right after, and what was there once all work was done by another process. The last
line is of a try that met no break.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import sys
import traceback
from contextlib import suppress
from typing import Any

import apsw

import claudemem_lib
from claudemem_lib import embedding, intake, lean, takeover, transfer
from claudemem_lib.embedders.fake import Fake as Hashing
from claudemem_lib.errors import ClaudeMemError, NotFound
from claudemem_lib.providers.fake import Fake
from claudemem_lib.store import forgetting, merging, sql, vectors

NOW_MS = 1_795_400_000_000
DAY_MS = 86_400_000
# So that there are breaks between the transactions too.
intake.FILES_PER_TRANSACTION = embedding.PER_STEP = vectors.PER_TRANSACTION = 3
takeover.AT_ONCE = transfer.LINES_AT_ONCE = 3
merging.TRANSACTION_S = 0.0
forgetting.UNITS = 1


class Break:
    """Counts the writes of this process and breaks off at one of them."""

    def __init__(self, at: int, how: str) -> None:
        self.left, self.how, self.where = at, how, ""

    def __call__(self, what: str) -> bool:
        """Whether to break off here; with "kill" there is no coming back."""
        self.left -= 1
        if self.left != 0:
            return False
        self.where = what
        if self.how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        return True


class File(apsw.VFSFile):
    """A file of the database whose writes count."""

    def __init__(self, name: Any, flags: list[int], breaks: Break, base: str) -> None:
        super().__init__(base, name, flags)
        self.breaks = breaks

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802  # apsw's name
        if self.breaks(f"write of {len(data)} at {offset}"):
            self.refuse(bytes(data), offset)
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802  # apsw's name
        if self.breaks("sync"):
            self.refuse(b"", 0)
        super().xSync(flags)

    def refuse(self, data: bytes, offset: int) -> None:
        if self.breaks.how == "torn":
            super().xWrite(data[: len(data) // 2], offset)
            os.kill(os.getpid(), signal.SIGKILL)
        message = "broken off"
        raise apsw.FullError(message) if self.breaks.how == "full" else apsw.IOError(message)


class System(apsw.VFS):
    """What SQLite asks for files, in place of the one it has."""

    def __init__(self, breaks: Break) -> None:
        self.breaks, self.base = breaks, apsw.vfs_names()[0]
        super().__init__("breaking", self.base, makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> Any:  # noqa: N802  # apsw's name
        return File(name, flags, self.breaks, self.base)


def install(breaks: Break) -> System:
    """Let every write of this process pass *breaks*, as long as the result is kept."""

    def traced(_cursor: Any, text: str, _values: Any) -> bool:
        breaks(text)
        return True

    if breaks.how == "kill":
        apsw.connection_hooks.append(lambda connection: setattr(connection, "exec_trace", traced))
        for module, verb in itertools.product((os, lean.system), ("unlink", "replace", "rename", "mkdir")):
            setattr(module, verb, counted(getattr(module, verb), breaks))
    return System(breaks)


def counted(verb: Any, breaks: Break) -> Any:
    def before(*arguments: Any, **options: Any) -> Any:
        breaks(f"{verb.__name__} {arguments[0]}")
        return verb(*arguments, **options)

    return before


def work(scenario: str, folder: str, breaks: Break | None = None) -> None:
    """The work that is broken off. What fails while closing is SQLite's own business, unless it kills."""
    late_ms = 30 * DAY_MS if scenario == "prune" else 0
    with claudemem_lib.open(folder, provider=Fake(), embedder=Hashing(), clock=lambda: NOW_MS + late_ms) as memory:
        try:
            if scenario == "observe":
                memory.observe_pending()
            elif scenario == "prune":
                memory.prune()
            elif scenario in ("forget", "undo"):
                with suppress(NotFound):  # it may have been done before the trouble began
                    memory.forget(session="s1", now=scenario == "forget")
                if scenario == "undo":
                    memory.curate.undo()
            elif scenario == "backfill":
                list(memory.backfill(f"{folder}/transcripts"))
            elif scenario in ("import", "bundle"):
                take_over(memory, folder)
            elif scenario in ("embed", "reindex"):
                if scenario == "reindex":
                    memory.embedding.reindex()
                memory.embedding.embed_pending()
        finally:
            if breaks is not None and breaks.how in ("io", "full"):
                breaks.left = 0


def take_over(memory: Any, folder: str) -> None:
    """Import what lies in the folder."""
    if os.path.isfile(f"{folder}/there/claude-mem.db"):  # noqa: PTH113
        list(memory.transfer.original(f"{folder}/there/claude-mem.db", transcripts=f"{folder}/none"))
    if os.path.isfile(f"{folder}/there/bundle.jsonl"):  # noqa: PTH113
        list(memory.transfer.bundle(f"{folder}/there/bundle.jsonl"))


def state(folder: str, *, finish: bool) -> dict[str, Any]:
    """What is there; with *finish* after everything that is left has been done."""
    now_ms = NOW_MS + finish * DAY_MS
    with claudemem_lib.open(folder, provider=Fake(), embedder=Hashing(), clock=lambda: now_ms) as memory:
        if finish:
            if os.path.isdir(f"{folder}/transcripts"):  # noqa: PTH112
                list(memory.backfill(f"{folder}/transcripts"))
            take_over(memory, folder)
            memory.observe_pending()
            if os.path.isfile(f"{folder}/settings.json"):  # noqa: PTH113
                memory.embedding.embed_pending()
        rows = memory.database.rows
        with open(f"{folder}/claude-mem.db", "rb") as file, open(f"{folder}/claude-mem.db-wal", "rb") as log:  # noqa: PTH123
            bytes_left = file.read() + log.read()
        finished = rows("SELECT DISTINCT batch FROM events WHERE state = 'finished' AND batch IS NOT NULL ORDER BY 1")
        return {
            "integrity": rows(sql.INTEGRITY)[0][0],
            "index": index_problem(memory.database),
            "events": [row[0] for row in rows("SELECT uid FROM events ORDER BY uid")],
            "states": dict(rows("SELECT state, count(*) FROM events GROUP BY state")),
            "memories": [f"{kind} {title}" for kind, title in rows("SELECT kind, title FROM memories ORDER BY 1, 2")],
            "batches": finished == rows("SELECT DISTINCT batch FROM memories WHERE batch IS NOT NULL ORDER BY 1"),
            "repeats": rows("SELECT uid, repeats FROM memories WHERE repeats > 0 ORDER BY 1") if finish else [],
            "sessions": rows("SELECT host_id, status, title FROM sessions ORDER BY 1"),
            "prompts": rows("SELECT number, text FROM prompts ORDER BY session_id, number"),
            "usage": rows("SELECT count(*) FROM usage")[0][0],
            "kept": rows("SELECT count(*) FROM undo")[0][0] + rows("SELECT count(*) FROM undo_rows")[0][0],
            "vectors": [row[0] for row in rows("SELECT memory_id FROM vectors ORDER BY 1")],
            "stray": rows(sql.STRAY_VECTORS)[0][0],
            "without": without(memory),
            "marked": b"zanzibar" in bytes_left,
            "inbox": intake.waiting(folder),
            "bad": [name for name, _ in intake.bad(folder)],
        }


def without(memory: Any) -> list[int]:
    """The memories within the cap that have no vector and do not wait for one."""
    cap, rows = memory.settings.max_embeddings, memory.database.rows
    newest = [row[0] for row in rows("SELECT id FROM memories ORDER BY created_ms DESC, id DESC")][: cap or None]
    embedded = {row[0] for row in rows("SELECT memory_id FROM vectors")}
    return sorted(set(newest) - embedded - set(vectors.waiting(memory.database, cap, 1_000)))


def index_problem(database: Any) -> str:
    try:
        database.rows("INSERT INTO memories_fts(memories_fts, rank) VALUES ('integrity-check', 1)")
    except apsw.Error as error:
        return str(error)
    return ""


def in_a_child(task: Any) -> tuple[Any, bool]:
    """What *task* gives, done by a process of its own, and whether that process was killed."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(readable)
        try:
            os.write(writable, json.dumps(task()).encode())
        except BaseException:  # noqa: BLE001  # a child must not go on with its parent's work
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writable)
    with os.fdopen(readable, "rb") as file:
        found = file.read()
    _, status = os.waitpid(child, 0)
    return (json.loads(found) if found else None), os.WIFSIGNALED(status)


def attempt(scenario: str, how: str, folder: str, at: int) -> dict[str, Any]:
    """One try, broken off at the write number *at*."""

    def broken_off() -> dict[str, Any]:
        breaks = Break(at, how)
        system = install(breaks)
        told = ""
        try:
            work(scenario, folder, breaks)
        except ClaudeMemError as error:
            told = f"{type(error).__name__}: {error}"
        except Exception as error:  # noqa: BLE001  # what it was is what is asked
            told = f"raw {type(error).__name__}: {error}"
        found = {"told": told, "where": breaks.where, "again": again(scenario, folder) if told else ""}
        system.unregister()
        return found

    found, killed = in_a_child(broken_off)
    after, done = in_a_child(lambda: [state(folder, finish=False), state(folder, finish=True)])[0]
    return {"at": at, "killed": killed, "after": after, "done": done, **(found or {})}


def again(scenario: str, folder: str) -> str:
    """The same work in the same process once the trouble is over: what went wrong, or nothing."""
    try:
        work(scenario, folder)
    except Exception as error:  # noqa: BLE001  # what it was is what is asked
        return f"{type(error).__name__}: {error}"
    return ""


def main(scenario: str, how: str, template: str, folder: str, stride: str = "1") -> None:
    shutil.copytree(template, f"{folder}-warm")
    work("observe", f"{folder}-warm")  # everything is imported once, not in each child
    for at in itertools.count(1, int(stride)):
        with suppress(FileNotFoundError):
            shutil.rmtree(folder)
        shutil.copytree(template, folder)
        found = attempt(scenario, how, folder, at)
        print(json.dumps(found), flush=True)  # noqa: T201  # the answer
        if not found["killed"] and not found.get("where"):
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
