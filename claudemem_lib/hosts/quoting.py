"""Command lines for hosts that want one string and hand it to a shell. Pure: any system's rules on any system."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Read by cmd.exe or by PowerShell inside double quotes; no way of writing them means the same to both.
_NOT_FOR_BOTH = '"%!^&|<>$`;,=\r\n\t'


def posix(command: Sequence[str]) -> str:
    """For `sh -c` and its kin."""
    return shlex.join(command)


def windows(command: Sequence[str]) -> str:
    """One line that cmd.exe and PowerShell both run; ValueError for a character that they read differently.

    Hosts differ, between versions too, in which of the two they use. To PowerShell a line that begins with a quote is
    a text to print, and cmd.exe knows no call operator; so the line begins with a bare word, and `call` keeps cmd.exe
    from taking the outer quotes away.
    """
    for part in command:
        bad = next((char for char in part if char in _NOT_FOR_BOTH), None)
        if bad:
            message = f"the path {part} has {bad!r} in it, which cmd and PowerShell read differently"
            raise ValueError(message)
    return "cmd /d /c call " + " ".join(map(_windows_word, command))


def _windows_word(part: str) -> str:
    """One argument in double quotes where it needs them; a backslash before the closing quote is doubled."""
    if part and not any(char in part for char in " '(){}[]@#~"):
        return part
    trailing = len(part) - len(part.rstrip(chr(92)))
    return '"' + part + chr(92) * trailing + '"'


def line(command: Sequence[str], platform: str) -> str:
    """*command* as a host on *platform* (as in `sys.platform`) wants it."""
    return windows(command) if platform == "win32" else posix(command)


def systemd(command: Sequence[str]) -> str:
    """For `ExecStart=`: quoted as in C, with specifiers and variables taken literally."""
    return " ".join(_systemd_word(part) for part in command)


def _systemd_word(part: str) -> str:
    escaped = part.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'
