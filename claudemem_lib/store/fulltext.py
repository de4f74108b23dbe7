"""Full-text and newest-first search, filters inside the statement. Gives plain rows; search.py makes sense of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import apsw
from attrs import frozen

from claudemem_lib.ranking import Place
from claudemem_lib.store import asked, sql
from claudemem_lib.store.connection import run
from claudemem_lib.store.memories import id_list, text_list
from claudemem_lib.words import terms_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from claudemem_lib.store.database import Database

MATCHES_SCORED = 10_000
FEW = 1_000


@frozen(kw_only=True)
class Filters:
    """What a hit has to be, apart from matching: empty means any. Times are milliseconds, *until_ms* exclusive.

    *files* are parts of paths; *paths* are whole: `a/b.py` what a path ends with, `a/` what lies below a folder, `a/*` directly in
    it.
    *either*: one of the types or one of the concepts is enough.
    """

    projects: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    since_ms: int | None = None
    until_ms: int | None = None
    paths: tuple[str, ...] = ()
    either: bool = False


@frozen(kw_only=True)
class Page:
    """Which part of the result, in which order ("relevance", "date_desc", "date_asc").

    *after* is the last hit of the page before, by its id (a prompt's negated); by date also *at_ms*, when it was made.
    """

    order: str
    limit: int
    offset: int = 0
    after: int = 0
    at_ms: int = 0

    @property
    def by_date(self) -> str:
        """The order by date this is, or comes nearest to."""
        return "date_asc" if self.order == "date_asc" else "date_desc"

    def beyond(self, clause: str, values: dict[str, Any]) -> str:
        """The condition that a row comes after *after* by date, "" for the first page; *values* get what it binds."""
        if not self.after:
            return ""
        values |= {"at": self.at_ms, "rank": int(self.after > 0), "last": abs(self.after)}
        return clause.format(than=">" if self.by_date == "date_asc" else "<")


def scored(database: Database, match: str, filters: Filters, page: Page) -> list[tuple[int, float]]:
    """The matches of an FTS5 expression as (id, score), best (highest) first.

    Without filters only the MATCHES_SCORED newest matches are scored: words that more memories have tell little.
    """
    condition, values = clauses(filters)
    text = sql.SCORED_FILTERED.format(filters=condition) if condition else sql.SCORED
    values |= {} if condition else {"most": MATCHES_SCORED}
    rows = database.rows(text, {**values, "match": match, "limit": page.limit, "offset": page.offset})
    return [(memory, -score) for memory, score in rows]


def scored_among(database: Database, match: str, ids: Sequence[int]) -> dict[int, float]:
    """The scores of those of some memories that an expression finds."""
    return {row[0]: -row[1] for row in database.rows(sql.SCORED_AMONG, {"match": match, "ids": id_list(ids)})}


def among(database: Database, match: str, ids: Sequence[int]) -> set[int]:
    """Those of some memories that an expression finds."""
    return {row[0] for row in database.rows(sql.AMONG, {"match": match, "ids": id_list(ids)})}


def matching_among(database: Database, match: str, filters: Filters, ids: Sequence[int]) -> set[int]:
    """Those of some memories that an expression finds and that pass the filters."""
    condition, values = clauses(filters)
    text = sql.MATCHING_AMONG.format(filters=condition)
    return {row[0] for row in database.rows(text, {**values, "match": match, "ids": id_list(ids)})}


def matching_count(database: Database, match: str, filters: Filters, ids: Iterable[int]) -> tuple[int, int]:
    """How many memories an expression finds that pass the filters, and how many of *ids* are among them.

    Without filters counted as far as scored() goes.
    """
    condition, values = clauses(filters)
    text = sql.MATCHING_COUNT_WITH.format(filters=condition) if condition else sql.MATCHES_WITH
    values |= {} if condition else {"most": MATCHES_SCORED}
    found, also = database.rows(text, {**values, "match": match, "ids": id_list(ids)})[0]
    return int(found), int(also or 0)


def hits(database: Database, ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """What a hit shows of some memories, in their order."""
    rows = {row[0]: row for row in database.rows(sql.SEARCH_HITS, {"ids": id_list(ids)})} | asked.hits(database, ids)
    return [rows[memory] for memory in ids if memory in rows]


def standing(database: Database, ids: Iterable[int]) -> dict[int, tuple[int, bool]]:
    """When some memories were made, and whether a newer one supersedes them."""
    return {row[0]: (row[1], bool(row[2])) for row in database.rows(sql.STANDING, {"ids": id_list(ids)})}


def places(database: Database, ids: Sequence[int]) -> dict[int, Place]:
    """Where some memories stand among the others."""
    return {row[0]: Place(*row[1:]) for row in database.rows(sql.PLACES, {"ids": id_list(ids)})}


def total(database: Database) -> int:
    """How many memories there are."""
    return int(database.row(sql.TOTAL)[0])


def words_from(database: Database, beginning: str, most: int) -> list[str]:
    """Indexed words with this beginning, those of most memories first."""
    if database.read_only:  # a table of words in memory is no change of the file
        database.rows(sql.QUERY_ONLY.format(0))
    try:
        database.rows(sql.WORDS_TABLE)
    finally:
        if database.read_only:
            database.rows(sql.QUERY_ONLY.format(1))
    end = beginning[:-1] + chr(ord(beginning[-1]) + 1)
    return [row[0] for row in database.rows(sql.WORDS_LIKE, {"from": beginning, "to": end, "most": most})]


def said(database: Database, match: str) -> list[str]:
    """What a few memories say that an FTS5 expression finds."""
    return [row[0] for row in database.rows(sql.SAID, (match,))]


def dated(database: Database, match: str, filters: Filters, page: Page) -> list[tuple[Any, ...]]:
    """All matches of an FTS5 expression by date, not scored."""
    condition, values = clauses(filters)
    condition += page.beyond(sql.BEYOND_MEMORY, values)
    text = sql.SEARCH_DATED.format(filters=condition, order=sql.DATE_ORDERS[page.by_date])
    return database.rows(text, {**values, "match": match, "limit": page.limit, "offset": page.offset})


def dated_count(database: Database, match: str, filters: Filters) -> int:
    """How many memories dated() finds."""
    condition, values = clauses(filters)
    return int(database.rows(sql.MATCHING_COUNT.format(filters=condition), {**values, "match": match})[0][0])


def count(database: Database, filters: Filters) -> int:
    """How many memories pass the filters; of prompts, where they are asked for by name."""
    condition, values = clauses(filters)
    prompts = asked.count(database, filters) if asked.KIND in filters.kinds and asked.wanted(filters) else 0
    return int(database.rows(sql.SEARCH_COUNT.format(filters=condition), values)[0][0]) + prompts


def made_ms(database: Database, hit: int) -> int | None:
    """When a memory, or a prompt by its negated id, was made; None if it is gone."""
    row = database.row(sql.MEMORY_TIME if hit > 0 else sql.PROMPT_TIME, (abs(hit),))
    return int(row[0]) if row else None


def newest(database: Database, filters: Filters, page: Page) -> list[tuple[Any, ...]]:
    """Everything that passes the filters, by date."""
    condition, values = clauses(filters)
    few = _few(database, filters)
    if few is not None:
        condition += sql.FILTER_IDS
        values["ids"] = id_list(few)
    condition += page.beyond(sql.BEYOND_MEMORY, values)
    text = sql.SEARCH_NEWEST.format(filters=condition, order=sql.DATE_ORDERS[page.by_date])
    return database.rows(text, {**values, "limit": page.limit, "offset": page.offset})


def matches(database: Database, match: str, most: int) -> int:
    """How many memories an FTS5 expression finds, counted no further than *most*."""
    return int(database.rows(sql.MATCHES, (match, most))[0][0])


def _few(database: Database, filters: Filters) -> list[int] | None:
    """The memories that pass the filter by file or concept, if there are few; None if many do or nothing is filtered so."""
    likes, values = _named(filters)
    for wanted, text, bound in (
        (likes, sql.WITH_FILES.format(paths=likes), values),
        (() if filters.either else filters.concepts, sql.WITH_CONCEPTS, {"concepts": text_list(filters.concepts)}),
    ):
        found = database.rows(text, {**bound, "most": FEW}) if wanted else []
        if wanted and len(found) < FEW:
            return [row[0] for row in found]
    return None


def clauses(filters: Filters) -> tuple[str, dict[str, Any]]:
    """The filters as SQL and the values it binds."""
    values: dict[str, Any] = {}
    text = ""
    types = () if filters.either else filters.types
    for column, wanted in (("project_id", filters.projects), ("kind", filters.kinds), ("type", types)):
        if wanted:
            clause = sql.FILTER_IS if len(wanted) == 1 else sql.FILTER_ONE_OF
            text += clause.format(column=column, name=column)
            values[column] = wanted[0] if len(wanted) == 1 else _list(wanted)
    for name, value, clause in (
        ("since", filters.since_ms, sql.FILTER_SINCE),
        ("until", filters.until_ms, sql.FILTER_UNTIL),
    ):
        if value is not None:
            text += clause
            values[name] = value
    if filters.concepts:
        text += sql.FILTER_EITHER if filters.either else sql.FILTER_CONCEPTS
        values["concepts"] = text_list(filters.concepts)
        values |= {"type": text_list(filters.types)} if filters.either else {}
    if filters.files or filters.paths:
        likes, bound = _named(filters)
        text += sql.FILTER_FILES.format(paths=likes)
        values |= bound
    return text, values


def _list(wanted: Sequence[Any]) -> Any:
    return text_list(wanted) if isinstance(wanted[0], str) else id_list(wanted)


def _named(filters: Filters) -> tuple[str, dict[str, str]]:
    """A condition on `f.path` for the files and paths of filters, and the values it binds."""
    parts = [_likes(filters.files), *(_path(number, path) for number, path in enumerate(filters.paths))]
    values = {name: value for _, bound in parts for name, value in bound.items()}
    return " OR ".join(text for text, _ in parts if text), values


def _path(number: int, path: str) -> tuple[str, dict[str, str]]:
    """A condition on `f.path` for a whole path, and the values it binds. An absolute one lies below the root of its project."""
    direct, below = path.endswith("/*"), path.endswith("/")
    absolute = path.startswith("/") or path[1:3] == ":/"
    if direct and not absolute:
        return sql.PATH_DIRECTLY_IN.format(number), {f"path{number}": f"%/{literal(path[:-1])}"}
    like = f"{'' if absolute else '%/'}{literal(path.removesuffix('*'))}{'%' if direct or below else ''}"
    text = (sql.PATH_DIRECTLY_BELOW if direct else sql.PATH_FROM_ROOT if absolute else sql.PATH_LIKE).format(number)
    return text, {f"path{number}": like} | ({f"deeper{number}": f"{like}/%"} if direct else {})


def _likes(files: Sequence[str]) -> tuple[str, dict[str, str]]:
    """A condition on `f.path` for parts of paths, or (`src/*`) for what lies directly in a folder, and the values it binds."""
    conditions: list[str] = []
    values: dict[str, str] = {}
    for number, path in enumerate(files):
        folder = path[:-1].lstrip() if path.endswith("/*") else ""
        conditions.append((sql.FILE_IN if folder else sql.FILE_LIKE).format(number))
        if folder:
            values |= {f"file{number}": f"%/{literal(folder.strip('/'))}/", f"folder{number}": folder}
        else:
            values[f"file{number}"] = f"%{literal(path)}%"
    return " OR ".join(conditions), values


def matching(match: str, texts: Iterable[tuple[int, str]]) -> set[int]:
    """Those of some texts that an FTS5 expression finds, read as the memories are: in an index of their own, in memory."""
    book = apsw.Connection(":memory:")
    try:
        run(book, sql.WORDS_BOOK)
        with book:
            for number, text in texts:
                run(book, sql.ADD_TO_BOOK, (number, text, terms_of(text)))
        return {row[0] for row in run(book, sql.IN_BOOK, (match,))}
    finally:
        book.close()


def beginning(word: str) -> str:
    """What every form of a word begins with, as the index reads it; "" where that cannot be told from the letters."""
    if not word.isascii():
        return ""
    book = apsw.Connection(":memory:")
    try:
        run(book, sql.WORDS_BOOK)
        run(book, sql.ADD_TO_BOOK, (1, word, ""))
        run(book, sql.BOOK_WORDS)
        stems = [row[0] for row in run(book, sql.STEMS)]
    finally:
        book.close()
    return stems[0][:-1] if len(stems) == 1 else ""


def literal(path: str) -> str:
    """*path* with LIKE's own characters taken literally."""
    return path.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
