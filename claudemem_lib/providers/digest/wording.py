"""Sentences chosen and joined: which of many tell most, and how they become a narrative or facts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from claudemem_lib.providers.digest import cues
from claudemem_lib.providers.digest.markdown import cut

if TYPE_CHECKING:
    from collections.abc import Iterable

_NARRATIVE_LIMIT = 700
_FACT_LIMIT = 240
_MOST_FACTS = 14


def best(candidates: Iterable[str], count: int) -> tuple[str, ...]:
    """The *count* most telling of *candidates*, in their order: names, figures and reasons weigh, length costs."""
    numbered = [(text, at) for at, text in enumerate(dict.fromkeys(candidates))]
    ranked = sorted(numbered, key=lambda pair: (-weight(pair[0]), pair[1]))[:count]
    ranked = [pair for pair in ranked if weight(pair[0]) >= 0] or ranked
    return tuple(text for text, _ in sorted(ranked, key=lambda pair: pair[1]))


def weight(text: str) -> int:
    """How much a sentence is likely to tell."""
    score = min(3, len(re.findall(r"\w+[_/.:]\w+|\w+\(|\b[a-z]+[A-Z]\w+|--\w+|\b[A-Z]\w+[A-Z]\w+", text)))
    score += 1 if re.search(r"\d", text) else 0
    score += 2 if cues.LEARNED.search(text) or cues.GOTCHA.search(text) else 0
    score -= (
        2 if re.match(r"(?:That|It|This|They|These)(?:'s| is| was| are| were| will)?\b|\S.{0,30} - .* - ", text) else 0
    )
    score -= 1 if len(text) > 220 else 0  # noqa: PLR2004  # longer than two lines
    return score - (2 if len(text.split()) < 4 else 0)  # noqa: PLR2004  # a label, no statement


def joined(parts: Iterable[str], limit: int, separator: str = " ") -> str:
    """*parts* as sentences of one text of at most *limit* characters; a part that does not fit is left out."""
    kept: list[str] = []
    used = 0
    for part in parts:
        ended = part if part[-1:] in ".!?…:" else part + "."
        if kept and used + len(ended) > limit:
            continue
        kept.append(cut(ended, limit))
        used += len(ended) + len(separator)
    return separator.join(kept)


def narrative(parts: Iterable[str]) -> str:
    """*parts* as the text of an observation."""
    return joined(parts, _NARRATIVE_LIMIT)


def facts(parts: Iterable[str], known: str = "") -> tuple[str, ...]:
    """*parts* as facts, each once, without those that the narrative *known* tells already."""
    cuts = (cut(part, _FACT_LIMIT) for part in parts if part.rstrip(".") not in known)
    return tuple(dict.fromkeys(cuts))[:_MOST_FACTS]
