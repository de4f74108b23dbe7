"""From the pages of a damaged file into a new one: table by table, each row that still holds together.

The new file's own schema says what is asked for, so the full text is indexed by its triggers and every value passes its checks.
What an index still names and no row could be read for is known to be lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import apsw
from attrs import frozen

from claudemem_lib.store import sql
from claudemem_lib.store.connection import run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from claudemem_lib.store.database import Database
    from claudemem_lib.store.pages import Pages

ROWS_PER_TRANSACTION = 500
LISTED = 100
SCHEMA_ROOT = 1
LEFT_OUT = (
    "migrations",
    "transcripts",
)  # the new file has its own record; what was read has to be read again for what is lost


@frozen(kw_only=True)
class Saved:
    """What became of a table: rows saved, rows refused (repeated or not sound), ids known to be lost, pages or cells unreadable."""

    table: str
    rows: int
    refused: int
    lost: int
    lost_ids: tuple[int, ...]
    unreadable: int


@frozen(kw_only=True)
class Table:
    """A table of the new file: *stored* are its columns in the order records hold them, *rowid* the one that is the rowid."""

    name: str
    stored: tuple[str, ...]
    rowid: str
    has_rowid: bool


def into(pages: Pages, database: Database) -> tuple[Saved, ...]:
    """Fill the new, empty *database* with what *pages* hold; gives what became of each table, then mends what hangs in the air."""
    roots, indexes = _roots(pages, database)
    for root in (*roots.values(), *indexes.values()):
        pages.claim(root)
    connection = database.connection()
    run(connection, sql.FOREIGN_KEYS.format(0))
    try:
        saved = tuple(_table(pages, database, table, roots, indexes) for table in tables(database))
        _mend(database, [row[1:] for row in pages.rows(roots.get("sqlite_sequence", 0))])
    finally:
        run(connection, sql.FOREIGN_KEYS.format(1))
    return saved


def tables(database: Database) -> list[Table]:
    """The tables that hold something of their own: not those that an index keeps, and not what is LEFT_OUT."""
    found = database.rows(sql.TABLES)
    virtual = [name for name, text in found if text.startswith("CREATE VIRTUAL")]
    own = [
        name
        for name, _ in found
        if name not in (*virtual, *LEFT_OUT)
        and not name.startswith("sqlite_")
        and not any(name.startswith(f"{one}_") for one in virtual)
    ]
    return [_shape(database, name) for name in own]


def _shape(database: Database, name: str) -> Table:
    columns = database.rows(sql.COLUMNS, (name,))
    key = [column for column, _, position in columns if position]
    without = bool(database.row(sql.WITHOUT_ROWID, (name,)))
    if without:
        rest = tuple(column for column, _, position in columns if not position)
        ordered = sorted((position, column) for column, _, position in columns if position)
        return Table(name=name, stored=(*(column for _, column in ordered), *rest), rowid="", has_rowid=False)
    rowid = key[0] if len(key) == 1 and {row[0]: row[1] for row in columns}[key[0]] == "INTEGER" else ""
    return Table(name=name, stored=tuple(row[0] for row in columns), rowid=rowid, has_rowid=True)


def _roots(pages: Pages, database: Database) -> tuple[dict[str, int], dict[str, int]]:
    """Where tables and indexes begin, by name: as the damaged file says, else as a new file has them, which is the same."""
    pages.claim(SCHEMA_ROOT)
    found = [row[1:] for row in pages.rows(SCHEMA_ROOT) if len(row) >= 5]  # noqa: PLR2004  # type, name, table, root
    names, taken = {row[1] for row in found}, {row[3] for row in found}
    found += [row for row in database.rows(sql.ROOTS) if row[1] not in names and row[3] not in taken]
    roots = {row[1]: row[3] for row in found if row[0] == "table" and row[3]}
    return roots, {row[1]: row[3] for row in found if row[0] == "index" and row[3]}


def _table(pages: Pages, database: Database, table: Table, roots: dict[str, int], indexes: dict[str, int]) -> Saved:
    root = roots.get(table.name, 0)
    known: set[int] = set()
    seen = kept = 0
    for part in _parts(pages.rows(root)):
        seen += len(part)
        known.update(row[0] for row in part if table.has_rowid)
        kept += _insert(database, table, _values(table, part))
    named: set[int] = set()
    for index in (row[0] for row in database.rows(sql.INDEXES, (table.name,)) if row[0] in indexes):
        named.update(row[-1] for row in pages.rows(indexes[index]) if row and type(row[-1]) is int)
    lost = sorted(named - known) if table.has_rowid else []
    return Saved(
        table=table.name,
        rows=kept,
        refused=seen - kept,
        lost=len(lost),
        lost_ids=tuple(lost[:LISTED]),
        unreadable=pages.unreadable[root],
    )


def _values(table: Table, rows: Iterable[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """Rows as values by column; a release that knew fewer columns wrote shorter rows, and the rest is the default."""
    for row in rows:
        values = row[1:] if table.has_rowid else row
        if len(values) > len(table.stored):
            continue
        found = dict(zip(table.stored, values, strict=False))
        if table.rowid:
            found[table.rowid] = row[0]
        yield found


def _parts(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    part: list[tuple[Any, ...]] = []
    for row in rows:
        part.append(row)
        if len(part) == ROWS_PER_TRANSACTION:
            yield part
            part = []
    yield part


def _insert(database: Database, table: Table, rows: Iterable[dict[str, Any]]) -> int:
    """Put rows into the new file; one that it does not take is left out."""
    kept = 0
    with database.write() as connection:
        for row in rows:
            text = sql.SALVAGE.format(
                table=table.name, columns=", ".join(row), values=", ".join(f":{name}" for name in row)
            )
            try:
                run(connection, text, row)
            except (apsw.ConstraintError, apsw.MismatchError):
                continue
            kept += connection.changes() > 0
    return kept


def _mend(database: Database, numbers: Iterable[tuple[Any, ...]]) -> None:
    """Give rows whose project or session is lost a nameless one, let go of what points at nothing else, use no id again."""
    with database.write() as connection:
        for name, last in (row for row in numbers if len(row) == 2 and type(row[1]) is int):  # noqa: PLR2004
            run(connection, sql.LAST_ID, (last, name))
        for text in (sql.LOST_SESSIONS, sql.LOST_PROJECTS):
            run(connection, text)
        for table, rowid, _, _ in run(connection, sql.DANGLING):
            if rowid is not None:
                run(connection, sql.DROP_ROW.format(table=table), (rowid,))
        for text in (sql.LONE_FILES, sql.LONE_CONCEPTS, sql.LONE_LINKS, sql.LONE_REPEATS, sql.LONE_ALIASES):
            run(connection, text)
