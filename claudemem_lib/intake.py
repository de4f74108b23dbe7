"""From inbox to events: each file once, in batches of one transaction, and removed only after the commit.

An event's key says what it is about, not when it was written, so that a hook that fired twice, or a transcript read after the
live session, adds nothing.
"""

from __future__ import annotations

import errno
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claudemem_lib import lean, paths, projects
from claudemem_lib.ids import digest_of, now_ms
from claudemem_lib.models import TakenIn
from claudemem_lib.store import events, sessions, status
from claudemem_lib.store.text import storable
from claudemem_lib.store.tombstones import Tombstones

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import apsw

    from claudemem_lib.store.database import Database

FILES_PER_TRANSACTION = 200
LEFTOVER_AGE_MS = 3_600_000
MARK_AGE_MS = 7 * 86_400_000
BAD_KEPT = 1_000
# What says nothing about a file itself: a disk that fails, too many open files, rights that may come back.
_MAY_PASS = frozenset({
    errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EACCES, errno.EPERM, errno.ESTALE, errno.EAGAIN, errno.ETIMEDOUT,
})  # fmt: skip


class BadEvent(ValueError):
    """A file that holds no event; its text is the reason."""


def waiting(data_dir: str) -> list[str]:
    """Names of the event files in the inbox, oldest first."""
    try:
        return sorted(path.name for path in (Path(data_dir) / paths.INBOX).iterdir() if path.name.endswith(".json"))
    except OSError:  # missing, a file, or not ours to read: nothing can be taken in, everything else still works
        return []


def bad(data_dir: str) -> list[tuple[str, str]]:
    """The files set aside, as (name, reason)."""
    folder = Path(data_dir) / paths.BAD
    found = sorted(folder.glob("*.reason")) if folder.is_dir() else []
    return [(path.stem, path.read_text("utf-8", "replace").strip()) for path in found]


def try_bad(data_dir: str) -> int:
    """Put the files set aside back into the inbox, for a release that may understand them; gives how many."""
    top = Path(data_dir)
    found = _bad_files(data_dir)
    for file in found:
        file.replace(top / paths.INBOX / file.name)
        file.with_name(f"{file.name}.reason").unlink(missing_ok=True)
    return len(found)


def clear_bad(data_dir: str) -> int:
    """Delete the files set aside and the notes of what was no event, for good; gives how many."""
    found = [name for name, _ in bad(data_dir)]
    folder = Path(data_dir) / paths.BAD
    for path in folder.iterdir() if folder.is_dir() else ():
        _remove(path)
    return len(found)


def _bad_files(data_dir: str) -> list[Path]:
    folder = Path(data_dir) / paths.BAD
    return sorted(folder.glob("*.json")) if folder.is_dir() else []


def take_in(
    database: Database, data_dir: str, clock: Callable[[], int] = now_ms, until: Callable[[], bool] = lambda: False
) -> TakenIn:
    """Move everything in the inbox into the events table. A file that is no event goes to `inbox/bad` with its reason.

    *clock* says when an event was taken in, which is what the queue's waiting times count from.
    """
    total = TakenIn()
    names = waiting(data_dir)
    for start in range(0, len(names), FILES_PER_TRANSACTION):
        if until():
            break
        part = _take_files(database, data_dir, names[start : start + FILES_PER_TRANSACTION], clock())
        total = TakenIn(
            events=total.events + part.events, repeated=total.repeated + part.repeated, bad=total.bad + part.bad
        )
    if names:
        tidy(data_dir)
    return total


def _take_files(database: Database, data_dir: str, names: Sequence[str], at_ms: int) -> TakenIn:
    """One transaction's worth of files."""
    inbox = Path(data_dir) / paths.INBOX
    found: dict[Path, dict[str, Any]] = {}
    rejected = 0
    for file in (inbox / name for name in names):
        try:
            found[file] = read_event(file.read_bytes())
        except FileNotFoundError:
            continue  # another process was faster
        except (BadEvent, OSError) as error:
            if isinstance(error, OSError) and error.errno in _MAY_PASS:
                continue  # it stays in the inbox and is tried again
            _set_aside(data_dir, file.name, str(error))
            rejected += 1
    added = store(database, list(found.values()), at_ms)
    for file in found:
        with suppress(OSError):  # one that cannot be removed adds nothing the next time: its event is known
            file.unlink(missing_ok=True)
    return TakenIn(events=added, repeated=len(found) - added, bad=rejected)


def store(database: Database, found: Sequence[dict[str, Any]], taken_ms: int) -> int:
    """Store events in one transaction; gives how many were new. What one needs from the disk is looked up before."""
    if not found:
        return 0
    places = _places(found)
    with database.write() as connection:
        forgotten = Tombstones(connection)
        wanted = (event for event in found if not _forgotten(forgotten, event, places))
        told = (_without_forgotten(forgotten, event) for event in wanted)
        return sum(_stored(connection, event, places, taken_ms) for event in told if event)


def _forgotten(tombstones: Tombstones, event: dict[str, Any], places: dict[str, dict[str, Any]]) -> bool:
    """Whether what an event tells of was forgotten."""
    session = event["session"]
    return tombstones.moment(places[session]["identity"][0], session, event["at_ms"])


def _without_forgotten(tombstones: Tombstones, event: dict[str, Any]) -> dict[str, Any] | None:
    """*event*, None if it was forgotten by itself; of a prompt its number is left, so that turns are counted as elsewhere."""
    if not tombstones.event(key_of(event)):
        return event
    return {**event, "text": ""} if event["kind"] == "prompt" else None


def read_event(data: bytes) -> dict[str, Any]:
    """The event a file holds; BadEvent says why it holds none."""
    try:
        event = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        message = f"not JSON: {error}"
        raise BadEvent(message) from error
    if not isinstance(event, dict):
        message = f"a JSON {type(event).__name__}, not an object"
        raise BadEvent(message)
    problem = _problem(event)
    if problem:
        raise BadEvent(problem)
    return kept(event)


def kept(event: dict[str, Any]) -> dict[str, Any]:
    """*event* as the database can hold it; BadEvent if it cannot at all."""
    try:
        held: dict[str, Any] = storable(event)
    except ValueError as error:
        raise BadEvent(str(error)) from error
    return held


def _problem(event: dict[str, Any]) -> str:
    """What makes this no event, or nothing."""
    for name in _NEEDED:
        if not event.get(name):
            return f"{name!r} is missing"
    for name in _TEXTS:
        if not isinstance(event.get(name, ""), str):
            return f"{name!r} is not a text"
    place = event.get("place", ["-", "", ""])
    if not isinstance(place, list) or [type(part) for part in place] != [str] * 3 or not place[0]:
        return "'place' is not key, name and root of a project"
    at_ms = event["at_ms"]
    if type(at_ms) is not int or not 0 < at_ms < 1 << 53:
        return f"{str(at_ms)[:40]} is no time in milliseconds"
    if event["kind"] not in _KINDS:
        return f"unknown kind {event['kind'][:40]!r}"
    return "" if event.get("origin", "user") in _ORIGINS else f"unknown origin {event['origin'][:40]!r}"


_NEEDED = ("uid", "at_ms", "kind", "session")
_PLACE = ("cwd", "project_dir", "branch")
_TEXTS = (
    "uid",
    "kind",
    "session",
    "prompt_id",
    *_PLACE,
    "agent",
    "tool",
    "tool_use_id",
    "text",
    "origin",
    "source",
    "error",
)
_KINDS = events.QUEUED | {"start", "end", "prompt"}
_ORIGINS = {"user", "host"}


def _stored(
    connection: apsw.Connection, event: dict[str, Any], places: dict[str, dict[str, Any]], taken_ms: int
) -> bool:
    """Store one event with what it says of its session; False if it was known, or an end that is no news."""
    key, at_ms = key_of(event), event["at_ms"]
    if events.known(connection, key, event["uid"]):
        return False
    if event["kind"] == "end" and sessions.ended_by(connection, event["session"], at_ms):
        return False
    session = sessions.session_for(connection, event["session"], at_ms, places[event["session"]])
    if event["kind"] == "prompt":
        number = sessions.add_prompt(connection, session, event, at_ms)
    else:
        number = sessions.prompt_number(connection, session, event, at_ms)
    if event["kind"] == "start":
        sessions.start(connection, session, event.get("source", ""), at_ms)
    elif event["kind"] == "end":
        sessions.end(connection, session, at_ms)
    events.add(connection, event, key, (session, number), taken_ms)
    status.count_masked(connection, event.get("masked"))
    return True


def key_of(event: dict[str, Any]) -> str:
    """What makes an event the same event, whoever tells it and how often."""
    kind, session = event["kind"], event["session"]
    parts: tuple[str, ...]
    if kind in ("tool", "failure") and event.get("tool_use_id"):
        parts = (session, "tool", event["tool_use_id"])
    elif kind == "start" and event.get("source") == "startup":
        parts = (session, kind, "startup")  # once in a session's life; it is resumed and ended often
    elif event.get("prompt_id") and kind not in ("start", "end"):
        about = (event.get("agent", ""), event.get("source", ""), event.get("text", "").strip())
        parts = (session, kind, event["prompt_id"], *about)
    else:
        parts = (session, kind, event["uid"])
    return digest_of(parts, 16).hex()


def _places(found: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Where each session takes place, from the first of its events that says so."""
    places: dict[str, dict[str, Any]] = {}
    for event in found:
        folder = event.get("project_dir") or event.get("cwd") or ""
        if event["session"] not in places or (folder and not places[event["session"]]["cwd"]):
            branch = event.get("branch") or (projects.branch_of(folder) if folder else "")
            identity = tuple(event["place"]) if "place" in event else projects.identify(folder)
            places[event["session"]] = {"identity": identity, "cwd": folder, "branch": branch}
    return places


def _set_aside(data_dir: str, name: str, reason: str) -> None:
    """Keep a bad file out of the way, with its reason beside it; the others go on."""
    folder = Path(data_dir) / paths.BAD
    try:
        lean.make_folder(str(folder))
        lean.write_whole(str(folder), f"{name}.reason", f"{reason}\n")
        (Path(data_dir) / paths.INBOX / name).replace(folder / name)
    except OSError:
        return  # it stays in the inbox and is tried again


def tidy(data_dir: str) -> None:
    """Remove what killed hooks left half written, the marks of private turns long past, and all but the newest bad files."""
    top = Path(data_dir)
    with suppress(OSError):
        for path in sorted((top / paths.BAD).glob("*.reason"), key=lambda path: path.stat().st_mtime)[:-BAD_KEPT]:
            _remove(path.with_suffix(""))
            path.unlink()
    with suppress(OSError):  # another process tidies too
        for path in (
            *_older(top / paths.INBOX, ".*.tmp", LEFTOVER_AGE_MS),
            *_older(top / paths.PRIVATE, "*", MARK_AGE_MS),
        ):
            path.unlink()


def _remove(path: Path) -> None:
    """A file, or a folder that stood in the place of one."""
    if path.is_dir():
        import shutil  # noqa: PLC0415  # brings every compression with it, for what hardly ever happens

        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _older(folder: Path, pattern: str, age_ms: int) -> Iterator[Path]:
    limit = now_ms() - age_ms
    for path in folder.glob(pattern) if folder.is_dir() else ():
        if path.is_file() and path.stat().st_mtime * 1000 < limit:
            yield path
