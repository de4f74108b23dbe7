"""Reaching the server of a data folder: who it is, a connection, starting and stopping it. C modules only, for relay and hooks.

Whether a server lives is what its lock says: the operating system holds it for as long as the process does, however it ends.
Beside it lie `server.json` (how to reach it; may be left over) and, while somebody starts it, `server.starting`.
"""

from __future__ import annotations

import _socket
import sys
import time

from claudemem_lib import lean, paths
from claudemem_lib.lean import system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

START_S = 20.0
STOP_S = 5.0
UNTIL_LOCKED_S = 2.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.02
STARTING = "server.starting"
REASON = "server.err"
# What the server inherits: enough to run, and none of the keys, tokens and switches of the session that happened to start it.
_KEPT_VARIABLES = """
    PATH HOME USER LOGNAME LANG LC_ALL LC_CTYPE TZ TMPDIR TMP TEMP XDG_RUNTIME_DIR CLAUDE_CONFIG_DIR HTTP_PROXY HTTPS_PROXY
    NO_PROXY http_proxy https_proxy no_proxy SSL_CERT_FILE SSL_CERT_DIR SYSTEMROOT USERPROFILE APPDATA LOCALAPPDATA
    """.split()  # noqa: SIM905  # a page of quotes says less


class NoServer(Exception):
    """The server neither runs nor could be started, or it does not end; the text says why."""


def facts(data_dir: str) -> dict[str, Any]:
    """What the server wrote of itself (pid, since_ms, version, how to reach it); empty if there is no such file."""
    try:
        found = lean.loads(lean.read_file(f"{data_dir}/{paths.SERVER}"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def lock(data_dir: str) -> int | None:
    """The server's lock, as a file to keep open, with our process number in it; None if another process has it."""
    file = _lock_file(data_dir)
    if not _locked(file):
        system.close(file)
        return None
    system.ftruncate(file, 0)
    system.write(file, b"%d\n" % system.getpid())
    return file


def holder(data_dir: str) -> int | None:
    """The process that holds the lock (0 if it has not said yet), None if nobody does."""
    try:
        file = _lock_file(data_dir)
    except OSError:
        return None
    try:
        if _locked(file):
            return None
        text = lean.read_all(file).strip()
    except OSError:
        return 0
    finally:
        system.close(file)
    return int(text) if text.isdigit() else 0


def _lock_file(data_dir: str) -> int:
    return int(system.open(f"{data_dir}/{paths.LOCK}", system.O_RDWR | system.O_CREAT, lean.OWNER_FILE))


def _locked(file: int) -> bool:
    """Lock an open file until it is closed; False if another process has it."""
    try:
        try:
            import fcntl  # noqa: PLC0415  # only where a server starts or stops

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # Windows
            import msvcrt  # noqa: PLC0415  # only there

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]  # exists there
    except OSError:
        return False
    return True


def connect(data_dir: str) -> tuple[_socket.socket, str]:
    """A connection to the server, started if there is none, and the token it wants. NoServer says why there is none."""
    began, pause = time.monotonic(), FIRST_PAUSE_S
    child, waited = None, False
    while True:
        found = try_connect(data_dir)
        if found is not None:
            if child is not None:
                child.returncode = child.poll() or 0  # it is on its own now; without this Popen would complain
            return found
        reason = failure(data_dir) if waited else ""
        if reason:
            raise NoServer(reason)
        if child is None or child.poll() is not None:
            child, waited = _start(data_dir) or child, True
        if time.monotonic() - began > START_S:
            message = f"the memory server could not be started; `claude-mem --data-dir {data_dir} serve` says why"
            raise NoServer(message)
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE_S)


def try_connect(data_dir: str) -> tuple[_socket.socket, str] | None:
    """A connection to a server that runs, or None."""
    who = facts(data_dir)
    unix, port = who.get("socket"), who.get("port")
    if not unix and not port:
        return None
    connection = _socket.socket(_socket.AF_UNIX if unix else _socket.AF_INET, _socket.SOCK_STREAM)
    try:
        connection.connect(unix or ("127.0.0.1", port))
    except (OSError, TypeError):
        connection.close()
        return None
    return connection, str(who.get("token", ""))


def failure(data_dir: str) -> str:
    """Why the server that was started last ended at once; "" if it did not, or is still being started."""
    try:
        lines = lean.read_file(f"{data_dir}/{paths.LOGS}/{REASON}").strip().splitlines()
    except OSError:
        return ""
    try:
        system.stat(f"{data_dir}/{STARTING}")
    except FileNotFoundError:
        return lines[-1] if lines else ""
    return ""


def _start(data_dir: str) -> Any:
    """The process of a server that is started now; None if another process is at it."""
    import subprocess  # noqa: PLC0415  # as costly as a whole relay, and only one of them needs it

    if not _mark(data_dir):
        return None
    lean.make_folder(f"{data_dir}/{paths.LOGS}")
    kept = {name: value for name in _KEPT_VARIABLES if (value := paths.environment(name)) is not None}
    kept.update(_own_variables())
    flags = {"creationflags": 0x08000008} if sys.platform == "win32" else {"start_new_session": True}
    how = system.O_WRONLY | system.O_CREAT | system.O_TRUNC
    said = system.open(f"{data_dir}/{paths.LOGS}/{REASON}", how, lean.OWNER_FILE)
    try:
        return subprocess.Popen(  # noqa: S603  # our own module; -P and the folder keep the caller's files out of its imports
            [sys.executable, "-P", "-m", "claudemem_mcp", data_dir],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env=kept,
            cwd=data_dir,
            **flags,
        )
    finally:
        system.close(said)


def _mark(data_dir: str) -> bool:
    """Claim the start; False if another process is at it, or a server holds the lock already."""
    mark = f"{data_dir}/{STARTING}"
    lean.make_folder(data_dir)
    how = system.O_CREAT | system.O_WRONLY | system.O_TRUNC
    try:
        system.close(system.open(mark, how | system.O_EXCL, lean.OWNER_FILE))
    except FileExistsError:
        try:
            young = time.time() - system.stat(mark).st_mtime < UNTIL_LOCKED_S
        except FileNotFoundError:
            return False  # it is there now, or it failed; the next look tells
        if young or holder(data_dir) is not None:
            return False
        file = system.open(mark, how, lean.OWNER_FILE)
        system.write(file, b"again")  # an empty file that is emptied again keeps its time
        system.close(file)
    return True


def _own_variables() -> Iterator[tuple[str, str]]:
    """The environment's settings of ours, for the server to have too."""
    for name in system.environ:
        text = name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
        if text.startswith("CLAUDE_MEM_"):
            yield text, paths.environment(text) or ""


def start(data_dir: str) -> bool:
    """Start the server unless one runs; whether this call did. NoServer says why there is none."""
    found = try_connect(data_dir)
    (found or connect(data_dir))[0].close()
    return found is None


def stop(data_dir: str) -> bool:
    """End the server and wait until its process is gone; False if there is none. NoServer if it does not end."""
    pid = holder(data_dir)
    if pid is None:
        return False
    told, until = 0, time.monotonic() + STOP_S
    while time.monotonic() < until:
        pid = holder(data_dir)
        if pid is None:
            return True
        if pid and pid != told:
            _terminate(pid)
            told = pid
        time.sleep(FIRST_PAUSE_S)
    message = f"the server (pid {pid}) does not end; `claude-mem logs` may say why"
    raise NoServer(message)


def _terminate(pid: int) -> None:
    try:  # noqa: SIM105  # contextlib costs more than it saves here
        system.kill(pid, 15)
    except ProcessLookupError:
        pass
