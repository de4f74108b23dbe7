"""Observations about knowledge: what was found out, explained, decided or laid down, without a file changing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from claudemem_lib.models import Observation
from claudemem_lib.providers.digest import titles
from claudemem_lib.providers.digest.commands import CHECKS, MATTERS
from claudemem_lib.providers.digest.cues import DECIDED
from claudemem_lib.providers.digest.kinds import concepts_of
from claudemem_lib.providers.digest.markdown import sentences
from claudemem_lib.providers.digest.message import impersonal
from claudemem_lib.providers.digest.request import as_title, asks
from claudemem_lib.providers.digest.wording import best, facts, narrative, weight

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from claudemem_lib.providers.digest.markdown import Sentence
    from claudemem_lib.providers.digest.message import Said
    from claudemem_lib.providers.digest.turn import Report, Turn

_TELLING_WEIGHT = 2
_TELLING_FINDINGS = 2  # or so many statements that name code or a cause
_ANSWER_WORDS = 60  # an answer this long, after reading, is worth finding again
_MOST_READS = 15


def of_reports(turn: Turn, taken: Sequence[str]) -> Iterator[Observation]:
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
    return best((_placed(part) for part in sentences(report.text) if _states(part)), count)


def _states(sentence: Sentence) -> bool:
    """Whether it is a statement: no question, no label, no row of a wide table, nothing about the speaker alone."""
    text = sentence.text
    long_enough = len(text.split()) >= _STATEMENT_WORDS
    return long_enough and text[-1] != "?" and text.count(" - ") < _TABLE_CELLS and bool(impersonal(text))


def _placed(sentence: Sentence) -> str:
    """The sentence, with its heading before it where that names something in code."""
    text = impersonal(sentence.text)
    heading = re.sub(r"^[\d.)\s]+|\s*\([^)]*\)$", "", sentence.heading).rstrip(":")
    named = _NAMED.search(heading) and len(heading.split()) < _LONG_HEADING
    return f"{heading}: {text}" if sentence.bullet and named and heading.lower() not in text.lower() else text


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
    told = best(texts, 8)
    title = titles.short(title)
    if not title or title in taken or sum(len(fact.split()) for fact in told) < _ANSWER_WORDS // 2:
        return
    yield Observation(
        type="discovery",
        title=title,
        narrative=narrative(told[:3]),
        facts=facts(told),
        concepts=("how-it-works",),
    )


def of_rules(turn: Turn, taken: Sequence[str]) -> Iterator[Observation]:
    """What the user laid down."""
    title = titles.short(f"The user wants: {turn.rules[0]}") if turn.rules else ""
    if title and title not in taken:
        yield Observation(
            type="decision",
            title=title,
            narrative=narrative(f'The user said: "{text.rstrip(".")}"' for text in turn.rules),
            concepts=("why-it-exists", "pattern"),
        )


def of_decision(turn: Turn, taken: Sequence[str]) -> Iterator[Observation]:
    """The decision the assistant reported."""
    stated = [text for text in turn.said.decided if text.startswith(DECIDED)]
    title = titles.short("".join(stated[:1] or best(turn.said.decided, 1)))
    if not title or title in taken:
        return
    yield Observation(
        type="decision",
        title=title,
        narrative=narrative(turn.said.decided),
        facts=facts(turn.said.decided[1:6]),
        concepts=concepts_of("decision", turn.whole, turn.said),
    )


def of_answer(turn: Turn, taken: Sequence[str]) -> Iterator[Observation]:
    """What an answer explained, after something was looked at for it and nothing was done."""
    said, whole = turn.said, turn.whole
    looked = whole.reads or turn.searches or whole.reports or whole.steps
    acted = whole.changes or any(step.kind in MATTERS and step.kind not in CHECKS for step in whole.steps)
    if not looked or acted or not _explains(said):
        return
    title = titles.short(
        as_title(turn.request) if asks(turn.request) else "".join(best(said.learned, 1)) or as_title(turn.request)
    )
    if not title or title in taken:
        return
    yield Observation(
        type="discovery",
        title=title,
        narrative=narrative(best(said.everything, 4)),
        facts=facts(best(said.everything, 6)),
        concepts=concepts_of("discovery", whole, said),
        files_read=whole.reads[:_MOST_READS],
    )


def _explains(said: Said) -> bool:
    """Whether an answer is worth finding again: long, or with statements that name code, figures or causes."""
    telling = sum(weight(text) >= _TELLING_WEIGHT for text in said.everything)
    telling += len(said.learned) > 1 or any(weight(text) > _TELLING_WEIGHT for text in said.learned)
    return said.words >= _ANSWER_WORDS or telling >= _TELLING_FINDINGS
