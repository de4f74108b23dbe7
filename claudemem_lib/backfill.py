"""Past sessions, from the transcripts Claude Code keeps: read as the hook calls they were, stored as the same events.

Idempotent by what an event is about (intake.key_of), so a session that was captured live adds nothing; resumable, because a
file that was read to its end is not read again until it changes. One line in memory at a time.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from claudemem_lib import capture, ids, intake, paths, rules, switches, transcripts
from claudemem_lib.errors import NotFound, SettingsError
from claudemem_lib.store import sql
from claudemem_lib.store.connection import run

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator

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
            message = (
                f"{folder} does not exist, so there is nothing to read: Claude Code kept no session there yet. "
                "If its transcripts are elsewhere, name their folder: claude-mem backfill FOLDER"
            )
            raise NotFound(message)
        self._database, self._dry_run, self._clock = database, dry_run, clock
        self._rules = {**rules.load(data_dir), "pauses": _pauses(data_dir)}
        self._private: dict[str, PrivateTurns] = {}
        self.files = _in_order(transcripts.find(folder))
        self.total_bytes = sum(file.stat().st_size for file in self.files)

    def __iter__(self) -> Iterator[Read]:
        for file in self.files:
            try:
                read = self._read(file)
            except OSError:
                read = Read(path=str(file), size=0, bad=1)
            yield read

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
        told = transcripts.read(file, ended_before_ms=ids.now_ms() - LIVE_MS, counts=counts)
        known_until_ms, known = self._taken_over(file), set[str]()
        for order, (payload, at_ms) in enumerate(told):
            try:
                event = capture.event_from(payload, self._rules, at_ms=at_ms)
                event = event and self._private_turns(file, event["session"]).public(event, at_ms)
                if event and known_until_ms and event["kind"] == "prompt" and at_ms <= known_until_ms:
                    known.add(event.get("prompt_id", ""))
                if event and at_ms > known_until_ms and event.get("prompt_id") not in known:
                    yield intake.kept({"uid": _uid(event, at_ms, order), "at_ms": at_ms, **event})
            except (intake.BadEvent, RecursionError):
                counts["bad"] += 1

    def _taken_over(self, file: Path) -> int:
        """Until when the original's memories cover a session, so that it is not observed a second time; 0 if they do not."""
        session = file.parents[1].name if _is_agent(file) else file.stem
        return int(self._database.row(sql.TAKEN_OVER_UNTIL, (session,))[0])

    def _private_turns(self, file: Path, session: str) -> PrivateTurns:
        """What is known of a session's private turns; for a subagent's file what the session's own file says."""
        if session not in self._private:
            self._private[session] = turns = PrivateTurns()
            for told in _session_files(file, session) if _is_agent(file) else ():
                for payload, at_ms in transcripts.read(told):
                    event = capture.event_from(payload, self._rules, at_ms=at_ms) if "prompt" in payload else None
                    if event:
                        turns.public(event, at_ms)
        return self._private[session]


def _pauses(data_dir: str) -> list[dict[str, Any]]:
    """Every time capture was paused: what happened then stays unknown."""
    try:
        return switches.load(data_dir)
    except ValueError as error:
        message = f"{error}, so nobody knows what may not be remembered; mend the file or delete it"
        raise SettingsError(message) from error


class PrivateTurns:
    """The private turns of one session, as far as it was read: their prompts' ids, and when they were."""

    def __init__(self) -> None:
        self._prompts: set[str] = set()
        self._spans: list[tuple[int, float]] = []

    def public(self, event: dict[str, Any], at_ms: int) -> dict[str, Any] | None:
        """*event*, None if it belongs to a private turn, without its text if it retells one."""
        if event["kind"] == "private" or (self._spans and _is_notification(event)):
            self._prompts.add(event.get("prompt_id", ""))
            if not self._spans or self._spans[-1][1] <= at_ms:
                self._spans.append((at_ms, float("inf")))
            return None
        if event["kind"] in ("start", "end"):
            return event
        if event["kind"] == "prompt" and self._spans:
            self._spans[-1] = (self._spans[-1][0], min(self._spans[-1][1], at_ms))
        if self._hides(event, at_ms):
            return None
        retells = self._spans and event["kind"] in ("compact", "compacted")
        return {**event, "text": ""} if retells else event

    def _hides(self, event: dict[str, Any], at_ms: int) -> bool:
        """Whether an event is of a private turn: by its prompt's id, or where it has none, by its time."""
        prompt = event.get("prompt_id")
        if prompt:
            return prompt in self._prompts
        return any(start <= at_ms < end for start, end in self._spans)


def _is_notification(event: dict[str, Any]) -> bool:
    """Whether the host wakes the model with the result of a task, which a private turn may have started."""
    return event.get("origin") == "host" and "<task-notification" in event["text"]


def _session_files(agent: Path, session: str) -> list[Path]:
    """The transcript of the session to which a subagent's belongs: beside its folder, or, from older clients, beside it."""
    return [
        file
        for file in (agent.parents[1].with_name(f"{session}.jsonl"), agent.with_name(f"{session}.jsonl"))
        if file.is_file()
    ]


def _is_agent(file: Path) -> bool:
    return file.name.startswith("agent-")


def host_folder() -> Path:
    """Where Claude Code keeps its transcripts."""
    config = paths.environment("CLAUDE_CONFIG_DIR")
    return (Path(config) if config else Path(paths.home()) / ".claude") / "projects"


def _in_order(files: Iterable[Path]) -> list[Path]:
    """The session that ended first comes first, and a subagent's file after that of its session."""
    keys: dict[Path, tuple[str, bool, str]] = {}
    ended_ns: dict[str, int] = {}
    for file in files:
        with suppress(OSError):  # the host deletes old transcripts when it likes
            session = file.parents[1].name if _is_agent(file) else file.stem
            ended_ns[session] = max(ended_ns.get(session, 0), file.stat().st_mtime_ns)
            keys[file] = (session, _is_agent(file), file.name)
    return sorted(keys, key=lambda file: (ended_ns[keys[file][0]], *keys[file]))


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
