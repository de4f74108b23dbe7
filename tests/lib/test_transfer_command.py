"""`claude-mem import` and `export` as a person runs them."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

import claudemem_lib
from claudemem_lib import cli
from claudemem_lib import settings as settings_
from tests.lib.originals import Made

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

MODE = json.loads((Path(claudemem_lib.__file__).parent / "modes" / "code.json").read_text("utf-8"))


@pytest.fixture
def home(tmp_path: Path, environment: Callable[[str, str], None]) -> Path:
    """A home folder of its own, with no transcripts."""
    environment("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def run(home: Path) -> Callable[..., Result]:
    def call(*arguments: str, data: str = ".claude-mem", given: str | bytes | None = None) -> Result:
        return CliRunner().invoke(cli.main, ["--data-dir", str(home / data), *arguments], input=given)

    return call


@pytest.fixture
def theirs(home: Path) -> Made:
    """The original's data folder, as a user of it has one."""
    folder = home / ".claude-mem"
    folder.mkdir()
    made = Made(folder / "claude-mem.db")
    made.session()
    made.prompt()
    made.observation()
    made.observation()
    return made


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_originals_file_where_it_is_kept_is_found_and_only_read(run: Callable[..., Result], theirs: Made) -> None:
    before = theirs.path.read_bytes()
    found = told(run("import", "--json", data="ours"))
    assert found["source"] == str(theirs.path)
    assert found["tables"]["observations"] == {
        "rows": 2, "new": 1, "changed": 0, "known": 0, "dropped": {"an exact copy of another row": 1}, "notes": {},
    }  # fmt: skip
    text = run("import", data="ours").stdout
    assert "observations: 2 rows: 1 known" in text
    assert "left out 1: an exact copy of another row" in text
    assert theirs.path.read_bytes() == before


def test_in_the_place_of_our_file_it_is_moved_only_when_told(run: Callable[..., Result], theirs: Made) -> None:
    before = theirs.path.read_bytes()
    refused = run("status")
    assert refused.exit_code == 1
    assert f"claude-mem import {theirs.path}" in refused.stderr
    dry = told(run("import", "--dry-run", "--json"))
    assert dry["tables"]["observations"]["new"] == 1
    asked = run("import")
    assert asked.exit_code == 1
    assert "--yes" in asked.stderr
    assert theirs.path.read_bytes() == before
    done = run("import", str(theirs.path), "--yes")
    assert done.exit_code == 0
    assert "take it out before the next session" in done.stderr
    assert (theirs.path.parent / "original" / "claude-mem.db").read_bytes() == before
    assert "Fixed it" in run("search", "fixed").stdout
    assert told(run("import", "--json"))["tables"]["observations"]["known"] == 1


def test_where_there_is_nothing_to_import_it_says_where_it_looked(run: Callable[..., Result], home: Path) -> None:
    result = run("import", data="ours")
    assert result.exit_code == 1
    assert str(home / ".claude-mem" / "claude-mem.db") in result.stderr
    assert run("import", "nothing-here.db").exit_code == 1


def test_settings_keys_and_modes_are_taken_over_when_asked(
    run: Callable[..., Result], theirs: Made, home: Path
) -> None:
    folder = theirs.path.parent
    settings = {
        "CLAUDE_MEM_MODE": "ours", "CLAUDE_MEM_OPENROUTER_MODEL": "some/model", "CLAUDE_MEM_CONTEXT_FULL_COUNT": "7",
        "CLAUDE_MEM_CONTEXT_OBSERVATIONS": "many", "CLAUDE_MEM_PYTHON_VERSION": "3.13", "CLAUDE_MEM_PROVIDER": "gemini",
    }  # fmt: skip
    (folder / "settings.json").write_text(json.dumps({"env": settings}))
    (folder / ".env").write_text("GEMINI_API_KEY=abc\n")
    (folder / "modes").mkdir()
    (folder / "modes" / "ours.json").write_text(json.dumps({**MODE, "name": "Ours"}))
    (folder / "modes" / "broken.json").write_text("{}")
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert "add --settings" in run("import", data="ours").stdout
    settings_.save(str(home / "ours"), {"provider": "local"})
    dry = told(run("import", "--settings", "--dry-run", "--json", data="ours"))["settings"]
    assert not (home / "ours" / "modes").exists()
    found = told(run("import", "--settings", "--json", data="ours"))["settings"]
    assert found == dry
    assert (
        found["CLAUDE_MEM_MODE"]
        == found["CLAUDE_MEM_OPENAI_MODEL"]
        == found["modes/ours.json"]
        == found[".env"]
        == "taken over"
    )
    assert found["CLAUDE_MEM_PROVIDER"] == "left out: ours has another value"
    assert found["CLAUDE_MEM_CONTEXT_OBSERVATIONS"].startswith("left out: ")
    assert found["modes/broken.json"].startswith("left out: The mode file")
    current, problems = settings_.load(str(home / "ours"))
    assert (current.mode, current.openai_model, current.context_full_count, current.provider) == (
        "ours",
        "some/model",
        7,
        "local",
    )
    assert problems == ()
    assert stat.S_IMODE((home / "ours" / ".env").stat().st_mode) == 0o600
    again = told(run("import", "--settings", "--json", data="ours"))["settings"]
    assert again["CLAUDE_MEM_MODE"] == again[".env"] == "the same"
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before


def test_a_bundle_goes_through_a_pipe_and_a_file(run: Callable[..., Result], theirs: Made, home: Path) -> None:
    run("import", data="ours")
    piped = run("export", data="ours")
    assert piped.exit_code == 0
    first = told(run("import", "-", "--json", data="other", given=piped.stdout_bytes))
    assert first["tables"]["memory"]["new"] == 1
    written = told(run("export", str(home / "out.jsonl"), "--json", data="other"))
    assert written["records"] == {"project": 1, "session": 1, "prompt": 1, "memory": 1}
    assert "1 memory." in run("export", str(home / "out.jsonl"), "--force", data="other").stdout
    assert (home / "out.jsonl").read_bytes().splitlines()[1:] == piped.stdout_bytes.splitlines()[1:]
    assert "memory: 1 rows: 1 known" in run("import", str(home / "out.jsonl"), data="ours").stdout
    assert run("import", "-", "--settings", given="").exit_code == 2
    nobody = run("export", "--project", "nobody", data="ours")
    assert nobody.exit_code == 1
    assert "no project is called 'nobody'" in nobody.stderr
    del theirs


def test_an_export_does_not_overwrite_unless_forced(run: Callable[..., Result], tmp_path: Path) -> None:
    target = tmp_path / "kept.jsonl"
    target.write_text("mine")
    refused = run("export", str(target))
    assert refused.exit_code == 1
    assert "--force" in refused.stderr
    assert target.read_text() == "mine"
    assert run("export", str(target), "--force").exit_code == 0
    assert target.read_text() != "mine"


def test_an_empty_source_is_said_to_be_empty_and_a_dry_run_makes_no_folder(
    run: Callable[..., Result], home: Path
) -> None:
    (home / "there").mkdir()
    empty = Made(home / "there" / "e.db")
    bundle = home / "empty.jsonl"
    run("export", str(bundle), data="source")
    for source in (empty.path, bundle):
        assert "Nothing was in it." in run("import", str(source), "--dry-run", data="none").stdout
    assert not (home / "none").exists()
