"""What the host reads of us: manifests and the list of hooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import claudemem_lib
from claudemem_lib import capture

ROOT = Path(__file__).resolve().parents[2]
OLD_EVENTS = {*capture.KINDS, "PreToolUse", "PostToolBatch", "SubagentStart"}  # others make older hosts drop the file


def read(name: str) -> dict[str, Any]:
    found = json.loads((ROOT / name).read_text())
    assert isinstance(found, dict)
    return found


def hooks() -> list[tuple[str, dict[str, Any]]]:
    groups = read("hooks/hooks.json")["hooks"]
    return [(event, hook) for event, listed in groups.items() for group in listed for hook in group["hooks"]]


def test_only_events_that_every_host_knows_are_named() -> None:
    named = {event for event, _ in hooks()}
    assert named <= OLD_EVENTS
    assert named == set(capture.KINDS)


def test_every_hook_is_started_without_a_shell_from_the_plugins_own_folder() -> None:
    for event, hook in hooks():
        assert hook["type"] == "command"
        assert hook["command"] == "${CLAUDE_PLUGIN_ROOT}/.venv/bin/python"
        isolated, no_site, script, word = hook["args"]
        assert (isolated, no_site) == ("-I", "-S")
        assert Path(script.replace("${CLAUDE_PLUGIN_ROOT}", str(ROOT))).is_file()
        assert word == ("context" if event == "SessionStart" else "event")
        assert 0 < hook["timeout"] <= 10


def test_context_is_told_however_a_session_starts() -> None:
    (group,) = read("hooks/hooks.json")["hooks"]["SessionStart"]
    assert set(group["matcher"].split("|")) == {"startup", "resume", "fork", "clear", "compact"}


def test_manifests_agree_with_the_package() -> None:
    plugin, market = read(".claude-plugin/plugin.json"), read(".claude-plugin/marketplace.json")
    (listed,) = market["plugins"]
    assert plugin["name"] == listed["name"] == market["name"] == "claudemem"
    assert plugin["version"] == listed["version"] == claudemem_lib.__version__
    assert plugin["license"] == listed["license"] == "AGPL-3.0-or-later"
    assert listed["source"] == "./"
