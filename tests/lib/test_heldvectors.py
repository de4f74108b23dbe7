"""Signs held in memory find what a scan of the file finds, whatever changed the file since they were read."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claudemem_lib.embedders.fake import Fake
from claudemem_lib.settings import Settings
from claudemem_lib.store import heldvectors, sql, vectors
from claudemem_lib.store.fulltext import Filters
from claudemem_lib.store.heldvectors import HeldVectors
from tests.conftest import Clock, Memories
from tests.lib.stored import add_note, add_observation

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.memory import Memory

np: Any = pytest.importorskip("numpy", reason="pip install '.[semantic-lite]'")
pytest.importorskip("sqlite_vec", reason="pip install '.[semantic-lite]'")

SIZE = 96  # no multiple of 64
WORDS = ("login", "token", "cake", "sugar", "parser", "socket", "retry", "budget", "theme", "vector")


def opened(memories: Memories) -> Memory:
    return memories(settings=evolve(Settings(), provider="local", max_embeddings=0), embedder=Fake("fake", SIZE))


def filled(memory: Memory, count: int, seed: int = 1) -> list[int]:
    rng = random.Random(seed)
    numbers = [
        add_observation(
            memory,
            f"{' '.join(rng.sample(WORDS, 3))} {number}",
            project=f"/p/{rng.choice('abc')}",
            type=rng.choice(("bugfix", "change")),
        )
        for number in range(count)
    ]
    memory.embedding.embed_pending()
    return numbers


def same(memory: Memory, held: HeldVectors, questions: int = 3) -> int:
    """Compare both ways for a few questions and all kinds of filters; gives how many hits there were."""
    assert not vectors.unavailable(memory.database)
    rng, known, hits = random.Random(2), vectors.space(memory.database), 0
    if known is None:
        return 0
    projects = tuple(row.id for row in memory.projects())
    kinds: list[dict[str, Any]] = [
        {},
        {"projects": projects[:1]},
        {"projects": projects[:2]},
        {"types": ("bugfix",)},
        {"kinds": ("note",)},
    ]
    for filters in [Filters(**one) for one in (*kinds, {"types": ("change",), "projects": projects[1:2]})]:
        for _ in range(questions):
            vector = Fake("fake", SIZE).embed_query(" ".join(rng.sample(WORDS, 2)))
            scanned = vectors.near(memory.database, known, vector, filters, 7)
            assert held.fresh(SIZE) is not None
            assert vectors.near(memory.database, known, vector, filters, 7, held) == scanned
            hits += len(scanned)
    return hits


def test_what_is_held_gives_the_hits_of_a_scan(memories: Memories) -> None:
    memory = opened(memories)
    filled(memory, 60)
    assert same(memory, HeldVectors(memory.database)) > 60


def test_of_too_many_vectors_only_the_signs_are_held_and_the_file_ranks(
    memories: Memories, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heldvectors, "MOST_RANKED_HERE", 10)
    memory = opened(memories)
    filled(memory, 10)
    grows, held = HeldVectors(memory.database), []
    for count in (0, 5, 60):
        filled(memory, count)
        assert same(memory, grows) == same(memory, HeldVectors(memory.database)) > 10
        now = grows.fresh(SIZE)
        assert now is not None
        held.append(now.values is not None)
    assert held == [True, True, False]


def test_an_empty_file_has_no_hits(memories: Memories) -> None:
    memory = opened(memories)
    vectors.enter(memory.database, vectors.space_of("fake", SIZE))
    assert same(memory, HeldVectors(memory.database)) == 0


def add(memory: Memory, _numbers: list[int], at: int) -> None:
    add_observation(memory, f"{WORDS[at % 10]} {WORDS[at % 7]} new {at}", project=f"/p/{'abcd'[at % 4]}")
    add_note(memory, f"remember the {WORDS[at % 10]} {at}")


def undo(memory: Memory, numbers: list[int], at: int) -> None:
    memory.forget(numbers[at % len(numbers) :][:1])
    memory.curate.undo()


def move(memory: Memory, numbers: list[int], at: int) -> None:
    project = memory.projects()[at % len(memory.projects())].id
    memory.database.rows("UPDATE memories SET project_id = ? WHERE id = ?", (project, numbers[at % len(numbers)]))


def merge(memory: Memory, _numbers: list[int], _at: int) -> None:
    first, *others = memory.projects()
    if others:
        memory.curate.merge_projects(others[-1].name, first.name)


def cap(memory: Memory, _numbers: list[int], at: int) -> None:
    memory.settings = evolve(memory.settings, max_embeddings=at % 30)


def anew(memory: Memory, _numbers: list[int], at: int) -> None:
    memory.database.rows("DELETE FROM vectors WHERE memory_id % 4 = ?", (at % 4,))
    memory.embedding.embed_pending()


def much(memory: Memory, numbers: list[int], _at: int) -> None:
    for _ in range(5_200 // len(numbers)):
        memory.database.rows("UPDATE vector_signs SET b = b")


STEPS: dict[str, Callable[[Memory, list[int], int], object]] = {
    "add": add,
    "embed": lambda memory, _, __: memory.embedding.embed_pending(),
    "forget": lambda memory, numbers, at: memory.forget(numbers[at % len(numbers) :][:4]),
    "undo": undo,
    "edit": lambda memory, _, at: memory.database.rows("UPDATE memories SET title = 'x ' || title WHERE id % 3 = ?", (at % 3,)),
    "move": move,
    "merge": merge,
    "cap": cap,
    "prune": lambda memory, _, __: memory.prune(),
    "embed anew": anew,
    "reindex": lambda memory, _, __: memory.embedding.reindex(),
    "much": much,
}  # fmt: skip


def step(name: str, at: int, memory: Memory) -> None:
    """One change; *at* chooses what is changed."""
    numbers = [row[0] for row in memory.database.rows("SELECT id FROM memories ORDER BY id")]
    if numbers:
        STEPS[name](memory, numbers, at)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 60), st.booleans()), min_size=3, max_size=10))
def test_after_any_changes_by_anybody_what_is_held_gives_the_hits_of_a_scan(steps: list[tuple[str, int, bool]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        memories = Memories(Path(folder), Clock())
        mine, theirs = opened(memories), opened(memories)
        held = HeldVectors(mine.database)
        filled(mine, 40)
        same(mine, held, 1)
        for name, at, own in steps:
            step(name, at, mine if own else theirs)
            same(mine, held, 1)
        memories.close()


OTHER = """
import sys
import claudemem_lib
from claudemem_lib.embedders.fake import Fake
with claudemem_lib.open(sys.argv[1], embedder=Fake("fake", 96)) as memory:
    memory.forget([1, 2, 3])
    memory.remember("sugar for the cake", project="/p/a")
    memory.embedding.embed_pending()
"""


def test_what_another_process_did_is_seen_at_the_next_question(memories: Memories) -> None:
    memory = opened(memories)
    filled(memory, 30)
    held = HeldVectors(memory.database)
    same(memory, held)
    subprocess.run([sys.executable, "-c", OTHER, memory.data_dir], check=True, timeout=60)
    same(memory, held)
    known = vectors.space_of("fake", SIZE)
    question = Fake("fake", SIZE).embed_query("sugar for the cake")
    ((found, _),) = vectors.near(memory.database, known, question, Filters(), 1, held)
    assert memory.get([found])[0].title == "sugar for the cake"


def test_only_what_changed_is_read_again(memories: Memories) -> None:
    memory = opened(memories)
    numbers = filled(memory, 60)
    held = HeldVectors(memory.database)
    same(memory, held)
    read: list[str] = []

    def traced(_cursor: object, text: str, _values: object) -> bool:
        read.append(text)
        return True

    connection = memory.database.connection()
    connection.exec_trace = traced
    held.fresh(SIZE)
    assert read == [sql.CHANGES_KEPT]
    memory.forget(numbers[:2])
    filled(memory, 1, seed=5)
    read.clear()
    held.fresh(SIZE)
    assert read == [sql.CHANGES_KEPT, sql.CHANGES_KEPT, sql.CHANGED_SIGNS.format(values="v.v")]


def test_the_dead_do_not_pile_up(memories: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heldvectors, "SPARE", 1)
    memory = opened(memories)
    filled(memory, 40)
    held = HeldVectors(memory.database)
    for at in range(12):
        step("embed anew", at, memory)
        now = held.fresh(SIZE)
        assert now is not None
        assert now.count - now.dead == 40
        assert now.dead <= 6
    same(memory, held)


def test_deleted_vectors_take_no_candidates_place(memories: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many were nearer, what is left is found."""
    for name in ("LEAST_POOL", "LEAST_RANKED"):
        monkeypatch.setattr(heldvectors, name, 10)
    memory = opened(memories)
    near = [add_observation(memory, "login token") for _ in range(60)]
    left = add_observation(memory, "chocolate cake")
    memory.embedding.embed_pending()
    held = HeldVectors(memory.database)
    held.fresh(SIZE)
    memory.forget(near)
    known = vectors.space_of("fake", SIZE)
    question = Fake("fake", SIZE).embed_query("login token")
    assert [one for one, _ in vectors.near(memory.database, known, question, Filters(), 1, held)] == [left]


def test_columns_stay_as_they_were_for_who_looks_through_them_while_they_change(memories: Memories) -> None:
    memory = opened(memories)
    filled(memory, 50)
    held = HeldVectors(memory.database)
    asked = held.fresh(SIZE)
    assert asked is not None
    before = asked.ids[: asked.count].tolist(), asked.projects[: asked.count].tolist()
    for rest in range(5):
        memory.database.rows("UPDATE vector_signs SET b = b WHERE memory_id % 5 = ?", (rest,))
        held.fresh(SIZE)
    assert (asked.ids[: asked.count].tolist(), asked.projects[: asked.count].tolist()) == before


def test_threads_share_what_is_held(memories: Memories) -> None:
    memory = opened(memories)
    filled(memory, 50)
    held, known, wrong = HeldVectors(memory.database), vectors.space_of("fake", SIZE), []
    done = threading.Event()

    def ask() -> None:
        vectors.unavailable(memory.database)
        while not done.is_set():
            for word in WORDS:
                found = vectors.near(memory.database, known, Fake("fake", SIZE).embed_query(word), Filters(), 5, held)
                if len(found) != 5 or len({one for one, _ in found}) != 5:
                    wrong.append(found)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for at in range(15):
        add_observation(memory, f"new {WORDS[at % 10]} {at}")
        step("embed", at, memory)
        memory.database.rows("UPDATE vector_signs SET b = b WHERE memory_id % 5 = ?", (at % 5,))
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    same(memory, held)


def test_without_numpy_or_with_too_many_vectors_the_file_is_scanned(
    memories: Memories, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = opened(memories)
    filled(memory, 30)
    known, question = vectors.space_of("fake", SIZE), Fake("fake", SIZE).embed_query("login")
    scanned = vectors.near(memory.database, known, question, Filters(), 5)
    monkeypatch.setattr(heldvectors, "MOST_HELD", 20)
    held = HeldVectors(memory.database)
    assert vectors.near(memory.database, known, question, Filters(), 5, held) == scanned
    assert held.fresh(SIZE) is None
    monkeypatch.delitem(sys.modules, "numpy")
    held = HeldVectors(memory.database)
    assert vectors.near(memory.database, known, question, Filters(), 5, held) == scanned
    assert held.fresh(SIZE) is None


@pytest.mark.parametrize("project", [False, True])
def test_the_nearest_ten_of_many_are_those_of_the_exact_vectors(memories: Memories, *, project: bool) -> None:
    """Recall within everything and within a project of a few thousand, on vectors in clusters."""
    rng, count, size = np.random.default_rng(7), 12_000, 384
    centres = rng.standard_normal((100, size))

    def made(number: int) -> Any:
        values = centres[rng.integers(100, size=number)] + 3 * (rng.random((number, size)) - 0.5)
        return values / np.linalg.norm(values, axis=1, keepdims=True)

    memory = memories(settings=evolve(Settings(), max_embeddings=0))
    known, all_of_them = vectors.space_of("test", size), made(count)
    vectors.enter(memory.database, known)
    vectors.unavailable(memory.database)
    with memory.database.write() as connection:
        for at, vector in enumerate(all_of_them):
            connection.execute(sql.ADD_VECTOR, (at, at % 5, vectors.eight_bits(vector.tolist(), known.scale)))
            connection.execute(sql.ADD_SIGNS, (at % 5, at, vectors.signs(vector.tolist())))
    held, hits = HeldVectors(memory.database), 0
    filters = Filters(projects=(3,)) if project else Filters()
    for question in made(40):
        cosines = all_of_them @ question
        if project:
            cosines[np.arange(count) % 5 != 3] = -1
        exact = set(np.argsort(cosines)[-10:].tolist())
        found = vectors.near(memory.database, known, question.tolist(), filters, 10, held)
        hits += len(exact & {number for number, _ in found})
    assert hits / 400 >= 0.97
