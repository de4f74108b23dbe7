"""Whether two texts say nearly the same: mostly the same words, and nothing in them that turns one into another statement."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SAME_WORDS = 0.6
FEW_CHANGES = 3
COMPARED_WORDS = 500
_SHORT = 3
_WORD = re.compile(r"\w+")
_SPELT_OUT = (
    (re.compile(r"\bcan't\b|\bcannot\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"\bn'"), "ne "),
)
# French says it twice (ne ... pas): the first half alone counts.
_NEGATION = re.compile(r"not|no|non|nor|never|none|nothing|nobody|without|nicht|nichts|kein\w*|nie|niemals|ohne|ne")
# In exchange for one of these nothing else is said. Pairs of opposites (on and off, to and from, and and or) are none of them.
_LIGHT = (
    "a an the this that these those of in into for at by with as is are was were be been being am has have had do does did it its "
    "pas der die das ein eine im le la les un une de du des el los las"
)
_LIGHT_WORDS = frozenset(_LIGHT.split())


def alike(one: str, other: str) -> bool:
    """Whether most words of the two texts are the same (Jaccard), all numbers, and the statement: see another_statement()."""
    left, right = (set(_WORD.findall(text.lower())) for text in (one, other))
    if any(char.isdigit() for word in left ^ right for char in word):
        return False  # another port or version is another fact
    return len(left & right) >= SAME_WORDS * len(left | right) and not another_statement(one, other)


def another_statement(one: str, other: str) -> bool:
    """Whether one text denies more often than the other, or differs in a few places, one of which has another word instead.

    Words put in, left out or moved make no other statement, nor do other forms of a word.
    """
    left, right = _words(one), _words(other)
    if _negations(left) != _negations(right):
        return True
    left, right = _telling(left), _telling(right)
    lost, gained = set(Counter(left) - Counter(right)), set(Counter(right) - Counter(left))
    if not lost or not gained:
        return False
    changes = _changes(left, right)
    return len(changes) <= FEW_CHANGES and any(lost & set(was) and gained & set(now) for was, now in changes)


def _words(text: str) -> list[str]:
    """The words of a text in order, `don't` as do and not."""
    text = text.lower().replace("\u2019", "'")
    for short, spelt in _SPELT_OUT:
        text = short.sub(spelt, text)
    return _WORD.findall(text)


def _negations(words: Sequence[str]) -> int:
    return sum(_NEGATION.fullmatch(word) is not None for word in words)


def _telling(words: Sequence[str]) -> list[str]:
    """The stems of those that say something by themselves; negations are counted, whichever they are."""
    return [_stem(word) for word in words if word not in _LIGHT_WORDS and not _NEGATION.fullmatch(word)]


def _stem(word: str) -> str:
    """What forms of an English word share: fix of fixes and fixed, run of running, us of use and using, tri of try and tries."""
    word = word.removesuffix("s") if len(word) > _SHORT else word
    for ending in ("ing", "ed", "e"):
        if word.endswith(ending) and len(word) > len(ending) + 1 and not word.endswith("eed"):  # need and needed
            word = word.removesuffix(ending)
            break
    if len(word) < _SHORT:
        return word
    if word[-1] == word[-2]:
        word = word[:-1]
    return word[:-1] + "i" if word.endswith("y") else word


def _changes(left: list[str], right: list[str]) -> set[tuple[tuple[str, ...], tuple[str, ...]]]:
    """What stands in the one text and what instead in the other, each once: a title and its narrative may change alike.

    Only the first words from the first difference on are compared; the time for it grows with the square of their number.
    """
    begin = next((at for at, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), 0)
    left, right = left[begin : begin + COMPARED_WORDS], right[begin : begin + COMPARED_WORDS]
    steps = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    return {(tuple(left[a:b]), tuple(right[c:d])) for step, a, b, c, d in steps if step != "equal"}
