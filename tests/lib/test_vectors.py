"""Vectors: stored beside the memories they are of, never mixed, never orphaned, found by meaning within the filters."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from claudemem_lib.embedders.fake import Fake
from claudemem_lib.settings import Settings
from claudemem_lib.store import fulltext, sql, vectors
from claudemem_lib.store.fulltext import Filters
from tests.lib.stored import add_note, add_observation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claudemem_lib.memory import Memory
    from tests.conftest import Memories

pytest.importorskip("sqlite_vec", reason="pip install '.[semantic-lite]'")


@pytest.fixture
def memory(memories: Memories) -> Memory:
    return memories(embedder=Fake())


def embedded(memory: Memory) -> set[int]:
    rows = {row[0] for row in memory.database.rows("SELECT memory_id FROM vectors")}
    assert rows == {row[0] for row in memory.database.rows("SELECT memory_id FROM vector_signs")}
    return rows


def near(memory: Memory, text: str, limit: int = 5, **filters: Any) -> list[int]:
    return [number for number, _ in memory.embedding.near(text, Filters(**filters), limit)]


def test_a_memory_waits_until_it_is_embedded_and_is_then_found_by_its_vector(memory: Memory) -> None:
    one = add_observation(memory, "The login token expires")
    other = add_observation(memory, "The cake needs sugar")
    assert near(memory, "login token") == []
    assert memory.stats()["semantic"]["waiting"] == 2
    assert memory.embedding.embed_pending() == 2
    assert memory.stats()["semantic"]["waiting"] == 0
    assert near(memory, "login token expires") == [one, other]


def test_the_cosine_is_that_of_the_vectors(memory: Memory) -> None:
    add_note(memory, "the quick brown fox jumps over the lazy dog")
    memory.embedding.embed_pending()
    ((_, same),) = memory.embedding.near("the quick brown fox jumps over the lazy dog", Filters(), 1)
    ((_, other),) = memory.embedding.near("chocolate cake", Filters(), 1)
    assert same == pytest.approx(1.0, abs=0.03)
    assert other < 0.4


def test_filters_apply_before_the_cut(memory: Memory) -> None:
    for number in range(40):
        add_observation(memory, f"login token {number}", type="change", project="/p/one")
    wanted = add_observation(memory, "something about a login", type="bugfix", project="/p/two")
    memory.embedding.embed_pending()
    two = memory.projects()[0].id if memory.projects()[0].name == "two" else memory.projects()[1].id
    assert near(memory, "login token", 1, types=("bugfix",)) == [wanted]
    assert near(memory, "login token", 1, projects=(two,)) == [wanted]
    assert near(memory, "login token", 1, projects=(two,), types=("change",)) == []


def test_forgetting_takes_the_vector_along(memory: Memory) -> None:
    gone, kept = add_observation(memory, "one"), add_observation(memory, "two")
    memory.embedding.embed_pending()
    memory.forget([gone])
    assert embedded(memory) == {kept}


def test_an_edited_memory_is_embedded_anew(memory: Memory) -> None:
    number = add_observation(memory, "login token")
    memory.embedding.embed_pending()
    memory.database.rows("UPDATE memories SET title = 'chocolate cake' WHERE id = ?", (number,))
    assert embedded(memory) == set()
    assert memory.embedding.embed_pending() == 1
    assert memory.embedding.near("chocolate cake", Filters(), 1)[0][1] > 0.9


def test_a_memory_that_moves_to_another_project_is_found_there(memory: Memory) -> None:
    number = add_observation(memory, "login token", project="/p/one")
    add_observation(memory, "other", project="/p/two")
    memory.embedding.embed_pending()
    two = next(row.id for row in memory.projects() if row.name == "two")
    memory.database.rows("UPDATE memories SET project_id = ? WHERE id = ?", (two, number))
    assert number in near(memory, "login token", projects=(two,))
    assert len(embedded(memory)) == 2


def test_what_was_edited_or_forgotten_while_it_was_embedded_gets_no_stale_vector(memories: Memories) -> None:
    class Slow(Fake):
        def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
            opened.database.rows("UPDATE memories SET title = 'changed' WHERE title = 'edited'")
            opened.database.rows("DELETE FROM memories WHERE title = 'forgotten'")
            return super().embed_documents(texts)

    opened = memories(embedder=Slow())
    memory = opened
    edited, kept = add_observation(memory, "edited"), add_observation(memory, "kept")
    add_observation(memory, "forgotten")
    memory.embedding.embed_pending(most=3)
    assert kept in embedded(memory)
    memory.embedding.embed_pending()
    assert embedded(memory) == {edited, kept}
    assert memory.embedding.near("changed", Filters(), 1)[0][0] == edited


def test_vectors_of_another_model_are_never_mixed_with_these(memories: Memories) -> None:
    memory = memories(embedder=Fake("one"))
    number = add_observation(memory, "login token")
    memory.embedding.embed_pending()
    memory.close()
    other = memories(embedder=Fake("other", 96))
    assert near(other, "login token") == []
    assert [hit.id for hit in other.search("login")] == [number]
    assert other.embedding.embed_pending() == 1
    assert near(other, "login token") == [number]
    assert vectors.space(other.database) == vectors.space_of("other", 96)


def test_reindex_throws_all_away_and_makes_them_again(memory: Memory) -> None:
    for number in range(5):
        add_observation(memory, f"thing {number}")
    memory.embedding.embed_pending()
    assert memory.embedding.reindex() == 5
    assert embedded(memory) == set()
    assert memory.embedding.embed_pending() == 5


def test_row_18_halves_and_orphans_are_found_and_mended(memories: Memories) -> None:
    memory = memories(embedder=Fake())
    numbers = [add_observation(memory, f"thing {number}") for number in range(6)]
    memory.embedding.embed_pending()
    memory.database.rows("DELETE FROM vector_signs WHERE memory_id = ?", (numbers[0],))
    memory.database.rows("INSERT INTO vector_signs VALUES (1, 999, x'00')")
    memory.database.rows("INSERT INTO vectors VALUES (998, 1, x'00')")
    memory.close()
    again = memories(embedder=Fake())
    again.embedding.embed_pending()
    assert embedded(again) == set(numbers)


def test_what_a_memory_says_is_embedded_once_and_a_notes_concepts_with_it(memory: Memory) -> None:
    add_note(memory, "Only this line", concepts=["alias"])
    add_note(memory, "A first line\nand a second")
    texts = list(vectors.waiting(memory.database, 0, 10).values())
    assert texts == ["A first line\nand a second", "Only this line alias\nOnly this line"]


def test_a_thread_that_did_not_load_the_extension_searches_too(memory: Memory) -> None:
    import threading  # noqa: PLC0415

    number = add_observation(memory, "login token")
    memory.embedding.embed_pending()
    found: list[list[int]] = []
    thread = threading.Thread(target=lambda: found.append(near(memory, "login token")))
    thread.start()
    thread.join()
    assert found == [[number]]


def test_the_scan_of_signs_happens_once(memory: Memory) -> None:
    vectors.unavailable(memory.database)
    condition, _ = fulltext.clauses(Filters(types=("bugfix",)))
    names = dict.fromkeys(("signs", "vector", "pool", "limit", "project_id", "type"), b"\0" * 16)
    for text in (
        sql.NEAR.format(filters=""),
        sql.NEAR.format(filters=" AND s.project_id = :project_id"),
        sql.NEAR.format(filters=sql.NEAR_AMONG.format(filters=condition)),
    ):
        steps = [row[3] for row in memory.database.rows(f"EXPLAIN QUERY PLAN {text}", names)]
        assert steps[0] == "MATERIALIZE hit", steps
        assert "SEARCH v USING INTEGER PRIMARY KEY (rowid=?)" in steps
        assert steps.index("SCAN hit") < steps.index("SEARCH v USING INTEGER PRIMARY KEY (rowid=?)")


def test_the_nearest_ten_are_mostly_those_of_the_exact_vectors(memories: Memories) -> None:
    """Recall of the candidates by signs and the eight-bit ranking, on vectors with a few clusters."""
    rng = random.Random(7)
    size, count = 64, 3_000
    centres = [[rng.gauss(0, 1) for _ in range(size)] for _ in range(20)]

    def unit(values: list[float]) -> list[float]:
        length = sum(value * value for value in values) ** 0.5
        return [value / length for value in values]

    made = [unit([value + rng.gauss(0, 0.7) for value in rng.choice(centres)]) for _ in range(count)]
    memory = memories(settings=evolve(Settings(), max_embeddings=0))
    known = vectors.space_of("test", size)
    vectors.enter(memory.database, known)
    vectors.unavailable(memory.database)
    with memory.database.write() as connection:
        connection.executemany(sql.ADD_VECTOR, [(n, 1, vectors.eight_bits(v, known.scale)) for n, v in enumerate(made)])
        connection.executemany(sql.ADD_SIGNS, [(1, n, vectors.signs(v)) for n, v in enumerate(made)])
    hits = 0
    for _ in range(20):
        asked = unit([value + rng.gauss(0, 0.7) for value in rng.choice(centres)])
        exact = sorted(range(count), key=lambda n: -sum(a * b for a, b in zip(asked, made[n], strict=True)))[:10]
        hits += len(set(exact) & {n for n, _ in vectors.near(memory.database, known, asked, Filters(), 10)})
    assert hits / 200 >= 0.95
