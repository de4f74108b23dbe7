"""Why a session is told what it is told: the same text as `context`, and for each memory in it what brought it there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from claudemem_lib import context, projects, render, rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    import apsw

    from claudemem_lib.context import Recent, Row
    from claudemem_lib.settings import Settings

_NUMBERED = re.compile(r"^- #(\d+) (?:(\w[\w-]*): )?(.*)$", re.MULTILINE)
ENDINGS = {1: "st", 2: "nd", 3: "rd"}


@frozen(kw_only=True)
class Reason:
    """One memory that is told, and why."""

    id: int
    label: str
    title: str
    why: str


@frozen(kw_only=True)
class Told:
    """The *text*, its memories in the order they were chosen, and how many more were chosen but did not fit."""

    text: str
    reasons: tuple[Reason, ...] = ()
    left_out: int = 0


def told(connection: apsw.Connection, settings: Settings, where: tuple[str, str, str], now_ms: int) -> Told:
    """What one session start is told, and why; *where* is the folder, the start's source and the host's session."""
    folder, source, session = where
    place = context.Place(projects.identify(folder)[0], folder, projects.branch_of(folder), session, source)
    options = {name: getattr(settings, name) for name in rules.DEFAULTS}
    text, recent = context.compose(connection, options, place, now_ms)
    if not text:
        return Told(text="")
    found = tuple(_story(text) if recent is None else _recent(recent))
    chosen = 0 if recent is None else len(recent.ranked) - len(recent.parts.get("observations", ()))
    return Told(text=text, reasons=found, left_out=max(0, chosen))


def lines(found: Told) -> str:
    """For a terminal: a line for each memory."""
    rows = [
        f"#{one.id} {one.label}: {render.line(one.title, 80) or 'Untitled'}\n    {one.why}" for one in found.reasons
    ]
    rows += [f"{found.left_out} more observations passed but did not fit."] if found.left_out else []
    return "\n".join(rows)


def _recent(recent: Recent) -> Iterator[Reason]:
    """Section by section."""
    for row in recent.parts.get("last", ()):
        yield _reason(row, "how the last turn of the project ended")
    for row in recent.parts.get("notes", ()):
        yield _reason(row, "pinned: always told" if row in recent.pinned else "a note: always told")
    ranked = {candidate[0]: (age, candidate) for age, candidate in recent.ranked}
    for row in recent.parts.get("observations", ()):
        age, candidate = ranked[row.id]
        why = ["the newest observation" if age == 0 else f"the {_nth(age + 1)} newest observation"]
        why += [f"about a file in {recent.below}/"] if recent.near(candidate) else []
        why += [f"made on the branch {recent.place.branch}"] if recent.same_branch(candidate) else []
        yield _reason(row, ", ".join(why))
    for row in recent.parts.get("earlier", ()):
        yield _reason(row, "an earlier request of the project")


def _reason(row: Row, why: str) -> Reason:
    return Reason(id=row.id, label=render.label(row.kind, row.type), title=row.title, why=why)


def _story(text: str) -> Iterator[Reason]:
    """The numbered lines of a session's own story."""
    for number, kind, title in _NUMBERED.findall(text):
        yield Reason(
            id=int(number), label=kind or "decision", title=title, why="made in this session, before compaction"
        )


def _nth(number: int) -> str:
    ending = "th" if 10 < number % 100 < 14 else ENDINGS.get(number % 10, "th")  # noqa: PLR2004  # eleventh to thirteenth
    return f"{number}{ending}"
