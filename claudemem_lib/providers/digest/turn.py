"""A batch as evidence: what was changed, run, read and said, and the stretches of work a turn consists of."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from claudemem_lib import evidence
from claudemem_lib.providers.digest.changes import change_of, merged
from claudemem_lib.providers.digest.commands import CHECKS, MATTERS
from claudemem_lib.providers.digest.message import said_in
from claudemem_lib.providers.digest.request import request_of, rules_in
from claudemem_lib.providers.digest.steps import repairs_of, steps_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from claudemem_lib.models import Batch, Event
    from claudemem_lib.providers.digest.changes import Change
    from claudemem_lib.providers.digest.commands import Kind
    from claudemem_lib.providers.digest.message import Said
    from claudemem_lib.providers.digest.records import Commit
    from claudemem_lib.providers.digest.steps import Repair, Step

_MOST_STRETCHES = 5
_RESEARCH = ("WebSearch", "WebFetch")
_SEARCH = "Grep"
AGENTS = ("Task", "Agent")


@frozen(kw_only=True)
class Report:
    """What came back from a subagent or from the web: *about* is what was asked."""

    about: str
    text: str
    at: int
    web: bool = False


@frozen(kw_only=True)
class Stretch:
    """A run of events that belong together: at most one commit ends it. Indices count the whole turn's events."""

    start: int
    end: int
    changes: tuple[Change, ...] = ()
    steps: tuple[Step, ...] = ()
    repairs: tuple[Repair, ...] = ()
    reads: tuple[str, ...] = ()
    reports: tuple[Report, ...] = ()
    todos: tuple[str, ...] = ()
    first_change: int = 0

    @property
    def closings(self) -> tuple[str, ...]:
        """The reasons given for closing issues."""
        reasons = (step.closed.partition(": ")[2] for step in self.steps if step.closed.startswith("Closed"))
        return tuple(filter(None, reasons))

    @property
    def commits(self) -> tuple[Commit, ...]:
        """The commits made in it."""
        return tuple(step.commit for step in self.steps if step.commit)


@frozen(kw_only=True)
class Turn:
    """Everything that is known of a turn; the *stretches* are of the new events only, *whole* is of all."""

    request: str
    rules: tuple[str, ...]
    said: Said
    stretches: tuple[Stretch, ...]
    whole: Stretch
    searches: tuple[str, ...]
    unsolved: tuple[Step, ...]
    stopped: bool
    finished: bool
    new_events: int

    @property
    def worked(self) -> bool:
        """Whether anything was changed or run that matters."""
        return bool(self.whole.changes or has_kind(self.whole.steps, *MATTERS))


def turn_of(batch: Batch) -> Turn:
    """The evidence in *batch*."""
    events = (*batch.earlier, *batch.events)
    first = len(batch.earlier)
    changes = [(at, change) for at, event in enumerate(events) for change in change_of(event, batch.root)]
    steps = steps_of(events, batch.root)
    repairs, unsolved = repairs_of(steps, [(at, change.path) for at, change in changes])
    whole = Stretch(
        start=0,
        end=len(events),
        changes=merged(change for _, change in changes),
        steps=steps,
        repairs=repairs,
        reads=_reads(events, batch.root),
        reports=_reports(events),
        todos=tuple(name for _, name in _finished_todos(events)),
    )
    said = said_in("\n\n".join(_spoken(event) for event in batch.events if event.kind == "stop"))
    return Turn(
        request=request_of(batch.request),
        rules=rules_in(batch.request),
        said=said,
        stretches=_stretches(whole, changes, events, first, batch.root),
        whole=whole,
        searches=_searches(events),
        unsolved=tuple(step for step in unsolved if batch.finished or (step.at >= first and step.kind in CHECKS)),
        finished=batch.finished,
        stopped=any(evidence.interrupted(event) for event in batch.events[-2:]),
        new_events=len(batch.events),
    )


def _spoken(event: Event) -> str:
    return evidence.said_text(event.payload.get("text"))


def _stretches(
    whole: Stretch, changes: Sequence[tuple[int, Change]], events: Sequence[Event], first: int, root: str
) -> tuple[Stretch, ...]:
    """The new events cut after each commit, or after each finished task where there was no commit."""
    cuts = [step.at + 1 for step in whole.steps if step.commit and step.at >= first]
    if not cuts:
        closed = [step.at + 1 for step in whole.steps if step.closed.startswith("Closed") and step.at >= first]
        cuts = sorted({*closed, *(at + 1 for at, _ in _finished_todos(events) if at >= first)})
    edges = sorted({first, *cuts, len(events)})
    parts = [_part(whole, changes, events, start, end, root) for start, end in itertools.pairwise(edges)]
    return _grouped(parts)


def _part(  # noqa: PLR0913, PLR0917  # the whole and where to cut it
    whole: Stretch, changes: Sequence[tuple[int, Change]], events: Sequence[Event], start: int, end: int, root: str
) -> Stretch:
    return Stretch(
        start=start,
        end=end,
        changes=merged(change for at, change in changes if start <= at < end),
        first_change=next((at for at, _ in changes if start <= at < end), end),
        steps=tuple(step for step in whole.steps if start <= step.at < end),
        repairs=tuple(repair for repair in whole.repairs if start <= repair.success.at < end),
        reads=_reads(events[start:end], root),
        reports=tuple(report for report in whole.reports if start <= report.at < end),
        todos=tuple(name for at, name in _finished_todos(events) if start <= at < end),
    )


def _grouped(parts: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """*parts* with those that changed nothing of their own joined to the one before, and the smallest joined until few are left."""
    found: list[Stretch] = []
    for part in parts:
        own = part.changes or any(subject not in _subjects(found[-1:]) for subject in _subjects([part]))
        if found and (not own or not (found[-1].changes or found[-1].commits)):
            found[-1] = _together(found[-1], part)
        else:
            found.append(part)
    while len(found) > _MOST_STRETCHES:
        at = min(range(len(found) - 1), key=lambda place: _size(found[place]) + _size(found[place + 1]))
        found[at : at + 2] = [_together(found[at], found[at + 1])]
    return tuple(found)


def _subjects(parts: Iterable[Stretch]) -> tuple[str, ...]:
    return tuple(commit.subject for part in parts for commit in part.commits)


def _size(stretch: Stretch) -> int:
    return sum(change.added + change.removed for change in stretch.changes)


def _together(one: Stretch, two: Stretch) -> Stretch:
    return evolve(
        one,
        end=two.end,
        first_change=one.first_change if one.changes else two.first_change,
        changes=merged((*one.changes, *two.changes)),
        steps=(*one.steps, *two.steps),
        repairs=(*one.repairs, *two.repairs),
        reads=tuple(dict.fromkeys((*one.reads, *two.reads))),
        reports=(*one.reports, *two.reports),
        todos=(*one.todos, *two.todos),
    )


def _reads(events: Iterable[Event], root: str) -> tuple[str, ...]:
    """The files that were read, each once."""
    paths = (
        evidence.relative(evidence.path(event), root)
        for event in events
        if event.tool in evidence.READERS and event.kind == "tool"
    )
    return tuple(dict.fromkeys(path for path in paths if path and not path.endswith(".output")))


def _searches(events: Iterable[Event]) -> tuple[str, ...]:
    """What was searched for in files and on the web, each once."""
    return tuple(
        dict.fromkeys(
            text
            for event in events
            if event.tool in (_SEARCH, *_RESEARCH) and (text := evidence.given(event, "query", "pattern", "url"))
        )
    )


def _reports(events: Sequence[Event]) -> tuple[Report, ...]:
    """What subagents and web pages told; a subagent is heard once."""
    found: dict[str, Report] = {}
    for at, event in enumerate(events):
        if event.kind == "tool" and event.tool in AGENTS:
            text, about = evidence.output(event), evidence.given(event, "description")
        elif event.kind == "subagent":
            text, about = _spoken(event), ""
        elif event.kind == "tool" and event.tool in _RESEARCH:
            text, about = evidence.output(event), evidence.given(event, "query", "url")
        else:
            continue
        report = Report(about=about, text=text, at=at, web=event.tool in _RESEARCH)
        key = text.strip()[:200] or about
        if (text.strip() or report.web) and (key not in found or not found[key].about):
            found[key] = report
    return tuple(found.values())


def _finished_todos(events: Sequence[Event]) -> tuple[tuple[int, str], ...]:
    """Where a task of the agent's own list was finished, and what it was called."""
    found: dict[str, int] = {}
    for at, event in enumerate(events):
        entry = event.payload.get("input")
        todos = entry.get("todos") if isinstance(entry, dict) and event.tool == "TodoWrite" else None
        for todo in todos if isinstance(todos, list) else ():
            name = evidence.field(todo, "content")
            if name and evidence.field(todo, "status") == "completed":
                found.setdefault(name, at)
    return tuple((at, name) for name, at in found.items())


def has_kind(steps: Iterable[Step], *kinds: Kind) -> bool:
    """Whether one of *steps* is of one of *kinds* and did not fail."""
    return any(step.kind in kinds and step.ok is not False for step in steps)
