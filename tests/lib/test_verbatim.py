"""What was said and run is kept word for word beside what was made of it, bounded, and found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from claudemem_lib import verbatim
from claudemem_lib.providers.fake import Fake
from tests.lib.stored import observed

if TYPE_CHECKING:
    from claudemem_lib.memory import Memory
    from claudemem_lib.models import StoredMemory
    from tests.conftest import Host, Memories

FOUND = "<observation><type>discovery</type><title>Found</title></observation>"
SUMMARY = "<summary><request>Fix it</request><completed>Fixed</completed></summary>"


@pytest.fixture
def memory(memories: Memories) -> Memory:
    return memories(provider=Fake([FOUND + SUMMARY, FOUND]))


def kept(memory: Memory, kind: str) -> StoredMemory:
    (one,) = memory.get(hit.id for hit in memory.search(kind=kind))
    return one


def test_the_last_words_and_the_commands_that_worked_stand_beside_the_summary(memory: Memory, host: Host) -> None:
    host.prompt("Fix it")
    host.tool(command="make quux && ./deploy --zebra")
    host.failure(command="make broken")
    host.tool(command="ls -la")
    host.tool(command="make quux && ./deploy --zebra")
    host.stop("The wombat count was off by one.")
    observed(memory)
    assert kept(memory, "summary").verbatim == "The wombat count was off by one.\n\n$ make quux && ./deploy --zebra"
    assert not kept(memory, "observation").verbatim


@pytest.mark.parametrize("word", ["wombat", "zebra", "quux"])
def test_a_memory_is_found_by_what_was_said_and_run(memory: Memory, host: Host, word: str) -> None:
    host.prompt("Fix it")
    host.tool(command="make quux && ./deploy --zebra")
    host.stop("The wombat count was off by one.")
    observed(memory)
    assert [hit.kind for hit in memory.search(word)] == ["summary"]


def test_without_a_summary_they_stand_beside_the_last_observation(memories: Memories, host: Host) -> None:
    memory = memories(provider=Fake([FOUND + FOUND.replace("Found", "Second")]))
    host.prompt("Fix it")
    host.tool(command="make quux")
    observed(memory)
    stored = {one.title: one.verbatim for one in memory.get(hit.id for hit in memory.search())}
    assert stored == {"Found": "", "Second": "$ make quux"}


def test_long_words_and_many_commands_are_bounded(memory: Memory, host: Host) -> None:
    host.prompt("Fix it")
    for number in range(200):
        host.tool(command=f"make target-{number} " + "x" * 50)
    host.tool(command="y" * (verbatim.LONGEST_COMMAND + 1))
    host.stop("begin " + "word " * 5_000 + "end")
    observed(memory)
    text = kept(memory, "summary").verbatim
    assert len(text) <= verbatim.LONGEST_WORDS + verbatim.LONGEST_COMMANDS + 10
    assert text.startswith("begin")
    assert "\n[…]\n" in text
    assert "end\n\n$ make target-" in text
    assert "target-199" in text
    assert "yyy" not in text


def test_it_can_be_corrected_and_is_no_longer_found_then(memory: Memory, host: Host) -> None:
    host.prompt("Fix it")
    host.stop("The wombat count was off by one.")
    observed(memory)
    one = kept(memory, "summary")
    memory.curate.edit(one.id, verbatim="")
    assert memory.search("wombat") == []
    memory.curate.undo()
    assert [hit.id for hit in memory.search("wombat")] == [one.id]
