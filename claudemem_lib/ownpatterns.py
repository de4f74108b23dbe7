"""The user's own patterns: masked like the built-in shapes, and never able to hold a hook up.

A regular expression can take for ever on the wrong text. So patterns are judged when they are set (patterns.py: how many ways
there may be through one of them), matched within pieces of PIECE characters, and a text on which they still use up their time is
not kept: better a text too little than a secret.
"""

from __future__ import annotations

import re
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PIECE = 512
STEP = 256  # what is shorter than this is found wherever it stands
TIME_S = 0.3
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
        try:
            compiled = re.compile(pattern, re.MULTILINE)
        except (re.error, OverflowError, RecursionError):
            continue  # hook.json is ours, but it may be broken
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
