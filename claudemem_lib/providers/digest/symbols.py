"""Names that lines of code define, in whichever language: enough to say what an edit touched."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MODIFIERS = (
    r"(?:(?:export|default|pub(?:\([^)]*\))?|public|private|protected|internal|static|final|abstract|async"
    r"|override|suspend|open"
    r"|data|sealed|inline|extern|unsafe|declare|local)\s+)*"
)
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"^\s*{_MODIFIERS}(?:def|defp|defmodule|defmacro|class|interface|enum|struct|trait|protocol|module|record|object"
        r"|function\*?|fn|fun|sub|type|namespace)\s+(?:self\.)?(?P<name>[A-Za-z_$][\w$.]*[?!]?)",
        r"^\s*func\s+(?:\([^)]*\)\s*)?(?P<name>[A-Za-z_]\w*)\s*[(\[<]",
        r"^\s*impl(?:<[^>]*>)?\s+(?P<name>[A-Za-z_][\w:]*)",
        r"^\s*(?:export\s+)?(?:const|let|var)\s+(?P<name>[A-Za-z_$][\w$]*)\s*(?::[^=]+)?=\s*(?:async\s*)?(?:\("
        r"|function\b|\w+\s*=>|class\b)",
        r"^(?P<name>[A-Z][\w$]*(?:\.[A-Za-z_$][\w$]*)+)\s*=\s*(?:\{|function\b|async\b|class\b|\()",
        r"^\s*(?:public|private|protected|internal)\s[\w<>\[\], ]*?\b(?P<name>[A-Za-z_]\w*)\s*\(",
        r"(?i:^\s*create\s+(?:or\s+replace\s+)?(?:unique\s+)?(?:table|index|view|trigger"
        r"|function)\s+(?:if\s+not\s+exists\s+)?)(?P<name>[\w.\"`]+)",
    )
)
_TEST = re.compile(r"^\s*(?:it|test|specify)\s*\(?\s*(?P<quote>['\"`])(?P<name>.{3,80}?)(?P=quote)")
_CLAUSE = re.compile(r"\(\s*(?:\"[\w:-]{2,40}\"|:\w{2,40})(?=[,)])")  # which clause of a function that has many
_HEADING = re.compile(r"^#{1,3}\s+(?P<name>\S.{0,80})$")
_LINE_LIMIT = 300


def defined(lines: Iterable[str], *, prose: bool = False) -> tuple[str, ...]:
    """The names *lines* define, in order, each once; for *prose* the headings."""
    return tuple(dict.fromkeys(filter(None, (name_in(line, prose=prose) for line in lines))))


def name_in(line: str, *, prose: bool = False) -> str:
    """The name one line defines, or ""."""
    line = line[:_LINE_LIMIT]
    for pattern in (_HEADING,) if prose else _PATTERNS:
        match = pattern.match(line)
        if match:
            clause = _CLAUSE.match(line, match.end())
            return match["name"].strip('"`').strip() + (f"{clause[0]})" if clause else "")
    return ""


def tests(lines: Iterable[str]) -> tuple[str, ...]:
    """The titles of tests that are written as sentences."""
    return tuple(dict.fromkeys(match["name"] for line in lines if (match := _TEST.match(line[:_LINE_LIMIT]))))
