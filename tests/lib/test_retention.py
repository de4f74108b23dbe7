"""Retention: the newest memories keep vectors, every memory keeps its row and its words, and the file gives space back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from claudemem_lib.embedders.fake import Fake
from claudemem_lib.settings import Settings, load
from claudemem_lib.store import sql, vectors
from tests.lib.stored import add_note, add_observation

if TYPE_CHECKING:
    from claudemem_lib.memory import Memory
    from tests.conftest import Clock, Host, Memories

pytest.importorskip("sqlite_vec", reason="pip install '.[semantic-lite]'")


def capped(memories: Memories, cap: int, name: str = "data") -> Memory:
    return memories(name, settings=evolve(Settings(), provider="local", max_embeddings=cap), embedder=Fake())


def filled(memory: Memory, clock: Clock, count: int) -> list[int]:
    numbers = []
    for number in range(count):
        clock.advance(seconds=1)
        numbers.append(add_observation(memory, f"login token number {number}"))
    return numbers


def embedded(memory: Memory) -> list[int]:
    return [row[0] for row in memory.database.rows("SELECT memory_id FROM vector_signs ORDER BY 1")]


def test_row_19_of_eight_with_a_cap_of_five_the_newest_five_keep_vectors(memories: Memories, clock: Clock) -> None:
    memory = capped(memories, 0)
    numbers = filled(memory, clock, 8)
    memory.embedding.embed_pending()
    memory.settings = evolve(memory.settings, max_embeddings=5)
    memory.embedding.embed_pending()
    assert embedded(memory) == numbers[3:]
    assert len(memory.get(numbers)) == 8
    assert {hit.id for hit in memory.search("login token number")} == set(numbers)


def test_row_19_repair_does_not_bring_pruned_vectors_back(memories: Memories, clock: Clock) -> None:
    memory = capped(memories, 5)
    numbers = filled(memory, clock, 8)
    memory.embedding.embed_pending()
    memory.close()
    again = capped(memories, 5)
    again.embedding.embed_pending()
    again.embedding.reindex()
    again.embedding.embed_pending()
    assert embedded(again) == numbers[3:]


def test_row_19_exactly_at_the_cap_nothing_leaves_and_a_new_one_pushes_the_oldest_out(
    memories: Memories, clock: Clock
) -> None:
    memory = capped(memories, 5)
    numbers = filled(memory, clock, 5)
    memory.embedding.embed_pending()
    assert embedded(memory) == numbers
    numbers += filled(memory, clock, 1)
    memory.embedding.embed_pending()
    assert embedded(memory) == numbers[1:]


def test_row_19_nought_means_all_and_a_larger_cap_brings_older_ones_back(memories: Memories, clock: Clock) -> None:
    memory = capped(memories, 2)
    numbers = filled(memory, clock, 6)
    memory.embedding.embed_pending()
    assert embedded(memory) == numbers[4:]
    memory.settings = evolve(memory.settings, max_embeddings=0)
    memory.embedding.embed_pending()
    assert embedded(memory) == numbers


def test_row_19_the_cost_of_a_write_does_not_grow_with_what_lies_beyond_the_cap(
    memories: Memories, clock: Clock
) -> None:
    steps = []
    for count in (1_200, 2_400):
        memory = capped(memories, 10, f"data{count}")
        filled(memory, clock, count)
        memory.embedding.embed_pending()
        filled(memory, clock, 1)
        steps.append(rows_read(memory, memory.embedding.embed_pending))
        memory.close()
    assert steps[1] < steps[0] * 1.2


def rows_read(memory: Memory, action: Any) -> int:
    """Steps of SQLite's machine that an action takes, in hundreds."""
    counted = 0

    def tick() -> bool:
        nonlocal counted
        counted += 1
        return False

    connection = memory.database.connection()
    connection.set_progress_handler(tick, 100)
    action()
    connection.set_progress_handler(None)
    return counted * 100


def test_notes_and_pinned_memories_keep_their_vectors(memories: Memories, clock: Clock) -> None:
    memory = capped(memories, 3)
    note, pinned = add_note(memory, "Deploys are on Fridays"), add_observation(memory, "pinned thing")
    memory.database.rows("UPDATE memories SET pinned = 1 WHERE id = ?", (pinned,))
    numbers = filled(memory, clock, 6)
    memory.embedding.embed_pending()
    assert embedded(memory) == [note, pinned, *numbers[3:]]
    memory.prune()
    assert embedded(memory) == [note, pinned, *numbers[3:]]


def test_the_key_of_the_original_is_understood(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"CLAUDE_MEM_CHROMA_MAX_ITEMS": "1234"}')
    found, problems = load(str(tmp_path), {})
    assert found.max_embeddings == 1234
    assert problems == ()


def test_prune_says_what_it_would_do_and_does_that(memories: Memories, clock: Clock) -> None:
    memory = capped(memories, 0)
    filled(memory, clock, 40)
    memory.embedding.embed_pending()
    memory.settings = evolve(memory.settings, max_embeddings=10)
    planned = memory.prune(dry_run=True)
    assert planned.dry_run
    assert planned.vectors == 30
    assert len(embedded(memory)) == 40
    done = memory.prune()
    assert (done.vectors, done.vector_bytes) == (30, planned.vector_bytes)
    assert len(embedded(memory)) == 10
    assert memory.prune().vectors == 0


def test_raw_events_leave_after_their_time_and_what_was_made_of_them_stays(
    memory: Memory, host: Host, clock: Clock
) -> None:
    memory.settings = evolve(memory.settings, provider="local")
    host.turn("Fix the parser of dates", tools=3, answer="Fixed the parser of dates.")
    memory.take_in()
    memory.observe_pending()
    made = memory.stats()["counts"]
    assert memory.prune(dry_run=True).events == 0
    clock.advance(days=8)
    planned = memory.prune(dry_run=True)
    assert planned.events >= 4
    assert planned.event_bytes > 0
    assert memory.prune().events == planned.events
    assert memory.stats()["counts"] == made


def test_the_file_shrinks(memories: Memories, clock: Clock) -> None:
    memory = capped(memories, 0)
    filled(memory, clock, 600)
    memory.embedding.embed_pending()
    memory.database.rows(sql.CHECKPOINT)
    size = Path(memory.database.path).stat().st_size
    memory.settings = evolve(memory.settings, max_embeddings=1)
    done = memory.prune()
    assert done.vectors == 599
    assert Path(memory.database.path).stat().st_size < size - done.vector_bytes // 2
    assert done.file_bytes < done.file_bytes_before


def test_a_memory_that_a_person_edited_keeps_its_vector(memories: Memories, clock: Clock) -> None:
    memory = capped(memories, 0)
    numbers = filled(memory, clock, 8)
    memory.embedding.embed_pending()
    memory.curate.edit(numbers[0], title="what the login token really does")
    memory.settings = evolve(memory.settings, max_embeddings=3)
    memory.embedding.embed_pending()
    memory.prune()
    assert embedded(memory) == [numbers[0], *numbers[5:]]
    memory.embedding.reindex()
    memory.embedding.embed_pending()
    assert embedded(memory) == [numbers[0], *numbers[5:]]


def test_a_pruning_that_was_broken_off_is_ended_by_the_next_one(
    memories: Memories, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest of those beyond the cap are gone already: what lies behind goes too, by hand and in a new process."""
    monkeypatch.setattr(vectors, "PER_TRANSACTION", 10)
    memory = capped(memories, 0)
    numbers = filled(memory, clock, 60)
    memory.embedding.embed_pending()
    vectors.drop(memory.database, numbers[20:50])
    memory.settings = evolve(memory.settings, max_embeddings=10)
    planned = memory.prune(dry_run=True)
    assert planned.vectors == 20
    assert memory.prune().vectors == planned.vectors
    assert embedded(memory) == numbers[50:]
    memory.settings = evolve(memory.settings, max_embeddings=0)
    memory.embedding.embed_pending()
    vectors.drop(memory.database, numbers[20:50])
    memory.close()
    again = capped(memories, 10)
    again.embedding.load()
    again.embedding.embed_pending()
    assert embedded(again) == numbers[50:]


def test_row_19_a_cap_written_into_the_settings_file_is_in_force_at_once(memories: Memories, clock: Clock) -> None:
    memory = memories(embedder=Fake())
    numbers = filled(memory, clock, 8)
    memory.embedding.embed_pending()
    assert embedded(memory) == numbers
    settings_file = Path(memory.data_dir) / "settings.json"
    settings_file.write_text('{"CLAUDE_MEM_MAX_EMBEDDINGS": "5", "CLAUDE_MEM_PROVIDER": "local"}')
    memory.reload()
    memory.embedding.embed_pending()
    assert embedded(memory) == numbers[3:]


@pytest.mark.parametrize("cap", [1, 3, 11, 12, 0])
def test_a_dry_run_tells_exactly_what_goes_whatever_is_exempt(memories: Memories, clock: Clock, cap: int) -> None:
    memory = capped(memories, 0)
    numbers = filled(memory, clock, 10)
    note = add_note(memory, "Deploys are on Fridays")
    memory.curate.pin(numbers[0])
    memory.curate.edit(numbers[1], title="what it really does")
    numbers += filled(memory, clock, 2)
    memory.embedding.embed_pending()
    before = embedded(memory)
    memory.settings = evolve(memory.settings, max_embeddings=cap)
    planned = memory.prune(dry_run=True)
    assert embedded(memory) == before
    done = memory.prune()
    assert (planned.vectors, planned.vector_bytes, planned.events) == (done.vectors, done.vector_bytes, done.events)
    assert len(embedded(memory)) == len(before) - planned.vectors
    assert {numbers[0], numbers[1], note} <= set(embedded(memory))
