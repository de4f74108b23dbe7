"""Long conversations: LoCoMo (turns or sessions) and BEAM (messages)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from _retrieval.sets import START_MS, Collection, Document, Mismatch, Question, counted, digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LOCOMO_DEV = ("conv-26", "conv-30")
LOCOMO_CATEGORIES = {1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial"}
# conversations, sessions, turns, questions, questions with evidence
LOCOMO_COUNTS = {10: (272, 5_882, 1_986, 1_982), 2: (38, 788, 304, 302)}
FACT5 = (
    "information_extraction",
    "knowledge_update",
    "multi_session_reasoning",
    "temporal_reasoning",
    "contradiction_resolution",
)
REST = ("event_ordering", "summarization", "instruction_following", "preference_following")
CODING = {"100K": {"1", "2", "3"}, "500K": {"1", "2", "3", "4", "5"}, "1M": {"3", "4"}}
BEAM_DEV = (("100K", "1"), ("100K", "2"), ("100K", "3"))
BEAM_CHATS = {"100K": 20, "500K": 35, "1M": 9}
# answerable questions, those of FACT5, messages
BEAM_COUNTS = {"100K": (355, 200, 5_732), "500K": (629, 349, 38_058)}


def locomo(path: Path, split: str, unit: str = "turn", audit: Path | None = None) -> Collection:
    """LoCoMo: one haystack a conversation. *unit* is turn or session; a session carries its date.

    *audit*: the corrections of dial481/locomo-audit (errors.json); their evidence takes the place of what the set cites.
    """
    file = path if path.is_file() else next(path.glob("*.json"))
    chats = json.loads(file.read_text("utf-8"))
    corrected(chats, json.loads(audit.read_text("utf-8")) if audit else ())
    if split == "dev":
        chats = [chat for chat in chats if chat["sample_id"] in LOCOMO_DEV]
    documents = [one for chat in chats for one in _locomo_documents(chat, unit)]
    questions = [one for chat in chats for one in _locomo_questions(chat, unit)]
    sessions, turns, asked, with_evidence = LOCOMO_COUNTS[len(chats)]
    counted("LoCoMo documents", len(documents), turns if unit == "turn" else sessions)
    counted("LoCoMo questions", sum(len(chat["qa"]) for chat in chats), asked)
    if audit is None:
        counted("LoCoMo questions with evidence", len(questions), with_evidence)
    names = tuple(LOCOMO_CATEGORIES.values())
    return Collection(
        name=f"LoCoMo {split}, {unit}{', evidence as audited' if audit else ''}",
        documents=tuple(documents),
        questions=tuple(questions),
        digest=digest([file, audit] if audit else [file]),
        depths=(1, 5, 10, 25, 50) if unit == "turn" else (1, 5, 10),
        groups={"all": names, "without adversarial": names[:4], **{name: (name,) for name in names}},
        pooled=True,
    )


def _locomo_documents(chat: dict[str, Any], unit: str) -> Iterator[Document]:
    conversation, name = chat["conversation"], chat["sample_id"]
    numbers = sorted(int(found[1]) for key in conversation if (found := re.fullmatch(r"session_(\d+)", key)))
    for number in numbers:
        turns = [(turn["dia_id"], _said(turn)) for turn in conversation[f"session_{number}"]]
        at_ms = START_MS + number * 86_400_000
        if unit == "turn":
            yield from (Document(key=key, haystack=name, text=text, created_ms=at_ms) for key, text in turns)
        else:
            text = "\n".join([conversation[f"session_{number}_date_time"], *(text for _, text in turns)])
            yield Document(key=f"D{number}", haystack=name, text=text, created_ms=at_ms)


def _said(turn: dict[str, Any]) -> str:
    caption = f" {turn['blip_caption']}" if turn.get("blip_caption") else ""
    return f"{turn['speaker']}: {turn['text']}{caption}"


def _locomo_questions(chat: dict[str, Any], unit: str) -> Iterator[Question]:
    for asked in chat["qa"]:
        keys = evidence(asked.get("evidence", []))
        if keys:
            relevant = frozenset(keys if unit == "turn" else (key.split(":")[0] for key in keys))
            group = LOCOMO_CATEGORIES[asked["category"]]
            yield Question(text=asked["question"], haystacks=(chat["sample_id"],), relevant=relevant, group=group)


def corrected(chats: list[dict[str, Any]], corrections: Iterable[dict[str, Any]]) -> None:
    """Put the evidence of the corrections in its place; `locomo_3_qa7` is the eighth question of the fourth conversation.

    Those of conversations that are not here are passed over; a question that reads otherwise is another version of the set.
    """
    for one in corrections:
        chat, number = map(int, re.findall(r"\d+", one["question_id"]))
        if chat < len(chats):
            asked = chats[chat]["qa"][number]
            if asked["question"].strip() != one["question"].strip():
                message = f"{one['question_id']} is {one['question']!r} there and {asked['question']!r} here"
                raise Mismatch(message)
            asked["evidence"] = one["correct_evidence"]


def evidence(raw: list[str]) -> list[str]:
    """Evidence ids as they are meant: joined ones apart, `D:11:26` and zero-padded ones mended, the unreadable left out."""
    parts = [part for text in raw for part in re.split(r"[;,\s]+", text) if part]
    found = (re.fullmatch(r"D:?(\d+):(\d+)", part) for part in parts)
    return list(dict.fromkeys(f"D{int(one[1])}:{int(one[2])}" for one in found if one))


def beam(path: Path, split: str, size: str = "100K") -> Collection:
    """BEAM: one haystack a chat, one document a message. dev is 100K/1 to 3; all is every chat of *size*."""
    chats = [(size, number) for _, number in BEAM_DEV] if split == "dev" else _chats(path, size)
    documents, questions, files = [], [], []
    for part, number in chats:
        folder = path / part / number
        files += [folder / "chat.json", folder / "probing_questions" / "probing_questions.json"]
        name = f"{part}/{number}"
        documents += list(_messages(json.loads(files[-2].read_text("utf-8")), name))
        questions += list(_beam_questions(json.loads(files[-1].read_text("utf-8")), name, number in CODING[part]))
    fact = sum(one.group.split()[0] in FACT5 for one in questions)
    if split == "dev":
        counted("BEAM questions on facts", fact, 30)
    elif size in BEAM_COUNTS:
        answerable, facts, messages = BEAM_COUNTS[size]
        counted("BEAM answerable questions", sum(bool(one.relevant) for one in questions), answerable)
        counted("BEAM questions on facts", fact, facts)
        counted("BEAM messages", len(documents), messages)
    plain, coding = (tuple(f"{name}{mark}" for name in FACT5) for mark in ("", " coding"))
    rest = tuple(f"{name}{mark}" for name in REST for mark in ("", " coding"))
    groups = {"fact5": plain + coding, "fact5, coding": coding, "rest": rest, "all answerable": plain + coding + rest}
    return Collection(
        name=f"BEAM {size} {split}",
        documents=tuple(documents),
        questions=tuple(questions),
        digest=digest(files),
        depths=(1, 5, 10, 20),
        groups=groups,
        pooled=True,
    )


def _chats(path: Path, size: str) -> list[tuple[str, str]]:
    found = sorted((one.name for one in (path / size).iterdir() if (one / "chat.json").is_file()), key=int)
    counted(f"BEAM {size} chats", len(found), BEAM_CHATS[size])
    return [(size, name) for name in found]


def _messages(batches: list[dict[str, Any]], name: str) -> Iterator[Document]:
    for batch in batches:
        for turn in batch["turns"]:
            for message in turn:
                key = str(message["id"])
                yield Document(key=key, haystack=name, text=message["content"], created_ms=START_MS + int(key) * 60_000)


def _beam_questions(asked: dict[str, list[dict[str, Any]]], name: str, coding: bool) -> Iterator[Question]:  # noqa: FBT001
    for ability, questions in asked.items():
        for one in questions:
            keys = frozenset(map(str, _flat(one.get("source_chat_ids", []))))
            if ability == "abstention":
                yield Question(text=one["question"], haystacks=(name,), relevant=frozenset(), group="abstention")
            elif keys:
                group = f"{ability} coding" if coding else ability
                yield Question(text=one["question"], haystacks=(name,), relevant=keys, group=group)


def _flat(ids: Any) -> list[int]:
    if isinstance(ids, dict):
        return [one for part in ids.values() for one in _flat(part)]
    if isinstance(ids, list):
        return [one for part in ids for one in _flat(part)]
    return [ids]
