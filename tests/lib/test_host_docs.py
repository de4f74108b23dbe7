"""docs/hosts.md says what the code does. (Its commands are run by tests/docs/test_commands.py.)"""

from __future__ import annotations

import re
from pathlib import Path

from claudemem_lib.hosts import catalog, claude_code, codex, cursor
from tests.lib.test_hosts import COMMANDS

DOCS = Path(__file__).parents[2] / "docs"
HOSTS = (DOCS / "hosts.md").read_text("utf-8")
ROWS = re.findall(r"^\| `([a-z-]+)` \| (.+?) \| (.+?) \| (.+?) \|$", HOSTS, re.MULTILINE)


def test_the_table_has_every_host_and_its_files() -> None:
    places = catalog.Places({"HOME": "~"}, "linux")
    expected = []
    for host in catalog.HOSTS:
        paths = [str(path) for file in host.files(places, COMMANDS) for path in file.paths]
        expected.append((host.name, host.label, paths))
    assert [(name, label, re.findall(r"`(.+?)`", files)) for name, label, _, files in ROWS] == expected


def test_the_table_says_who_is_captured() -> None:
    assert {name for name, _, gets, _ in ROWS if "sessions" in gets} == {h.name for h in catalog.HOSTS if h.captures}
    assert {name for name, _, gets, _ in ROWS if "search" not in gets} == {"claude-code"}


def test_the_numbers_of_hooks_are_right() -> None:
    words = {7: "Seven", 9: "Nine", 11: "Eleven"}
    assert f"{words[len(claude_code.groups('', '', ''))]} hooks, in exec form" in HOSTS
    assert f"{words[len(codex.groups(''))]} hooks in `hooks.json`" in HOSTS
    assert f"{words[len(cursor.hooks(''))]} hooks in `hooks.json` (Cursor" in HOSTS
