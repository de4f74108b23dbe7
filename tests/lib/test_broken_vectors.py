"""Whatever became of the vectors, a search has the hits of the full text, and the next embedding makes them whole again."""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claudemem_lib import search
from claudemem_lib.embedders.fake import Fake
from claudemem_lib.settings import Settings
from claudemem_lib.store import sql
from claudemem_lib.store.fulltext import Filters, Page
from tests.conftest import Clock, Memories
from tests.lib.stored import add_note, add_observation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claudemem_lib.memory import Memory

pytest.importorskip("sqlite_vec", reason="pip install '.[semantic-lite]'")

SIZE = 96
WORDS = tuple(
    word
    for line in (
        "login token cake sugar parser socket retry budget theme vector walrus river",
        "candle engine pepper violin harbour lantern saddle pigeon 数据库 连接池 缓存",
    )
    for word in line.split()
)
DAMAGES = {
    "deleted": "DELETE FROM vectors",
    "half deleted": "DELETE FROM vectors WHERE memory_id % 2",
    "signs deleted": "DELETE FROM vector_signs",
    "half of the signs deleted": "DELETE FROM vector_signs WHERE memory_id % 2",
    "truncated": "UPDATE vectors SET v = substr(v, 1, 7) WHERE length(v)",
    "empty": "UPDATE vectors SET v = x'' WHERE memory_id % 3 = 1",
    "some truncated": "UPDATE vectors SET v = substr(v, 1, 95) WHERE memory_id % 3 = 1 AND length(v)",
    "too long": "UPDATE vectors SET v = zeroblob(384) WHERE memory_id % 3 = 2",
    "rubbish": "UPDATE vectors SET v = randomblob(96)",
    "nought": "UPDATE vectors SET v = zeroblob(96)",
    "signs truncated": "UPDATE vector_signs SET b = x'01'",
    "some signs empty": "UPDATE vector_signs SET b = x'' WHERE memory_id % 2",
    "signs too long": "UPDATE vector_signs SET b = zeroblob(48) WHERE memory_id % 3 = 0",
    "signs rubbish": "UPDATE vector_signs SET b = randomblob(12)",
    "of another project": "UPDATE vectors SET project_id = project_id + 1 WHERE memory_id % 2",
    "no space": "DELETE FROM spaces",
    "another space": "UPDATE spaces SET dimension = 384",
    "another model": "UPDATE spaces SET model = 'other'",
    "scale of nought": "UPDATE spaces SET scale = 0",
    "changes forgotten": "DELETE FROM vector_changes",
    "changes from elsewhere": "INSERT OR IGNORE INTO vector_changes VALUES (1 << 40, 7)",
}


@pytest.fixture(params=["held", "scanned"])
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """With numpy signs are held in memory, without it the file is scanned."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "held":
            pytest.importorskip("numpy", reason="pip install '.[semantic-lite]'")
        else:
            patch.delitem(sys.modules, "numpy", raising=False)
        yield request.param


def filled(memory: Memory, rng: random.Random) -> list[list[str]]:
    said = []
    for _ in range(12):
        said.append(rng.sample(WORDS, 6))
        if rng.random() < 0.3:
            add_note(memory, " ".join(said[-1]))
        else:
            add_observation(memory, " ".join(said[-1][:3]), narrative=" ".join(said[-1][3:]))
    return said


def hits(memory: Memory, query: str) -> tuple[list[int], list[int]]:
    """What is found, and what the full text alone finds."""
    text = search.Finder(database=memory.database, now_ms=memory.clock())
    alone = text.search(query, Filters(), Page(order="relevance", limit=20))
    return [hit.id for hit in memory.search(query)], [hit.id for hit in alone]


@pytest.mark.usefixtures("engine")
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(st.sampled_from(sorted(DAMAGES)), min_size=1, max_size=3), st.integers(0, 1 << 30), st.booleans())
def test_whatever_became_of_the_vectors_the_full_text_answers(damages: list[str], seed: int, before: bool) -> None:  # noqa: FBT001  # as it is drawn
    """*before*: a search was made while all was well."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        memories = Memories(Path(folder), Clock())
        memory = memories(settings=evolve(Settings(), provider="local", max_embeddings=0), embedder=Fake("fake", SIZE))
        said = filled(memory, rng)
        memory.embedding.embed_pending(most=rng.choice((5, 100)))
        if before:
            memory.search(said[0][0])
        for damage in damages:
            memory.database.rows(DAMAGES[damage])
        for words in said:
            asked = " ".join(rng.sample(words, rng.randint(1, 6)))
            found, alone = hits(memory, asked)
            assert alone
            assert set(alone) <= set(found), (damages, asked)
        memory.stats()
        memories.close()


@pytest.mark.parametrize("damage", sorted(set(DAMAGES) - {"rubbish", "nought", "signs rubbish"}))
def test_the_next_process_that_embeds_makes_the_vectors_whole(memories: Memories, damage: str) -> None:
    """All but bytes that could be a vector's."""
    memory = memories(embedder=Fake("fake", SIZE))
    filled(memory, random.Random(1))
    memory.embedding.embed_pending()
    memory.database.rows(DAMAGES[damage])
    memory.close()
    again = memories(embedder=Fake("fake", SIZE))
    again.embedding.load()
    again.embedding.embed_pending()
    rows = again.database.rows
    assert rows("SELECT length(v), count(*) FROM vectors GROUP BY 1") == [(SIZE, 12)]
    assert rows("SELECT length(b), count(*) FROM vector_signs GROUP BY 1") == [(SIZE // 8, 12)]
    assert rows(sql.STRAY_VECTORS)[0][0] == 0
    assert again.stats()["semantic"]["waiting"] == 0


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("table", ["vectors", "vector_signs", "vector_changes", "spaces"])
def test_a_table_of_vectors_that_is_missing_leaves_the_full_text(memories: Memories, table: str) -> None:
    memory = memories(embedder=Fake("fake", SIZE))
    words = filled(memory, random.Random(2))[0]
    memory.embedding.embed_pending()
    memory.database.rows(f"DROP TABLE {table}")
    found, alone = hits(memory, words[0])
    assert alone
    assert set(alone) <= set(found)
