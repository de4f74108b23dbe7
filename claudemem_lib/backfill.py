"""Past sessions, from the transcripts Claude Code keeps: read as the hook calls they were, stored as the same events.

Idempotent by what an event is about (intake.key_of), so a session that was captured live adds nothing; resumable, because a
file that was read to its end is not read again until it changes. One line in memory at a time.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from claudemem_lib import capture, ids, intake, paths, rules, transcripts
from claudemem_lib.errors import NotFound
from claudemem_lib.store import sql
from claudemem_lib.store.connection import run

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

    from claudemem_lib.store.database import Database

EVENTS_PER_TRANSACTION = 200
LIVE_MS = 600_000  # a transcript written to within the last ten minutes may belong to a running session


@frozen(kw_only=True)
class Read:
    """One transcript was read: how many events it holds, how many were new, and how many of its lines were bad."""

    path: str
    size: int
    events: int = 0
    new: int = 0
    bad: int = 0
    unchanged: bool = False


class Backfill:
    """A run over transcripts. Iterate over it: each step reads one file, oldest first, and says what came of it."""

    def __init__(
        self,
        database: Database,
        data_dir: str,
        path: str | os.PathLike[str] | None,
        *,
        dry_run: bool = False,
        clock: Callable[[], int] = ids.now_ms,
    ) -> None:
        """Find the transcripts at *path*: a file, a folder, or (None) the host's own. NotFound if there is nothing there."""
        folder = Path(path) if path is not None else host_folder()
        if not folder.exists():
            message = f"{folder} does not exist; give the folder or file of Claude Code's transcripts"
            raise NotFound(message)
        self._database, self._rules, self._dry_run, self._clock = database, rules.load(data_dir), dry_run, clock
        self.files = sorted(transcripts.find(folder), key=_in_order)
        self.total_bytes = sum(file.stat().st_size for file in self.files)

    def __iter__(self) -> Iterator[Read]:
        return (self._read(file) for file in self.files)

    def _read(self, file: Path) -> Read:
        about = file.stat()
        mark = (str(file.absolute()), about.st_size, about.st_mtime_ns // 1_000_000)
        if self._database.row(sql.TRANSCRIPT_READ, mark):
            return Read(path=str(file), size=about.st_size, unchanged=True)
        counts: Counter[str] = Counter()
        found = new = 0
        for part in _parts(self._events(file, counts)):
            found += len(part)
            new += 0 if self._dry_run else intake.store(self._database, part, self._clock())
        if not self._dry_run and mark[2] < ids.now_ms() - LIVE_MS:
            with self._database.write() as connection:
                run(connection, sql.ADD_TRANSCRIPT, (*mark, ids.now_ms()))
        return Read(path=str(file), size=about.st_size, events=found, new=new, bad=counts["bad"] + counts["long"])

    def _events(self, file: Path, counts: Counter[str]) -> Iterator[dict[str, Any]]:
        """The events of one file, without those of private turns."""
        private: set[str] = set()
        told = transcripts.read(file, ended_before_ms=ids.now_ms() - LIVE_MS, counts=counts)
        for order, (payload, at_ms) in enumerate(told):
            event = capture.event_from(payload, self._rules)
            if event is None:
                continue
            if event["kind"] == "private":
                private.add(event.get("prompt_id", ""))
            elif event["kind"] in ("start", "end") or event.get("prompt_id", "") not in private:
                yield intake.kept({"uid": _uid(event, at_ms, order), "at_ms": at_ms, **event})


def host_folder() -> Path:
    """Where Claude Code keeps its transcripts."""
    config = paths.environment("CLAUDE_CONFIG_DIR")
    return (Path(config) if config else Path(paths.home()) / ".claude") / "projects"


def _in_order(file: Path) -> tuple[str, bool, str]:
    """Sessions by time of their last change is not enough: a subagent's file comes after that of its session."""
    is_agent = file.name.startswith("agent-")
    session = file.parents[1].name if is_agent else file.stem
    return (session, is_agent, file.name)


def _parts(found: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    part: list[dict[str, Any]] = []
    for event in found:
        part.append(event)
        if len(part) == EVENTS_PER_TRANSACTION:
            yield part
            part = []
    if part:
        yield part


def _uid(event: dict[str, Any], at_ms: int, order: int) -> str:
    """The same id for the same line of the same session, however often it is read."""
    about = "\x1f".join((event["session"], event["kind"], str(order), str(event.get("agent", ""))))
    return ids.uid_of(at_ms, hashlib.blake2b(about.encode(), digest_size=10).digest())
