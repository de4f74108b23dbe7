"""What happened around a moment: memories and prompts in one line of time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from claudemem_lib.errors import BadRequest, NotFound
from claudemem_lib.models import Moment
from claudemem_lib.store import fulltext, memories, sql

if TYPE_CHECKING:
    from claudemem_lib.store.database import Database

_LAST_ID = (1 << 63) - 1
_PROMPT = re.compile(r"[pP](\d{1,18})")
_ANCHOR = re.compile(r"#?(?:[sS])?(\d{1,18})")


def anchor_of(given: int | str | None) -> int | None:
    """The memory id in `12`, `"12"`, `"#12"`; the original's `"S12"` and `"#S12"` are understood too."""
    if given is None or type(given) is int:
        return given
    found = _ANCHOR.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None:
        message = f"{given!r} is no memory id; give a number such as 12 or #12"
        raise BadRequest(message)
    return int(found[1])


def place_of(given: int | str | None) -> int | None:
    """As anchor_of(), and a prompt's id negated for its name: `P10`."""
    prompt = _PROMPT.fullmatch(given.strip()) if isinstance(given, str) else None
    memory = None if prompt else anchor_of(given)
    if memory is not None and memory < 0:
        raise _missing(memory, "memory #")
    return -int(prompt[1]) if prompt else memory


def around(
    database: Database, anchor: int | None, at_ms: int | None, span: tuple[int, int], project: int | None
) -> list[Moment]:
    """*span* = (items before, items after) the anchor, which is a memory, a prompt (its id negated) or a time; oldest first.

    What happened at the very time given comes after it; a prompt in the millisecond of an anchor memory comes before it.
    """
    if anchor is not None:
        at_ms = fulltext.made_ms(database, anchor) if 0 < abs(anchor) <= _LAST_ID else None
        if at_ms is None:
            raise _missing(abs(anchor), "memory #" if anchor >= 0 else "prompt P")
    before, after = span
    memory = anchor if anchor is not None and anchor > 0 else None
    past = _merged(database, (sql.MOMENTS_BEFORE, sql.PROMPTS_BEFORE), (at_ms, memory, project, before))
    coming = _merged(database, (sql.MOMENTS_AFTER, sql.PROMPTS_AFTER), (at_ms, memory, project, after + 1))
    shown = any(_is(row, anchor) for row in coming)
    rows = (*past[max(0, len(past) - before) :], *coming[: after + shown])
    standing = memories.marks(database, [row[0] for row in rows if row[1] != "prompt"])
    return [_moment(row, anchor, {} if row[1] == "prompt" else standing.get(row[0], {})) for row in rows]


def _missing(number: int, what: str) -> NotFound:
    return NotFound(f"there is no {what}{number}")


def _merged(
    database: Database, texts: tuple[str, str], bounds: tuple[int | None, int | None, int | None, int]
) -> list[tuple[Any, ...]]:
    """Memories and prompts by time; at the same moment the prompt comes first."""
    at_ms, anchor, project, limit = bounds
    values: dict[str, Any] = {"limit": limit} | ({} if project is None else {"project": project})
    of_project = ("", "") if project is None else (sql.MOMENTS_OF, sql.PROMPTS_OF)
    memories = {**values, "at": at_ms, "id": anchor or 0}
    prompts = {**values, "at": (at_ms or 0) + (anchor is not None)}
    found = [
        row
        for text, clause, bound in zip(texts, of_project, (memories, prompts), strict=True)
        for row in database.rows(text.format(project=clause), bound)
    ]
    return sorted(found, key=lambda row: (row[6], row[1] != "prompt", row[0]))


def _is(row: tuple[Any, ...], anchor: int | None) -> bool:
    return bool((-row[0] if row[1] == "prompt" else row[0]) == anchor)


def _moment(row: tuple[Any, ...], anchor: int | None, standing: dict[str, Any]) -> Moment:
    names = ("id", "kind", "type", "title", "project", "session", "created_ms", "read_tokens", "file")
    return Moment(**dict(zip(names, row, strict=True)), **standing, anchor=_is(row, anchor))
