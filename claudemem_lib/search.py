"""Find memories: a question, filters and an order in; hits out, best first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from claudemem_lib import questions
from claudemem_lib.errors import BadRequest
from claudemem_lib.models import Hit
from claudemem_lib.store import fulltext
from claudemem_lib.store.text import storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from claudemem_lib.questions import Word
    from claudemem_lib.store.database import Database
    from claudemem_lib.store.fulltext import Filters, Page

    Row = tuple[Any, ...]

ORDERS = ("relevance", "date_desc", "date_asc")
KINDS = ("observation", "summary", "note")
MOST_HITS = 1_000
SOME_WORDS_POOL = 200
LAST_MS = 253_402_300_799_999  # the end of the year 9999


def search(database: Database, text: str, filters: Filters, page: Page) -> list[Hit]:
    """Hits for a question; without one, whatever passes the filters, newest first.

    Memories with all the words come first, then those with some of them. Scoring costs by the number of matches, so of a long
    question only the rarest words are used once they would match more than MATCHES_SCORED memories.
    """
    _check("order", (page.order,), ORDERS)
    _check("kind", filters.kinds, KINDS)
    question = questions.read(text)
    if question.empty:
        asked = any(char.isprintable() and not char.isspace() for char in text)
        return [] if asked else [_hit(row, "recent") for row in fulltext.newest(database, filters, page)]
    if question.expression:
        rows = _matching(database, question.expression, filters, page)
    else:
        rows = _by_words(database, question.words, filters, page)
    return [_hit(row, "text") for row in rows]


def listed(value: str | Iterable[str]) -> tuple[str, ...]:
    """A list, or one text with commas, as a tuple without blanks."""
    parts = value.split(",") if isinstance(value, str) else value
    return tuple(storable(part.strip()) for part in parts if part.strip())


def bounded(name: str, value: object, least: int, most: int = 1_000_000) -> int:
    """*value* if it is a whole number within the bounds; BadRequest names it otherwise."""
    if not isinstance(value, int) or not least <= value <= most:
        message = f"{name} must be a whole number from {least} to {most}, not {value!r}"
        raise BadRequest(message)
    return value


def moment(name: str, value: object) -> int | None:
    """A time in milliseconds, or None; BadRequest for anything else."""
    return None if value is None else bounded(name, value, -LAST_MS, LAST_MS)


def ids(wanted: Iterable[object]) -> list[int]:
    """The ids as they are; BadRequest for anything that is no whole number."""
    found = []
    for one in wanted:
        if not isinstance(one, int):
            message = f"an id is a whole number, not {one!r}"
            raise BadRequest(message)
        found.append(one)
    return found


def _check(name: str, given: Sequence[str], known: Sequence[str]) -> None:
    for value in given:
        if value not in known:
            message = f"{name} must be one of {', '.join(known)}, not {value!r}"
            raise BadRequest(message)


def _matching(database: Database, match: str, filters: Filters, page: Page) -> list[Row]:
    return (fulltext.best if page.order == "relevance" else fulltext.dated)(database, match, filters, page)


def _by_words(database: Database, words: Sequence[Word], filters: Filters, page: Page) -> list[Row]:
    """Matches of all the words, then of some of them; by date only the former, if there are any."""
    wanted = page.offset + page.limit
    found = _matching(database, questions.every(words), filters, evolve(page, limit=wanted, offset=0))
    words = questions.loosened(words)
    if len(words) > 1 and (len(found) < wanted if page.order == "relevance" else not found):
        pool = wanted if page.order == "relevance" else SOME_WORDS_POOL
        likely = evolve(page, order="relevance", limit=pool, offset=0)
        more = fulltext.best(database, questions.some(_rarest(database, words)), filters, likely)
        seen = {row[0] for row in found}
        found += _ordered([row for row in more if row[0] not in seen], page.order)
    return found[page.offset : wanted]


def _ordered(rows: list[Row], order: str) -> list[Row]:
    """Rows as they are, or by date."""
    return (
        rows if order == "relevance" else sorted(rows, key=lambda row: (row[6], row[0]), reverse=order == "date_desc")
    )


def _rarest(database: Database, words: Sequence[Word]) -> list[Word]:
    """The rarest words, as many as can be scored within the bound, at least one."""
    most = fulltext.MATCHES_SCORED
    counted = sorted(((fulltext.matches(database, word.match, most), word) for word in words), key=lambda pair: pair[0])
    chosen: list[Word] = []
    total = 0
    for count, word in counted:
        if chosen and total + count > most:
            break
        chosen.append(word)
        total += count
    return chosen


def _hit(row: Row, engine: str) -> Hit:
    names = ("id", "uid", "kind", "type", "title", "project", "created_ms", "read_tokens", "file", "score")
    return Hit(**dict(zip(names, row, strict=True)), engines=(engine,))
