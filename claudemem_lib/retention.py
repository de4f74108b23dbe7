"""What leaves by itself and when: raw events after their time, vectors beyond the cap. Memories and their full text stay.

expire   raw events that were observed long enough ago: what they said, not that they were there
cap      vectors of all but the newest memories; notes, what is pinned and what a person changed keep theirs
shrink   pages that nothing uses any more go back to the file system, a few at a time
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from claudemem_lib import embedding
from claudemem_lib.store import events, space, vectors

if TYPE_CHECKING:
    from claudemem_lib.settings import Settings
    from claudemem_lib.store.database import Database

DAY_MS = 86_400_000


@frozen(kw_only=True)
class Pruned:
    """What a run took away, or would take away: rows and bytes, and the file's size before and after."""

    vectors: int
    vector_bytes: int
    events: int
    event_bytes: int
    file_bytes_before: int
    file_bytes: int
    dry_run: bool = False


def survey(database: Database, settings: Settings, now_ms: int) -> Pruned:
    """What prune() would take away now. Changes nothing."""
    before_ms = now_ms - settings.event_retention_days * DAY_MS
    old, old_bytes = events.expiring(database, before_ms)
    over = vectors.count_over(database, settings.max_embeddings)
    size = _size(database)
    return Pruned(
        vectors=over,
        vector_bytes=over * vectors.bytes_each(database),
        events=old,
        event_bytes=old_bytes,
        file_bytes_before=size,
        file_bytes=size,
        dry_run=True,
    )


def prune(database: Database, settings: Settings, now_ms: int) -> Pruned:
    """Take away what is over its time or beyond the cap, and shrink the file. Every step is a short transaction."""
    planned = survey(database, settings, now_ms)
    expired = 0
    while step := events.expire(database, now_ms - settings.event_retention_days * DAY_MS):
        expired += step
    gone = embedding.prune(database, settings.max_embeddings)
    space.shrink(database)
    return Pruned(
        vectors=gone,
        vector_bytes=gone * vectors.bytes_each(database),
        events=expired,
        event_bytes=planned.event_bytes,
        file_bytes_before=planned.file_bytes_before,
        file_bytes=_size(database),
    )


def _size(database: Database) -> int:
    """Bytes of the memory file with its log."""
    path = Path(database.path)
    log = path.with_name(path.name + "-wal")
    return path.stat().st_size + (log.stat().st_size if log.exists() else 0)
