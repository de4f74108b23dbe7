"""The user's own patterns: masked like the built-in shapes, and never able to hold a hook up.

A regular expression can take for ever on the wrong text. How long is bounded by the ways there are through it: alternatives add
up, what follows multiplies, a repeat counts once for every length it may have; `[a-z]+-[0-9]{4}` has few, `(a+)+` has more than
can be tried. So a pattern with too many is refused, when it is set and again where it is used; the others are matched within
pieces of PIECE characters; and a text on which they still use up their time is not kept: better a text too little than a secret.
"""

from __future__ import annotations

import re
import warnings
from re import _constants as codes  # type: ignore[attr-defined]  # there is no public way to look into a pattern
from re import _parser as parser  # type: ignore[attr-defined]
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

PIECE = 512
STEP = 256  # what is shorter than this is found wherever it stands
TIME_S = 0.3
MOST_WAYS = 100_000  # two open-ended repeats, one behind the other
LONGEST = 500
MOST_PATTERNS = 50
LABEL = "[redacted:own]"
TOO_SLOW = "[redacted:own-pattern-too-slow]"
_MARK = re.compile(r"\[redacted:[a-z0-9-]{1,40}\]")


def mask(
    text: str, patterns: Sequence[str], count: Callable[[str], object], left_s: float = TIME_S
) -> tuple[str, float]:
    """*text* with every match masked, and what is left of the *left_s* seconds; *count* is told of each."""
    began = monotonic()
    spans = [match.span() for match in _MARK.finditer(text)]
    taken = len(spans)
    for pattern in patterns:
        if problem(pattern):
            continue  # hook.json is ours, but somebody may have written into it
        compiled = re.compile(pattern, re.MULTILINE)
        for start in range(0, max(1, len(text) - STEP), STEP):
            if monotonic() - began > left_s:
                count("own-pattern-too-slow")
                return TOO_SLOW, 0.0
            spans += [found.span() for found in compiled.finditer(text, start, start + PIECE) if found.group()]
    left_s -= monotonic() - began
    return (_masked(text, spans[:taken], spans[taken:], count) if len(spans) > taken else text), left_s


def _masked(
    text: str, marks: list[tuple[int, int]], spans: list[tuple[int, int]], count: Callable[[str], object]
) -> str:
    """*text* with overlapping *spans* as one mark each; what is a mark already stays."""
    kept: list[str] = []
    position = 0
    for start, end in _joined(spans):
        if any(start < mark_end and mark_start < end for mark_start, mark_end in marks):
            continue
        kept += (text[position:start], LABEL)
        position = end
        count("own")
    kept.append(text[position:])
    return "".join(kept)


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def problem(pattern: str) -> str:
    """What is wrong with *pattern*, or nothing."""
    shown = repr(pattern if len(pattern) < 60 else pattern[:57] + "...")  # noqa: PLR2004
    if len(pattern) > LONGEST:
        return f"holds {shown}, which is longer than {LONGEST} characters"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compiled = re.compile(pattern, re.MULTILINE)
            tree = parser.parse(pattern, re.MULTILINE)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        return f"holds {shown}, which is no regular expression: {error}"
    if compiled.search("") or not tree.getwidth()[0]:
        return f"holds {shown}, which matches an empty text and so everything"
    if _ways(tree) > MOST_WAYS:
        return f"holds {shown}, which can take too long: give repeats such as + and * limits like {{1,40}}, and none inside another"
    return ""


def _ways(tree: Any) -> int:
    """How many ways there are through a parsed pattern, but no more than MOST_WAYS + 1."""
    ways = 1
    for code, argument in tree:
        ways = min(MOST_WAYS + 1, ways * _ways_of(code, argument))
    return ways


def _ways_of(code: Any, argument: Any) -> int:
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
        least, most, body = argument
        return _repeated(_ways(body), least, min(int(most), max(STEP, least)))
    if code is codes.BRANCH:
        return sum(_ways(branch) for branch in argument[1])
    if code in (codes.ASSERT, codes.ASSERT_NOT, codes.SUBPATTERN):
        return _ways(argument[-1])
    if code is codes.ATOMIC_GROUP:
        return _ways(argument)
    if code is codes.GROUPREF_EXISTS:
        return sum(_ways(branch) for branch in argument[1:] if branch)
    return 1


def _repeated(ways: int, least: int, most: int) -> int:
    """How many ways there are through *least* to *most* repeats of something with so many."""
    if ways == 1:
        return most - least + 1
    total = 0
    for times in range(least, most + 1):
        total += ways ** min(times, 64)
        if total > MOST_WAYS:
            break
    return total
