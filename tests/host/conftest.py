"""The real Claude Code client against a scripted model, in a home of its own and without a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("CLAUDE_MEM_TEST_SHARED") or ROOT.parent / "shared")
HARNESS = SHARED / "harness" / "claude_code"
RUN = HARNESS / "run_claude.py"
Reply = dict[str, Any]


class Client:
    """One user of the real client: a home, a project, a memory; sessions follow each other in it."""

    def __init__(self, folder: Path) -> None:
        self.out, self.data = folder / "client", folder / "data"
        self.plugins: tuple[Path, ...] = (_hooks_alone(folder / "plugin"),)
        self.project = self.out / "project"
        self._scenario = folder / "scenario.json"
        self.settings: dict[str, str] = {}
        self._asked = 0

    def session(self, *prompts: str, replies: list[Reply], args: tuple[str, ...] = ()) -> str:
        """Run one process of the client over *prompts* while the model gives *replies*; the session's id."""
        self._asked = len(self._requests())
        self._scenario.parent.mkdir(parents=True, exist_ok=True)
        self._scenario.write_text(json.dumps({"replies": [{"reply": reply} for reply in replies]}))
        command = [sys.executable, str(RUN), "--out", str(self.out), "--scenario", str(self._scenario)]
        settings = {"CLAUDE_MEM_DATA_DIR": str(self.data)} | self.settings
        command += [part for name, value in settings.items() for part in ("--env", f"{name}={value}")]
        command += [part for plugin in self.plugins for part in ("--plugin-dir", str(plugin))]
        command += [part for prompt in prompts for part in ("--turn", prompt)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CLAUDE_MEM_")}
        done = subprocess.run([*command, "--", *args], capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        summary = json.loads((self.out / "summary.json").read_text())
        assert summary["unused_replies"] == []
        return str(summary["session_id"])

    def sent(self) -> list[str]:
        """What reached the model in the last session: the body of each request."""
        bodies = [request["body"] for request in self._requests()[self._asked :] if "/v1/messages" in request["path"]]
        return [json.dumps(body, ensure_ascii=False) for body in bodies]

    def hook_results(self) -> list[dict[str, Any]]:
        """How the client saw each hook of the last session end."""
        lines = (self.out / "stream.jsonl").read_text().splitlines()
        return [event for event in map(json.loads, lines) if event.get("subtype") == "hook_response"]

    def captured(self) -> list[dict[str, Any]]:
        """The events in the inbox, oldest first."""
        return [json.loads(path.read_text()) for path in sorted((self.data / "inbox").glob("*.json"))]

    def kinds(self) -> Counter[str]:
        return Counter(event["kind"] for event in self.captured())

    def _requests(self) -> list[dict[str, Any]]:
        log = self.out / "requests.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def use(tool: str, text: str = "", **given: Any) -> Reply:
    """A reply of the model that calls a tool."""
    said = [{"type": "text", "text": text}] if text else []
    return {"content": [*said, {"type": "tool_use", "name": tool, "input": given}]}


def say(*texts: str) -> Reply:
    """A reply of the model that ends the turn."""
    return {"content": [{"type": "text", "text": text} for text in texts]}


def _hooks_alone(folder: Path) -> Path:
    """Our plugin with its hooks and nothing else, so that no server takes away what they leave."""
    folder.mkdir(parents=True)
    for name in (".claude-plugin", "hooks", ".venv"):
        (folder / name).symlink_to(ROOT / name)
    return folder


class Script:
    """How tests write replies."""

    use = staticmethod(use)
    say = staticmethod(say)


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture(scope="session")
def harness() -> Path:
    """The harness, with the client at hand."""
    if not RUN.is_file():
        pytest.skip(f"there is no client harness at {HARNESS}; CLAUDE_MEM_TEST_SHARED may name the folder above it")
    command = [sys.executable, str(RUN), "--install-only"]
    had = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if had.returncode:
        pytest.skip(f"the real client cannot be had here: {(had.stdout + had.stderr).strip()[-300:]}")
    return HARNESS


@pytest.fixture
def client(tmp_path: Path, harness: Path) -> Client:  # noqa: ARG001  # the client has to be there
    if not (ROOT / ".venv" / "bin" / "python").exists():
        pytest.skip("the plugin's hooks start .venv/bin/python: run `make host-test`")
    return Client(tmp_path)
