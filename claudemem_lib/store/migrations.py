"""The schema's history: each step in one transaction with its record, after a backup of a file that holds anything."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from claudemem_lib import paths
from claudemem_lib.ids import now_ms
from claudemem_lib.store import sql
from claudemem_lib.store.connection import SCHEMA_VERSION, check_version, run

if TYPE_CHECKING:
    from collections.abc import Callable

    import apsw

BACKUPS_KEPT = 3


@frozen
class Migration:
    """One step of the schema: to *version*, by SQL text or a function for what SQL cannot say."""

    version: int
    name: str
    apply: Callable[[apsw.Connection], object]


MIGRATIONS = (Migration(1, "first schema", lambda connection: run(connection, sql.SCHEMA_1)),)


def migrate(connection: apsw.Connection, path: str, steps: tuple[Migration, ...] = MIGRATIONS) -> tuple[int, ...]:
    """Bring the file to this release's schema; gives the versions applied. Safe to run from many processes at once."""
    version = check_version(connection, path)
    if version >= steps[-1].version:
        return ()
    if version:
        backup(connection, path, version)
    return tuple(step.version for step in steps if _applied(connection, step))


def _applied(connection: apsw.Connection, step: Migration) -> bool:
    """Run one step unless another process was faster."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if int(connection.execute(sql.VERSION).get) >= step.version:
            connection.execute("ROLLBACK")
            return False
        step.apply(connection)
        run(connection, sql.MIGRATED, (step.version, step.name, now_ms()))
        run(connection, sql.SET_VERSION.format(step.version))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return True


def backup(connection: apsw.Connection, path: str, version: int) -> None:
    """A whole copy of the file in `backups/`, and the oldest copies removed."""
    folder = Path(path).parent / paths.BACKUPS
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"schema-{version}-{now_ms()}.db"
    run(connection, sql.BACKUP, (str(target),))
    target.chmod(0o600)
    if int(connection.execute(sql.VERSION).get) != version:
        target.unlink()  # another process took the step meanwhile, and made a copy before it
        return
    for old in sorted(folder.glob("schema-*.db"), key=os.path.getmtime)[:-BACKUPS_KEPT]:
        old.unlink(missing_ok=True)


__all__ = ["MIGRATIONS", "SCHEMA_VERSION", "Migration", "backup", "migrate"]
