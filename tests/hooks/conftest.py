"""A hook as the host starts it: its own process, a JSON object on standard input, a data folder in the environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

RUN = Path(__file__).resolve().parents[2] / "hooks" / "claudemem_hooks" / "run.py"
COMMAND = (sys.executable, "-I", "-S", str(RUN))


@dataclass(frozen=True)
class Outcome:
    """How a hook process ended."""

    status: int
    stdout: bytes
    stderr: bytes
    seconds: float


def limit_s() -> float:
    """The two seconds no hook may take; on a machine so busy that starting Python alone takes long, sixty such starts."""
    began = time.monotonic()
    subprocess.run((sys.executable, "-I", "-S", "-c", "pass"), check=True)
    return max(2.0, 60 * (time.monotonic() - began))


class Hook:
    """Starts hooks on one data folder and reads what they left there."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.inbox = data / "inbox"
        self.word = "event"  # what hooks.json says behind the script

    def environment(self, **more: str) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("CLAUDE", "COVERAGE"))}
        return plain | {"CLAUDE_MEM_DATA_DIR": str(self.data)} | more

    def start(self, *prefix: str, **environment: str) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        command = (*prefix, *COMMAND, self.word)
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=self.environment(**environment))

    def feed(self, given: bytes, *prefix: str, **environment: str) -> Outcome:
        """Run a hook on the bytes *given* until it ends; the command *prefix* starts it."""
        began = time.monotonic()
        with self.start(*prefix, **environment) as process:
            try:
                stdout, stderr = process.communicate(given, timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()  # or the test waits for it, and it outlives the tests
                raise
        return Outcome(process.returncode, stdout, stderr, time.monotonic() - began)

    def feed_open(self, given: bytes) -> Outcome:
        """Run a hook whose standard input stays open after the bytes *given*."""
        began = time.monotonic()
        with self.start() as process:
            assert process.stdin
            assert process.stdout
            assert process.stderr
            process.stdin.write(given)
            process.stdin.flush()
            process.wait(timeout=20)
            seconds = time.monotonic() - began
            return Outcome(process.returncode, process.stdout.read(), process.stderr.read(), seconds)

    def tell(self, name: str, **fields: Any) -> list[dict[str, Any]]:
        """Run a hook for the event *name*; the events kept so far."""
        payload = {"hook_event_name": name, "session_id": "s1", "cwd": "/home/you/project", **fields}
        outcome = self.feed(json.dumps(payload).encode() + b"\n")
        assert (outcome.status, outcome.stdout, outcome.stderr) == (0, b"", b"")
        return self.events()

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_text()) for path in sorted(self.inbox.glob("*.json"))]

    def kinds(self) -> list[str]:
        return [event["kind"] for event in self.events()]


@pytest.fixture
def hook(tmp_path: Path) -> Hook:
    return Hook(tmp_path / "data")


@pytest.fixture
def run() -> Path:
    return RUN
