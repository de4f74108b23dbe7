"""Where things lie in the data folder. Text only: nothing here touches the disk."""

from __future__ import annotations

from claudemem_lib.lean import system

DATABASE = "claude-mem.db"
INBOX = "inbox"
BAD = "inbox/bad"
PRIVATE = "private"
BACKUPS = "backups"
HOOK_RULES = "hook.json"
SETTINGS = "settings.json"


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
