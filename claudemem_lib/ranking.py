"""Two rankings made one: full text by bm25, vectors by cosine. Pure; the figures were chosen on the dev parts of the benchmarks.

Scores, not ranks, are fused: reciprocal ranks (k 10 to 60) lost to a weighted sum of normalised scores on the sets of
conversations and were about equal elsewhere. How much the full text counts depends on the question. Where its best hits
stand out from the twentieth, the words of the question are telling and it decides; where all score alike (a question in
everyday words), the vectors decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CANDIDATES = 100
"""So many of each ranking are fused; what follows keeps the order of the full text."""
STANDS_OUT_AT = 20
FLAT, STEEP = 0.4, 0.7
LEAST_TEXT, MOST_TEXT = 0.05, 0.75
ADJACENT = 0.25
PROMPT = 0.8
EMBEDDED_TOKENS = 256
"""An embedder reads so much of a text."""
LEAST_COSINE = 0.2
CONTEXT = 0.3
BESIDE_MS = 3_600_000
RECENCY = 0.02
RECENCY_HALF_LIFE_MS = 60 * 86_400_000
SUPERSEDED = 0.5


class Ranked(NamedTuple):
    """A memory's place: *score* 0 to about 1, *engines* that found it."""

    id: int
    score: float
    engines: tuple[str, ...]


def fuse(text: Sequence[tuple[int, float]], near: Sequence[tuple[int, float]]) -> list[Ranked]:
    """The candidates of both rankings (id, score; best first) as one, best first."""
    if not text and not near:
        return []
    share = text_share([score for _, score in text]) if near else 1.0
    share = share if text else 0.0
    words, meaning = dict(text[:CANDIDATES]), dict(near[:CANDIDATES])
    best_text = max(words.values(), default=0.0) or 1.0
    least, best = min(meaning.values(), default=0.0), max(meaning.values(), default=0.0)
    width = (best - least) or 1.0
    found = []
    for memory in {**words, **meaning}:
        by_meaning = (meaning[memory] - least) / width if memory in meaning else 0.0
        score = share * words.get(memory, 0.0) / best_text + (1 - share) * by_meaning
        engines = tuple(name for name, hits in (("text", words), ("vectors", meaning)) if memory in hits)
        found.append(Ranked(memory, score, engines))
    return sorted(found, key=lambda one: (-one.score, -one.id))


def text_share(scores: Sequence[float]) -> float:
    """How much the full text counts beside the vectors, by how far its best hit stands out."""
    if not scores or scores[0] <= 0:
        return LEAST_TEXT
    later = scores[STANDS_OUT_AT - 1] if len(scores) >= STANDS_OUT_AT else 0.0
    apart = (scores[0] - later) / scores[0]
    return LEAST_TEXT + (MOST_TEXT - LEAST_TEXT) * min(1.0, max(0.0, (apart - FLAT) / (STEEP - FLAT)))


def joined(memories: Sequence[tuple[int, float]], prompts: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Memories and prompts as one ranking. They are counted in indexes of their own: the best prompt comes near the best memory."""
    if not memories or not prompts:
        return [*memories, *prompts]
    each = PROMPT * memories[0][1] / (prompts[0][1] or 1.0)
    scored = [*memories, *((prompt, each * score) for prompt, score in prompts)]
    return sorted(scored, key=lambda pair: (-pair[1], -pair[0]))


def with_adjacent(text: Sequence[tuple[int, float]], adjacent: Mapping[int, float]) -> list[tuple[int, float]]:
    """A full-text ranking with a bonus for neighbouring words of the question that stand together."""
    raised = [(memory, score + ADJACENT * adjacent.get(memory, 0.0)) for memory, score in text]
    return sorted(raised, key=lambda pair: (-pair[1], -pair[0]))


class Place(NamedTuple):
    """Where a memory stands: the project and session it was made in, when, and how many tokens it has."""

    project: int
    session: int | None
    made_ms: int
    tokens: int

    def beside(self, other: Place) -> bool:
        """Whether this one and the memory made before or after it belong together."""
        same = self.project == other.project and self.session == other.session
        return same and abs(self.made_ms - other.made_ms) <= BESIDE_MS


def in_context(ranked: Sequence[Ranked], places: Mapping[int, Place]) -> list[Ranked]:
    """Candidates raised by the better one of those made right before and after them; the more the shorter they are.

    What is short says little without what stands beside it; what is longer than an embedder reads brings its own context.
    """
    scores = {one.id: one.score for one in ranked if one.id in places}
    found = []
    for one in ranked:
        here = places.get(one.id)
        near = (
            number for number in (one.id - 1, one.id + 1) if here and number in scores and here.beside(places[number])
        )
        raised = CONTEXT * max(map(scores.__getitem__, near), default=0.0)
        found.append(one._replace(score=one.score + raised / (1 + (here.tokens if here else 0) / EMBEDDED_TOKENS)))
    return sorted(found, key=lambda one: (-one.score, -one.id))


def settled(ranked: Iterable[Ranked], standing: Mapping[int, tuple[int, bool]], now_ms: int) -> list[Ranked]:
    """Candidates by their standing too: newer a little before older, superseded ones behind.

    The bonus for age is below what any one word of a question is worth, so it orders only what is nearly equal.
    """
    found = []
    for one in ranked:
        made_ms, superseded = standing.get(one.id, (0, False))
        recent = RECENCY * 0.5 ** (max(0, now_ms - made_ms) / RECENCY_HALF_LIFE_MS)
        found.append(Ranked(one.id, (one.score + recent) * (SUPERSEDED if superseded else 1.0), one.engines))
    return sorted(found, key=lambda one: (-one.score, -one.id))
