"""How providers are doing: kept in the file, so that a restart neither hurries a provider nor forgets how long it has failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from claudemem_lib.store import sql
from claudemem_lib.store.connection import run

if TYPE_CHECKING:
    from claudemem_lib.store.database import Database


@frozen(kw_only=True)
class Health:
    """*failures* in a row since *failing_since_ms*; not to be asked before *not_before_ms*; last asked at *asked_ms*."""

    name: str
    failures: int = 0
    failing_since_ms: int = 0
    not_before_ms: int = 0
    asked_ms: int = 0
    error: str = ""


def load(database: Database) -> dict[str, Health]:
    """What is known, by name."""
    names = [attribute.name for attribute in Health.__attrs_attrs__]
    return {row[0]: Health(**dict(zip(names, row, strict=True))) for row in database.rows(sql.HEALTH)}


def failed(database: Database, name: str, failures: int, error: str, span_ms: tuple[int, int]) -> None:
    """Keep a failure, the *failures*-th in a row; *span_ms* is now and when it may be asked again."""
    values = {"name": name, "failures": failures, "error": error, "now": span_ms[0], "until": span_ms[1]}
    with database.write() as connection:
        run(connection, sql.PROVIDER_FAILED, values)


def well(database: Database, name: str) -> None:
    """It answered."""
    with database.write() as connection:
        run(connection, sql.PROVIDER_WELL, (name,))


def may_ask(database: Database, name: str, gap_ms: int, now_ms: int) -> bool:
    """Take the next place in line: True if the last request of anybody is *gap_ms* ago, and then this is the last one."""
    with database.write() as connection:
        run(connection, sql.PROVIDER_ASKED, {"name": name, "now": now_ms, "gap": gap_ms})
        return connection.changes() > 0


def forget(database: Database, name: str) -> None:
    """Start over with this one."""
    with database.write() as connection:
        run(connection, sql.FORGET_HEALTH, (name,))
