"""What was forgotten, so that nothing that comes in later brings it back: events, transcripts, bundles, other databases.

A tombstone says what it is about and never what that said:

memory   its uid; and `event:KEY` for each event it was made of, of which another machine would make it again
session  the host's id: everything of it, whenever it is said
prompt   the host's session id and the prompt's number (0: none but the session's title, which said it)
project  its key: everything older than `at_ms`
span     a time and its scope: everything, a project by its key, or a session by the host's id
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from claudemem_lib.store import sql
from claudemem_lib.store.connection import run

if TYPE_CHECKING:
    from collections.abc import Iterable

    import apsw

    Tombstone = tuple[str, str, int]


class Tombstones:
    """What was forgotten, as one transaction sees it."""

    def __init__(self, connection: apsw.Connection) -> None:
        """Read the spans of time; everything else is looked up when it is asked for."""
        self._connection = connection
        self._spans = [span_of(row[0]) for row in run(connection, sql.TOMBSTONES_OF, ("span",))]

    def memory(self, uid: str) -> bool:
        """Whether the memory with this uid was forgotten."""
        return self._at_ms("memory", uid) is not None

    def session(self, host_id: str) -> bool:
        """Whether the host's session was forgotten."""
        return self._at_ms("session", host_id) is not None

    def prompt(self, host_id: str, number: int) -> bool:
        """Whether a prompt of the host's session was forgotten."""
        return self._at_ms("prompt", prompt_key(host_id, number)) is not None

    def event(self, key: str) -> bool:
        """Whether an event was forgotten, or what was made of it."""
        return self.memory(event_key(key))

    def titled(self, host_id: str) -> bool:
        """Whether a prompt of the session was forgotten, so that a title from elsewhere may say what it said."""
        keys = (
            prompt_key(host_id, 0)[:-1],
            prompt_key(host_id, 0)[:-2] + "$",
        )  # from the first to beyond the last number
        return bool(run(self._connection, sql.TOMBSTONES_BETWEEN, keys))

    def moment(self, project_key: str, host_id: str, at_ms: int) -> bool:
        """Whether what was said then, in this project and session ("" for none), was forgotten with either or with the time."""
        if host_id and self.session(host_id):
            return True
        before_ms = self._at_ms("project", project_key)
        if before_ms is not None and at_ms < before_ms:
            return True
        scopes = ("", f"project:{project_key}", f"session:{host_id}")
        return any(since_ms <= at_ms < until_ms and scope in scopes for since_ms, until_ms, scope in self._spans)

    def _at_ms(self, kind: str, key: str) -> int | None:
        found = run(self._connection, sql.TOMBSTONE, (kind, key))
        return int(found[0][0]) if found else None


def event_key(key: str) -> str:
    """The key of the tombstone of an event, which is one of the memories that were made of it."""
    return f"{_EVENT}{key}"


def event_of(key: str) -> str:
    """The event's key in that of a memory's tombstone, "" if it is the memory's own."""
    return key[len(_EVENT) :] if key.startswith(_EVENT) else ""


def prompt_key(host_id: str, number: int) -> str:
    """The key of a prompt's tombstone."""
    return f"{host_id}#{number}"


def span_key(since_ms: int, until_ms: int, *, project_key: str = "", host_id: str = "") -> str:
    """The key of the tombstone of a time (*until_ms* exclusive): of a session, of a project, or of everything."""
    scope = f"session:{host_id}" if host_id else f"project:{project_key}" if project_key else ""
    return f"{since_ms}..{until_ms} {scope}".rstrip()


def add(connection: apsw.Connection, made: Iterable[Tombstone]) -> None:
    """Set tombstones, in the caller's transaction; one that is there already keeps the later time."""
    for one in made:
        run(connection, sql.ADD_TOMBSTONE, one)


def prompt_of(key: str) -> tuple[str, int]:
    """The host's session and the number in the key of a prompt's tombstone; of a key that is none, those of no prompt."""
    found = _PROMPT.fullmatch(key)
    return (found[1], int(found[2])) if found else ("", 0)


def span_of(key: str) -> tuple[int, int, str]:
    """Since and until in the key of a span's tombstone, and its scope: "", `session:ID` or `project:KEY`.

    A key that is none, which a bundle may bring, is of no time at all.
    """
    found = _SPAN.fullmatch(key)
    return (int(found[1]), int(found[2]), found[3] or "") if found else (0, 0, "")


_EVENT = "event:"
_PROMPT = re.compile(r"(.+)#(\d{1,9})", re.DOTALL)
_SPAN = re.compile(r"(-?\d{1,16})\.\.(-?\d{1,16})(?: ((?:session|project):.+))?", re.DOTALL)
