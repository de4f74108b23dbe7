"""What a person does to the memory by hand, on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from claudemem_lib.cli import main
from tests.lib.stored import add_observation

if TYPE_CHECKING:
    from claudemem_lib.memory import Memory


@pytest.fixture
def said(memory: Memory) -> Any:
    """A function that runs a command on a memory with two observations and gives what it printed."""
    add_observation(memory, "The parser stops at quotes", narrative="It does")
    add_observation(memory, "The parser keeps quotes", narrative="It does now")

    def run(*arguments: str, status: int = 0) -> str:
        result = CliRunner().invoke(main, ["--data-dir", memory.data_dir, *arguments])
        assert result.exit_code == status, result.output
        return result.output

    return run


def test_an_edit_is_found_by_its_new_words_and_undone(memory: Memory, said: Any) -> None:
    said("edit", "#1", "facts", "one\ntwo token=sk-ant-api03-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
    (one,) = memory.get([1])
    assert one.facts[0] == "one"
    assert "sk-ant-api03" not in " ".join(one.facts)
    assert "the edit of #1" in said("undo")
    assert memory.get([1])[0].facts == ()


def test_a_type_is_one_of_the_mode(memory: Memory, said: Any) -> None:
    told = said("edit", "1", "type", "nonsense", status=1)
    assert "'nonsense' is no type of the mode" in told
    assert "bugfix, feature, refactor" in told
    before = memory.get([1])[0].type
    said("edit", "1", "type", before)
    said("edit", "1", "type", "decision")
    assert memory.get([1])[0].type == "decision"
    note = memory.remember("Deploys are on Mondays.")
    assert "only observations have a type" in said("edit", str(note), "type", "bugfix", status=1)


def test_pinned_memories_are_told_and_superseded_ones_are_not(memory: Memory, said: Any) -> None:
    said("pin", "1")
    assert memory.browse.origin(1)["pinned"]
    said("unpin", "1")
    assert "superseded by #2" in said("supersede", "1", "--by", "2")
    assert memory.browse.origin(1)["superseded_by"] == [2]
    assert memory.browse.origin(2)["supersedes"] == [1]
    said("undo")
    assert memory.browse.origin(1)["superseded_by"] == []
    said("supersede", "1", status=2)
    said("supersede", "1", "--by", "99", status=1)


def test_what_is_forgotten_comes_back_unless_it_was_for_good(memory: Memory, said: Any) -> None:
    before = memory.get([1])
    assert "Would be forgotten: 1 memory" in said("forget", "1", "99", "--dry-run")
    said("forget", "1")
    assert memory.get([1]) == []
    said("undo")
    assert memory.get([1]) == before
    said("forget", "1", "--now")
    assert "nothing to undo" in said("undo", status=1)


def test_a_project_is_renamed_excluded_and_forgotten(memory: Memory, said: Any) -> None:
    said("project", "rename", "project", "shop")
    assert [row.name for row in memory.projects()] == ["shop"]
    assert "/home/you/project" in said("project", "exclude", "shop")
    assert "none" in said("project", "exclude", "shop", "--off")
    assert "Forgotten: 2 memories and the project shop" in said("project", "forget", "shop", "--yes")
    assert memory.count() == 0


def test_a_circle_of_superseding_is_refused_however_long(memory: Memory, said: Any) -> None:
    add_observation(memory, "The parser may keep quotes", narrative="By a setting")
    said("supersede", "1", "--by", "2")
    assert "#1 is superseded by #2" in said("supersede", "2", "--by", "1", status=1)
    said("supersede", "2", "--by", "3")
    assert "circle" in said("supersede", "3", "--by", "1", status=1)
    assert memory.browse.origin(3)["superseded_by"] == []


def test_a_memory_does_not_lose_its_last_word(memory: Memory, said: Any) -> None:
    said("edit", "1", "title", "")
    assert "would say nothing" in said("edit", "1", "narrative", "", status=1)
    assert memory.get([1])[0].narrative == "It does"


def test_one_that_is_not_there_is_an_error_object_for_programs(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["claude-mem", "show", "999", "--json"])
    result = CliRunner().invoke(main, ["--data-dir", memory.data_dir, "show", "999", "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"error": "there is no memory #999"}
