"""A bundle: a memory, or a part of one, as JSON Lines. Pure.

The first line names format and version: {"format": "claude-mem-bundle", "version": 1, ...}. Each further line is a record: what was
forgotten (tombstone), projects, sessions, prompts, memories, links, in this order and sorted by key, so that equal memories make
equal bundles but for the first line. Times are milliseconds UTC.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from claudemem_lib import redact
from claudemem_lib.errors import BadRequest
from claudemem_lib.store import memories, merging
from claudemem_lib.store.text import storable
from claudemem_lib.words import terms_of

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT, VERSION = "claude-mem-bundle", 1
LONGEST_LINE = 32_000_000
_LATEST = 1 << 53
_LISTS = {"aliases", "concepts"}
# What each kind of record holds, and what stands for a value that is not there; None for one that has to be.
FIELDS: dict[str, dict[str, Any]] = {
    "tombstone": {"kind": None, "key": None, "at_ms": None},
    "project": {"key": None, "name": None, "root": "", "created_ms": 0, "aliases": []},
    "session": {
        "id": None, "project": None, "title": "", "status": "completed", "source": "", "cwd": "", "branch": "",
        "started_ms": None, "last_ms": None, "ended_ms": 0,
    },
    "prompt": {"session": None, "number": None, "prompt_id": "", "origin": "user", "text": None, "created_ms": None},
    "memory": {
        "uid": None, "kind": None, "type": "", "project": None, "session": "", "prompt_number": 0, "title": "", "subtitle": "",
        "narrative": "", "facts": "", "investigated": "", "learned": "", "completed": "", "next_steps": "", "notes": "",
        "verbatim": "", "branch": "", "provider": "", "model": "", "work_tokens": 0, "pinned": 0, "created_ms": None,
        "changed_ms": 0, "repeats": 0, "repeated_ms": 0, "files": [], "concepts": [],
    },
    "link": {"from": None, "to": None, "kind": None, "created_ms": 0},
}  # fmt: skip
_CHOICES = {
    ("tombstone", "kind"): {"memory", "session", "prompt", "project", "span"},
    ("session", "status"): {"active", "completed"},
    ("prompt", "origin"): {"user", "host"},
    ("memory", "kind"): {"observation", "summary", "note"},
    ("link", "kind"): {"supersedes", "similar"},
}
ROLES = ("modified", "read")


class BadLine(ValueError):
    """A line that is no record; its text is the reason."""


def header(**about: Any) -> str:
    """The first line."""
    return _line({"format": FORMAT, "version": VERSION, **storable(about)})


def line(kind: str, values: tuple[Any, ...]) -> str:
    """A record with its values in the order of FIELDS; what is empty is left out."""
    named = zip(FIELDS[kind].items(), values, strict=True)
    return _line({"record": kind, **{name: value for (name, default), value in named if value != default}})


def _line(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n"


def records(lines: Iterator[bytes]) -> Iterator[tuple[int, dict[str, Any] | BadLine]]:
    """Each record with the number of its line, or why there is none. BadRequest for what is no bundle, or a newer one."""
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            found = _parsed(text)
        except BadLine as reason:
            if number == 1:
                raise _no_bundle() from reason
            yield number, reason
            continue
        if number == 1 or found.get("format") == FORMAT:
            check(found)
            continue
        try:
            yield number, record(found)
        except BadLine as reason:
            yield number, reason


def check(found: dict[str, Any]) -> None:
    """BadRequest unless *found* is the first line of a bundle this release can read."""
    if found.get("format") != FORMAT:
        raise _no_bundle()
    version = found.get("version")
    if type(version) is not int or not 0 < version <= VERSION:
        message = (
            f"this bundle has version {str(version)[:20]}, this claude-mem reads versions up to {VERSION}; nothing was taken "
            "in. Update claude-mem."
        )
        raise BadRequest(message)


def _no_bundle() -> BadRequest:
    return BadRequest("this is no bundle of `claude-mem export`: its first line does not say so. Nothing was taken in.")


def _parsed(text: bytes) -> dict[str, Any]:
    if len(text) >= LONGEST_LINE:
        message = f"longer than {LONGEST_LINE:,} bytes"
        raise BadLine(message)
    try:
        found = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        message = "not JSON, or cut off"
        raise BadLine(message) from error
    if not isinstance(found, dict):
        message = "not an object"
        raise BadLine(message)
    return found


def record(found: dict[str, Any]) -> dict[str, Any]:
    """A checked record with all its fields; BadLine if it is none."""
    kind = found.get("record")
    fields = FIELDS.get(kind) if isinstance(kind, str) else None
    if fields is None:
        message = f"no record of a known kind: {str(kind)[:40]!r}"
        raise BadLine(message)
    values = {name: _value(str(kind), name, found.get(name), default) for name, default in fields.items()}
    return {"record": kind, **values}


def _value(kind: str, name: str, value: Any, default: Any) -> Any:
    if value is None and default is not None:
        return list(default) if isinstance(default, list) else default
    if name == "files":
        good = _is_list(value) and all(
            _is_list(pair) and len(pair) == len(ROLES) and pair[0] in ROLES for pair in value
        )
        good = good and all(_is_text(path) for _, path in value)
    elif name in _LISTS:
        good = _is_list(value) and all(_is_text(part) for part in value)
    elif name.endswith(("_ms", "_tokens", "number", "repeats")) or name == "pinned":
        most = 2 if name == "pinned" else _LATEST
        needed = name in ("created_ms", "started_ms", "last_ms", "at_ms") and default is None
        good = type(value) is int and needed <= value < most
    else:
        good = isinstance(value, str) and bool(value or default is not None or name == "text")
        good = good and value in _CHOICES.get((kind, name), (value,))
    if not good:
        message = f"{name!r} of a {kind} cannot be {str(value)[:40]!r}"
        raise BadLine(message)
    return storable(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


_TEXTS = {
    "project": ("name", "root"),
    "session": ("title", "cwd", "branch"),
    "prompt": ("text",),
    "memory": (*memories.TEXTS, "branch"),
}


def cleaned(found: dict[str, Any], own: tuple[str, ...]) -> dict[str, Any]:
    """A record as it may be kept, *own* patterns masked too; `masked` counts what was. BadLine if nothing of it may be.

    What follows from its words comes with it: of a memory the `row`, of a prompt the `terms`.
    """
    kind, out = found["record"], redact.Redaction(own)
    kept = {**found, **{name: out.clean(found[name]) for name in _TEXTS.get(kind, ())}}
    if kind == "memory":
        kept["files"] = _once(
            [role, text] for role, path in _sorted(found["files"]) if (text := out.clean(path).strip())
        )
        kept["concepts"] = sorted({word for part in found["concepts"] if (word := out.clean(part).strip())})
        kept |= {name: kept[name][: memories.LONGEST_TEXT] for name in memories.TEXTS}
    if out.counts and not any(str(kept[name]).strip() for name in _SAYS.get(kind, ("record",))):
        message = "private as a whole"
        raise BadLine(message)
    if kind == "memory":
        kept["row"] = merging.worded(kept)
    elif kind == "prompt":
        kept["terms"] = terms_of(kept["text"])
    return {**kept, "masked": out.counts}


_SAYS = {"prompt": ("text",), "memory": memories.TEXTS}


def _sorted(files: list[list[str]]) -> list[list[str]]:
    return sorted(files, key=lambda pair: pair[0])


def _once(pairs: Any) -> list[list[str]]:
    return [list(pair) for pair in dict.fromkeys(tuple(pair) for pair in pairs)]


def unpacked(row: tuple[Any, ...], listed: tuple[int, ...]) -> tuple[Any, ...]:
    """A row of an export with the columns at *listed*, which hold JSON, as lists."""
    return tuple(json.loads(value) if place in listed else value for place, value in enumerate(row))
