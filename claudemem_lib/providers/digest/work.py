"""Observations about work: what a stretch of events changed, how it was checked, what failed on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claudemem_lib.models import Observation
from claudemem_lib.providers.digest import changes, titles
from claudemem_lib.providers.digest.changes import described, listed
from claudemem_lib.providers.digest.commands import CHECKS, Kind
from claudemem_lib.providers.digest.cues import FILE_ITEM
from claudemem_lib.providers.digest.kinds import concepts_of, type_of
from claudemem_lib.providers.digest.markdown import cut, sentences
from claudemem_lib.providers.digest.message import Said
from claudemem_lib.providers.digest.wording import best, facts, narrative

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from claudemem_lib.providers.digest.steps import Repair, Step
    from claudemem_lib.providers.digest.turn import Stretch, Turn

SILENT = Said()
_TROUBLE_LIMIT = 140
_MOST_FILES = 6
_MOST_READS = 15
_RAN = (Kind.MIGRATE, Kind.INSTALL, Kind.DEPLOY)
_WORDS = (("created", ("created",)), ("changed", ("edited", "written", "moved")), ("removed", ("removed",)))
_ACTED = (*_RAN, Kind.HISTORY)


def of_work(turn: Turn, stretch: Stretch, taken: Sequence[str], *, alone: bool) -> Iterator[Observation]:
    """What a stretch with changes or commits came to; where it is *alone*, the turn's words are about it."""
    said = turn.said if alone else SILENT
    unsolved = tuple(step for step in turn.unsolved if stretch.start <= step.at < stretch.end)
    failing = bool(unsolved) and turn.finished
    kind = type_of(stretch, turn.request if alone else "", said, failing=failing)
    kept = alone and said.words and not turn.unsolved and not turn.stopped
    title = titles.title_of(stretch, kind, turn.request if kept else "", said, taken)
    if not title:
        return
    if failing and "fail" not in title:
        title = titles.short(f"{title}; {unsolved[0].key} still fails")
    told = narrative(_told(stretch, said, unsolved if failing else ()))
    changed = tuple(change.path for change in stretch.changes)
    yield Observation(
        type=kind,
        title=title,
        subtitle=_measure(stretch),
        narrative=told,
        facts=facts(_facts(stretch, said, unsolved, finished=turn.finished), told),
        concepts=concepts_of(kind, stretch, said),
        files_read=tuple(path for path in stretch.reads if path not in changed)[:_MOST_READS],
        files_modified=changed,
    )


def _measure(stretch: Stretch) -> str:
    """The size of the work in one line: files and lines, the last test result, the commit."""
    parts = []
    if stretch.changes:
        added, removed = (sum(getattr(change, side) for change in stretch.changes) for side in ("added", "removed"))
        files = f"{len(stretch.changes)} file{'s' if len(stretch.changes) > 1 else ''}"
        parts.append(f"{files}, +{added}/-{removed}" if added or removed else files)
    tests = [step for step in checks_of(stretch.steps) if step.kind is Kind.TEST and step.said]
    parts += [f"{step.key}: {step.said}" for step in tests[-1:]]
    if stretch.commits and stretch.commits[-1].hash:
        parts.append(f"commit {stretch.commits[-1].hash}")
    return "; ".join(parts)


def checks_of(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The last run of each check, in order."""
    last = {step.key: step for step in steps if step.kind in CHECKS and step.ok is not None}
    return tuple(sorted(last.values(), key=lambda step: step.at))


def _told(stretch: Stretch, said: Said, unsolved: Sequence[Step]) -> list[str]:
    """A few sentences: what and why, what went wrong on the way, how it was checked."""
    bodies = [[part.text for part in sentences(commit.body) if not part.bullet] for commit in stretch.commits[-2:]]
    told = [sentence for body in bodies for sentence in body[:3]] or _told_of_work(said) or [_what(stretch)]
    told += [mended(repair) for repair in stretch.repairs if repair.failure.kind is not Kind.COMMIT][:2]
    told += [f'{step.label} still fails: "{step.trouble}"' for step in unsolved[:1]]
    passed = [step for step in checks_of(stretch.steps) if step.ok and step.kind is not Kind.MIGRATE]
    checked = [f"{step.key} ({step.said})" if step.said else step.key for step in passed]
    return [*filter(None, told), *([f"Checked with {listed(checked, 4)}"] if checked else [])]


def _told_of_work(said: Said) -> list[str]:
    """The assistant's own account, without its lists of files: those are told from events."""
    told = [text for text in (*said.done, *said.learned) if not FILE_ITEM.match(text)]
    return list(best(told, 3) or best(said.rest, 2))


def _what(stretch: Stretch) -> str:
    """The changes as one sentence."""
    parts = []
    for word, hows in _WORDS:
        paths = [change.path for change in stretch.changes if change.how in hows]
        parts += [f"{word} {listed(paths, 4)}"] if paths else []
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]


def mended(repair: Repair) -> str:
    """A failure and its cure as one sentence."""
    failure, success = repair.failure, repair.success
    times = changes.times(repair.failures)
    trouble = f': "{cut(failure.trouble, _TROUBLE_LIMIT)}"' if failure.trouble else ""
    if repair.files:
        cure = f"passed after changing {listed([path.rpartition('/')[2] for path in repair.files], 3)}"
    else:
        cure = f"worked as {success.label}" if success.label != failure.label else "worked on the next try"
        cure = f"worked after {repair.after}" if repair.after else cure
    return f"{failure.key} failed{times}{trouble}; {cure}"


def _facts(stretch: Stretch, said: Said, unsolved: Sequence[Step], *, finished: bool) -> Iterator[str]:
    """Short statements that stand alone: what was learned, what failed, files, checks."""
    bullets = [part.text for commit in stretch.commits for part in sentences(commit.body) if part.bullet]
    yield from bullets[:4]
    yield from best(said.explained, 4)
    yield from [mended(repair) for repair in stretch.repairs][:3]
    state = "Still failing" if finished else "Failing at this point"
    yield from [f'{state}: {step.label}: "{step.trouble}"' for step in unsolved][:2]
    yield from (described(change) for change in stretch.changes[:_MOST_FILES])
    more = [change.path for change in stretch.changes[_MOST_FILES:]]
    if more:
        yield f"Also changed: {listed(more, 8)}"
    yield from [f"{step.label}: {step.said}" for step in checks_of(stretch.steps) if step.ok and step.said][-3:]
    yield from [f"Ran {step.label}" for step in stretch.steps if step.kind in _RAN and step.ok][:3]
    yield from [step.closed for step in stretch.steps if step.closed][:3]


def of_actions(turn: Turn, stretch: Stretch, taken: Sequence[str]) -> Iterator[Observation]:
    """Things that were done without changing a file: deployments, installations, issues."""
    said = turn.said if len(turn.stretches) == 1 else SILENT
    tracked = [step.closed for step in stretch.steps if step.closed]
    acted = [step.label for step in stretch.steps if step.kind in _ACTED and step.ok]
    if not tracked and not acted:
        return
    told = [*tracked, *acted]
    title = told[0] if len(told) == 1 else f"{told[0]} and {len(told) - 1} more"
    if acted and not tracked and said.done:
        title, told = said.done[0], [*said.done[:3], *told]
    if titles.short(title) in taken:
        return
    told += [mended(repair) for repair in stretch.repairs]
    yield Observation(
        type="change",
        title=titles.short(title),
        narrative=narrative(told[:4]),
        facts=facts(told),
        concepts=("problem-solution", "what-changed") if stretch.repairs else ("what-changed",),
    )
