"""Find memories: a question, filters and an order in; hits out, best first."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from claudemem_lib import bydate, confidence, given, questions, ranking
from claudemem_lib.engines import Ranking
from claudemem_lib.errors import BadRequest, NotFound, StoreError
from claudemem_lib.models import Found, Hit
from claudemem_lib.questions import Word
from claudemem_lib.ranking import CANDIDATES, Ranked
from claudemem_lib.store import asked, fulltext, memories
from claudemem_lib.store.fulltext import Filters, Page
from claudemem_lib.store.text import storable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from claudemem_lib.engines import Group
    from claudemem_lib.store.database import Database

    Row = tuple[Any, ...]
    Near = Callable[[str, Filters, int], list[tuple[int, float]]]

ORDERS = ("relevance", "date_desc", "date_asc")
KINDS = ("observation", "summary", "note", asked.KIND)
MOST_HITS = 1_000
MOST_PROMPTS = 10_000
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
        full text alone. Of memories that say nearly the same, the best is the hit and names the others; by date each is one.
        """
        return self._asked(text, filters, page)[0]

    def found(self, text: str, filters: Filters, page: Page) -> Found:
        """As search(), with how many there are in all and what the next page comes after."""
        hits, total = self._asked(text, filters, evolve(page, limit=page.limit + 1))
        shown = tuple(hits[: page.limit])
        return Found(hits=shown, total=total(), after=shown[-1].handle if len(hits) > page.limit else "")

    def _asked(self, text: str, filters: Filters, page: Page) -> tuple[list[Hit], Callable[[], int]]:
        """The hits of a page, and what counts all of them."""
        _check("order", (page.order,), ORDERS)
        question = questions.read(given.text("a query", text))
        if question.empty and questions.said(text):
            return [], lambda: 0
        if question.empty or page.order != "relevance":
            listed = bydate.Listing(database=self.database, question=question, filters=filters)
            rows = listed.page(page)
            if rows is None:
                raise _gone(page.after)
            return _shown(self.database, rows, ("recent" if question.empty else "text",)), listed.total
        if question.expression:
            ranked = self._expressed(question.expression, filters)
        else:
            ranked = self._ranked(text, question.words, filters)
        groups = ranked.page(page)
        if groups is None:
            raise _gone(page.after)
        return self._hits(groups), ranked.total

    def _expressed(self, expression: str, filters: Filters) -> Ranking:
        """The hits of an expression."""

        def deeper(most: int) -> list[tuple[int, float]]:
            return fulltext.scored(self.database, expression, filters, Page(order="relevance", limit=most))

        found = deeper(CANDIDATES)
        prompts = self._prompts(expression, filters, [memory for memory, _ in found])
        head = [Ranked(hit, score, ("text",)) for hit, score in ranking.joined(found, prompts)]
        more: dict[str, Any] = {"match": expression, "deeper": deeper} if len(found) == CANDIDATES else {}
        return Ranking(database=self.database, filters=filters, head=head, **more)

    def _ranked(self, text: str, words: Sequence[Word], filters: Filters) -> Ranking:
        """The hits of a question: a block of candidates of both engines, then the rest of the full text."""
        counted = bydate.counted(self.database, questions.loosened(words))
        page = Page(order="relevance", limit=CANDIDATES)
        first = _by_words(self.database, words, counted, filters, page) if self.words else []
        whole = len(first) < CANDIDATES
        pairs = questions.adjacent(text)
        if pairs and first:
            first = ranking.with_adjacent(first, dict(fulltext.scored(self.database, pairs, filters, page)))
        if self.words and (unknown := self._unknown(words, counted, first, filters)):
            return unknown
        near = [] if any(word.exact for word in words) else self._near(text, filters)
        only = set(filters.kinds) == {asked.KIND}  # prompts alone: what has any of the words
        match = questions.some(words) if only else questions.every(words)
        prompts = self._prompts(match, filters, [memory for memory, _ in first]) if self.words else []
        eastern = questions.pairs(words)
        looked_up = first and len(text.split()) <= FEW_WORDS and not eastern  # one or two words get what full text has
        judged = self.words and not looked_up and (near or eastern)
        if judged and not prompts and not confidence.sure(self.database, words, counted, first, near):
            return Ranking(database=self.database, filters=filters, head=())
        known = {memory for memory, _ in first}
        near = [(memory, cosine) for memory, cosine in near if memory in known or cosine >= ranking.LEAST_COSINE]
        texts = ranking.joined(first, prompts)
        fused = ranking.fuse(texts[:CANDIDATES], near)
        seen = {one.id for one in fused}
        if len(words) > FEW_WORDS:
            fused = ranking.in_context(fused, fulltext.places(self.database, list(seen)))
        head = ranking.settled(fused, fulltext.standing(self.database, seen), self.now_ms)
        head += [Ranked(hit, 0.0, ("text",)) for hit, _ in texts if hit not in seen]

        def deeper(most: int) -> list[tuple[int, float]]:
            return _by_words(self.database, words, counted, filters, evolve(page, limit=most))

        match = questions.some([*bydate.rarest(counted), Word("", questions.every(words))])
        more: dict[str, Any] = {} if whole else {"match": match, "deeper": deeper}
        return Ranking(database=self.database, filters=filters, head=head, words=words, **more)

    def _unknown(
        self,
        words: Sequence[Word],
        counted: Sequence[tuple[int, Word]],
        first: Sequence[tuple[int, float]],
        filters: Filters,
    ) -> Ranking | None:
        """The hits for names that no memory has: what has most of their parts or begins like them; a name has no meaning.

        Also for a single word, if anything begins like it. None for every other question.
        """
        names = all(map(questions.unbroken, words))
        told = any(count for count, word in counted if word in words)
        if told or questions.pairs(words) or not (names or len(words) == 1):
            return None
        prompts = self._prompts(questions.every(words), filters, [])
        if not confidence.partly(self.database, [(count, word) for count, word in counted if word not in words], first):
            page, begun = Page(order="relevance", limit=CANDIDATES), questions.beginnings(words)
            first = fulltext.scored(self.database, begun, filters, page) if begun else []
        head = [Ranked(hit, score, ("text",)) for hit, score in ranking.joined(first, prompts)]
        return Ranking(database=self.database, filters=filters, head=head, words=words) if head or names else None

    def _prompts(self, match: str, filters: Filters, told: Sequence[int]) -> list[tuple[int, float]]:
        """Prompts that match and whose turn none of the memories *told* tells."""
        if not asked.wanted(filters):
            return []
        most = MOST_PROMPTS if set(filters.kinds) == {asked.KIND} else CANDIDATES
        return asked.scored(self.database, match, filters, most, told)

    def _near(self, text: str, filters: Filters) -> list[tuple[int, float]]:
        """The memories nearest to a text; none where that fails: the full text answers whatever happens to the vectors."""
        if self.near is None:
            return []
        try:
            return self.near(text, filters, CANDIDATES)
        except StoreError:
            return []

    def _hits(self, groups: Sequence[Group]) -> list[Hit]:
        known = {one.best.id: one for one in groups}
        rows = fulltext.hits(self.database, list(known))
        rows = [(*row, known[row[0]].best.score) for row in rows]
        found = _shown(self.database, rows, ())
        told = ((known[row[0]], hit) for row, hit in zip(rows, found, strict=True))
        return [evolve(hit, engines=one.best.engines, similar=one.others) for one, hit in told]


def _gone(hit: int) -> NotFound:
    prompt = "" if hit < 0 else f" (if a prompt is meant, it is P{hit})"
    return NotFound(f"{name(hit)} is not among these hits any more; search again from the start{prompt}")


def name(hit: int) -> str:
    """What a hit is called: #12, or P10 for a prompt, by the ids of a list of hits."""
    return f"#{hit}" if hit > 0 else f"P{-hit}"


def shown(database: Database, found: Sequence[tuple[int, tuple[str, ...], tuple[int, ...]]]) -> list[Hit]:
    """Hits for ids that were found elsewhere, in their order, each with what is like it; each is worth less than the one before."""
    known = {one[0]: one for one in found}
    rows = fulltext.hits(database, list(known))
    rows = [(*row, 1 / place) for place, row in enumerate(rows, 1)]
    hits = zip(rows, _shown(database, rows, ()), strict=True)
    return [evolve(hit, engines=known[row[0]][1], similar=known[row[0]][2]) for row, hit in hits]


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
    *,
    paths: Iterable[str] = (),
    either: bool = False,
) -> Filters:
    """Filters as callers give them, checked."""
    kinds = tuple(one.lower() for one in listed("kind", kind))
    _check("kind", kinds, KINDS)
    return Filters(
        projects=projects,
        kinds=kinds,
        types=listed("type", type_),
        concepts=listed("concepts", concepts),
        files=listed("files", files),
        since_ms=given.moment("since_ms", since_ms),
        until_ms=given.moment("until_ms", until_ms),
        paths=listed("paths", paths),
        either=either,
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
    rare = bydate.rarest(counted)
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


def _shown(database: Database, rows: Sequence[Row], engines: tuple[str, ...]) -> list[Hit]:
    """Rows of hits as hits, with how they stand."""
    names = ("id", "uid", "kind", "type", "title", "project", "created_ms", "read_tokens", "file", "score")
    standing = memories.marks(database, [row[0] for row in rows if row[0] > 0])
    values = ({**dict(zip(names, row, strict=True)), **standing.get(row[0], {}), "id": abs(row[0])} for row in rows)
    return [Hit(**one, engines=engines) for one in values]
