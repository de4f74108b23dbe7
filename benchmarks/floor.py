"""The confidence floor: how often a question that nothing answers gets an answer all the same, and how many others are lost.

Unanswerable are the questions of one public set asked of another's store (dialogues of daily life against stores of code and
the reverse), the hand-written ones of _retrieval/eastern.py in English and in Chinese, Japanese and Korean, and DevBench's own.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import TYPE_CHECKING

import retrieval
from _retrieval import eastern, ours
from _retrieval.sets import Collection, Document, Question

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST = 100
DAILY, CODE = ("LoCoMo dev, turn", "LoCoMo dev, session"), ("BEAM 100K dev", "CoSQA dev", "DevBench")
SMALL = ("PrecisionMemBench", "coding-agent-life-v1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--path", type=Path, default=retrieval.DATA, help="the folder with the sets")
    parser.add_argument("--embedder", default="auto", help="as CLAUDE_MEM_EMBEDDER")
    parser.add_argument("--keep", type=Path, help="a file to keep vectors in between runs")
    parser.add_argument("--half", type=int, choices=[0, 1], help="only every second question, from this one on")
    options = parser.parse_args()
    options.split, options.size, options.audit = "dev", "100K", None
    embedder = retrieval.loaded(options)
    chosen = [name for name in retrieval.SETS if (options.path / retrieval.SETS[name]).exists()]
    sets = [one for name in chosen for one in retrieval.collections(name, options.path / retrieval.SETS[name], options)]
    for store in [*sets, told()]:
        filled = ours.Ours(store, embedder)
        print(f"\n## {store.name}: {len(store.documents)} documents")
        row(filled, "answerable", store.positives, options.half, lost=True)
        for name, questions in unanswerable(store, sets):
            row(filled, name, questions, options.half)
        filled.close()
    if isinstance(embedder, ours.Remembered):
        embedder.save()


def told() -> Collection:
    """The hand-written memories in Chinese, Japanese and Korean."""
    keys = [str(number) for number, _ in enumerate(eastern.TOLD)]
    return Collection(
        name="Eastern",
        documents=tuple(
            Document(key=key, haystack="eastern", text=told) for key, (told, _) in zip(keys, eastern.TOLD, strict=True)
        ),
        questions=tuple(
            Question(text=asked, haystacks=("eastern",), relevant=frozenset({key}))
            for key, (_, asked) in zip(keys, eastern.TOLD, strict=True)
        ),
        digest="",
    )


def unanswerable(store: Collection, sets: Iterable[Collection]) -> list[tuple[str, Sequence[Question]]]:
    """Questions that nothing in *store* answers, by where they come from."""
    found: list[tuple[str, Sequence[Question]]] = []
    if store.name == "DevBench":
        found.append(("its own", store.negatives))
    others = CODE if store.name in DAILY else DAILY[:1] if store.name in (*CODE, *SMALL) else ()
    found += [(f"of {one.name}", sampled(one.positives)) for one in sets if one.name in others]
    found.append(("English", [Question(text=text, haystacks=(), relevant=frozenset()) for text in eastern.ENGLISH]))
    found.append(("Eastern", [Question(text=text, haystacks=(), relevant=frozenset()) for text in eastern.UNRELATED]))
    return found


def sampled(questions: Sequence[Question]) -> list[Question]:
    """At most so many of the questions, the same at every run."""
    return random.Random(7).sample(list(questions), min(MOST, len(questions)))


def row(filled: ours.Ours, name: str, questions: Sequence[Question], half: int | None, *, lost: bool = False) -> None:
    """How many of some questions get an answer: of those that have one, how many get none."""
    chosen = questions[half::2] if half is not None else questions
    print(f"{name:24}", end=" ")
    for engine in ours.ENGINES:
        answered = sum(bool(filled.find(one, 1, engine, pooled=not lost)) for one in chosen)
        count = len(chosen) - answered if lost else answered
        print(f"{engine}: {count:3} of {len(chosen):<4}", end="  ")
    print("lost" if lost else "answered")


if __name__ == "__main__":
    main()
