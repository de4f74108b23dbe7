"""Rank 12, "version and upgrade loops": two releases side by side share one server, and nobody ends anybody for a number."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

import claudemem_lib
from claudemem_lib.errors import StoreUnreadable
from tests.hooks.conftest import RUN, Hook

ROOT = Path(__file__).parents[2]


@pytest.fixture
def releases(tmp_path: Path) -> list[Path]:
    """This release and the next one, each in a folder of its own."""
    for number in ("0.1.0", "0.2.0"):
        folder = tmp_path / number
        shutil.copytree(ROOT / "hooks", folder / "hooks")
        shutil.copytree(ROOT / "claudemem_lib", folder / "claudemem_lib", ignore=shutil.ignore_patterns("__pycache__"))
        init = folder / "claudemem_lib" / "__init__.py"
        init.write_text(init.read_text().replace('__version__ = "0.1.0"', f'__version__ = "{number}"'))
    return [tmp_path / "0.1.0", tmp_path / "0.2.0"]


def test_rank_12_hooks_of_two_releases_in_turns_lose_nothing_and_start_no_server(
    tmp_path: Path, releases: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = Hook(tmp_path / "data")
    for number in range(40):
        run = releases[number % 2] / RUN.relative_to(ROOT)
        monkeypatch.setattr("tests.hooks.conftest.COMMAND", (sys.executable, "-I", "-S", str(run)))
        hook.tell("UserPromptSubmit", prompt=f"prompt {number}")
    assert len(hook.events()) == 40
    assert not (hook.data / "server.sock").exists()
    with claudemem_lib.open(hook.data) as memory:
        assert memory.stats()["counts"]["prompts"] == 40


def test_rank_12_older_code_reads_a_newer_file_and_says_so_in_one_sentence(tmp_path: Path) -> None:
    with claudemem_lib.open(tmp_path) as memory:
        number = memory.remember("Prices are cents.", project="app")
        version = memory.database.row("PRAGMA user_version")[0]
        memory.database.connection().execute(f"PRAGMA user_version = {version + 1}")
    with claudemem_lib.open(tmp_path) as older:
        assert [hit.id for hit in older.search("prices")] == [number]
        (told,) = [problem for problem in older.problems if "newer" in problem]
        assert told.count(".") <= 3
        with pytest.raises(StoreUnreadable):
            older.remember("more", project="app")


def test_rank_12_one_version_stands_everywhere() -> None:
    plugin = json.loads((ROOT / ".claude-plugin" / "plugin.json").read_text())
    market = json.loads((ROOT / ".claude-plugin" / "marketplace.json").read_text())
    assert {plugin["version"], *(one.get("version", plugin["version"]) for one in market["plugins"])} == {
        claudemem_lib.__version__
    }
