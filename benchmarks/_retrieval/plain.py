"""The yardstick: SQLite FTS5 as it comes, porter stemmer, OR of the question's words without stop words, bm25."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import apsw

if TYPE_CHECKING:
    from _retrieval.sets import Collection, Question

# Everyday English function words; not the product's list.
STOP_WORDS = frozenset(
    """
    a about after again all am an and any are as at be because been before being but by can could did do does doing down during
    each few for from further had has have having he her here hers him his how i if in into is it its itself just me more most my
    no nor not now of off on once only or other our out over own same she should so some such than that the their them then there
    these they this those through to too under until up very was we were what when where which while who whom why will with would
    you your
    """.split()  # noqa: SIM905  # a page of quotes says less
)


class Plain:
    """Plain FTS5 over a collection, in memory."""

    name = "plain FTS5"

    def __init__(self, collection: Collection) -> None:
        self.connection = apsw.Connection(":memory:")
        self.connection.execute(
            "CREATE VIRTUAL TABLE d USING fts5(haystack UNINDEXED, key UNINDEXED, text, tokenize='porter unicode61')"
        )
        self.connection.executemany(
            "INSERT INTO d VALUES (?, ?, ?)",
            [
                (one.haystack, one.key, " ".join((one.title, *one.names, one.text)).strip())
                for one in collection.documents
            ],
        )
        self.size = 0

    def find(self, question: Question, limit: int, *, pooled: bool = False) -> list[str]:
        """Keys, best first; within the question's haystacks unless *pooled*."""
        words = re.findall(r"\w+", question.text.lower())
        words = [word for word in words if word not in STOP_WORDS] or words
        if not words:
            return []
        match = " OR ".join(f'"{word}"' for word in dict.fromkeys(words))
        where = "" if pooled else f" AND haystack IN ({','.join('?' * len(question.haystacks))})"
        rows = self.connection.execute(
            f"SELECT haystack, key FROM d WHERE d MATCH ?{where} ORDER BY bm25(d) LIMIT {limit}",
            (match, *(() if pooled else question.haystacks)),
        )
        return [f"{haystack}\t{key}" if pooled else key for haystack, key in rows]
