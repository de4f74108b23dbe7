"""The evidence as observations: what was done, what it touched, what failed on the way, what was learned."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import evolve

from claudemem_lib.models import Observation
from claudemem_lib.providers.digest import changes, titles
from claudemem_lib.providers.digest.changes import described, listed
from claudemem_lib.providers.digest.commands import CHECKS, Kind
from claudemem_lib.providers.digest.kinds import concepts_of, type_of
from claudemem_lib.providers.digest.markdown import cut, sentences
from claudemem_lib.providers.digest.message import DECIDED, Said, best, impersonal, joined, weight
from claudemem_lib.providers.digest.request import as_title, asks
from claudemem_lib.providers.digest.summary import summary_of
from claudemem_lib.providers.digest.turn import turn_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from claudemem_lib.models import Batch, Summary
    from claudemem_lib.providers.digest.steps import Repair, Step
    from claudemem_lib.providers.digest.turn import Report, Stretch, Turn

_NARRATIVE_LIMIT = 700
_FACT_LIMIT = 240
_TROUBLE_LIMIT = 140
_MOST_FACTS = 14
_MOST_FILES = 6
_MOST_OBSERVATIONS = 6
_SILENT = Said()
_TELLING_WEIGHT = 1
_TELLING_FINDINGS = 2  # or so many statements that name code or a cause
_ANSWER_WORDS = 60  # an answer this long, after reading, is worth finding again


def digest(batch: Batch, types: Sequence[str]) -> tuple[tuple[Observation, ...], Summary | None]:
    """Observations about the batch's new events, at most six, and the turn's summary if it has ended."""
    turn = turn_of(batch)
    taken = list(batch.recap)
    found: list[Observation] = []
    for observation in _observations(turn, taken):
        taken.append(observation.title)
        found.append(observation)
    kept = tuple(_allowed(observation, types) for observation in found[:_MOST_OBSERVATIONS])
    return kept, summary_of(turn, batch) if batch.finished else None


def _allowed(observation: Observation, types: Sequence[str]) -> Observation:
    """*observation* with a type the mode knows."""
    kind = observation.type if observation.type in types else types[0]
    return evolve(observation, type=kind)


def _observations(turn: Turn, taken: Sequence[str]) -> Iterator[Observation]:
    worked = [stretch for stretch in turn.stretches if stretch.changes or stretch.commits]
    for stretch in worked:
        alone = len(worked) == 1
        observation = _of_work(turn, stretch, taken, turn.said if alone else _SILENT, alone=alone)
        if observation:
            yield observation
    rest = [stretch for stretch in turn.stretches if stretch not in worked]
    for stretch in rest:
        yield from _of_actions(stretch, taken, turn.said if len(turn.stretches) == 1 else _SILENT)
    yield from _of_reports(turn, taken)
    if turn.said.decided:
        yield from _of_decision(turn, taken)
    if not worked:
        yield from _of_answer(turn, taken)


def _of_work(turn: Turn, stretch: Stretch, taken: Sequence[str], said: Said, *, alone: bool) -> Observation | None:
    """What a stretch with changes or commits came to."""
    request = turn.request if alone and turn.stopped is False and said is not _SILENT else ""
    unsolved = tuple(step for step in turn.unsolved if stretch.start <= step.at < stretch.end)
    kind = type_of(stretch, turn.request if alone else "", said, failing=bool(unsolved) and turn.finished)
    title = titles.title_of(stretch, kind, request if said.words and not turn.unsolved else "", said, taken)
    if not title:
        return None
    if unsolved and turn.finished and "fail" not in title:
        title = titles.short(f"{title}; {unsolved[0].key} still fails")
    return Observation(
        type=kind,
        title=title,
        subtitle=_measure(stretch),
        narrative=_narrative(stretch, said, unsolved, finished=turn.finished),
        facts=_facts(stretch, said, unsolved, finished=turn.finished),
        concepts=concepts_of(kind, stretch, said),
        files_read=tuple(path for path in stretch.reads if path not in {change.path for change in stretch.changes})[
            :15
        ],
        files_modified=tuple(change.path for change in stretch.changes),
    )


def _measure(stretch: Stretch) -> str:
    """The size of the work in one line: files and lines, the last test result, the commit."""
    parts = []
    if stretch.changes:
        added, removed = (sum(getattr(change, side) for change in stretch.changes) for side in ("added", "removed"))
        files = f"{len(stretch.changes)} file{'s' if len(stretch.changes) > 1 else ''}"
        parts.append(f"{files}, +{added}/-{removed}" if added or removed else files)
    parts += [f"{step.key}: {step.said}" for step in checks_of(stretch.steps) if step.kind is Kind.TEST and step.said][
        -1:
    ]
    if stretch.commits and stretch.commits[-1].hash:
        parts.append(f"commit {stretch.commits[-1].hash}")
    return "; ".join(parts)


def checks_of(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The last run of each check, in order."""
    last = {step.key: step for step in steps if step.kind in CHECKS and step.ok is not None}
    return tuple(sorted(last.values(), key=lambda step: step.at))


def _narrative(stretch: Stretch, said: Said, unsolved: Sequence[Step], *, finished: bool) -> str:
    """One to four sentences: what and why, what went wrong on the way, how it was checked."""
    bodies = [[part.text for part in sentences(commit.body) if not part.bullet] for commit in stretch.commits[-2:]]
    told = (
        [sentence for body in bodies for sentence in body[:3]]
        or list(best((*said.done, *said.learned), 3))
        or list(best(said.rest, 2))
        or [_what(stretch)]
    )
    told += [mended(repair) for repair in stretch.repairs if repair.files or repair.failure.kind in CHECKS][:2]
    told += [f'{step.label} still fails: "{step.trouble}"' for step in unsolved[:1]] if finished else []
    checked = [
        f"{step.key} ({step.said})" if step.said else step.key
        for step in checks_of(stretch.steps)
        if step.ok and step.kind is not Kind.MIGRATE
    ]
    if checked:
        told.append(f"Checked with {listed(checked, 4)}")
    return joined(filter(None, told), _NARRATIVE_LIMIT)


def _what(stretch: Stretch) -> str:
    """The changes as one sentence."""
    parts = []
    for word, hows in (
        ("created", ("created",)),
        ("changed", ("edited", "written", "moved")),
        ("removed", ("removed",)),
    ):
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


def _facts(stretch: Stretch, said: Said, unsolved: Sequence[Step], *, finished: bool) -> tuple[str, ...]:
    """Short statements that stand alone: files, checks, repairs, what was learned."""
    found = [part.text for commit in stretch.commits for part in sentences(commit.body) if part.bullet][:4]
    found += best(said.explained, 4)
    found += [mended(repair) for repair in stretch.repairs][:3]
    state = "Still failing" if finished else "Failing at this point"
    found += [f'{state}: {step.label}: "{step.trouble}"' for step in unsolved][:2]
    found += [described(change) for change in stretch.changes[:_MOST_FILES]]
    more = [change.path for change in stretch.changes[_MOST_FILES:]]
    if more:
        found.append(f"Also changed: {listed(more, 8)}")
    found += [f"{step.label}: {step.said}" for step in checks_of(stretch.steps) if step.ok and step.said][-3:]
    found += [
        f"Ran {step.label}"
        for step in stretch.steps
        if step.kind in (Kind.MIGRATE, Kind.INSTALL, Kind.DEPLOY) and step.ok
    ][:3]
    found += [step.closed for step in stretch.steps if step.closed][:3]
    return tuple(dict.fromkeys(cut(fact, _FACT_LIMIT) for fact in found))[:_MOST_FACTS]


def _of_actions(stretch: Stretch, taken: Sequence[str], said: Said) -> Iterator[Observation]:
    """Things that were done without changing a file: deployments, installations, issues; and failures left open."""
    tracked = [step.closed for step in stretch.steps if step.closed]
    acted = [
        step
        for step in stretch.steps
        if step.kind in (Kind.DEPLOY, Kind.INSTALL, Kind.MIGRATE, Kind.HISTORY) and step.ok
    ]
    if not tracked and not acted:
        return
    told = [*tracked, *(step.label for step in acted)]
    title = titles.short(told[0] if len(told) == 1 else f"{told[0]} and {len(told) - 1} more")
    if acted and not tracked and said.done:
        title, told = titles.short(said.done[0]), [*said.done[:3], *told]
    if title in taken:
        return
    yield Observation(
        type="change",
        title=title,
        narrative=joined(told[:4], _NARRATIVE_LIMIT),
        facts=tuple(cut(text, _FACT_LIMIT) for text in dict.fromkeys(told))[:_MOST_FACTS],
        concepts=("what-changed",),
    )


def _of_reports(turn: Turn, taken: Sequence[str]) -> Iterator[Observation]:
    """What subagents and web pages found out."""
    reports = [report for stretch in turn.stretches for report in stretch.reports]
    for report in [report for report in reports if not report.web][:2]:
        told = _told(report, 8)
        yield from _finding(_report_title(report, told), told, taken)
    web = [report for report in reports if report.web]
    asked = [report.about for report in web if "://" not in report.about]
    told = tuple(text for report in web for text in _told(report, 4))
    if told:
        yield from _finding(f"Research: {(asked or [turn.request])[0]}", told, taken)


def _told(report: Report, count: int) -> tuple[str, ...]:
    """The most telling statements of a report, each under the heading it needs to be understood."""
    texts = []
    for sentence in sentences(report.text):
        text = impersonal(sentence.text)
        if (
            text
            and not sentence.text.endswith("?")
            and len(text.split()) >= _STATEMENT_WORDS
            and text.count(" - ") < _TABLE_CELLS
        ):
            heading = re.sub(r"^[\d.)\s]+", "", sentence.heading).rstrip(":")
            heading = re.sub(r"\s*\([^)]*\)$", "", heading)
            telling = (
                sentence.bullet
                and _NAMED.search(heading)
                and len(heading.split()) < _LONG_HEADING
                and heading.lower() not in text.lower()
            )
            texts.append(f"{heading}: {text}" if telling else text)
    return best(texts, count)


_TABLE_CELLS = 2
_STATEMENT_WORDS = 3
_LONG_HEADING = 6
_NAMED = re.compile(r"\w[_/.]\w|[a-z][A-Z]|\(\)")
_TITLE_WORDS = re.compile(
    r"(?:comprehensive|detailed|complete|codebase|summary|report|findings|overview|analysis|exploration|results?"
    r"|of|the|for|\W)+",
    re.IGNORECASE,
)


def _report_title(report: Report, told: Sequence[str]) -> str:
    """What a subagent was asked, with the name it gave its report."""
    headings = (sentence.heading for sentence in sentences(report.text) if sentence.heading)
    first = next(headings, "")
    lead = _TITLE_WORDS.match(first)
    first = re.sub(r"^[\d.)\s]+", "", first[lead.end() :] if lead else first)
    parts = (report.about, first if len(first.split()) > 1 else "")
    return ": ".join(filter(None, parts)) or "".join(told[:1])


def _finding(title: str, texts: Iterable[str], taken: Sequence[str]) -> Iterator[Observation]:
    """A discovery of *texts*; none where there is too little to say."""
    facts = best(texts, 8)
    title = titles.short(title)
    if not title or title in taken or sum(len(fact.split()) for fact in facts) < _ANSWER_WORDS // 2:
        return
    yield Observation(
        type="discovery",
        title=title,
        narrative=joined(facts[:3], _NARRATIVE_LIMIT),
        facts=tuple(cut(fact, _FACT_LIMIT) for fact in facts),
        concepts=("how-it-works",),
    )


def _of_decision(turn: Turn, taken: Sequence[str]) -> Iterator[Observation]:
    """The decision the assistant reported."""
    stated = [text for text in turn.said.decided if text.startswith(DECIDED)]
    chosen = (stated or best(turn.said.decided, 1))[0]
    title = titles.short(chosen)
    if title in taken:
        return
    yield Observation(
        type="decision",
        title=title,
        narrative=joined(turn.said.decided, _NARRATIVE_LIMIT),
        facts=tuple(cut(text, _FACT_LIMIT) for text in turn.said.decided[1:6]),
        concepts=concepts_of("decision", turn.whole, turn.said),
        files_modified=(),
    )


def _of_answer(turn: Turn, taken: Sequence[str]) -> Iterator[Observation]:
    """What an answer without changes explained, after something was read for it; and checks that fail."""
    said = turn.said
    looked = turn.whole.reads or turn.searches or turn.whole.reports or turn.whole.steps
    telling = sum(weight(text) >= _TELLING_WEIGHT for text in said.learned)
    if not looked or turn.whole.changes or (said.words < _ANSWER_WORDS and telling < _TELLING_FINDINGS):
        return
    title = as_title(turn.request) if asks(turn.request) else (best(said.learned, 1) or (as_title(turn.request),))[0]
    texts = said.everything
    title = titles.short(title)
    if title in taken:
        return
    yield Observation(
        type="discovery",
        title=title,
        narrative=joined(best(texts, 4), _NARRATIVE_LIMIT),
        facts=tuple(cut(text, _FACT_LIMIT) for text in best(texts, 6)),
        concepts=concepts_of("discovery", turn.whole, said),
        files_read=turn.whole.reads[:15],
    )
