"""Where lists get their entries: the feed page by page, or a handful that was found."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

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

    def heading(self, index: int) -> bool:
        """Never: every line has its time."""
        del index
        return False


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

    def heading(self, index: int) -> bool:
        """Never any."""
        del index
        return False


class Day(NamedTuple):
    """The heading of a day: its date, and how many sessions were active last on it."""

    date: str
    sessions: int


class SessionSource:
    """Sessions, most recently active first, under the days they were active last; few enough to pass over some."""

    size = PAGE

    def __init__(self, memory: Memory, project: str | None) -> None:
        self._memory, self._project = memory, project
        self._days: Sequence[Day] = ()
        self._starts: Sequence[int] = ()  # at which line each day's heading is

    @property
    def sessions(self) -> int:
        """How many there are."""
        return sum(day.sessions for day in self._days)

    def total(self) -> int:
        """How many lines sessions and days make."""
        days = [Day(*row) for row in self._memory.browse.session_days(self._project)]
        *starts, total = accumulate((1 + day.sessions for day in days), initial=0)
        self._days, self._starts = days, starts
        return total

    def page(self, number: int, total: int) -> Sequence[Day | Session]:
        """One page: where headings come is known from how many sessions each day has."""
        top, end = number * PAGE, min(total, (number + 1) * PAGE)
        days, starts = self._days, self._starts
        above, through = bisect_left(starts, top), bisect_left(starts, end)
        sessions = self._memory.sessions(self._project, limit=end - top - (through - above), offset=top - above)
        lines: list[Day | Session] = list(sessions)
        for place in range(above, through):
            lines.insert(starts[place] - top, days[place])
        return lines

    def newer(self) -> int:
        """Not counted: a session that goes on moves to the top, which is no new one."""
        return 0

    def heading(self, index: int) -> bool:
        """Whether a day begins there."""
        starts = self._starts
        place = bisect_left(starts, index)
        return place < len(starts) and starts[place] == index
