"""Measures over ranked keys: recall as a fraction and as any, reciprocal rank, discounted gain."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _retrieval.sets import Question

Result = tuple["Question", list[str]]


def recall(question: Question, found: Sequence[str], depth: int) -> float:
    """The share of the relevant documents among the first *depth*."""
    return len(question.relevant & set(found[:depth])) / len(question.relevant)


def reciprocal_rank(question: Question, found: Sequence[str]) -> float:
    """One over the place of the first relevant document, 0 if there is none."""
    return next((1 / place for place, key in enumerate(found, 1) if key in question.relevant), 0.0)


def gain(question: Question, found: Sequence[str], depth: int = 10) -> float:
    """Discounted gain, nDCG (Jarvelin and Kekalainen 2002) with binary relevance."""
    got = sum(1 / math.log2(place + 1) for place, key in enumerate(found[:depth], 1) if key in question.relevant)
    best = sum(1 / math.log2(place + 1) for place in range(1, min(len(question.relevant), depth) + 1))
    return got / best


def summary(results: Sequence[Result], depths: Sequence[int]) -> dict[str, float]:
    """The means over some questions, recalls in per cent."""
    measured: dict[str, list[float]] = {}
    for question, found in results:
        values = {f"R@{depth}": 100 * recall(question, found, depth) for depth in depths}
        values |= {f"any@{depth}": 100.0 * (recall(question, found, depth) > 0) for depth in depths[:3]}
        values |= {"MRR": reciprocal_rank(question, found), "nDCG@10": gain(question, found)}
        for name, value in values.items():
            measured.setdefault(name, []).append(value)
    return {name: statistics.fmean(values) for name, values in measured.items()}


def exact(results: Sequence[Result]) -> tuple[int, float, float]:
    """How many questions got exactly the right set, mean precision (of what came back) and mean recall."""
    passes = sum(set(found) == question.relevant for question, found in results)
    precise = [len(question.relevant & set(found)) / len(found) if found else 0.0 for question, found in results]
    whole = [len(question.relevant & set(found)) / len(question.relevant) for question, found in results]
    return passes, statistics.fmean(precise), statistics.fmean(whole)
