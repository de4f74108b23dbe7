"""What says the same in the same project is one memory with a counter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from claudemem_lib.providers.fake import Fake
from tests.lib.stored import observed

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.memory import Memory
    from tests.conftest import Clock, Host, Memories

FOUND = """<observation><type>discovery</type><title>The cache is cold at start</title><narrative>It is filled by the first
request.</narrative><files_read><file>app/cache.py</file></files_read></observation>"""


def of_two_turns(memories: Memories, hosts: Callable[..., Host], second: str) -> Memory:
    memory = memories(provider=Fake([FOUND, second]))
    for session in ("s1", "s2"):
        hosts(memory, session).turn()
        observed(memory)
    return memory


def test_the_same_observation_again_is_counted(memories: Memories, hosts: Callable[..., Host], clock: Clock) -> None:
    memory = of_two_turns(memories, hosts, FOUND.replace("The cache", "the  CACHE"))
    (one,) = memory.get(hit.id for hit in memory.search())
    assert (one.title, one.session, one.repeats) == ("The cache is cold at start", "s1", 1)
    assert one.repeated_ms
    assert one.created_ms < one.repeated_ms <= clock.now_ms
    assert memory.stats()["queue"]["pending"] == 0


@pytest.mark.parametrize(
    ("before", "after"), [("app/cache.py", "app/other.py"), ("discovery", "bugfix"), ("first", "second")]
)
def test_another_file_type_or_word_is_another_memory(
    memories: Memories, hosts: Callable[..., Host], before: str, after: str
) -> None:
    memory = of_two_turns(memories, hosts, FOUND.replace(before, after))
    assert len(memory.search()) == 2


def test_summaries_are_of_one_turn_each(memories: Memories, hosts: Callable[..., Host]) -> None:
    told = "<summary><request>Go</request><completed>Gone</completed></summary>"
    memory = memories(provider=Fake([told, told]))
    for session in ("s1", "s2"):
        hosts(memory, session).turn()
        observed(memory)
    assert len(memory.search(kind="summary")) == 2


def test_a_note_saved_twice_is_one_and_gains_the_second_ones_concepts(memory: Memory) -> None:
    first = memory.remember("Deploys are on Tuesdays", project="/x/app", concepts=["deploy"])
    assert memory.remember("deploys are on  Tuesdays", project="/x/app", concepts=["rule"]) == first
    assert memory.remember("Deploys are on Tuesdays", project="/x/other") != first
    (one,) = memory.get([first])
    assert (one.concepts, one.repeats) == (("deploy", "rule"), 1)


def test_an_edited_memory_is_no_longer_the_same(memory: Memory) -> None:
    first = memory.remember("Deploys are on Tuesdays", project="/x/app")
    memory.curate.edit(first, narrative="Deploys are on Mondays", title="Deploys are on Mondays")
    assert memory.remember("Deploys are on Tuesdays", project="/x/app") != first
    assert memory.remember("Deploys are on Mondays", project="/x/app") == first
