"""The answer to SessionStart: what is remembered, and never anything the host could stumble over."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

import claudemem_lib
from tests.hooks.conftest import limit_s

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hooks.conftest import Hook


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def full(hook: Hook, project: Path) -> Hook:
    """A context hook on a memory that holds one note on the project."""
    with claudemem_lib.open(hook.data) as memory:
        memory.remember("Prices are integers of cents.", title="How prices are kept", project=str(project))
    hook.word = "context"
    return hook


def told(hook: Hook, project: Path, session: str = "s1", source: str = "startup", **environment: str) -> str:
    """What a starting session is told."""
    payload = {"hook_event_name": "SessionStart", "session_id": session, "cwd": str(project), "source": source}
    outcome = hook.feed(json.dumps(payload).encode(), **environment)
    assert (outcome.status, outcome.stderr) == (0, b"")
    assert outcome.seconds < limit_s()
    if not outcome.stdout:
        return ""
    answer = json.loads(outcome.stdout)
    assert set(answer) <= {"hookSpecificOutput", "systemMessage"}
    if "hookSpecificOutput" not in answer:
        return ""
    assert answer["hookSpecificOutput"]["hookEventName"] == "SessionStart"
    return str(answer["hookSpecificOutput"]["additionalContext"])


def test_a_starting_session_is_told_and_its_start_captured(full: Hook, project: Path) -> None:
    assert "How prices are kept" in told(full, project)
    assert full.kinds() == ["start"]


def test_the_answer_is_far_below_what_the_host_would_put_into_a_file(full: Hook, project: Path) -> None:
    with claudemem_lib.open(full.data) as memory:
        for number in range(200):
            memory.remember("word " * 300, title=f"Note {number} " + "é" * 80, project=str(project))
    assert 2_000 < len(told(full, project)) < 9_500


def test_context_can_be_switched_off(full: Hook, project: Path) -> None:
    assert told(full, project, CLAUDE_MEM_CONTEXT_ENABLED="false") == ""
    assert full.kinds() == ["start"]


def test_without_capture_a_session_is_told_all_the_same(full: Hook, project: Path) -> None:
    assert "How prices are kept" in told(full, project, CLAUDE_MEM_CAPTURE_ENABLED="false")
    assert not full.inbox.exists()


def leave_a_turn(full: Hook, project: Path) -> None:
    """A finished turn of an earlier session waits in the inbox."""
    full.word = "event"
    for name, fields in (
        ("UserPromptSubmit", {"prompt": "Add a discount for large baskets"}),
        (
            "PostToolUse",
            {"tool_name": "Write", "tool_input": {"file_path": f"{project}/discount.py", "content": "x = 1\n"}},
        ),
        ("Stop", {"last_assistant_message": "The discount is in discount.py."}),
        ("SessionEnd", {"reason": "other"}),
    ):
        full.tell(name, session_id="before", prompt_id="p1", cwd=str(project), **fields)
    full.word = "context"


def test_what_waits_from_an_earlier_session_is_not_missing(full: Hook, project: Path) -> None:
    leave_a_turn(full, project)
    assert "discount.py" in told(full, project, session="after")


def test_looking_at_the_memory_in_between_does_not_hide_the_last_session(full: Hook, project: Path) -> None:
    leave_a_turn(full, project)
    with claudemem_lib.open(full.data) as memory:
        assert memory.stats()["queue"]["pending"] == 2
    assert "discount.py" in told(full, project, session="after")


def test_a_session_start_does_not_cut_another_sessions_running_turn_apart(full: Hook, project: Path) -> None:
    leave_a_turn(full, project)
    full.word = "event"
    full.tell("UserPromptSubmit", session_id="running", prompt_id="p9", cwd=str(project), prompt="Fix the login")
    edit = {"tool_name": "Write", "tool_input": {"file_path": f"{project}/login.py", "content": "x = 1\n"}}
    full.tell("PostToolUse", session_id="running", prompt_id="p9", cwd=str(project), tool_use_id="t9", **edit)
    full.word = "context"
    text = told(full, project, session="after")
    assert "discount.py" in text
    assert "login.py" not in text
    with claudemem_lib.open(full.data) as memory:
        assert [row.session for row in memory.queue()] == ["running"]


def test_before_a_compaction_the_turn_counts_as_it_stands(full: Hook, project: Path) -> None:
    full.word = "event"
    full.tell("UserPromptSubmit", session_id="s1", prompt_id="p9", cwd=str(project), prompt="Fix the login")
    edit = {"tool_name": "Write", "tool_input": {"file_path": f"{project}/login.py", "content": "x = 1\n"}}
    full.tell("PostToolUse", session_id="s1", prompt_id="p9", cwd=str(project), tool_use_id="t9", **edit)
    full.word = "context"
    assert "login.py" in told(full, project, session="s1", source="compact")


def test_a_long_backlog_neither_delays_a_session_nor_fails_its_events(full: Hook, project: Path) -> None:
    with claudemem_lib.open(full.data) as memory:
        for number in range(1_500):
            session = {"session_id": f"old{number % 50}", "cwd": str(project), "prompt_id": f"p{number}"}
            memory.capture({"hook_event_name": "UserPromptSubmit", "prompt": f"Do thing {number}", **session})
            memory.capture({"hook_event_name": "Stop", "last_assistant_message": f"Thing {number} is done.", **session})
    told(full, project)
    with claudemem_lib.open(full.data) as memory:
        assert memory.stats()["queue"]["last_error"] == ""
        assert {row.attempts for row in memory.queue(limit=5_000)} <= {0}


def test_a_session_start_asks_no_model_and_takes_nothing_away_from_it(full: Hook, project: Path) -> None:
    (full.data / ".env").write_text("GEMINI_API_KEY=k\n")
    leave_a_turn(full, project)
    assert "discount.py" not in told(full, project, session="after")
    with claudemem_lib.open(full.data) as memory:
        assert memory.stats()["queue"]["pending"] == 2


@pytest.mark.parametrize("broken", ["no file", "empty", "garbage", "a folder", "not readable"])
def test_a_broken_memory_tells_nothing(hook: Hook, project: Path, broken: str) -> None:
    database = hook.data / "claude-mem.db"
    hook.data.mkdir()
    if broken == "a folder":
        database.mkdir()
    elif broken != "no file":
        database.write_bytes(b"" if broken == "empty" else b"SQLite format 3\0" + os.urandom(4096))
    if broken == "not readable":
        database.chmod(0)
    hook.word = "context"
    assert told(hook, project) == ""
    assert hook.kinds() == ["start"]


@pytest.mark.parametrize(
    ("start", "length"), [(0, 100), (0, 4096), (100, 1_000_000)], ids=["head", "first page", "rest"]
)
def test_a_damaged_memory_is_told_to_the_person_and_the_event_kept(
    full: Hook, project: Path, start: int, length: int
) -> None:
    database = full.data / "claude-mem.db"
    data = bytearray(database.read_bytes())
    data[start : start + length] = b"\xa5" * len(data[start : start + length])
    database.write_bytes(data)
    payload = {"hook_event_name": "SessionStart", "session_id": "s1", "cwd": str(project), "source": "startup"}
    outcome = full.feed(json.dumps(payload).encode())
    assert (outcome.status, outcome.stderr) == (0, b"")
    assert outcome.seconds < limit_s()
    assert "`claude-mem recover`" in json.loads(outcome.stdout)["systemMessage"]
    assert full.kinds() == ["start"]
    assert database.read_bytes() == bytes(data)


def test_a_huge_backlog_that_nobody_takes_in_is_told(full: Hook, project: Path) -> None:
    for number in range(5_000):
        (full.inbox / f"0{number}.json").mkdir(parents=True)
    (full.data / "claude-mem.db").chmod(0o400)
    full.inbox.chmod(0o700)
    payload = {"hook_event_name": "SessionStart", "session_id": "s1", "cwd": str(project), "source": "startup"}
    (full.data / "inbox" / "bad").write_text("a file, so that nothing can be set aside")
    outcome = full.feed(json.dumps(payload).encode())
    assert "recorded events wait to be taken in" in json.loads(outcome.stdout)["systemMessage"]
    assert outcome.seconds < limit_s()


def test_a_folder_that_is_gone_is_no_reason_to_fail(full: Hook, project: Path) -> None:
    project.rmdir()
    assert "How prices are kept" in told(full, project)
