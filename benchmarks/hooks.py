"""What a hook costs, as a multiple of starting the same interpreter for nothing (`python -c pass`).

Each row is the median of pairs: one hook and one bare start, one right after the other, so that a busy machine slows both.
Goals: capture of 2 KB at most 1.0, of 1 MB at most 1.3, the same while another process holds the database's write lock;
the context hook, cold and over 50,000 memories, at most 2.0.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from _corpus import build

from claudemem_lib import paths

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN = Path(__file__).resolve().parents[1] / "hooks" / "claudemem_hooks" / "run.py"
BARE = [sys.executable, "-c", "pass"]
CAPTURE = [sys.executable, "-I", "-S", str(RUN), "event"]
CONTEXT = [sys.executable, "-I", "-S", str(RUN), "context"]
LOCK_S = 10
Call = tuple[list[str], bytes]  # a command and what it is given on standard input
HOLD_LOCK = """
import sys, time, apsw
connection = apsw.Connection(sys.argv[1])
connection.execute("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS held (id)")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=40, help="pairs for each row")
    parser.add_argument("--memories", type=int, default=50_000, help="how many the context hook chooses from")
    parser.add_argument("--data-dir", help="a data folder to use for that instead of made-up memories")
    parser.add_argument("--project", default="/bench/project-0", help="the project whose context is asked for")
    options = parser.parse_args()
    print(f"{'':34}{'x bare':>8}{'goal':>8}{'ms':>8}{'bare ms':>9}")
    with tempfile.TemporaryDirectory(prefix="claude-mem-bench-") as data:
        row("capture, 2 KB", (CAPTURE, tool(2_000)), data, options.pairs, "1.0")
        row("capture, 1 MB", (CAPTURE, tool(1_000_000)), data, options.pairs, "1.3")
        row("capture, 2 KB with a secret", (CAPTURE, tool(2_000, "API_KEY=a1b2c3d4e5f6")), data, options.pairs)
        with write_lock(data):
            row("capture, 2 KB, database locked", (CAPTURE, tool(2_000)), data, options.pairs, "1.0")
        at_once(data, 50)
    with tempfile.TemporaryDirectory(prefix="claude-mem-bench-") as made:
        if not options.data_dir:
            build(made, options.memories)
        folder, call = options.data_dir or made, (CONTEXT, start(options.project))
        row(f"context, {len(run(*call, folder)[1]):,} bytes", call, folder, options.pairs, "2.0")


def tool(size: int, extra: str = "") -> bytes:
    """What the host says of one command with an output of about *size* bytes."""
    line = "tests/test_parser.py::test_reads_a_list PASSED [ 42%] 0.01s\n"
    lines = line * 10 + "tests/test_parser.py::test_reads_<html> PASSED [ 42%] 0.02s\n"
    output = (lines * (size // len(lines) + 1))[: size - 400] + extra
    payload = {
        "session_id": "00000000-0000-4000-8000-000000000001",
        "transcript_path": "/home/you/.claude/projects/p/s.jsonl",
        "cwd": "/home/you/project",
        "prompt_id": "00000000-0000-4000-8000-000000000002",
        "hook_event_name": "PostToolUse",
        "tool_name": "Bash",
        "tool_input": {"command": "python -m pytest -q", "description": "Run the tests"},
        "tool_response": {"stdout": output, "stderr": "", "interrupted": False},
        "tool_use_id": "toolu_1",
    }
    return json.dumps(payload).encode() + b"\n"


def start(project: str) -> bytes:
    """What the host says when a session starts."""
    payload = {"session_id": "s1", "cwd": project, "hook_event_name": "SessionStart", "source": "startup"}
    return json.dumps(payload).encode()


def run(command: list[str], given: bytes, data: str) -> tuple[float, bytes]:
    """The milliseconds from starting *command* to its end, and what it printed; its event is thrown away."""
    environment = dict(os.environ) | {"CLAUDE_MEM_DATA_DIR": data}
    pipe = subprocess.PIPE
    began = time.perf_counter()
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, bufsize=0) as process:
        assert process.stdin
        assert process.stdout
        left = memoryview(given)
        while left:
            left = left[process.stdin.write(left) or 0 :]
        process.stdin.close()
        said = process.stdout.read()
    took_ms = (time.perf_counter() - began) * 1000
    for file in Path(data, paths.INBOX).glob("*.json"):
        file.unlink()
    return took_ms, said


def row(name: str, call: Call, data: str, pairs: int, goal: str = "") -> None:
    """Measure and print one line."""
    mine: list[float] = []
    bare: list[float] = []
    for number in range(pairs + 2):
        both = [(mine, *call), (bare, BARE, b"")]
        for times, what, value in both if number % 2 else both[::-1]:
            times.append(run(what, value, data)[0])
    ratio = statistics.median(a / b for a, b in zip(mine[2:], bare[2:], strict=True))
    print(f"{name:34}{ratio:8.2f}{goal:>8}{statistics.median(mine):8.1f}{statistics.median(bare):9.1f}", flush=True)


@contextmanager
def write_lock(data: str) -> Iterator[None]:
    """Another process holds the write lock of the database for ten seconds."""
    command = [sys.executable, "-c", HOLD_LOCK, str(Path(data) / paths.DATABASE), str(LOCK_S)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield
        held = "" if process.poll() is None else " (the lock ended before the row did: use fewer pairs)"
        if held:
            print(held)
        process.terminate()


def at_once(data: str, count: int) -> None:
    """Start *count* hooks at the same moment and count what arrived."""
    inbox = Path(data) / paths.INBOX
    environment = dict(os.environ) | {"CLAUDE_MEM_DATA_DIR": data}
    started = []
    with tempfile.NamedTemporaryFile() as given:
        given.write(tool(2_000))
        given.flush()
        began = time.perf_counter()
        for _ in range(count):
            with Path(given.name).open("rb") as payload:
                started.append(subprocess.Popen(CAPTURE, stdin=payload, env=environment))
        for process in started:
            process.wait()
    took_ms = (time.perf_counter() - began) * 1000
    lost = count - len(list(inbox.glob("*.json")))
    print(f"{f'{count} at once':34}{'':8}{'0 lost':>8}{took_ms:8.1f}   {lost} lost", flush=True)


if __name__ == "__main__":
    main()
