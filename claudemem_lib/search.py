"""Find memories: a question, filters and an order in; hits out, best first."""

from __future__ import annotations

import difflib
import math
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from claudemem_lib import given, questions, ranking
from claudemem_lib.errors import BadRequest, StoreError
from claudemem_lib.models import Hit
from claudemem_lib.ranking import CANDIDATES, Ranked
from claudemem_lib.store import fulltext
from claudemem_lib.store.fulltext import Filters, Page
from claudemem_lib.store.text import storable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from claudemem_lib.questions import Question, Word
    from claudemem_lib.store.database import Database

    Row = tuple[Any, ...]
    Near = Callable[[str, Filters, int], list[tuple[int, float]]]

ORDERS = ("relevance", "date_desc", "date_asc")
KINDS = ("observation", "summary", "note")
MOST_HITS = 1_000
SOME_WORDS_POOL = 200
LAST_MS = 253_402_300_799_999  # the end of the year 9999
FEW_WORDS = 2
KEYWORDS = 3
APART = 0.1  # more than the bonus for age
LIKELY_WORDS = 2_000


@frozen(kw_only=True)
class Finder:
    """What it takes to search: the file, the time, and (where there is an embedder) what gives the memories nearest to a text."""

    database: Database
    now_ms: int
    near: Near | None = None
    words: bool = True

    def search(self, text: str, filters: Filters, page: Page) -> list[Hit]:
        """Hits for a question; without one, whatever passes the filters, newest first.

        Full text and vectors are fused by their scores (ranking.py). Where vectors were asked too and neither engine is
        confident, there is no hit: noise is no answer. Operators, "phrases", beginnings* and orders by date are for the
        full text alone.
        """
        _check("order", (page.order,), ORDERS)
        _check("kind", filters.kinds, KINDS)
        question = questions.read(given.text("a query", text))
        if question.empty:
            asked = any(char.isprintable() and not char.isspace() for char in text)
            return [] if asked else _recent(fulltext.newest(self.database, filters, page))
        if page.order != "relevance":
            return _recent(_by_date(self.database, question, filters, page), "text")
        if question.expression:
            rows = fulltext.scored(self.database, question.expression, filters, page)
            return self._hits([Ranked(memory, score, ("text",)) for memory, score in rows])
        ranked = self._ranked(text, question.words, filters, page.offset + page.limit)
        return self._hits(ranked[page.offset : page.offset + page.limit])

    def _ranked(self, text: str, words: Sequence[Word], filters: Filters, wanted: int) -> list[Ranked]:
        """The best *wanted* memories: a block of candidates of both engines, then the rest of the full text."""
        page = fulltext.Page(order="relevance", limit=max(CANDIDATES, wanted))
        counted = _counted(self.database, questions.loosened(words))
        found = _by_words(self.database, words, counted, filters, page) if self.words else []
        first, rest = found[:CANDIDATES], found[CANDIDATES:]
        pairs = questions.adjacent(text)
        if pairs and first:
            adjacent = fulltext.scored(self.database, pairs, filters, page)
            first = ranking.with_adjacent(first, dict(adjacent))
        near = [] if any(word.exact for word in words) else self._near(text, filters)
        if near and self.words and not self._confident(words, counted, first, near):
            return []
        known = {memory for memory, _ in first}
        near = [(memory, cosine) for memory, cosine in near if memory in known or cosine >= ranking.LEAST_COSINE]
        fused = ranking.fuse(first, near)
        ids = [one.id for one in fused]
        standing, alike = fulltext.standing(self.database, ids), fulltext.alike(self.database, ids)
        settled = ranking.settled(fused, standing, alike, self.now_ms)
        return settled + [Ranked(memory, 0.0, ("text",)) for memory, _ in rest if memory not in set(ids)]

    def _near(self, text: str, filters: Filters) -> list[tuple[int, float]]:
        """The memories nearest to a text; none where that fails: the full text answers whatever happens to the vectors."""
        if self.near is None:
            return []
        try:
            return self.near(text, filters, CANDIDATES)
        except StoreError:
            return []

    def _confident(
        self,
        words: Sequence[Word],
        counted: Sequence[tuple[int, Word]],
        found: Sequence[tuple[int, float]],
        near: Sequence[tuple[int, float]],
    ) -> bool:
        """Whether the best hit means something: near enough, a word that one memory alone has, or much of what is asked for."""
        wanted = {word.match for word in words}
        telling = any(count == 1 and word.match in wanted for count, word in counted)
        if near[0][1] >= ranking.CONFIDENT_COSINE or len(words) <= FEW_WORDS or telling:
            return True
        best = [memory for memory, _ in found[:10]]
        if any(row[7] > ranking.EMBEDDED_TOKENS for row in fulltext.hits(self.database, best)):
            return True
        total = fulltext.total(self.database)
        worth = {word.match: math.log1p(total / (count + 0.5)) for count, word in counted if word.match in wanted}
        covered = dict.fromkeys(best, 0.0)
        for match, value in worth.items():
            for memory in fulltext.among(self.database, match, best):
                covered[memory] += value
        return max(covered.values(), default=0.0) >= ranking.CONFIDENT_COVER * sum(worth.values())

    def _hits(self, ranked: Sequence[Ranked]) -> list[Hit]:
        known = {one.id: one for one in ranked}
        rows = fulltext.hits(self.database, list(known))
        return [_hit((*row, known[row[0]].score), known[row[0]].engines) for row in rows]


def shown(database: Database, found: Sequence[tuple[int, tuple[str, ...]]]) -> list[Hit]:
    """Hits for ids that were found elsewhere, in their order; each is worth less than the one before."""
    engines = dict(found)
    rows = fulltext.hits(database, list(engines))
    return [_hit((*row, 1 / place), engines[row[0]]) for place, row in enumerate(rows, 1)]


def suggestion(database: Database, text: str) -> str:
    """*text* with its unknown words replaced by the likeliest known ones, "" if there is nothing to suggest."""
    changed = text
    for word in questions.read(text).words:
        plain = word.text.strip(questions.PUNCTUATION).lower()
        if word.exact or not plain.isalpha() or fulltext.matches(database, word.match, 1):
            continue
        known = fulltext.words_from(database, plain[0], LIKELY_WORDS)
        likely = difflib.get_close_matches(plain, known, n=1, cutoff=0.75)
        changed = changed.replace(word.text, likely[0]) if likely else changed
    return changed if changed != text else ""


def filters(  # noqa: PLR0913, PLR0917  # one argument a filter
    projects: tuple[int, ...],
    kind: str | Iterable[str] = (),
    type_: str | Iterable[str] = (),
    concepts: str | Iterable[str] = (),
    files: str | Iterable[str] = (),
    since_ms: object = None,
    until_ms: object = None,
) -> Filters:
    """Filters as callers give them, checked."""
    return Filters(
        projects=projects,
        kinds=listed("kind", kind),
        types=listed("type", type_),
        concepts=listed("concepts", concepts),
        files=listed("files", files),
        since_ms=moment("since_ms", since_ms),
        until_ms=moment("until_ms", until_ms),
    )


def page(order: str, limit: object, offset: object) -> Page:
    """A page as callers give it, checked."""
    return Page(order=order, limit=bounded("limit", limit, 1, MOST_HITS), offset=bounded("offset", offset, 0))


def listed(name: str, value: str | Iterable[str]) -> tuple[str, ...]:
    """A list, or one text with commas, as a tuple without blanks."""
    return tuple(storable(part) for part in given.texts(name, value))


def bounded(name: str, value: object, least: int, most: int = 1_000_000) -> int:
    """*value* if it is a whole number within the bounds; BadRequest names it otherwise."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        message = f"{name} must be a whole number from {least} to {most}, not {value!r}"
        raise BadRequest(message)
    return value


def moment(name: str, value: object) -> int | None:
    """A time in milliseconds, or None; BadRequest for anything else."""
    return None if value is None else bounded(name, value, -LAST_MS, LAST_MS)


def ids(wanted: object) -> list[int]:
    """The ids as they are; BadRequest for anything that is no whole number."""
    found = []
    for one in given.items("ids", wanted):
        if not isinstance(one, int) or isinstance(one, bool):
            message = f"an id is a whole number, not {one!r}"
            raise BadRequest(message)
        found.append(one)
    return found


def _check(name: str, given: Sequence[str], known: Sequence[str]) -> None:
    for value in given:
        if value not in known:
            message = f"{name} must be one of {', '.join(known)}, not {value!r}"
            raise BadRequest(message)


def _by_words(
    database: Database, words: Sequence[Word], counted: Sequence[tuple[int, Word]], filters: Filters, page: Page
) -> list[tuple[int, float]]:
    """Matches of any of the words, by score; of a few keywords those of all of them first.

    Scoring costs by the number of matches: of a question with too many, only the rarest words are scored, and then too what has
    all of its words comes first.
    """
    rare = _rarest(counted)
    complete: list[tuple[int, float]] = []
    if len(words) <= KEYWORDS or len(rare) < len(counted) or any(word.exact for word in words):
        complete = fulltext.scored(database, questions.every(words), filters, page)
    if len(counted) == 1 and complete:
        return complete
    if len(complete) >= page.limit:
        return complete
    seen = {memory for memory, _ in complete}
    some = fulltext.scored(database, questions.some(rare), filters, page)
    least = complete[-1][1] if complete else 0.0
    more = [(memory, score) for memory, score in some if memory not in seen]
    over = max(0.0, more[0][1] - least + APART * complete[0][1]) if complete and more else 0.0
    return [(memory, score + over) for memory, score in complete] + more


def _by_date(database: Database, question: Question, filters: Filters, page: Page) -> list[Row]:
    """Matches of all the words by date; if there are none, the likeliest of those with some."""
    match = question.expression or questions.every(question.words)
    found = fulltext.dated(database, match, filters, page)
    words = questions.loosened(question.words)
    if (
        found
        or question.expression
        or len(words) == 1
        or fulltext.dated(database, match, filters, evolve(page, offset=0, limit=1))
    ):
        return found
    likely = evolve(page, order="relevance", limit=SOME_WORDS_POOL, offset=0)
    some = fulltext.scored(database, questions.some(_rarest(_counted(database, words))), filters, likely)
    rows = fulltext.hits(database, [memory for memory, _ in some])
    rows.sort(key=lambda row: (row[6], row[0]), reverse=page.order == "date_desc")
    return [(*row, 0.0) for row in rows[page.offset : page.offset + page.limit]]


def _counted(database: Database, words: Sequence[Word]) -> list[tuple[int, Word]]:
    """The words with how many memories have them (counted no further than can be scored), rarest first."""
    most = fulltext.MATCHES_SCORED
    return sorted(((fulltext.matches(database, word.match, most), word) for word in words), key=lambda pair: pair[0])


def _rarest(counted: Sequence[tuple[int, Word]]) -> list[Word]:
    """The rarest words, as many as can be scored within the bound, at least one."""
    chosen: list[Word] = []
    total = 0
    for count, word in counted:
        if chosen and total + count > fulltext.MATCHES_SCORED:
            break
        chosen.append(word)
        total += count
    return chosen


def _recent(rows: Iterable[Row], engine: str = "recent") -> list[Hit]:
    return [_hit(row, (engine,)) for row in rows]


def _hit(row: Row, engines: tuple[str, ...]) -> Hit:
    names = ("id", "uid", "kind", "type", "title", "project", "created_ms", "read_tokens", "file", "score")
    return Hit(**dict(zip(names, row, strict=True)), engines=engines)
