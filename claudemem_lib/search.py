"""Find memories: a question, filters and an order in; hits out, best first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claudemem_lib import questions
from claudemem_lib.errors import BadRequest
from claudemem_lib.models import Hit
from claudemem_lib.store import fulltext
from claudemem_lib.store.fulltext import Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claudemem_lib.questions import Word
    from claudemem_lib.store.database import Database
    from claudemem_lib.store.fulltext import Filters

ORDERS = ("relevance", "date_desc", "date_asc")
KINDS = ("observation", "summary", "note")
MOST_HITS = 1_000
DATE_POOL = 200
MATCHES_SCORED = 20_000


def search(database: Database, text: str, filters: Filters, page: Page) -> list[Hit]:
    """Hits for a question; without one, whatever passes the filters, newest first.

    Memories with all the words come first, then those with some of them. Scoring costs by the number of matches, so of a long
    question only the rarest words are used once they would match more than MATCHES_SCORED memories.
    """
    if page.order not in ORDERS:
        message = f"order must be one of {', '.join(ORDERS)}, not {page.order!r}"
        raise BadRequest(message)
    question = questions.read(text)
    if question.empty:
        return [] if text.strip() else [_hit(row, "recent") for row in fulltext.newest(database, filters, page)]
    if question.expression:
        rows = _page_of(database, question.expression, filters, page)
    else:
        rows = _by_words(database, question.words, filters, page)
    return [_hit(row, "text") for row in rows]


def _page_of(database: Database, match: str, filters: Filters, page: Page) -> list[tuple[Any, ...]]:
    """One expression's matches: by relevance as they come, by date out of the most relevant ones."""
    pool = page.offset + page.limit
    return fulltext.matching(
        database, match, filters, page, pool if page.order == "relevance" else max(pool, DATE_POOL)
    )


def _by_words(database: Database, words: Sequence[Word], filters: Filters, page: Page) -> list[tuple[Any, ...]]:
    """Matches of all the words, then of some of them."""
    wanted = page.offset + page.limit
    whole = Page(order=page.order, limit=wanted)
    found = _page_of(database, questions.every(words), filters, whole)
    if len(words) > 1 and (len(found) < wanted if page.order == "relevance" else not found):
        seen = {row[0] for row in found}
        more = _page_of(database, questions.some(_rarest(database, words)), filters, whole)
        found += [row for row in more if row[0] not in seen]
    return found[page.offset : wanted]


def _rarest(database: Database, words: Sequence[Word]) -> list[Word]:
    """The rarest words, as many as can be scored within the bound, at least one."""
    counted = sorted(((fulltext.frequency(database, word.text), word) for word in words), key=lambda pair: pair[0])
    chosen: list[Word] = []
    matches = 0
    for count, word in counted:
        if chosen and matches + count > MATCHES_SCORED:
            break
        chosen.append(word)
        matches += count
    return chosen


def _hit(row: tuple[Any, ...], engine: str) -> Hit:
    names = ("id", "uid", "kind", "type", "title", "project", "created_ms", "read_tokens", "file", "score")
    return Hit(**dict(zip(names, row, strict=True)), engines=(engine,))
