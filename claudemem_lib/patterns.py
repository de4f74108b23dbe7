r"""Which regular expressions a user may have masked: those that cannot take for ever, whatever the text.

How long one takes is bounded by the ways there are through it: alternatives add up, what follows multiplies, a repeat counts
once for every length it may have. `[a-z]+-\d{4}` has few, `(a+)+` has more than can be tried.
"""

from __future__ import annotations

import re
import warnings
from re import _constants as codes  # type: ignore[attr-defined]  # there is no public way to look into a pattern
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from claudemem_lib.ownpatterns import STEP

MOST_WAYS = 100_000  # two open-ended repeats, one behind the other
LONGEST = 500
MOST_PATTERNS = 50


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
