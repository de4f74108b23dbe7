"""Counts and lists that say what the memory holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from claudemem_lib.models import Project
from claudemem_lib.store import events, sql
from claudemem_lib.store.connection import run

if TYPE_CHECKING:
    import apsw

    from claudemem_lib.store.database import Database


@frozen(kw_only=True)
class ProjectRow:
    """A project and how much is known of it."""

    id: int
    key: str
    name: str
    root: str
    sessions: int
    memories: int
    last_ms: int


def projects(database: Database) -> list[ProjectRow]:
    """All projects, most recently active first."""
    names = ("id", "key", "name", "root", "sessions", "memories", "last_ms")
    return [ProjectRow(**dict(zip(names, row, strict=True))) for row in database.rows(sql.PROJECTS)]


def project_named(database: Database, name: str) -> Project | None:
    """The project with this name, whatever its case."""
    return _project(database, sql.PROJECT_BY_NAME, name)


def project_keyed(database: Database, key: str) -> Project | None:
    """The project with this key."""
    return _project(database, sql.PROJECT_BY_KEY, key)


def project_of_session(database: Database, session: int) -> Project | None:
    """The project of a session."""
    return _project(database, sql.PROJECT_OF_SESSION, session)


def _project(database: Database, text: str, value: str | int) -> Project | None:
    row = database.row(text, (value,))
    return Project(id=row[0], key=row[1], name=row[2], root=row[3]) if row else None


def count_masked(connection: apsw.Connection, counts: Any) -> None:
    """Add to how often which kind of secret was masked; *counts* may come from a file, so anything else is passed over."""
    for kind, number in counts.items() if isinstance(counts, dict) else ():
        if isinstance(kind, str) and type(number) is int and 0 < number < 1 << 31:
            run(connection, sql.COUNT_MASKED, (kind[:40], number))


def stats(database: Database, now_ms: int) -> dict[str, Any]:
    """Row counts, the queue by state with the age of its oldest event and its last error, what was masked, and the file's size."""
    names = ("projects", "sessions", "prompts", "observations", "summaries", "notes")
    oldest = database.row(sql.QUEUE_OLDEST)[0]
    error = database.row(sql.LAST_ERROR)
    path = Path(database.path)
    log = path.with_name(path.name + "-wal")
    return {
        "counts": dict(zip(names, database.row(sql.COUNTS), strict=True)),
        "queue": {
            **events.counts(database),
            "oldest_age_ms": None if oldest is None else max(0, now_ms - oldest),
            "last_error": error[0] if error else "",
        },
        "masked": dict(database.rows(sql.MASKED)),
        "file_bytes": path.stat().st_size + (log.stat().st_size if log.exists() else 0),
    }


def last_event_ms(database: Database) -> int:
    """When the newest event that was taken in occurred, 0 if there is none."""
    return int(database.row(sql.LAST_EVENT)[0])
