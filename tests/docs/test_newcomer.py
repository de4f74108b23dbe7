"""Somebody who only has a clone is told commands that work from where they stand."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

from tests.docs.reader import PROGRAMS, Reader


def said(*command: str, home: Path) -> str:
    """What a command says to somebody who has none of our programs on the path."""
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    return subprocess.run(
        command, env=environment, cwd=home, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ).stdout


def test_the_demo_ends_with_commands_that_can_be_copied(tmp_path: Path) -> None:
    ours = str(PROGRAMS / "claude-mem")
    commands = re.findall(r"`(.*?)`", said(ours, "demo", home=tmp_path).strip().splitlines()[-1])
    assert commands == [f"{ours} install", f"{ours} backfill"]


def test_the_command_that_adds_the_search_tools_needs_no_path(tmp_path: Path) -> None:
    line = next(
        line
        for line in said(str(PROGRAMS / "claude-mem"), "install", home=tmp_path).splitlines()
        if "claude mcp add" in line
    )
    program, *arguments = shlex.split(line.partition(" -- ")[2])
    assert shutil.which(program) == program
    assert Path(arguments[2]).is_file()
    assert arguments[3] == str(tmp_path / ".claude-mem")


def test_without_past_sessions_backfill_says_so(tmp_path: Path) -> None:
    text = said(str(PROGRAMS / "claude-mem"), "backfill", home=tmp_path)
    assert "Claude Code kept no session there yet" in text


def test_a_memory_is_found_again_by_the_readers_next_command(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    assert reader.runs('claude-mem remember "Deploys go through the staging branch"').returncode == 0
    assert "staging" in reader.runs("claude-mem search deploys").stdout
    assert "staging" in reader.runs("claude-mem context").stdout


def test_a_search_in_an_empty_memory_says_how_to_fill_it(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    assert "`claude-mem backfill` remembers those you had before" in reader.runs("claude-mem search deploys").stdout
    reader.runs("claude-mem remember 'Deploys go through the staging branch'")
    assert reader.runs("claude-mem search nothing-like-it").stdout == "Nothing found.\n"
