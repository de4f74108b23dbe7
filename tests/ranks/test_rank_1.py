"""Rank 1, "the memory tool blocks the user's prompts": every hook in every broken state ends at once, silent, with status 0.

CLAUDE_MEM_RUNS=1000 runs each of them a thousand times.
"""

from __future__ import annotations

import json
import os
import statistics
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

import claudemem_lib
from tests.hooks.conftest import Hook, limit_s
from tests.hooks.test_never_blocks import file_system, fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RUNS = int(os.environ.get("CLAUDE_MEM_RUNS", "3"))
EVENTS = ("SessionStart", "UserPromptSubmit", "PostToolUse", "PostToolUseFailure", "Stop", "PreCompact", "SessionEnd")


@contextmanager
def as_it_is(_hook: Hook) -> Iterator[None]:
    """A memory, and no server: what it is most of the time."""
    yield


@contextmanager
def locked(hook: Hook) -> Iterator[None]:
    """Another program holds the file's write lock all the while."""
    with claudemem_lib.open(hook.data) as memory, memory.database.write():
        yield


@contextmanager
def read_only(hook: Hook) -> Iterator[None]:
    """The file may only be read."""
    (hook.data / "claude-mem.db").chmod(0o400)
    yield


@contextmanager
def corrupt(hook: Hook) -> Iterator[None]:
    """The file is no database any more."""
    (hook.data / "claude-mem.db").write_bytes(b"no database at all" * 1_000)
    yield


@contextmanager
def full_disk(hook: Hook) -> Iterator[None]:
    """Nothing more fits on the disk."""
    inner = hook.data / "small"
    with file_system(inner, "size=64k") as mounted:
        if not mounted:
            pytest.skip("a full disk needs a file system of its own, which this user may not mount")
        fill(inner / "filler")
        data, inbox = hook.data, hook.inbox
        hook.data, hook.inbox = inner, inner / "inbox"
        yield
        hook.data, hook.inbox = data, inbox


@contextmanager
def killed_server(hook: Hook) -> Iterator[None]:
    """A server was killed: its lock file and socket are left."""
    (hook.data / "server.lock").write_text('{"pid": 999999}')
    (hook.data / "server.sock").write_text("")
    yield


STATES = (as_it_is, killed_server, locked, read_only, corrupt, full_disk)


@pytest.fixture
def hook(tmp_path: Path) -> Hook:
    data = tmp_path / "data"
    with claudemem_lib.open(data) as memory:
        memory.remember("Prices are cents.", project=str(tmp_path))
    return Hook(data)


@pytest.mark.parametrize("given", ["payload", "garbage", "nothing"])
@pytest.mark.parametrize("state", STATES, ids=[state.__name__ for state in STATES])
def test_rank_1_no_hook_blocks_whatever_is_broken(
    hook: Hook, tmp_path: Path, state: Callable[[Hook], Iterator[None]], given: str
) -> None:
    seconds = []
    with ExitStack() as stack:
        stack.enter_context(state(hook))  # type: ignore[arg-type]  # a context manager by its decorator
        for name in EVENTS if given == "payload" else EVENTS[:2]:
            hook.word = "context" if name == "SessionStart" else "event"
            payload: dict[str, object] = {
                "hook_event_name": name,
                "session_id": "s1",
                "cwd": str(tmp_path),
                "source": "startup",
            }
            payload |= {"prompt": "go", "tool_name": "Bash", "tool_input": {}, "last_assistant_message": "done"}
            bytes_given = {"payload": json.dumps(payload).encode(), "garbage": b'{"hook_event_na', "nothing": b""}[
                given
            ]
            for _ in range(RUNS):
                outcome = hook.feed(bytes_given)
                seconds.append(outcome.seconds)
                assert (outcome.status, outcome.stderr) == (0, b""), (name, outcome)
                answer = json.loads(outcome.stdout) if outcome.stdout else {}
                assert set(answer) <= {"hookSpecificOutput", "systemMessage"}
    assert max(seconds) < limit_s(), statistics.quantiles(seconds, n=100)[-1]
