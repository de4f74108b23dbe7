"""The plugin's MCP server in the real client: the model searches, reads and saves, and a killed server is not noticed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import claudemem_lib
from claudemem_lib import link

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.host.conftest import Client, Script

pytestmark = pytest.mark.host

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "mcp__plugin_claudemem_claude-mem__"
ALLOWED = ("--allowedTools", f"{PREFIX}*", "Bash", "ToolSearch")
REST = ("timeline", "get_observations", "save_memory", "memory_status")


@pytest.fixture
def client(client: Client, tmp_path: Path) -> Iterator[Client]:
    """A client with the whole plugin, and two memories of its project; its server is ended after the test."""
    client.plugins = (_plugin(tmp_path / "whole"),)
    client.project.mkdir(parents=True, exist_ok=True)
    with claudemem_lib.open(client.data) as memory:
        memory.remember("Deploys go through the staging branch", project=str(client.project))
        memory.remember("The staging database is read-only on Sundays", project=str(client.project))
    yield client
    link.stop(str(client.data))


def _plugin(folder: Path) -> Path:
    """The plugin as a checkout has it, without what only developers need."""
    folder.mkdir(parents=True)
    for name in (".claude-plugin", ".mcp.json", "hooks", "mcp_server", "claudemem_lib", "skills", "commands", ".venv"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def _results(client: Client) -> list[str]:
    """What the tools of the last session answered, as the model saw it, in order."""
    last = json.loads(client.sent()[-1])
    return [
        json.dumps(part["content"])
        for message in last["messages"]
        if isinstance(message["content"], list)
        for part in message["content"]
        if part.get("type") == "tool_result"
    ]


def _call(script: Script, name: str, **given: Any) -> dict[str, Any]:
    reply: dict[str, Any] = script.use(PREFIX + name)
    reply["content"][-1]["input"] = given  # one of the parameters has a name that use() has too
    return reply


def test_the_model_searches_reads_and_saves_and_the_next_session_knows_the_note(client: Client, script: Script) -> None:
    client.session(
        "How do we deploy?",
        replies=[
            _call(script, "search", query="deploy"),
            script.use("ToolSearch", query="select:" + ",".join(PREFIX + name for name in REST)),
            _call(script, "timeline", anchor=1),
            _call(script, "get_observations", ids=[1, 2]),
            _call(script, "save_memory", text="Releases are cut on Tuesdays"),
            script.say("Through the staging branch."),
        ],
        args=ALLOWED,
    )
    found, _, around, full, saved = _results(client)
    assert '\\"id\\":1' in found
    assert "engines" in found
    assert "get_observations" in found
    assert "read-only on Sundays" in around
    assert "Deploys go through the staging branch" in full
    assert '\\"id\\":3' in saved
    client.session("When do we release?", replies=[script.say("On Tuesdays.")])
    assert "Releases are cut on Tuesdays" in client.sent()[0]


def test_a_server_killed_between_two_calls_is_not_noticed(client: Client, script: Script) -> None:
    client.session(
        "How do we deploy?",
        replies=[
            _call(script, "search", query="deploy"),
            script.use("Bash", command=f"kill -9 $(cat {client.data}/server.lock)", description="Kill it"),
            _call(script, "search", query="staging"),
            script.say("Through the staging branch."),
        ],
        args=ALLOWED,
    )
    first, _, second = _results(client)
    assert "Deploys go through" in first
    assert "read-only on Sundays" in second
    log = (client.data / "logs" / "server.log").read_text()
    assert log.count("serving") == 2


def test_search_is_offered_at_once_and_the_instructions_are_shown(client: Client, script: Script) -> None:
    client.session("Hello", replies=[_call(script, "search"), script.say("Hello.")], args=ALLOWED)
    last = json.loads(client.sent()[-1])
    assert PREFIX + "search" in {tool["name"] for tool in last["tools"]}
    assert "Work in three layers" in client.sent()[-1]


def test_a_hit_costs_the_model_no_more_than_a_hundred_tokens(client: Client, script: Script) -> None:
    client.session("Hello", replies=[_call(script, "search"), script.say("Hello.")], args=ALLOWED)
    (found,) = _results(client)
    assert len(json.loads(found)) / 4 / 2 < 100


def test_the_client_finds_nothing_wrong_with_the_plugin(harness: Path, tmp_path: Path) -> None:
    where = "import run_claude; print(run_claude.install_cli())"
    found = subprocess.run([sys.executable, "-c", where], capture_output=True, text=True, check=True, cwd=harness)
    folder = tmp_path / "plugin"
    names = (".claude-plugin", ".mcp.json", "hooks", "skills", "commands", "README.md", "LICENSE")
    for name in names:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        folder.mkdir(exist_ok=True)
        copy(ROOT / name, folder / name)
    command = [found.stdout.strip(), "plugin", "validate", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
