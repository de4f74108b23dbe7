"""Reaching the server of a data folder: who it is, a connection, starting and stopping it. C modules only, for relay and hooks."""

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
STALE_START_S = 8.0
FIRST_PAUSE_S = 0.01
STARTING = "server.starting"
# What the server inherits: enough to run, and none of the keys, tokens and switches of the session that happened to start it.
_KEPT_VARIABLES = """
    PATH HOME USER LOGNAME LANG LC_ALL LC_CTYPE TZ TMPDIR TMP TEMP XDG_RUNTIME_DIR CLAUDE_CONFIG_DIR HTTP_PROXY HTTPS_PROXY
    NO_PROXY http_proxy https_proxy no_proxy SSL_CERT_FILE SSL_CERT_DIR SYSTEMROOT USERPROFILE APPDATA LOCALAPPDATA
    """.split()  # noqa: SIM905  # a page of quotes says less


class NoServer(Exception):
    """The server neither runs nor could be started."""


def facts(data_dir: str) -> dict[str, Any]:
    """What the server wrote of itself (pid, since_ms, version, how to reach it); empty if there is no such file."""
    try:
        found = lean.loads(lean.read_file(f"{data_dir}/{paths.SERVER}"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def connect(data_dir: str) -> tuple[_socket.socket, str]:
    """A connection to the server, started if there is none, and the token it wants. NoServer after START_S."""
    began, pause, started = time.monotonic(), FIRST_PAUSE_S, False
    while True:
        found = try_connect(data_dir)
        if found is not None:
            return found
        if not started or time.monotonic() - began > STALE_START_S:
            started = _start(data_dir) or started
        if time.monotonic() - began > START_S:
            message = f"the memory server could not be started; `claude-mem serve --data-dir {data_dir}` says why"
            raise NoServer(message)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def try_connect(data_dir: str) -> tuple[_socket.socket, str] | None:
    """A connection to a server that runs, or None."""
    who = facts(data_dir)
    if not who:
        return None
    unix = who.get("socket")
    connection = _socket.socket(_socket.AF_UNIX if unix else _socket.AF_INET, _socket.SOCK_STREAM)
    try:
        connection.connect(unix or ("127.0.0.1", who.get("port")))
    except (OSError, TypeError):
        connection.close()
        return None
    return connection, str(who.get("token", ""))


def _start(data_dir: str) -> bool:
    """Start the server unless another relay is at it; whether this one did, or somebody is."""
    import subprocess  # noqa: PLC0415  # as costly as a whole relay, and only one of them needs it

    mark = f"{data_dir}/{STARTING}"
    lean.make_folder(data_dir)
    try:
        system.close(system.open(mark, system.O_CREAT | system.O_EXCL | system.O_WRONLY, lean.OWNER_FILE))
    except FileExistsError:
        if time.time() - system.stat(mark).st_mtime < STALE_START_S:
            return True
    kept = {name: value for name in _KEPT_VARIABLES if (value := paths.environment(name)) is not None}
    kept.update(_own_variables())
    flags = {"creationflags": 0x08000008} if sys.platform == "win32" else {"start_new_session": True}
    subprocess.Popen(  # noqa: S603  # our own module, by absolute path
        [sys.executable, "-I", "-m", "claudemem_mcp", data_dir],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=kept,
        cwd=data_dir,
        **flags,
    )
    return True


def _own_variables() -> Iterator[tuple[str, str]]:
    """The environment's settings of ours, for the server to have too."""
    for name in system.environ:
        text = name.decode() if isinstance(name, bytes) else name
        if text.startswith("CLAUDE_MEM_"):
            yield text, paths.environment(text) or ""


def stop(data_dir: str) -> bool:
    """End the server and wait until it is gone; False if none answers. NoServer if it does not end."""
    found = try_connect(data_dir)
    if found is None:
        return False
    found[0].close()
    pid = facts(data_dir).get("pid")
    if isinstance(pid, int) and pid > 1:
        system.kill(pid, 15)
    until = time.monotonic() + STOP_S
    while time.monotonic() < until:
        if not facts(data_dir):
            return True
        time.sleep(FIRST_PAUSE_S)
    message = f"the server (pid {pid}) does not end; `claude-mem logs` may say why"
    raise NoServer(message)
