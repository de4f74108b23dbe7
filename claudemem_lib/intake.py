"""From inbox to events: each file once, in batches of one transaction, and removed only after the commit.

An event's key says what it is about, not when it was written, so that a hook that fired twice, or a transcript read after the
live session, adds nothing.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claudemem_lib import lean, paths, projects
from claudemem_lib.ids import now_ms, time_of
from claudemem_lib.models import TakenIn
from claudemem_lib.store import events, sessions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import apsw

    from claudemem_lib.store.database import Database

FILES_PER_TRANSACTION = 200
LEFTOVER_AGE_MS = 3_600_000
MARK_AGE_MS = 7 * 86_400_000


class BadEvent(ValueError):
    """A file that holds no event; its text is the reason."""


def waiting(data_dir: str) -> list[str]:
    """Names of the event files in the inbox, oldest first."""
    try:
        return sorted(path.name for path in (Path(data_dir) / paths.INBOX).iterdir() if path.name.endswith(".json"))
    except (FileNotFoundError, NotADirectoryError):
        return []


def bad(data_dir: str) -> list[tuple[str, str]]:
    """The files set aside, as (name, reason)."""
    folder = Path(data_dir) / paths.BAD
    found = sorted(folder.glob("*.reason")) if folder.is_dir() else []
    return [(path.stem, path.read_text("utf-8", "replace").strip()) for path in found]


def take_in(database: Database, data_dir: str) -> TakenIn:
    """Move everything in the inbox into the events table. A file that is no event goes to `inbox/bad` with its reason."""
    total = TakenIn()
    names = waiting(data_dir)
    for start in range(0, len(names), FILES_PER_TRANSACTION):
        part = _take_files(database, data_dir, names[start : start + FILES_PER_TRANSACTION])
        total = TakenIn(
            events=total.events + part.events, repeated=total.repeated + part.repeated, bad=total.bad + part.bad
        )
    if names:
        tidy(data_dir)
    return total


def _take_files(database: Database, data_dir: str, names: Sequence[str]) -> TakenIn:
    """One transaction's worth of files."""
    inbox = Path(data_dir) / paths.INBOX
    found, rejected = [], 0
    for name in names:
        try:
            found.append(read_event((inbox / name).read_bytes()))
        except FileNotFoundError:
            continue  # another process was faster
        except (BadEvent, OSError) as error:
            _set_aside(data_dir, name, str(error))
            rejected += 1
    added = store(database, found)
    for name in names:
        (inbox / name).unlink(missing_ok=True)
    return TakenIn(events=added, repeated=len(found) - added, bad=rejected)


def store(database: Database, found: Sequence[dict[str, Any]]) -> int:
    """Store events in one transaction; gives how many were new. What one needs from the disk is looked up before."""
    if not found:
        return 0
    places = _places(found)
    with database.write() as connection:
        return sum(_stored(connection, event, places) for event in found)


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
    for name, kind in (("uid", str), ("at_ms", int), ("kind", str), ("session", str)):
        if not isinstance(event.get(name), kind) or not event[name]:
            message = f"{name!r} is missing or of the wrong type"
            raise BadEvent(message)
    if not 0 < event["at_ms"] < 1 << 53:
        message = f"{event['at_ms']} is no time in milliseconds"
        raise BadEvent(message)
    if event["kind"] not in _KINDS:
        message = f"unknown kind {event['kind']!r}"
        raise BadEvent(message)
    kept: dict[str, Any] = storable(event)
    return kept


_KINDS = events.QUEUED | {"start", "end", "prompt"}


def storable(value: Any) -> Any:
    """*value* without what SQLite cannot hold as text: lone surrogates and NUL."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\x00", "�") if not _is_plain(value) else value
    if isinstance(value, dict):
        return {str(storable(key)): storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    return value


def _is_plain(text: str) -> bool:
    return text.isascii() and "\x00" not in text


def _stored(connection: apsw.Connection, event: dict[str, Any], places: dict[str, dict[str, Any]]) -> bool:
    """Store one event with what it says of its session; False if it was known."""
    key = key_of(event)
    if events.known(connection, key, event["uid"]):
        return False
    at_ms = event["at_ms"]
    session = sessions.session_for(connection, event["session"], at_ms, places[event["session"]])
    if event["kind"] == "prompt":
        number = sessions.add_prompt(connection, session, event, at_ms)
    else:
        number = sessions.prompt_number(connection, session, event, at_ms)
    if event["kind"] == "start":
        sessions.start(connection, session, str(event.get("source", "")), at_ms)
    elif event["kind"] == "end":
        sessions.end(connection, session, at_ms)
    events.add(connection, event, key, (session, number), now_ms())
    return True


def key_of(event: dict[str, Any]) -> str:
    """What makes an event the same event, whoever tells it and how often."""
    kind, session = event["kind"], event["session"]
    if kind in ("tool", "failure") and event.get("tool_use_id"):
        parts = (session, "tool", event["tool_use_id"])
    elif event.get("prompt_id"):
        about = (event.get("agent", ""), event.get("source", ""), str(event.get("text", "")).strip())
        parts = (session, kind, event["prompt_id"], *(about if kind not in ("start", "end") else (event["uid"],)))
    else:
        parts = (session, kind, event["uid"])
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def _places(found: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Where each session takes place, from the first of its events that says so."""
    places: dict[str, dict[str, Any]] = {}
    for event in found:
        folder = str(event.get("project_dir") or event.get("cwd") or "")
        if event["session"] not in places or (folder and not places[event["session"]]["cwd"]):
            branch = str(event.get("branch") or "") or (projects.branch_of(folder) if folder else "")
            identity = projects.identify(folder)
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
    """Remove what killed hooks left half written, and the marks of private turns long past."""
    for path in _older(Path(data_dir) / paths.INBOX, ".*.tmp", LEFTOVER_AGE_MS):
        path.unlink(missing_ok=True)
    for path in _older(Path(data_dir) / paths.PRIVATE, "*", MARK_AGE_MS):
        path.unlink(missing_ok=True)


def _older(folder: Path, pattern: str, age_ms: int) -> Iterator[Path]:
    limit = now_ms() - age_ms
    for path in folder.glob(pattern) if folder.is_dir() else ():
        try:
            if path.stat().st_mtime * 1000 < limit:
                yield path
        except FileNotFoundError:
            continue


def age_ms(name: str) -> int:
    """How long ago an inbox file was written, from its name."""
    return now_ms() - time_of(name)
