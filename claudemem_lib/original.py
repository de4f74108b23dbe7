"""What rows of the original's database mean here, whatever generation its schema is of. Pure.

Names changed (`claude_session_id` became `content_session_id`, `sdk_session_id` `memory_session_id`), columns came, and before all
of that there were other tables. Times are in milliseconds, in some files in seconds, or only a text. Lists are JSON, or were meant
to be. What a row says is kept as far as it can be told; Unusable says why it cannot.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from claudemem_lib.ids import uid_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SESSIONS = ("sessions", "streaming_sessions", "sdk_sessions")
MEMORIES = ("memories", "overviews", "observations", "session_summaries")
PROMPTS = "user_prompts"
QUEUES = ("pending_messages", "observation_queue")
MANUAL = "manual-"
PROVIDER = "original"
_LATEST_MS = 1 << 43  # the year 2248
_SECONDS, _MICROSECONDS, _NANOSECONDS = 10**11, 10**14, 10**17
_TITLE = 100


class Unusable(ValueError):
    """A row nothing can be made of; its text is the reason."""


def session_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """A session: both its ids, its project's name, its first prompt and its times (0 where none is told)."""
    host = _first(row, "content_session_id", "claude_session_id", "session_id")
    if not host:
        message = "without the host's id"
        raise Unusable(message)
    if host.startswith(MANUAL):
        message = "made to hold notes that were saved by hand; they are kept without it"
        raise Unusable(message)
    started_ms = time_ms(row, "started_at", "created_at")
    return {
        "id": host,
        "inner": _first(row, "memory_session_id", "sdk_session_id", "session_id"),
        "project": _first(row, "project"),
        "title": _first(row, "custom_title", "title"),
        "prompt": _first(row, "user_prompt"),
        "started_ms": started_ms,
        "ended_ms": max(started_ms, time_ms(row, "completed_at", "updated_at")),
    }


def prompt_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """A prompt of a session."""
    session, text = _first(row, "content_session_id", "claude_session_id", "session_id"), _first(row, "prompt_text")
    if not session or not text.strip():
        message = "without a text" if session else "without a session's id"
        raise Unusable(message)
    return {
        "session": session,
        "number": max(1, _number(row.get("prompt_number"))),
        "text": text,
        "created_ms": time_ms(row, "created_at"),
    }


def memory_of(table: str, row: Mapping[str, Any], note: Callable[[str], None]) -> dict[str, Any]:
    """A memory without its uid; *note* is told of what had to be mended. `inner` is the original's id of its session."""
    inner = _first(row, "memory_session_id", "sdk_session_id", "session_id")
    made = (_SUMMARIES.get(table) or _observation)(row, note)
    if not any(made[name] for name in made if name not in ("kind", "type", "concepts")):
        message = "empty"
        raise Unusable(message)
    if not made["title"].strip():
        note("without a title: its first words are used")
        made["title"] = _headline(made)
    if inner.startswith(MANUAL):
        made["kind"], made["type"], inner = "note", "", ""
    return {
        **made,
        "inner": inner,
        "project": _first(row, "merged_into_project", "project"),
        "prompt_number": _number(row.get("prompt_number")),
        "created_ms": time_ms(row, "created_at"),
        "work_tokens": _number(row.get("discovery_tokens")),
        "model": _first(row, "generated_by_model"),
        "provider": PROVIDER,
    }


def _observation(row: Mapping[str, Any], note: Callable[[str], None]) -> dict[str, Any]:
    text = _first(row, "text")
    narrative = _first(row, "narrative") or text
    if text and text != narrative:
        narrative = f"{narrative}\n\n{text}"
    touched = _list(row, "files_touched", note)
    return {
        "kind": "observation",
        "type": _first(row, "type") or "discovery",
        "title": _first(row, "title"),
        "subtitle": _first(row, "subtitle"),
        "narrative": narrative,
        "facts": _list(row, "facts", note),
        "concepts": _list(row, "concepts", note) or _list(row, "keywords", note),
        "files_modified": _list(row, "files_modified", note) + touched,
        "files_read": _list(row, "files_read", note),
    }


def _summary(row: Mapping[str, Any], note: Callable[[str], None]) -> dict[str, Any]:
    texts = {name: _first(row, name) for name in ("investigated", "learned", "completed", "next_steps", "notes")}
    return {
        "kind": "summary",
        "type": "",
        "title": _first(row, "request"),
        **texts,
        "files_modified": _list(row, "files_edited", note),
        "files_read": _list(row, "files_read", note),
    }


def _overview(row: Mapping[str, Any], _note: Callable[[str], None]) -> dict[str, Any]:
    return {"kind": "summary", "type": "", "title": "", "completed": _first(row, "content")}


_SUMMARIES = {"session_summaries": _summary, "overviews": _overview}


def uid(made: Mapping[str, Any]) -> str:
    """The same for the same words of the same session at the same time, so that a second import finds the first."""
    said = {name: value for name, value in made.items() if name not in ("project", "model", "work_tokens", "provider")}
    text = json.dumps(said, sort_keys=True, ensure_ascii=True, default=str)
    return uid_of(made["created_ms"], hashlib.blake2b(text.encode(), digest_size=10).digest())


def time_ms(row: Mapping[str, Any], *names: str) -> int:
    """The first time told under one of *names* (as a number, or as a text), in milliseconds; 0 if there is none."""
    for name in names:
        found = _epoch_ms(row.get(f"{name}_epoch")) or _epoch_ms(row.get(name)) or _written_ms(row.get(name))
        if found:
            return found
    return 0


def _epoch_ms(value: Any) -> int:
    try:
        number = int(float(value))
    except (TypeError, ValueError, OverflowError):
        return 0
    if number >= _NANOSECONDS:
        number //= 1_000_000
    elif number >= _MICROSECONDS:
        number //= 1_000
    elif number < _SECONDS:
        number *= 1_000
    return number if 0 < number < _LATEST_MS else 0


def _written_ms(value: Any) -> int:
    try:
        moment = datetime.fromisoformat(str(value).strip())
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0, int(moment.timestamp() * 1000))
    except (ValueError, OverflowError):
        return 0


def _first(row: Mapping[str, Any], *names: str) -> str:
    """The first of the columns that says something."""
    return next((str(row[name]) for name in names if str(row.get(name) or "").strip()), "")


def _number(value: Any) -> int:
    try:
        return min(max(0, int(float(value))), 1 << 31)
    except (TypeError, ValueError, OverflowError):
        return 0


def texts(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The list a column holds."""
    return _list(row, name, lambda _: None)


def _list(row: Mapping[str, Any], name: str, note: Callable[[str], None]) -> tuple[str, ...]:
    """A column that holds a JSON list; what is none is read as the lines, or the parts between commas, it consists of."""
    text = _first(row, name).strip()
    if not text:
        return ()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        note(f"{name} is no JSON: read as text")
        inner = text.strip("[] ")
        parts = inner.split("\n") if "\n" in inner or name == "facts" else inner.split(",")
        return _texts(part.strip(" \"',") for part in parts)
    return _texts(found if isinstance(found, list) else [found])


def _texts(values: Any) -> tuple[str, ...]:
    texts = (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values if value)
    return tuple(dict.fromkeys(text.strip() for text in texts if text.strip()))


def _headline(made: Mapping[str, Any]) -> str:
    """The first line of what it says, short enough for a list."""
    said = ("subtitle", "narrative", "completed", "learned", "investigated", "next_steps", "notes")
    text = next((made[name] for name in said if made.get(name)), "") or "\n".join(
        (*made.get("facts", ()), *made.get("files_modified", ()), *made.get("files_read", ()))
    )
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= _TITLE else line[: _TITLE - 1].rstrip() + "…"
