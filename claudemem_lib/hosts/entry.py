"""What we put into one file of a host: text in, text out. Each format has a class with these verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from attrs import frozen

if TYPE_CHECKING:
    from pathlib import Path

HOOKS_MARK = "claudemem_hooks/run.py"
SERVER_MARK = "claudemem_mcp/relay_run.py"


class Entry(Protocol):
    """How our part of a file is checked, put in and taken out. Texts come without byte order mark.

    An entry made without arguments only recognises and takes out; what it would put in is then empty.
    """

    @property
    def kind(self) -> str:
        """The name under which the manifest keeps it."""

    @property
    def empty(self) -> str:
        """What the file holds at least, where there is none yet."""

    def check(self, text: str) -> None:
        """ValueError, in a few words, if the file is not one that we know how to change."""

    def is_installed(self, text: str) -> bool:
        """Whether the file holds exactly what would be put in."""

    def added(self, text: str) -> str:
        """The file with our part; ValueError if it cannot be changed safely."""

    def removed(self, text: str, original: str) -> str:
        """The file without our part, and without containers left empty that *original* did not have."""

    def is_mentioned(self, text: str) -> bool:
        """Whether the file, broken or not, could hold a part of ours."""

    def is_blank(self, text: str) -> bool:
        """Whether nothing worth keeping is left of a file that we made."""

    def warnings(self, text: str) -> tuple[str, ...]:
        """What a person should know before our part is added, one sentence each."""


@frozen
class Target:
    """One file of a host and what goes into it."""

    path: Path
    entry: Entry


def names(text: object, mark: str) -> bool:
    """Whether a text leads to one of our scripts, from wherever it was installed."""
    return isinstance(text, str) and mark in text.replace("\\", "/").replace("//", "/")
