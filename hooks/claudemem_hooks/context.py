"""The answer to a session's start: what is remembered of this project.

Cold and alone this costs little more than starting Python. Only where events of an earlier session still wait, and no server
took them, does it do the server's work first, for a moment, so that the newest session is not the one that is missing.
"""

from __future__ import annotations

import sys

from claudemem_lib import ids, lean, paths, switches
from claudemem_lib.lean import system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from apsw import Connection

CATCH_UP_S = 1.0
_BUSY_MS = 250
BACKLOG_FILES = 5_000
BACKLOG = (
    "claude-mem: {} recorded events wait to be taken in; none is lost. `claude-mem doctor` says why nobody does it."
)
DAMAGED = (
    "claude-mem: the memory file is damaged, so this session is told nothing of the past. What happens is recorded all the same. "
    "`claude-mem recover` saves what can be read."
)


def told(payload: dict[str, Any], in_force: dict[str, Any], data_dir: str) -> tuple[str, str]:
    """The context for the model, and for the person what is switched off here; "" for what there is not."""
    session = str(payload.get("session_id") or "")
    folders = (_project_dir(payload), str(payload.get("cwd") or ""))
    where = (session, folders, ids.now_ms())
    wanted = in_force["context_enabled"] and not switches.paused(in_force["pauses"], "context", *where)
    text, trouble = _told(payload, in_force, data_dir, session) if wanted else ("", "")
    off = "" if paths.environment("CLAUDE_MEM_INTERNAL") else switches.line(in_force, *where)
    return text, " ".join(filter(None, (trouble, off)))


def _project_dir(payload: dict[str, Any]) -> str:
    """The project's folder: as another host's call says, else as Claude Code says to every process it starts."""
    return str(payload.get("project_dir") or paths.environment("CLAUDE_PROJECT_DIR") or "")


def _told(payload: dict[str, Any], in_force: dict[str, Any], data_dir: str, session: str) -> tuple[str, str]:
    """The context, "" if there is none, and what a person has to do about the memory file, if it is damaged."""
    _find_packages()
    from claudemem_lib.store.connection import Corrupt  # noqa: PLC0415  # after _find_packages

    try:
        connection = _reader(data_dir)
        if _others_wait(data_dir, session) or _observing_waits(connection):
            _catch_up(data_dir, session if payload.get("source") == "compact" else "")
            connection = connection or _reader(data_dir)
        return _text(connection, payload, in_force) if connection is not None else "", _backlog(data_dir)
    except Corrupt:
        return "", DAMAGED


def _reader(data_dir: str) -> Connection | None:
    """The memory, for reading; None if there is none that can be read."""
    from claudemem_lib.errors import ClaudeMemError, StoreCorrupt  # noqa: PLC0415  # after _find_packages
    from claudemem_lib.store.connection import open_reader  # noqa: PLC0415

    try:
        return open_reader(f"{data_dir}/{paths.DATABASE}", _BUSY_MS)
    except StoreCorrupt:
        raise
    except ClaudeMemError:
        return None


def _text(connection: Connection, payload: dict[str, Any], in_force: dict[str, Any]) -> str:
    from claudemem_lib import context, projects  # noqa: PLC0415  # after _find_packages

    cwd = projects.real_path(_project_dir(payload) or str(payload.get("cwd") or ""))
    place = context.Place(
        projects.identify(cwd)[0],
        projects.real_path(str(payload.get("cwd") or cwd)),
        projects.branch_of(cwd),
        str(payload.get("session_id") or ""),
        str(payload.get("source") or "startup"),
    )
    return context.build(connection, in_force, place, ids.now_ms())


def _others_wait(data_dir: str, session: str) -> bool:
    """Whether the inbox holds more than the start of this session; what a server takes away meanwhile does not wait."""
    inbox = f"{data_dir}/{paths.INBOX}"
    try:
        names = [name for name in system.listdir(inbox) if name.endswith(".json")]
        if len(names) != 1:
            return len(names) > 1
        return f'"session":{lean.dumps(session)}' not in lean.read_file(f"{inbox}/{names[0]}")
    except OSError:
        return False


def _backlog(data_dir: str) -> str:
    """What a person should know of an inbox that nobody takes in: nothing is lost, but it does not become memory either."""
    try:
        waiting = len(system.listdir(f"{data_dir}/{paths.INBOX}"))
    except OSError:
        return ""
    return BACKLOG.format(waiting) if waiting >= BACKLOG_FILES else ""


def _observing_waits(connection: Connection | None) -> bool:
    """Whether taken-in events wait to be observed."""
    from claudemem_lib.store import connection as connections  # noqa: PLC0415  # after _find_packages
    from claudemem_lib.store import sql  # noqa: PLC0415

    return connection is not None and bool(connections.run(connection, sql.UNOBSERVED)[0][0])


def _catch_up(data_dir: str, session: str) -> None:
    """Do the server's work for a moment; *session* is about to be compacted, so its turn counts as it stands."""
    try:
        from claudemem_lib.catchup import catch_up  # noqa: PLC0415  # only where something waits
        from claudemem_lib.memory import Memory  # noqa: PLC0415

        with Memory(data_dir, busy_ms=_BUSY_MS) as memory:
            catch_up(memory, CATCH_UP_S, session)
    except Exception:  # noqa: BLE001, S110  # what waits goes on waiting; the session gets what is there
        pass


def _find_packages() -> None:
    """Let this interpreter, started without site-packages, import apsw and attrs from its own environment."""
    base = sys.executable.replace("\\", "/").rpartition("/")[0]
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for folder in (f"{base}/../lib/{version}/site-packages", f"{base}/../Lib/site-packages"):
        try:
            system.stat(folder)
        except OSError:
            continue
        sys.path.append(folder)
