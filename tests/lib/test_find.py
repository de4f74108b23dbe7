"""Ready-made questions: files and folders, concepts, decisions, changes, how things work; the commands that ask them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from claudemem_lib import find
from claudemem_lib.cli import main
from claudemem_lib.embedders import models
from claudemem_lib.errors import EmbedderUnavailable
from tests.lib.stored import add_observation

if TYPE_CHECKING:
    from pathlib import Path

    from claudemem_lib.memory import Memory
    from claudemem_lib.models import Found
    from tests.conftest import Host


def ids(found: Found) -> list[int]:
    return [hit.id for hit in found.hits]


@pytest.fixture
def shelf(memory: Memory) -> dict[str, int]:
    return {
        "login": add_observation(memory, "Login", type="bugfix", files_modified=("src/auth/login.py",)),
        "token": add_observation(memory, "Token", type="decision", files_read=("src/auth/deep/token.py",)),
        "main": add_observation(memory, "Main", type="feature", files_modified=("src/main.py",), concepts=("gotcha",)),
        "flow": add_observation(memory, "Flow of a login", type="discovery", concepts=("how-it-works",)),
        "noted": add_observation(memory, "Noted", type="discovery", concepts=("what-changed",)),
    }


def test_a_file_is_found_read_or_modified(memory: Memory, shelf: dict[str, int]) -> None:
    assert ids(find.by_file(memory, "src/auth/login.py")) == [shelf["login"]]
    assert ids(find.by_file(memory, "./src/main.py")) == [shelf["main"]]
    assert ids(find.by_file(memory, "src/none.py")) == []


def test_a_folder_means_what_lies_directly_in_it_or_all_below(memory: Memory, shelf: dict[str, int]) -> None:
    assert ids(find.by_file(memory, "src/auth/")) == [shelf["login"]]
    assert set(ids(find.by_file(memory, "src/auth/", deep=True))) == {shelf["login"], shelf["token"]}
    assert ids(find.by_file(memory, "src/", "token", deep=True)) == [shelf["token"]]


@pytest.mark.parametrize("filters", [{}, {"query": "some"}])
def test_names_of_files_and_folders_are_whole(memory: Memory, tmp_path: Path, filters: dict[str, Any]) -> None:
    paths = (
        "lib/x.py", "mylib/x.py", "lib/xy.py", "lib/x/y.py", "mylib/xy.py", "lib/x/deep/z.py", "x.py", "a/lib/x.py",
        "win\\lib\\x.py", "lib/x_y.py",
    )  # fmt: skip
    root = tmp_path / "app"
    numbers = {add_observation(memory, "Some", files_read=(path,), project=str(root)): path for path in paths}
    other = add_observation(memory, "Some", files_modified=("/elsewhere/lib/x.py",), project="/w/other")

    def named(path: str, **options: Any) -> set[str]:
        found = find.by_file(memory, path, **filters, **options)
        assert len(found.hits) == found.total
        return {numbers.get(hit.id, "other") for hit in found.hits}

    assert named("lib/x") == {"lib/x/y.py"}
    assert named("lib/x", deep=True) == {"lib/x/y.py", "lib/x/deep/z.py"}
    assert named("lib/x.py") == {"lib/x.py", "a/lib/x.py", "win\\lib\\x.py", "other"}
    assert named("lib\\x.py") == named("./lib/x.py") == named("LIB/x.py") == named("lib/x.py")
    assert named("x.py") == {"lib/x.py", "mylib/x.py", "x.py", "a/lib/x.py", "win\\lib\\x.py", "other"}
    assert named(f"{root}/lib/x.py") == {"lib/x.py"}
    assert named(f"{root}/x.py") == {"x.py"}
    assert named(f"{root}/") == {"x.py"}
    assert named(f"{root}/lib/") == {"lib/x.py", "lib/xy.py", "lib/x_y.py"}
    assert named(f"{root}/lib", deep=True) == {"lib/x.py", "lib/xy.py", "lib/x/y.py", "lib/x/deep/z.py", "lib/x_y.py"}
    assert named("/elsewhere/lib/x.py") == named("/elsewhere/lib/") == named("/elsewhere", deep=True) == {"other"}
    assert named("lib/") == {"lib/x.py", "lib/xy.py", "lib/x_y.py", "a/lib/x.py", "win\\lib\\x.py", "other"}
    assert named("lib/x_y") == named("ib/x.py") == named("lib/%.py") == named("") == set()
    assert other


def test_the_folder_of_this_moment_is_a_folder(memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = add_observation(memory, "Some", files_read=("lib/x.py",), project=str(tmp_path))
    (tmp_path / "lib").mkdir()
    monkeypatch.chdir(tmp_path / "lib")
    assert ids(find.by_file(memory, ".")) == ids(find.by_file(memory, "..", deep=True)) == [number]
    assert ids(find.by_file(memory, "..")) == []


def test_concepts_types_decisions_and_how_it_works(memory: Memory, shelf: dict[str, int]) -> None:
    assert ids(find.by_concept(memory, "gotcha")) == [shelf["main"]]
    assert ids(find.by_type(memory, "bugfix")) == [shelf["login"]]
    assert ids(find.decisions(memory)) == [shelf["token"]]
    assert ids(find.how_it_works(memory, "login")) == [shelf["flow"]]


def test_changes_are_changing_types_and_what_is_filed_so(memory: Memory, shelf: dict[str, int]) -> None:
    assert ids(find.changes(memory)) == [shelf["noted"], shelf["main"], shelf["login"]]
    assert ids(find.changes(memory, "login")) == [shelf["login"]]
    assert (len(find.changes(memory, limit=2).hits), find.changes(memory, limit=2).total) == (2, 3)


def test_prompts_are_found_by_their_words(memory: Memory, host: Host) -> None:
    host.turn("Fix the flaky parser of dates")
    host.turn("Write the changelog")
    memory.take_in()
    assert [one.title for one in find.prompts(memory, "parsers flake").hits] == ["Fix the flaky parser of dates"]
    assert ids(find.prompts(memory, "nothing like it")) == ids(find.prompts(memory, "?")) == []
    memory.database.rows("DELETE FROM prompts")
    assert ids(find.prompts(memory, "parser")) == []


def test_the_commands_print_them(memory: Memory, shelf: dict[str, int]) -> None:
    memory.close()
    runner = CliRunner()
    for words, wanted in (
        (["file", "src/auth/", "--deep"], {"login", "token"}),
        (["concept", "gotcha"], {"main"}),
        (["decisions"], {"token"}),
        (["changes", "login"], {"login"}),
        (["how-it-works"], {"flow"}),
    ):
        result = runner.invoke(main, ["--data-dir", memory.data_dir, *words, "--json"])
        assert result.exit_code == 0, result.output
        assert {row["id"] for row in json.loads(result.stdout)["hits"]} == {shelf[name] for name in wanted}


def test_prune_and_reindex_say_what_they_did(memory: Memory) -> None:
    memory.close()
    result = CliRunner().invoke(main, ["--data-dir", memory.data_dir, "prune", "--dry-run"])
    assert "0 vectors (0.0 MB) and 0 raw events (0.0 MB) would leave" in result.output
    result = CliRunner().invoke(main, ["--data-dir", memory.data_dir, "reindex", "--later"])
    assert result.output == "0 vectors deleted, 0 made.\n"


def test_a_model_that_cannot_be_fetched_is_told_in_a_sentence(tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub")
    with pytest.raises(EmbedderUnavailable, match="no/such could not be fetched"):
        models.fetch("no/such", str(tmp_path))
