"""Full-text and newest-first search, filters inside the statement. Gives plain rows; search.py makes sense of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import apsw
from attrs import frozen

from claudemem_lib.store import sql
from claudemem_lib.store.memories import id_list, text_list

if TYPE_CHECKING:
    from claudemem_lib.store.database import Database

_TOKENIZER = ["unicode61", "remove_diacritics", "2"]


@frozen(kw_only=True)
class Filters:
    """What a hit has to be, apart from matching: empty means any. Times are milliseconds, *until_ms* exclusive."""

    projects: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    since_ms: int | None = None
    until_ms: int | None = None


@frozen(kw_only=True)
class Page:
    """Which part of the result, in which order ("relevance", "date_desc", "date_asc")."""

    order: str
    limit: int
    offset: int = 0


def matching(database: Database, match: str, filters: Filters, page: Page, pool: int) -> list[tuple[Any, ...]]:
    """The *pool* best matches of an FTS5 expression, ordered and cut to the page."""
    clauses, values = _clauses(filters)
    text = sql.SEARCH_MATCH.format(filters=clauses, order=sql.ORDERS[page.order])
    return database.rows(text, {**values, "match": match, "pool": pool, "limit": page.limit, "offset": page.offset})


def newest(database: Database, filters: Filters, page: Page) -> list[tuple[Any, ...]]:
    """Everything that passes the filters, by date."""
    clauses, values = _clauses(filters)
    order = sql.ORDERS["date_asc" if page.order == "date_asc" else "date_desc"]
    text = sql.SEARCH_NEWEST.format(filters=clauses, order=order)
    return database.rows(text, {**values, "limit": page.limit, "offset": page.offset})


def stems(database: Database, text: str) -> list[str]:
    """*text* as the index sees it."""
    tokenizer = database.connection().fts5_tokenizer("porter", _TOKENIZER)
    found = tokenizer(text.encode(), apsw.FTS5_TOKENIZE_QUERY, None, include_offsets=False)
    return [str(token) for tokens in found for token in tokens]


def frequency(database: Database, text: str) -> int:
    """In how many memories the rarest token of *text* stands."""
    counts = [database.rows(sql.WORD_COUNT, (stem,)) for stem in stems(database, text)]
    return min((int(rows[0][0]) if rows else 0 for rows in counts), default=0)


def _clauses(filters: Filters) -> tuple[str, dict[str, Any]]:
    """The filters as SQL and the values it binds."""
    values: dict[str, Any] = {}
    text = ""
    if filters.projects:
        text += sql.FILTER_PROJECTS
        values["projects"] = id_list(filters.projects)
    for name, clause in (("kinds", sql.FILTER_KINDS), ("types", sql.FILTER_TYPES), ("concepts", sql.FILTER_CONCEPTS)):
        if getattr(filters, name):
            text += clause
            values[name] = text_list(getattr(filters, name))
    for name, value, clause in (
        ("since", filters.since_ms, sql.FILTER_SINCE),
        ("until", filters.until_ms, sql.FILTER_UNTIL),
    ):
        if value is not None:
            text += clause
            values[name] = value
    if filters.files:
        likes = [sql.FILE_LIKE.format(n) for n in range(len(filters.files))]
        text += sql.FILTER_FILES.format(paths=" OR ".join(likes))
        values.update({f"file{n}": f"%{_literal(path)}%" for n, path in enumerate(filters.files)})
    return text, values


def _literal(path: str) -> str:
    """*path* with LIKE's own characters taken literally."""
    return path.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
