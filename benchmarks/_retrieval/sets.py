"""What a retrieval set is: documents in haystacks, questions with the documents that answer them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

START_MS = 1_700_000_000_000


class Mismatch(Exception):
    """The files are not the data set that was expected."""


@frozen(kw_only=True)
class Document:
    """One thing to find. *key* is unique in its *haystack* (a conversation, a chat, the whole collection)."""

    key: str
    haystack: str
    text: str
    title: str = ""
    names: tuple[str, ...] = ()
    created_ms: int = START_MS
    superseded: bool = False


@frozen(kw_only=True)
class Question:
    """What is asked of some *haystacks* and the keys that answer it (none: the right answer is "nothing"); *group* for reports."""

    text: str
    haystacks: tuple[str, ...]
    relevant: frozenset[str]
    group: str = "all"


@frozen(kw_only=True)
class Collection:
    """A data set, loaded and counted. *depths* are the k of R@k; *positives* and *negatives* split its questions."""

    name: str
    documents: tuple[Document, ...]
    questions: tuple[Question, ...]
    digest: str
    depths: tuple[int, ...] = (1, 5, 10)
    groups: Mapping[str, tuple[str, ...]] = field(factory=dict)
    pooled: bool = False

    @property
    def positives(self) -> tuple[Question, ...]:
        """The questions that have an answer."""
        return tuple(one for one in self.questions if one.relevant)

    @property
    def negatives(self) -> tuple[Question, ...]:
        """The questions that nothing answers."""
        return tuple(one for one in self.questions if not one.relevant)


def counted(what: str, found: int, expected: int) -> None:
    """Refuse a file that does not hold what the published set holds."""
    if found != expected:
        message = f"{what}: {found} instead of {expected}; this is another version of the set"
        raise Mismatch(message)


def digest(paths: Iterable[Path]) -> str:
    """The first twelve digits of the SHA-256 over the files, in order."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()[:12]
