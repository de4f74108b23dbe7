"""Hits by date: what passes the filters, or what of it a question finds. Each memory has a line of its own, prompts by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from claudemem_lib import questions
from claudemem_lib.store import asked, fulltext
from claudemem_lib.store.fulltext import Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claudemem_lib.questions import Question, Word
    from claudemem_lib.store.database import Database
    from claudemem_lib.store.fulltext import Filters

    Row = tuple[Any, ...]

SOME_WORDS_POOL = 200


@frozen(kw_only=True)
class Listing:
    """A question, or none, and filters: their hits by date."""

    database: Database
    question: Question
    filters: Filters

    @property
    def match(self) -> str:
        """The FTS5 expression for all of the words, "" without a question."""
        return self.question.expression or questions.every(self.question.words)

    @property
    def prompted(self) -> bool:
        """Whether prompts are asked for."""
        return asked.KIND in self.filters.kinds and asked.wanted(self.filters)

    def page(self, page: Page) -> list[Row] | None:
        """The rows of a page; None if what it comes *after* is not there any more."""
        if page.after:
            made_ms = fulltext.made_ms(self.database, page.after)
            only = set(self.filters.kinds) == {asked.KIND}
            if made_ms is None or (only if page.after > 0 else not self.prompted):
                return None
            page = evolve(page, at_ms=made_ms)
        deep = evolve(page, offset=0, limit=page.offset + page.limit) if self.prompted else page
        rows = fulltext.newest(self.database, self.filters, deep) if self.question.empty else self._matching(deep)
        if self.prompted:
            rows += asked.by_date(self.database, self.match, self.filters, deep)
            rows.sort(key=lambda row: (row[6], row[0] > 0, abs(row[0])), reverse=page.by_date == "date_desc")
            rows = rows[page.offset : page.offset + page.limit]
        return rows

    def total(self) -> int:
        """How many there are on all pages together."""
        if self.question.empty:
            return fulltext.count(self.database, self.filters)
        found = fulltext.dated_count(self.database, self.match, self.filters)
        found = found or len(self._likeliest())
        return found + (asked.count(self.database, self.filters, self.match) if self.prompted else 0)

    def _matching(self, page: Page) -> list[Row]:
        """Matches of all the words by date; if there are none, the likeliest of those with some."""
        found = fulltext.dated(self.database, self.match, self.filters, page)
        start = evolve(page, offset=0, limit=1, after=0)
        if found or fulltext.dated(self.database, self.match, self.filters, start):
            return found
        rows = fulltext.hits(self.database, self._likeliest())
        rows.sort(key=lambda row: (row[6], row[0]), reverse=page.by_date == "date_desc")
        start_at = next((place for place, row in enumerate(rows, 1) if row[0] == page.after), page.offset)
        return [(*row, 0.0) for row in rows[start_at : start_at + page.limit]]

    def _likeliest(self) -> list[int]:
        """The best of what has some of the words; none for an expression or a single word."""
        words = questions.loosened(self.question.words)
        if self.question.expression or len(words) == 1:
            return []
        likely = Page(order="relevance", limit=SOME_WORDS_POOL)
        some = questions.some(rarest(counted(self.database, words)))
        return [memory for memory, _ in fulltext.scored(self.database, some, self.filters, likely)]


def counted(database: Database, words: Sequence[Word]) -> list[tuple[int, Word]]:
    """The words with how many memories have them (counted no further than can be scored), rarest first."""
    most = fulltext.MATCHES_SCORED
    return sorted(((fulltext.matches(database, word.match, most), word) for word in words), key=lambda pair: pair[0])


def rarest(counted: Sequence[tuple[int, Word]]) -> list[Word]:
    """The rarest words, as many as can be scored within the bound, at least one."""
    chosen: list[Word] = []
    total = 0
    for count, word in counted:
        if chosen and total + count > fulltext.MATCHES_SCORED:
            break
        chosen.append(word)
        total += count
    return chosen
