"""Giving unused pages of the memory file back, without ever holding the write lock for long."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from claudemem_lib.errors import StoreBusy
from claudemem_lib.store import sql

if TYPE_CHECKING:
    from claudemem_lib.store.database import Database

PAGES_PER_STEP = 500


def shrink(database: Database) -> int:
    """Let go of every unused page; gives how many. The file itself shrinks at the checkpoint, if nobody reads just then."""
    freed = 0
    while (unused := int(database.row(sql.UNUSED_PAGES)[0])) > 0:
        database.rows(sql.FREE_PAGES.format(PAGES_PER_STEP))
        left = int(database.row(sql.UNUSED_PAGES)[0])
        if left >= unused:
            break  # the file was made without incremental vacuum
        freed += unused - left
    if freed:
        with suppress(StoreBusy):
            database.rows(sql.CHECKPOINT)
    return freed


def written_back(database: Database) -> bool:
    """Move the whole log into the file and empty it; False while somebody reads what only the log's past holds."""
    try:
        return not database.row(sql.CHECKPOINT)[0]
    except StoreBusy:
        return False
