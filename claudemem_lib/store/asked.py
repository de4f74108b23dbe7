"""What the user asked, as hits beside the memories: prompts by their words, or by date.

In a list of hits a prompt's id is its own, negated: memories and prompts are numbered apart. A prompt has no type, concept or
file, so a filter by one of them leaves none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claudemem_lib.store import sql
from claudemem_lib.store.memories import id_list

if TYPE_CHECKING:
    from collections.abc import Iterable

    from claudemem_lib.store.database import Database
    from claudemem_lib.store.fulltext import Filters, Page

KIND = "prompt"


def wanted(filters: Filters) -> bool:
    """Whether a prompt can pass the filters."""
    return (not filters.kinds or KIND in filters.kinds) and not (
        filters.types or filters.concepts or filters.files or filters.paths
    )


def scored(
    database: Database, match: str, filters: Filters, most: int, told: Iterable[int] = ()
) -> list[tuple[int, float]]:
    """Prompts by an FTS5 expression as (id, score), best first; without those of turns that one of the memories *told* tells."""
    told = list(told)
    clauses, values = _clauses(filters)
    if told:
        clauses += sql.PROMPTS_UNTOLD
        values["told"] = id_list(told)
    text = sql.PROMPTS_SCORED.format(filters=clauses)
    return [(row[0], row[1]) for row in database.rows(text, {**values, "match": match, "limit": most})]


def by_date(database: Database, match: str, filters: Filters, page: Page) -> list[tuple[Any, ...]]:
    """Prompts that pass the filters (and match, where an expression is given) by date, as rows of hits."""
    clauses, values = _clauses(filters)
    clauses += sql.PROMPTS_MATCHING if match else ""
    values |= {"match": match} if match else {}
    clauses += page.beyond(sql.BEYOND_PROMPT, values)
    text = sql.PROMPTS_NEWEST.format(filters=clauses, order=sql.PROMPT_ORDERS[page.by_date])
    return database.rows(text, {**values, "limit": page.limit, "offset": page.offset})


def hits(database: Database, ids: Iterable[int]) -> dict[int, tuple[Any, ...]]:
    """What a hit shows of prompts, by their negated ids."""
    asked = [-one for one in ids if one < 0]
    return {row[0]: row for row in database.rows(sql.PROMPT_HITS, {"ids": id_list(asked)})} if asked else {}


def count(database: Database, filters: Filters, match: str = "") -> int:
    """How many prompts pass the filters, and match where an expression is given."""
    clauses, values = _clauses(filters)
    clauses += sql.PROMPTS_MATCHING if match else ""
    values |= {"match": match} if match else {}
    return int(database.row(sql.PROMPT_COUNT.format(filters=clauses), values)[0])


def _clauses(filters: Filters) -> tuple[str, dict[str, Any]]:
    text, values = "", dict[str, Any]()
    if filters.projects:
        text += sql.PROMPTS_OF_PROJECTS
        values["projects"] = id_list(filters.projects)
    if filters.since_ms is not None:
        text += sql.FEED_PROMPTS_SINCE
        values["since"] = filters.since_ms
    if filters.until_ms is not None:
        text += sql.FEED_PROMPTS_UNTIL
        values["until"] = filters.until_ms
    return text, values
