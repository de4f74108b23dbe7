"""Is the file sound? SQLite's own check of pages and rows, the full text against its rows, vectors against theirs."""

from __future__ import annotations

import re

import apsw

from claudemem_lib.errors import StoreCorrupt, StoreError
from claudemem_lib.store import sql
from claudemem_lib.store.connection import corrupt, kind_of, run
from claudemem_lib.store.database import Database
from claudemem_lib.store.migrations import MIGRATIONS

LONGEST = 500
_OF_FULLTEXT = re.compile(r"fts5|inverted index", re.IGNORECASE)  # fulltext() tells of that; its rows are whole
FULLTEXTS = ("memories_fts", "prompts_fts")


def damage(database: Database, *, full: bool = False) -> str:
    """What is wrong with the file's pages and rows, "" if nothing is; with *full* indexes are compared with their rows too.

    Read without mapping the file, or a server would hold all of it in memory afterwards.
    """
    database.connection().execute(sql.MAP.format(0)).fetchall()
    try:
        found = [str(row[0]) for row in database.rows(sql.FULL_CHECK if full else sql.QUICK_CHECK)]
        found += [f"there is no {what} {name}" for what, name in missing(database) if name not in FULLTEXTS]
        for (name,) in database.rows(sql.ROW_TABLES) if full else ():
            for _ in database.connection().execute(sql.EVERY_ROW.format(name)):
                pass  # SQLite does not look into texts; reading them does
    except StoreCorrupt as error:
        found = [str(error.__cause__)]
    except UnicodeDecodeError as error:
        found = [f"a text is no UTF-8: {error}"]
    except apsw.Error as error:
        found = [str(error)]
    finally:
        database.connection().execute(sql.MAP.format(sql.MAPPED_BYTES)).fetchall()
    lines = [line.strip() for text in found for line in text.splitlines()]
    return "; ".join(line for line in lines if line not in ("", "ok") and not _OF_FULLTEXT.search(line))[:LONGEST]


def missing(database: Database) -> list[tuple[str, str]]:
    """What the schema of the file's version has and the file does not: tables and triggers, as (what, name)."""
    return [(what, name) for what, name, _ in _missing(database) if what != "index"]


def missing_indexes(database: Database) -> list[str]:
    """The names of the indexes that the file lacks: without them nothing is lost, but all is slow."""
    return [name for what, name, _ in _missing(database) if what == "index"]


def add_indexes(database: Database) -> None:
    """Make the indexes that are missing, in a transaction each."""
    for what, _, text in _missing(database):
        if what == "index":
            with database.write() as connection:
                run(connection, text)


def _missing(database: Database) -> list[tuple[str, str, str]]:
    version = int(database.row(sql.VERSION)[0])
    if not 0 < version <= len(MIGRATIONS):
        return []  # a newer release knows
    there = {row[1] for row in database.rows(sql.OBJECTS)}
    return [row for row in _schema(version) if row[1] not in there]


def _schema(version: int) -> list[tuple[str, str, str]]:
    """What a new file of that version holds, as (what, name, SQL text); not what an index keeps for itself."""
    model = apsw.Connection(":memory:")
    try:
        for step in MIGRATIONS[:version]:
            step.apply(model)
        found = run(model, sql.OBJECTS)
    finally:
        model.close()
    own = tuple(f"{table}_" for table in FULLTEXTS)
    return [row for row in found if not row[1].startswith(("sqlite_", *own))]


def check(database: Database) -> None:
    """Read every page; StoreCorrupt if the file is damaged, and then nothing is written into it any more."""
    wrong = damage(database)
    if wrong:
        database.damage = wrong
        raise corrupt(database.path, wrong)


def damage_of(path: str) -> str:
    """What is wrong with the file at *path*, looked at without changing it, not even by moving its log into it."""
    try:
        if kind_of(path) != "ours":
            return "its first bytes are not those of a database of ours"
        database = Database(path, read_only=True)
    except StoreError as error:
        return str(error.__cause__ or error)
    try:
        database.connection().config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        return damage(database, full=True)
    except apsw.Error as error:
        return str(error)
    finally:
        database.close()


def fulltext(database: Database, *, full: bool = False) -> str:
    """What is wrong with the full text, "" if it knows the rows there are; with *full* word by word."""
    try:
        memories, indexed, prompts, prompts_indexed = database.row(sql.FULLTEXT_COUNTS)
        if (memories, prompts) != (indexed, prompts_indexed):
            return f"{indexed} of {memories} memories and {prompts_indexed} of {prompts} prompts are in the full text"
        for table in FULLTEXTS:
            wrong = [row[0] for row in database.rows(sql.FULLTEXT_QUICK_CHECK.format(table=table)) if row[0] != "ok"]
            if wrong:
                return f"the full text is damaged: {wrong[0]}"
        for table in FULLTEXTS if full and not database.read_only else ():
            with database.write() as connection:
                run(connection, sql.FULLTEXT_CHECK.format(table=table))
    except (StoreError, apsw.Error) as error:
        database.damage = ""  # only an index; its table can be read
        return f"the full text is damaged: {error.__cause__ or error}"
    return ""


def rebuild_fulltext(database: Database) -> None:
    """Make the full text anew from the rows, in one transaction each; a table that is gone too."""
    gone = {name for _, name in missing(database)}
    texts = {name: text for _, name, text in _schema(len(MIGRATIONS)) if name in FULLTEXTS and name in gone}
    for table in FULLTEXTS:
        with database.write() as connection:
            if table in texts:
                run(connection, texts[table])
                run(connection, sql.FULLTEXT_SECURE.format(table=table))
            run(connection, sql.FULLTEXT_REBUILD.format(table=table))


def stray_vectors(database: Database) -> int:
    """How many vectors have lost their memory or their other half."""
    return int(database.row(sql.STRAY_VECTORS)[0])
