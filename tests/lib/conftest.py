"""The command line as a test runs it: in this process, with a data folder and a home of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

import claudemem_lib
from claudemem_lib import cli
from tests.lib.stored import add_observation, add_summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result

    from claudemem_lib.memory import Memory


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def run(data: Path, tmp_path: Path) -> Callable[..., Result]:
    """A function that runs `claude-mem ARGS` in this process, with a data folder and a home of its own."""

    def invoke(*arguments: str, text: str | None = None) -> Result:
        home = {"HOME": str(tmp_path / "home"), "CLAUDE_CONFIG_DIR": str(tmp_path / "host")}
        return CliRunner().invoke(cli.main, ["--data-dir", str(data), *arguments], input=text, env=home)

    return invoke


@pytest.fixture
def says(run: Callable[..., Result]) -> Callable[..., Any]:
    """A function that runs a command with --json and gives the value it prints."""

    def value(*arguments: str, text: str | None = None) -> Any:
        result = run(*arguments, "--json", text=text)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return value


@pytest.fixture
def filled(data: Path) -> Iterator[Memory]:
    """Memories of two projects, an hour apart, in the folder that `run` uses."""
    with claudemem_lib.open(data) as memory:
        at_ms = 1_780_000_000_000
        add_observation(
            memory, "Cached the login", type="bugfix", files_modified=("src/auth.py",), created_ms=at_ms, project="/w/shop",
            session="s1", concepts=("gotcha",), narrative="It was slow.",
        )  # fmt: skip
        add_summary(
            memory, "Make the login fast", completed="It is", created_ms=at_ms + 1, project="/w/shop", session="s1"
        )
        add_observation(memory, "Another thing", created_ms=at_ms + 3_600_000, project="/w/blog")
        yield memory
