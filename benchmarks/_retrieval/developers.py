"""Small sets about software work: PrecisionMemBench, CoSQA, DevBench, coding-agent-life."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from _retrieval.sets import START_MS, Collection, Document, Question, counted, digest

if TYPE_CHECKING:
    from pathlib import Path


def precision(path: Path, split: str) -> Collection:
    """PrecisionMemBench: the 43 cases that say exactly what may come back.

    A scope is a haystack; pinned, superseded and resolved beliefs are left out, as its protocol does.
    """
    del split
    seed, cases = (
        json.loads((path / f"{name}.json").read_text("utf-8")) for name in ("beliefs.seed", "retrieval.cases")
    )
    counted("beliefs", len(seed), 35)
    counted("cases", len(cases), 77)
    kept = [
        one for one in seed if not one["pinned"] and one["epistemic_status"] != "superseded" and not one["resolved_at"]
    ]
    documents = tuple(
        Document(
            key=one["_id"],
            haystack=one["scope"][0],
            title=one["canonical_name"].replace("_", " "),
            text=one["content"],
            names=tuple(one["aliases"]),
        )
        for one in kept
    )
    asked = [case for case in cases if case["expect"].get("relevantBeliefs", {}).get("shouldOnlyInclude")]
    counted("cases about precision", len(asked), 43)
    questions = tuple(
        Question(
            text=case["query"],
            haystacks=tuple(case["scope"]),
            relevant=frozenset(case["expect"]["relevantBeliefs"]["shouldOnlyInclude"]),
        )
        for case in asked
    )
    files = [path / "beliefs.seed.json", path / "retrieval.cases.json"]
    return Collection(name="PrecisionMemBench", documents=documents, questions=questions, digest=digest(files))


def cosqa(path: Path, split: str) -> Collection:
    """CoSQA: 6,267 Python functions, 500 questions people asked a search engine; dev or (split all) test."""
    code = path / "code_idx_map.txt"
    functions = json.loads(code.read_text("utf-8"))
    counted("functions", len(functions), 6_267)
    file = path / f"cosqa-retrieval-{'dev' if split == 'dev' else 'test'}-500.json"
    asked = json.loads(file.read_text("utf-8"))
    counted("questions", len(asked), 500)
    return Collection(
        name=f"CoSQA {'dev' if split == 'dev' else 'test'}",
        documents=tuple(Document(key=str(number), haystack="code", text=text) for text, number in functions.items()),
        questions=tuple(
            Question(text=one["doc"], haystacks=("code",), relevant=frozenset({str(one["retrieval_idx"])}))
            for one in asked
        ),
        digest=digest([code, file]),
    )


def devbench(path: Path, split: str) -> Collection:
    """DevBench: 30 memories of a developer, 15 questions and 5 that nothing answers."""
    del split
    file = path / "devbench_dataset.json"
    found = json.loads(file.read_text("utf-8"))
    counted("memories", len(found["memories"]), 30)
    counted("questions", len(found["queries"]), 20)
    return Collection(
        name="DevBench",
        documents=tuple(Document(key=one["id"], haystack="dev", text=one["content"]) for one in found["memories"]),
        questions=tuple(
            Question(
                text=one["question"],
                haystacks=("dev",),
                relevant=frozenset(one["expected_tags"]),
                group=one["category"],
            )
            for one in found["queries"]
        ),
        digest=digest([file]),
    )


def life(path: Path, split: str) -> Collection:
    """coding-agent-life-v1: 15 sessions, 15 questions; saturated, a smoke test."""
    del split
    files = [path / "sessions.json", path / "queries.json"]
    sessions, asked = (json.loads(file.read_text("utf-8")) for file in files)
    counted("sessions", len(sessions), 15)
    counted("questions", len(asked), 15)
    return Collection(
        name="coding-agent-life-v1",
        documents=tuple(
            Document(key=one["id"], haystack="life", text=one["content"], created_ms=START_MS + number * 3_600_000)
            for number, one in enumerate(sessions)
        ),
        questions=tuple(
            Question(text=one["question"], haystacks=("life",), relevant=frozenset(one["goldSessionIds"]))
            for one in asked
        ),
        digest=digest(files),
    )
