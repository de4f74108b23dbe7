"""Observations and a summary in the form a model answers in, everything escaped."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from claudemem_lib.models import Observation, Summary

_LISTS = {"facts": "fact", "concepts": "concept", "files_read": "file", "files_modified": "file"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def to_xml(observations: Sequence[Observation], summary: Summary | None, *, finished: bool) -> str:
    """The answer; `<nothing/>` where there is nothing to say, and why there is no summary of a *finished* turn."""
    parts = ["\n".join(_observation(observation)) for observation in observations]
    if summary:
        parts.append("\n".join(_summary(summary)))
    elif finished:
        parts.append('<skip_summary reason="nothing was said or done that a later session needs"/>')
    return "\n\n".join(parts) or "<nothing/>"


def _observation(observation: Observation) -> Iterator[str]:
    yield "<observation>"
    for name in ("type", "title", "subtitle", "narrative"):
        yield _element(name, getattr(observation, name))
    for name, tag in _LISTS.items():
        items = "".join(_element(tag, item) for item in getattr(observation, name))
        yield f"  <{name}>{items}</{name}>"
    yield "</observation>"


def _summary(summary: Summary) -> Iterator[str]:
    yield "<summary>"
    for name in ("request", "investigated", "learned", "completed", "next_steps", "notes"):
        yield _element(name, getattr(summary, name))
    yield "</summary>"


def _element(name: str, text: str) -> str:
    return f"  <{name}>{escape(_CONTROL.sub('', text), quote=False)}</{name}>"
