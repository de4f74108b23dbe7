"""Where things lie in the data folder. Text only: nothing here touches the disk."""

from __future__ import annotations

from claudemem_lib.lean import system

DATABASE = "claude-mem.db"
INBOX = "inbox"
BAD = "inbox/bad"
PRIVATE = "private"
BACKUPS = "backups"
LOGS = "logs"
LOG = "server.log"
HOOK_RULES = "hook.json"
SETTINGS = "settings.json"
INSTALLED = "install.json"
SWITCHES = "switches.json"
CONTEXT_FILES = "context-files.json"


def environment(name: str) -> str | None:
    """One variable of the environment, without importing os."""
    variables: dict[bytes, bytes] | dict[str, str] = system.environ
    if isinstance(next(iter(variables), ""), str):
        return variables.get(name)  # type: ignore[call-overload]  # Windows keeps text
    value = variables.get(name.encode())  # type: ignore[call-overload]  # POSIX keeps bytes
    return None if value is None else value.decode("utf-8", "surrogateescape")


def home() -> str:
    """The user's home folder."""
    return environment("HOME") or environment("USERPROFILE") or "/"


def data_dir() -> str:
    """`CLAUDE_MEM_DATA_DIR`, else `~/.claude-mem`."""
    chosen = environment("CLAUDE_MEM_DATA_DIR")
    if chosen:
        return home() + chosen[1:] if chosen[0] == "~" else chosen
    return home() + "/.claude-mem"


SOCKET = "server.sock"
SERVER = "server.json"
LOCK = "server.lock"
LONGEST_SOCKET_PATH = 100  # bytes; the kernel's structure holds 108, on macOS 104


def socket_path(data_dir: str) -> str:
    """Where the server listens: in the data folder, or, if that path is too long for a socket, in a folder of the user's own."""
    path = f"{data_dir}/{SOCKET}"
    if len(path.encode("utf-8", "replace")) <= LONGEST_SOCKET_PATH:
        return path
    number = 0
    for byte in data_dir.encode("utf-8", "replace"):
        number = (number * 257 + byte) % (1 << 61)
    return f"{environment('XDG_RUNTIME_DIR') or '/tmp'}/claude-mem-{system.getuid()}/{number:x}.sock"  # noqa: S108  # 0700 below it
