"""What happened around a moment: memories and prompts in one line of time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from claudemem_lib.errors import BadRequest, NotFound
from claudemem_lib.models import Moment
from claudemem_lib.store import sql

if TYPE_CHECKING:
    from claudemem_lib.store.database import Database

_ANCHOR = re.compile(r"#?(?:[sS])?(\d{1,18})")


def anchor_of(given: int | str | None) -> int | None:
    """The memory id in `12`, `"12"`, `"#12"`; the original's `"S12"` and `"#S12"` are understood too."""
    if given is None or isinstance(given, int):
        return given
    found = _ANCHOR.fullmatch(given.strip())
    if found is None:
        message = f"{given!r} is no memory id; give a number such as 12 or #12"
        raise BadRequest(message)
    return int(found[1])


def around(
    database: Database, anchor: int | None, at_ms: int | None, span: tuple[int, int], project: int | None
) -> list[Moment]:
    """*span* = (items before, items after) the anchor, which is a memory or a time; oldest first."""
    if anchor is not None:
        row = database.row(sql.ANCHOR, (anchor,))
        if row is None:
            message = f"there is no memory #{anchor}"
            raise NotFound(message)
        at_ms = int(row[0])
    before, after = span
    bound = {"project": project, "at": at_ms, "id": anchor or 0}
    past = _merged(database, (sql.MOMENTS_BEFORE, sql.PROMPTS_BEFORE), {**bound, "limit": before})
    coming = _merged(database, (sql.MOMENTS_AFTER, sql.PROMPTS_AFTER), {**bound, "limit": after + 1})
    past = past[len(past) - min(before, len(past)) :]
    coming = _anchor_first(coming, anchor)[: after + (anchor is not None)]
    return [_moment(row, anchor) for row in (*past, *coming)]


def _merged(database: Database, texts: tuple[str, str], values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Memories and prompts by time; at the same moment the prompt comes first."""
    memories, prompts = (database.rows(text, values if ":id" in text else _without_id(values)) for text in texts)
    return sorted([*prompts, *memories], key=lambda row: (row[6], row[1] != "prompt", row[0]))


def _without_id(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "id"}


def _anchor_first(rows: list[tuple[Any, ...]], anchor: int | None) -> list[tuple[Any, ...]]:
    """The anchor itself opens what follows, whatever else happened in its millisecond."""
    return sorted(rows, key=lambda row: row[0] != anchor or row[1] == "prompt") if anchor is not None else rows


def _moment(row: tuple[Any, ...], anchor: int | None) -> Moment:
    names = ("id", "kind", "type", "title", "project", "session", "created_ms", "read_tokens", "file")
    is_anchor = row[0] == anchor and row[1] != "prompt"
    return Moment(**dict(zip(names, row, strict=True)), anchor=is_anchor)
