"""Whether what a search found means something, or is only what happens to lie nearest.

One memory has to speak for the question: by being near to it, by holding much of what it asks for (rare words count more than
common ones), or by some of both. Two figures that come from two memories prove nothing: in a large store some memory is
always near and another one always has a word or two. Measured by benchmarks/floor.py.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from claudemem_lib import questions, ranking
from claudemem_lib.store import fulltext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from claudemem_lib.questions import Word
    from claudemem_lib.store.database import Database

LOOKED_AT = 10
COSINE, COSINE_OF_BEGINNING = 0.385, 0.29
"""Near enough by itself; of a memory longer than an embedder reads only the beginning was compared."""
COSINE_ALONE = 0.28
"""Near enough for a memory that has a word of the question which no other memory has."""
COVER, COVER_BY_PAIRS = 0.45, 0.18
"""Enough of what is asked for; of pairs of characters many lie across two words and stand nowhere."""
PAIRS = 2
RARE = 100
"""A name that at most one of so many memories has is an answer by itself."""
MANY, FEWER = 30, 0.2
PARTLY = 0.5
"""Enough of a name's parts, where none has all of it: of src/app/login.py app and login, of xyzzy_function_name not function."""


def sure(
    database: Database,
    words: Sequence[Word],
    counted: Sequence[tuple[int, Word]],
    found: Sequence[tuple[int, float]],
    near: Sequence[tuple[int, float]],
) -> bool:
    """Whether one of the best memories of the full text (*found*) or of the vectors (*near*) is an answer."""
    paired = bool(questions.pairs(words))
    if near and near[0][1] >= COSINE * _least(len(near)):
        return True
    total = fulltext.total(database)
    if any(0 < count <= max(1, total // RARE) and questions.named(word) for count, word in counted if word in words):
        return True
    best = list(dict.fromkeys(memory for memory, _ in (*found[:LOOKED_AT], *near[:LOOKED_AT])))
    counts = {word.match: count for count, word in counted}
    wanted = {word.match: counts.get(word.match, 0) for word in questions.asked_for(words)}
    worth = _worth(wanted, total)
    whole = (COVER_BY_PAIRS if paired else COVER) * sum(worth.values()) or 1.0
    cosines, places = dict(near), fulltext.places(database, best)
    held: dict[int, list[str]] = {memory: [] for memory in best}
    for match in wanted:
        for memory in fulltext.among(database, match, best):
            held[memory].append(match)
    for memory, matches in held.items():
        some = len(matches) >= (min(PAIRS, len(wanted)) if paired else 1)
        by_words = sum(worth[match] for match in matches) / whole if some else 0.0
        cosine = max(0.0, cosines.get(memory, 0.0)) / _least(len(near))
        whole_read = memory not in places or places[memory].tokens <= ranking.EMBEDDED_TOKENS
        by_meaning = cosine / (COSINE if whole_read else COSINE_OF_BEGINNING)
        alone = cosine >= COSINE_ALONE and any(wanted[match] == 1 for match in matches)
        if alone or by_meaning**2 + by_words**2 >= 1:
            return True
    return False


def partly(database: Database, parts: Sequence[tuple[int, Word]], found: Sequence[tuple[int, float]]) -> bool:
    """Whether one of the best memories has enough of the *parts* (with how many have them) of a name that none has whole."""
    wanted = {word.match: count for count, word in parts}
    worth, best = _worth(wanted, fulltext.total(database)), [memory for memory, _ in found[:LOOKED_AT]]
    held = dict.fromkeys(best, 0.0)
    for match in wanted:
        for memory in fulltext.among(database, match, best):
            held[memory] += worth[match]
    return bool(wanted) and max(held.values(), default=0.0) >= PARTLY * sum(worth.values())


def _least(compared: int) -> float:
    """How near is near, by how many memories were compared: the best of a few is near by chance less often."""
    return (compared / MANY) ** FEWER if 0 < compared < MANY else 1.0


def _worth(counts: Mapping[str, int], total: int) -> dict[str, float]:
    """What each of the words is worth, by how few memories have it; what none has is worth most."""
    return {match: math.log1p(total / (count + 0.5)) for match, count in counts.items()}
