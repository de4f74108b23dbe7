"""Find memories: a question, filters and an order in; hits out, best first."""

from __future__ import annotations

import difflib
import functools
import math
import re
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from claudemem_lib import given, questions, ranking
from claudemem_lib.errors import BadRequest, NotFound, StoreError
from claudemem_lib.models import Hit
from claudemem_lib.ranking import CANDIDATES, Ranked
from claudemem_lib.store import asked, fulltext
from claudemem_lib.store.fulltext import Filters, Page
from claudemem_lib.store.text import storable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from claudemem_lib.questions import Question, Word
    from claudemem_lib.store.database import Database

    Row = tuple[Any, ...]
    Near = Callable[[str, Filters, int], list[tuple[int, float]]]

ORDERS = ("relevance", "date_desc", "date_asc")
KINDS = ("observation", "summary", "note", asked.KIND)
MOST_HITS = 1_000
SOME_WORDS_POOL = 200
FEW_WORDS = 2
KEYWORDS = 3
APART = 0.1  # more than the bonus for age
LIKELY_WORDS = 2_000
LIKE_STEM, LIKE_WORD = 0.7, 0.8
_LETTERS = re.compile(r"[^\W\d_]{3,40}")


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
        if question.empty and any(char.isprintable() and not char.isspace() for char in text):
            return []
        if question.empty or page.order != "relevance":
            return self._by_date(question, filters, page)
        if question.expression:
            return self._hits(_window(functools.partial(self._expressed, question.expression, filters), page))
        return self._hits(_window(functools.partial(self._ranked, text, question.words, filters), page))

    def _by_date(self, question: Question, filters: Filters, page: Page) -> list[Hit]:
        """What passes the filters by date: memories, and prompts where they are asked for by name."""
        if page.after:
            made_ms = fulltext.made_ms(self.database, page.after)
            if made_ms is None:
                raise _gone(page.after)
            page = evolve(page, at_ms=made_ms)
        prompted = asked.KIND in filters.kinds and asked.wanted(filters)
        deep = evolve(page, offset=0, limit=page.offset + page.limit) if prompted else page
        match = question.expression or questions.every(question.words)
        read = fulltext.newest if question.empty else functools.partial(_by_date, question)
        rows = read(self.database, filters, deep)
        if prompted:
            rows += asked.by_date(self.database, match, filters, deep)
            rows.sort(key=lambda row: (row[6], row[0] > 0, abs(row[0])), reverse=page.by_date == "date_desc")
            rows = rows[page.offset : page.offset + page.limit]
        return _recent(rows, "recent" if question.empty else "text")

    def _expressed(self, expression: str, filters: Filters, most: int) -> list[Ranked]:
        """The best *most* hits of an expression."""
        page = Page(order="relevance", limit=most)
        found = fulltext.scored(self.database, expression, filters, page)
        if asked.wanted(filters):
            told = [memory for memory, _ in found]
            found = ranking.joined(found, asked.scored(self.database, expression, filters, most, told))[:most]
        return [Ranked(hit, score, ("text",)) for hit, score in found]

    def _ranked(self, text: str, words: Sequence[Word], filters: Filters, most: int) -> list[Ranked]:
        """The best *most* hits: a block of candidates of both engines, then the rest of the full text."""
        counted = _counted(self.database, questions.loosened(words))
        page = Page(order="relevance", limit=CANDIDATES)
        first = _by_words(self.database, words, counted, filters, page) if self.words else []
        pairs = questions.adjacent(text)
        if pairs and first:
            first = ranking.with_adjacent(first, dict(fulltext.scored(self.database, pairs, filters, page)))
        near = [] if any(word.exact for word in words) else self._near(text, filters)
        prompts = self._prompts(words, filters, [memory for memory, _ in first]) if self.words else []
        if near and self.words and not prompts and not self._confident(words, counted, first, near):
            return []
        known = {memory for memory, _ in first}
        near = [(memory, cosine) for memory, cosine in near if memory in known or cosine >= ranking.LEAST_COSINE]
        fused = ranking.fuse(ranking.joined(first, prompts)[:CANDIDATES], near)
        ids = [one.id for one in fused]
        if len(words) > FEW_WORDS:
            fused = ranking.in_context(fused, fulltext.places(self.database, ids))
        standing, alike = fulltext.standing(self.database, ids), fulltext.alike(self.database, ids)
        settled = ranking.settled(fused, standing, alike, self.now_ms)
        if len(settled) >= most or len(first) < CANDIDATES or not self.words:
            return settled
        seen = set(ids)
        rest = _by_words(self.database, words, counted, filters, evolve(page, limit=most + CANDIDATES))
        return settled + [Ranked(memory, 0.0, ("text",)) for memory, _ in rest if memory not in seen]

    def _prompts(self, words: Sequence[Word], filters: Filters, told: Sequence[int]) -> list[tuple[int, float]]:
        """Prompts that have all the words and whose turn no memory tells; where prompts alone are asked for, any of the words."""
        if not asked.wanted(filters):
            return []
        match = questions.some(words) if set(filters.kinds) == {asked.KIND} else questions.every(words)
        return asked.scored(self.database, match, filters, CANDIDATES, told)

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


def _window(ranked: Callable[[int], list[Ranked]], page: Page) -> list[Ranked]:
    """The page of a ranking that can be asked for its best so many; what came in meanwhile moves no page that has *after*."""
    if not page.after:
        return ranked(page.offset + page.limit)[page.offset : page.offset + page.limit]
    most = 2 * CANDIDATES
    while True:
        found = ranked(most)
        place = next((at for at, one in enumerate(found, 1) if one.id == page.after), 0)
        if (place and place + page.limit <= len(found)) or len(found) < most:
            break
        most *= 4
    if not place:
        raise _gone(page.after)
    return found[place : place + page.limit]


def _gone(hit: int) -> NotFound:
    return NotFound(f"{name(hit)} is not among these hits any more; search again from the start")


def name(hit: int) -> str:
    """What a hit is called: #12, or P10 for a prompt, by the ids of a list of hits."""
    return f"#{hit}" if hit > 0 else f"P{-hit}"


def shown(database: Database, found: Sequence[tuple[int, tuple[str, ...]]]) -> list[Hit]:
    """Hits for ids that were found elsewhere, in their order; each is worth less than the one before."""
    engines = dict(found)
    rows = fulltext.hits(database, list(engines))
    return [_hit((*row, 1 / place), engines[row[0]]) for place, row in enumerate(rows, 1)]


def suggestion(database: Database, text: str) -> str:
    """*text* with its unknown words replaced by the likeliest known ones; "" unless there is one for each of them."""
    changed = text
    for word in questions.read(text).words:
        plain = word.text.strip(questions.PUNCTUATION).lower()
        if word.exact or not plain.isalpha() or fulltext.matches(database, word.match, 1):
            continue
        stems = fulltext.words_from(database, plain[0], LIKELY_WORDS)
        likely = _as_written(database, plain, difflib.get_close_matches(plain, stems, n=3, cutoff=LIKE_STEM))
        if not likely:
            return ""
        changed = changed.replace(word.text, likely)
    return changed if changed != text else ""


def _as_written(database: Database, typed: str, stems: Sequence[str]) -> str:
    """The word most like *typed* as a memory has it: the index keeps stems only; "" if none is like it."""
    written = {
        word
        for stem in stems
        for said in fulltext.said(database, f'"{stem}"')
        for word in _LETTERS.findall(said.lower())
        if word[0] == typed[0] and abs(len(word) - len(typed)) <= FEW_WORDS
    }
    return next(iter(difflib.get_close_matches(typed, sorted(written), n=1, cutoff=LIKE_WORD)), "")


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
        since_ms=given.moment("since_ms", since_ms),
        until_ms=given.moment("until_ms", until_ms),
    )


def page(order: str, limit: object, offset: object = 0, after: object = None) -> Page:
    """A page as callers give it, checked: *after* is a hit as 12, "#12" or "P10", the last of the page before."""
    start = {"offset": given.bounded("offset", offset, 0), "after": 0 if after is None else given.reference(after)}
    if all(start.values()):
        message = "give offset or after, not both"
        raise BadRequest(message)
    return Page(order=order, limit=given.bounded("limit", limit, 1, MOST_HITS), **start)


def listed(name: str, value: str | Iterable[str]) -> tuple[str, ...]:
    """A list, or one text with commas, as a tuple without blanks."""
    return tuple(storable(part) for part in given.texts(name, value))


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


def _by_date(question: Question, database: Database, filters: Filters, page: Page) -> list[Row]:
    """Matches of all the words by date; if there are none, the likeliest of those with some."""
    match = question.expression or questions.every(question.words)
    found = fulltext.dated(database, match, filters, page)
    start = evolve(page, offset=0, limit=1, after=0)
    words = questions.loosened(question.words)
    if found or question.expression or len(words) == 1 or fulltext.dated(database, match, filters, start):
        return found
    likely = Page(order="relevance", limit=SOME_WORDS_POOL)
    some = fulltext.scored(database, questions.some(_rarest(_counted(database, words))), filters, likely)
    rows = fulltext.hits(database, [memory for memory, _ in some])
    rows.sort(key=lambda row: (row[6], row[0]), reverse=page.by_date == "date_desc")
    start_at = next((place for place, row in enumerate(rows, 1) if row[0] == page.after), page.offset)
    return [(*row, 0.0) for row in rows[start_at : start_at + page.limit]]


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
    return Hit(**{**dict(zip(names, row, strict=True)), "id": abs(row[0])}, engines=engines)
