"""Where lists get their entries: the feed page by page, or a handful that was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claudemem_lib import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claudemem_lib.browse import Browse, Entry, Wanted
    from claudemem_lib.memory import Memory
    from claudemem_lib.models import Session

PAGE = 200


class FeedSource:
    """The feed, read from the nearest place that is known: its top, its end, or the end of a page read before."""

    size = PAGE

    def __init__(self, browse: Browse, wanted: Wanted) -> None:
        self._browse, self.wanted = browse, wanted
        self._ends: dict[int, tuple[int, int, int]] = {}
        self._top: tuple[int, int, int] | None = None

    def total(self) -> int:
        """How many entries pass the filters."""
        return self._browse.total(self.wanted)

    def page(self, number: int, total: int) -> Sequence[Entry]:
        """One page; the further from a known place, the more entries are passed over (on the index alone)."""
        before = max((known for known in self._ends if known < number), default=None)
        skip = number * PAGE if before is None else (number - 1 - before) * PAGE
        there = max(0, min(PAGE, total - number * PAGE))
        behind = max(0, total - number * PAGE - there)
        if behind < skip:
            found = self._browse.feed(self.wanted, skip=behind, limit=there, backward=True) if there else []
        else:
            after = self._ends[before] if before is not None else None
            found = self._browse.feed(self.wanted, after, skip=skip, limit=PAGE)
        if number == 0:
            self._ends.clear()
            self._top = found[0].place if found else None
        if len(found) == PAGE:
            self._ends[number] = found[-1].place
        return found

    def newer(self) -> int:
        """How many entries came above the top as it was read."""
        if self._top is None:
            return 0
        return len(self._browse.feed(self.wanted, self._top, limit=5_000, backward=True))


class FixedSource:
    """Entries that are all here."""

    size = PAGE

    def __init__(self, entries: Sequence[Any]) -> None:
        self._entries = entries

    def total(self) -> int:
        """How many there are."""
        return len(self._entries)

    def page(self, number: int, total: int) -> Sequence[Any]:
        """A part of them."""
        del total
        return self._entries[number * PAGE : (number + 1) * PAGE]

    def newer(self) -> int:
        """Never any."""
        return 0


class SessionSource:
    """Sessions, most recently active first, so that those of a day follow each other; there are few enough to pass over some."""

    size = PAGE

    def __init__(self, memory: Memory, project: str | None) -> None:
        """*heads* are the ids of those read that are the first of their day."""
        self._memory, self._project = memory, project
        self.heads: set[int] = set()

    def total(self) -> int:
        """How many there are."""
        rows = self._memory.projects()
        return sum(row.sessions for row in rows if self._project in {None, row.name})

    def page(self, number: int, total: int) -> Sequence[Session]:
        """One page."""
        del total
        above = 1 if number else 0  # the last of the page before, whose day may go on
        found = self._memory.sessions(self._project, limit=PAGE + above, offset=number * PAGE - above)
        days = [render.day(one.last_ms) for one in found]
        heads = {one.id for one, day, before in zip(found, days, ["", *days], strict=False) if day != before}
        shown = found[above:]
        self.heads = self.heads - {one.id for one in shown} | heads & {one.id for one in shown}
        return shown

    def newer(self) -> int:
        """Not counted: a session that goes on moves to the top, which is no new one."""
        return 0
