"""Commands that were run, how they ended, and which failure was repaired by what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from claudemem_lib import evidence
from claudemem_lib.providers.digest import outcomes
from claudemem_lib.providers.digest.commands import CHECKS, MATTERS, Kind, key_of, kind_of, label_of
from claudemem_lib.providers.digest.records import commit_of, tracked
from claudemem_lib.providers.digest.shell import simple_commands

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from claudemem_lib.models import Event
    from claudemem_lib.providers.digest.records import Commit
    from claudemem_lib.providers.digest.shell import Simple

_TEXT_LIMIT = 60_000
_CURES = (Kind.LINT, Kind.INSTALL, Kind.MIGRATE, Kind.BUILD)


@frozen(kw_only=True)
class Step:
    """One command that was run. *ok* is None where nobody can know; *said* is the count line, *trouble* the telling one."""

    kind: Kind
    key: str
    label: str
    at: int
    ok: bool | None = None
    said: str = ""
    trouble: str = ""
    commit: Commit | None = None
    closed: str = ""


@frozen(kw_only=True)
class Repair:
    """A failing step, the same kind of step succeeding later, and what happened in between."""

    failure: Step
    success: Step
    files: tuple[str, ...]
    failures: int = 1
    after: str = ""


def steps_of(events: Sequence[Event], root: str) -> tuple[Step, ...]:
    """The commands of *events* in order, `at` being the event's index; routine ones are left out."""
    waiting: dict[str, Step] = {}
    found: list[Step] = []
    for at, event in enumerate(events):
        step_or_none = _from_background(event, at, waiting)
        if step_or_none:
            found.append(step_or_none)
        for step in _steps(event, at, root):
            task = _task_id(event)
            if task:
                waiting[task] = step
            else:
                found.append(step)
    return tuple(found)


def _steps(event: Event, at: int, root: str) -> Iterator[Step]:
    """The steps of one event; of a failing chain only the one that is most likely to have failed."""
    command = evidence.command(event)
    if not command or evidence.interrupted(event) or event.kind not in ("tool", "failure"):
        return
    parts = [(simple, kind_of(simple)) for simple in simple_commands(command)]
    telling = [(simple, kind) for simple, kind in parts if kind is not Kind.ROUTINE]
    if not telling:
        return
    text = evidence.output(event)[:_TEXT_LIMIT]
    if evidence.failed(event):
        checks = [part for part in telling if part[1] in CHECKS]
        simple, kind = (checks or telling[-1:])[0]
        yield _judged(_step(simple, kind, at, root), text, ok=False)
        return
    alone = len([kind for _, kind in telling if kind in CHECKS]) <= 1
    for simple, kind in telling:
        yield _finished(simple, _step(simple, kind, at, root), text, alone=alone)


def _step(simple: Simple, kind: Kind, at: int, root: str) -> Step:
    return Step(kind=kind, key=key_of(simple), label=label_of(simple, root), at=at)


def _finished(simple: Simple, step: Step, text: str, *, alone: bool) -> Step:
    """*step* of a command the host calls a success, which a pipe may have made of a failure."""
    if step.kind is Kind.COMMIT:
        commit = commit_of(simple, text)
        return evolve(step, ok=True if commit else None, commit=commit)
    if step.kind is Kind.TRACKER:
        return evolve(step, ok=True, closed=tracked(simple, text))
    if step.kind in CHECKS and alone:
        return _judged(step, text, ok=None)
    return evolve(step, ok=True)


def _judged(step: Step, text: str, *, ok: bool | None) -> Step:
    said = outcomes.count_line(text)
    if ok is None:
        ok = not outcomes.is_bad(said) if said else not outcomes.shows_failure(text)
    return evolve(step, ok=ok, said=said, trouble="" if ok else outcomes.telling_line(text))


def _task_id(event: Event) -> str:
    """The id of the background task the command became, or ""."""
    return evidence.field(event.payload.get("output"), "backgroundTaskId", "shellId", "bash_id")


def _from_background(event: Event, at: int, waiting: dict[str, Step]) -> Step | None:
    """The step of a command that went to the background and whose result this event brings."""
    asked = " ".join(
        (evidence.given(event, "task_id", "bash_id", "shell_id"), evidence.command(event), evidence.path(event))
    )
    task = next((name for name in waiting if name in asked), "")
    text = evidence.output(event)[:_TEXT_LIMIT] if task else ""
    if not text.strip() or evidence.failed(event):
        return None
    answer = event.payload.get("output")
    about: Mapping[str, object] = answer.get("task", answer) if isinstance(answer, dict) else {}
    code = about.get("exitCode") if isinstance(about, dict) else None
    said = outcomes.count_line(text)
    if not said and not isinstance(code, int):
        return None
    step = waiting.pop(task)
    return _judged(evolve(step, at=at), text, ok=None if not code else False)


def repairs_of(steps: Iterable[Step], edits: Sequence[tuple[int, str]]) -> tuple[tuple[Repair, ...], tuple[Step, ...]]:
    """The failures that were repaired, and those still open at the end. *edits* are (event index, path)."""
    steps = tuple(steps)
    open_steps: dict[str, tuple[Step, int]] = {}
    repairs: list[Repair] = []
    for step in steps:
        key = f"{step.kind}:{step.key}"
        if step.ok is False:
            first, count = open_steps.get(key, (step, 0))
            open_steps[key] = (first, count + 1)
        elif step.ok and key in open_steps:
            failure, count = open_steps.pop(key)
            files = tuple(dict.fromkeys(path for at, path in edits if failure.at < at < step.at))
            between = [
                other.label for other in steps if failure.at < other.at < step.at and other.ok and other.kind in _CURES
            ]
            after = between[-1] if between and not files else ""
            repairs.append(Repair(failure=failure, success=step, files=files, failures=count, after=after))
    repairs = [repair for repair in repairs if repair.failure.kind is not Kind.PUSH]
    remaining = tuple(step for step, _ in open_steps.values() if step.kind in (*MATTERS, Kind.RUN))
    return tuple(repairs), remaining
