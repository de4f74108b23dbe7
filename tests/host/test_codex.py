"""The real Codex runs our hooks, is told the past, and is left as it was. Needs `codex` on PATH or in CLAUDE_MEM_TEST_CODEX."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

import claudemem_lib
from claudemem_lib import link, paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.host
PROGRAM = os.environ.get("CLAUDE_MEM_TEST_CODEX") or shutil.which("codex")
PATCH = "*** Begin Patch\n*** Add File: a.txt\n+one\n*** Add File: b.txt\n+two\n*** End Patch\n"
MODEL = "gpt-5.5"  # one whose edits go through Codex's own patch tool
Item = dict[str, Any]


def shell(number: int, command: str) -> Item:
    """A model's call of the shell."""
    arguments = json.dumps({"cmd": command})
    return {
        "type": "function_call",
        "id": f"f{number}",
        "call_id": f"call{number}",
        "name": "exec_command",
        "arguments": arguments,
    }


def patch(number: int, text: str) -> Item:
    """A model's call of the patch tool."""
    return {
        "type": "custom_tool_call",
        "id": f"t{number}",
        "call_id": f"call{number}",
        "name": "apply_patch",
        "input": text,
    }


def say(text: str) -> Item:
    """A model's answer."""
    return {"type": "message", "id": "m", "role": "assistant", "content": [{"type": "output_text", "text": text}]}


class ScriptedModel:
    """A scripted model behind the Responses API: one item for each request."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.asked: list[str] = []
        service = self

        class Answer(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                self._send("application/json", b'{"data": [], "models": []}')

            def do_POST(self) -> None:
                service.asked.append(self.rfile.read(int(self.headers["content-length"])).decode())
                usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
                events: list[Item] = [
                    {"type": "response.created", "response": {"id": "r"}},
                    {"type": "response.output_item.done", "output_index": 0, "item": service.items.pop(0)},
                    {"type": "response.completed", "response": {"id": "r", "usage": usage}},
                ]
                text = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
                self._send("text/event-stream", text.encode())

            def _send(self, kind: str, data: bytes) -> None:
                self.send_response(200)
                self.send_header("content-type", kind)
                self.end_headers()
                self.wfile.write(data)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Codex:
    """One user of the real Codex, and the command that installs for them."""

    def __init__(self, program: str, folder: Path, service: ScriptedModel) -> None:
        self.program, self.service = program, service
        self.home, self.project = folder / "home", folder / "project"
        self.data = self.home / ".claude-mem"
        self.config = self.home / ".codex" / "config.toml"
        self.project.mkdir(parents=True)
        self.config.parent.mkdir(parents=True)
        provider = (
            f'[model_providers.scripted]\nname = "scripted"\nbase_url = "{service.url}"\nwire_api = "responses"\n'
        )
        self.config.write_text(f'# mine\nmodel = "{MODEL}"\nmodel_provider = "scripted"\n\n{provider}')

    def _run(self, *command: str) -> str:
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "SHELL": "/bin/sh"}
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            cwd=self.project,
            timeout=120,
            input="",
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def session(self, prompt: str, *items: Item) -> str:
        """Run a turn while the model gives *items*; what Codex printed."""
        self.service.items, self.service.asked = list(items), []
        trusted = (
            "--dangerously-bypass-hook-trust",
            "--dangerously-bypass-approvals-and-sandbox",
            "--skip-git-repo-check",
        )
        return self._run(self.program, "exec", *trusted, prompt)

    def memory(self, *arguments: str) -> str:
        return self._run(sys.executable, "-m", "claudemem_lib.cli", "--data-dir", str(self.data), *arguments)

    def without_the_server(self) -> None:
        """Take our server out of the configuration, so that nobody takes away what the hooks leave."""
        text = self.config.read_text()
        self.config.write_text(text[: text.index("\n[mcp_servers.claude-mem]")])


@pytest.fixture
def codex(tmp_path: Path) -> Iterator[Codex]:
    if not PROGRAM:
        pytest.skip("there is no codex on PATH; CLAUDE_MEM_TEST_CODEX may name one")
    service = ScriptedModel()
    made = Codex(PROGRAM, tmp_path, service)
    yield made
    link.stop(str(made.data)) if made.data.exists() else None
    service.close()


def test_every_event_of_a_turn_lands_in_the_inbox_and_no_hook_fails(codex: Codex) -> None:
    codex.memory("install", "codex")
    codex.without_the_server()
    printed = codex.session(
        "write two files", shell(1, "echo hello"), patch(2, PATCH), shell(3, "ls /nonexistent"), say("Wrote two files.")
    )
    assert "hook: SessionStart Completed" in printed
    assert "Failed" not in printed
    events = [json.loads(path.read_text()) for path in sorted((codex.data / paths.INBOX).glob("*.json"))]
    assert [(event["kind"], event.get("tool")) for event in events] == [
        ("start", None),
        ("prompt", None),
        ("tool", "Bash"),
        ("tool", "Write"),
        ("tool", "Write"),
        ("tool", "Bash"),
        ("stop", None),
    ]
    assert [event["input"].get("file_path") for event in events[3:5]] == [
        str(codex.project / name) for name in ("a.txt", "b.txt")
    ]
    assert (events[1]["text"], events[2]["input"], events[-1]["text"]) == (
        "write two files",
        {"command": "echo hello"},
        "Wrote two files.",
    )
    assert len({event["prompt_id"] for event in events[1:]}) == 1


def test_the_next_session_is_told_and_has_the_tools(codex: Codex) -> None:
    with claudemem_lib.open(codex.data) as memory:
        memory.remember("The parser strips its input.", project=str(codex.project))
    codex.memory("install", "codex")
    assert "claude-mem" in codex._run(codex.program, "mcp", "list")
    codex.session("what do you know?", say("That the parser strips its input."))
    assert "The parser strips its input." in codex.service.asked[0]


def test_codex_is_left_as_it_was(codex: Codex) -> None:
    before = codex.config.read_bytes()
    codex.memory("install", "codex")
    codex.session("hello", say("Hello."))
    codex.memory("uninstall")
    assert codex.config.read_bytes() == before
    assert not (codex.config.parent / "hooks.json").exists()
    assert link.holder(str(codex.data)) is None
    codex.session("hello again", say("Hello."))
    assert list((codex.data / paths.INBOX).glob("*.json")) == []
