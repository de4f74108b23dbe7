"""One question's hits from the first to the last, and what of them says nearly the same: read as deep as a page needs.

The head is what both engines ranked; what follows is the rest of the full text, in its order. Reading deeper never changes what
comes before, so pages put together are the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from claudemem_lib.ranking import CANDIDATES, Ranked
from claudemem_lib.store import fulltext, memories

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from claudemem_lib.questions import Word
    from claudemem_lib.store.database import Database
    from claudemem_lib.store.fulltext import Filters, Page

    Deeper = Callable[[int], Sequence[tuple[int, float]]]


@frozen
class Group:
    """One line of a result: the best of some memories that say nearly the same, and the *others* that the question finds too."""

    best: Ranked
    others: tuple[int, ...] = ()

    def __contains__(self, hit: int) -> bool:
        return hit == self.best.id or hit in self.others


@frozen(kw_only=True)
class Ranking:
    """The hits of a question. *match* is what the full text looks for, *deeper* its best so many; None where *head* is all."""

    database: Database
    filters: Filters
    head: Sequence[Ranked]
    words: Sequence[Word] = ()
    match: str = ""
    deeper: Deeper | None = None

    def total(self) -> int:
        """How many memories and prompts there are in all, on all pages together, folded ones included."""
        if self.deeper is None:
            return len(self.head)
        ids = [one.id for one in self.head]
        found, also = fulltext.matching_count(self.database, self.match, self.filters, ids)
        return found + len(ids) - also

    def page(self, page: Page) -> list[Group] | None:
        """The groups of a page; None if what it comes *after* is not among the hits."""
        if not page.after:
            end = page.offset + page.limit
            return self._told(self._groups(end)[0][page.offset : end])
        most = 2 * CANDIDATES
        while True:
            found, whole = self._groups(most)
            place = next((at for at, one in enumerate(found, 1) if page.after in one), 0)
            if whole or (place and place + page.limit <= len(found)):
                break
            most *= 4
        return self._told(found[place : place + page.limit]) if place else None

    def _best(self, most: int) -> tuple[list[Ranked], bool]:
        """The best *most* (or some more), and whether that is all."""
        if self.deeper is None or len(self.head) >= most:
            return list(self.head), self.deeper is None
        seen = {one.id for one in self.head}
        rest = self.deeper(most + CANDIDATES)
        found = [*self.head, *(Ranked(memory, 0.0, ("text",)) for memory, _ in rest if memory not in seen)]
        return found, len(found) < most

    def _groups(self, most: int) -> tuple[list[Group], bool]:
        """At least the best *most* groups, unless there are no more; and whether these are all."""
        wanted = most
        while True:
            ranked, whole = self._best(wanted)
            groups = _folded(ranked, memories.similar(self.database, [one.id for one in ranked if one.id > 0]))
            if whole or len(groups) >= most:
                return groups, whole
            wanted += 2 * (most - len(groups))

    def _told(self, groups: Sequence[Group]) -> list[Group]:
        """The groups as they are shown: without what the question does not find, told by the one that has most of its words."""
        linked = [other for one in groups for other in one.others]
        if not linked:
            return list(groups)
        known = {one.id for one in self.head}
        beyond = [other for other in linked if other not in known] if self.deeper else []
        if beyond:
            known |= fulltext.matching_among(self.database, self.match, self.filters, beyond)
        groups = [Group(one.best, tuple(other for other in one.others if other in known)) for one in groups]
        members = [memory for one in groups if one.others for memory in (one.best.id, *one.others)]
        if not members or not self.words:
            return list(groups)
        having: dict[int, set[str]] = {memory: set() for memory in members}
        for word in self.words:
            for memory in fulltext.among(self.database, word.match, members):
                having[memory].add(word.match)
        return [_told_by_most(one, having) if one.others else one for one in groups]


def _folded(ranked: Iterable[Ranked], linked: Mapping[int, Sequence[int]]) -> list[Group]:
    """Each hit with what is linked to it as alike and no better hit took: in the ranking, or further down, or not found at all."""
    groups, told = [], set[int]()
    for one in ranked:
        if one.id not in told:
            others = tuple(other for other in linked.get(one.id, ()) if other not in told)
            told |= {one.id, *others}
            groups.append(Group(one, others))
    return groups


def _told_by_most(group: Group, having: dict[int, set[str]]) -> Group:
    best = group.best
    more = [other for other in group.others if having[other] > having[best.id]]
    if not more:
        return group
    most = max(more, key=lambda other: (len(having[other]), other))
    others = tuple(best.id if other == most else other for other in group.others)
    return Group(Ranked(most, best.score, ("text",)), others)
