"""Codex and Cursor call the same hook; what they say becomes the events that Claude Code's calls become."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import claudemem_lib
from claudemem_lib.catchup import catch_up
from tests.hooks.test_cost import EVERYTHING, loaded_by

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hooks.conftest import Hook

GO_ON = b'{"continue":true}'
PATCH = """*** Begin Patch
*** Update File: src/parse.py
@@ def parse(text):
 def parse(text):
-    return text
+    return text.strip()
*** Add File: notes.md
+one
+two
*** Delete File: /w/old.py
*** End Patch
"""


def codex(hook: Hook, name: str, **fields: Any) -> list[dict[str, Any]]:
    hook.word = "codex"
    base = {"session_id": "t1", "turn_id": "u1", "cwd": "/w", "transcript_path": None, "model": "gpt-5"}
    outcome = hook.feed(json.dumps({**base, "hook_event_name": name, **fields}).encode())
    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, b"", b"")
    return hook.events()


def cursor(hook: Hook, name: str, **fields: Any) -> list[dict[str, Any]]:
    hook.word = "cursor"
    base = {
        "conversation_id": "c1",
        "generation_id": "g1",
        "workspace_roots": ["/w"],
        "cursor_version": "2.1",
        "user_email": "you@example.com",
        "transcript_path": None,
    }
    outcome = hook.feed(json.dumps({**base, "hook_event_name": name, **fields}).encode())
    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, GO_ON, b"")
    return hook.events()


# ----------------------------------------------------------------------------------------------------------- Codex
def test_a_turn_of_codex_becomes_a_prompt_its_tools_and_its_end(hook: Hook) -> None:
    codex(hook, "SessionStart", source="startup", turn_id=None)
    codex(hook, "UserPromptSubmit", prompt="mend the parser")
    codex(hook, "PostToolUse", tool_name="Bash", tool_input={"command": "ls"}, tool_response="a\n", tool_use_id="c1")
    events = codex(hook, "Stop", stop_hook_active=False, last_assistant_message="Mended.")
    assert [event["kind"] for event in events] == ["start", "prompt", "tool", "stop"]
    assert {event["session"] for event in events} == {"t1"}
    assert {event.get("prompt_id") for event in events[1:]} == {"u1"}
    assert {event["project_dir"] for event in events} == {"/w"}
    assert (events[1]["text"], events[2]["input"]["command"], events[3]["text"]) == ("mend the parser", "ls", "Mended.")


@pytest.mark.parametrize("name", ["shell", "local_shell", "exec_command"])
def test_the_shell_of_codex_is_the_shell_whatever_it_is_called(hook: Hook, name: str) -> None:
    (event,) = codex(hook, "PostToolUse", tool_name=name, tool_input={"command": ["ls", "-l"]}, tool_response="a")
    assert (event["tool"], event["input"]) == ("Bash", {"command": "ls -l"})


def test_a_patch_of_codex_is_one_edit_for_each_file(hook: Hook) -> None:
    events = codex(
        hook,
        "PostToolUse",
        tool_name="apply_patch",
        tool_input={"command": PATCH},
        tool_response="ok",
        tool_use_id="c2",
    )
    assert [(event["tool"], event["input"]["file_path"]) for event in events] == [
        ("Edit", "/w/src/parse.py"),
        ("Write", "/w/notes.md"),
        ("Edit", "/w/old.py"),
    ]
    assert events[0]["input"]["old_string"] == "def parse(text):\n    return text"
    assert events[0]["input"]["new_string"] == "def parse(text):\n    return text.strip()"
    assert events[1]["input"]["content"] == "one\ntwo"
    assert len({event["tool_use_id"] for event in events}) == 3


def test_a_patch_that_is_none_is_kept_as_it_is(hook: Hook) -> None:
    (event,) = codex(hook, "PostToolUse", tool_name="apply_patch", tool_input="what?", tool_response="no")
    assert (event["tool"], event["input"]) == ("apply_patch", "what?")


def test_codex_is_told_what_is_remembered(hook: Hook) -> None:
    with claudemem_lib.open(hook.data) as memory:
        memory.remember("The parser strips its input.", project="/w")
    payload = {"hook_event_name": "SessionStart", "session_id": "t2", "cwd": "/w", "source": "startup", "model": "m"}
    hook.word = "codex"
    answer = json.loads(hook.feed(json.dumps(payload).encode()).stdout)
    assert set(answer) == {"hookSpecificOutput"}
    assert answer["hookSpecificOutput"]["hookEventName"] == "SessionStart"
    assert "The parser strips its input." in answer["hookSpecificOutput"]["additionalContext"]


# ---------------------------------------------------------------------------------------------------------- Cursor
def test_a_turn_of_cursor_becomes_a_prompt_its_tools_and_its_end(hook: Hook) -> None:
    cursor(hook, "sessionStart", session_id="c1")
    cursor(hook, "beforeSubmitPrompt", prompt="mend the parser", attachments=[])
    cursor(hook, "afterShellExecution", command="ls", output="a\n", duration=3)
    cursor(hook, "afterMCPExecution", tool_name="MCP:db:query", tool_input='{"sql": "x"}', result_json='{"rows": 1}')
    cursor(hook, "afterFileEdit", file_path="/w/a.py", edits=[{"old_string": "1", "new_string": "2"}])
    cursor(hook, "postToolUseFailure", tool_name="Shell", tool_input={"command": "no"}, error_message="exit 1")
    cursor(hook, "afterAgentResponse", text="First I look.")
    cursor(hook, "afterAgentResponse", text="Mended.")
    cursor(hook, "preCompact", trigger="auto")
    cursor(hook, "stop", status="completed", loop_count=0)
    events = cursor(hook, "sessionEnd", session_id="c1", reason="user_close")
    kinds = ["start", "prompt", "tool", "tool", "tool", "failure", "compact", "stop", "end"]
    assert [event["kind"] for event in events] == kinds
    assert {(event["session"], event["cwd"], event["project_dir"]) for event in events} == {("c1", "/w", "/w")}
    assert events[2]["output"] == {"stdout": "a\n"}
    assert (events[3]["tool"], events[3]["input"], events[3]["output"]) == ("mcp__db__query", {"sql": "x"}, {"rows": 1})
    assert events[4]["input"] == {"file_path": "/w/a.py", "old_string": "1", "new_string": "2"}
    assert (events[5]["tool"], events[5]["error"]) == ("Bash", "exit 1")
    assert events[7]["text"] == "Mended."
    assert list((hook.data / "private").iterdir()) == []


def test_several_edits_of_one_file_are_one_event(hook: Hook) -> None:
    edits = [{"old_string": "1", "new_string": "2"}, {"old_string": "3", "new_string": "4", "range": {}}, "odd"]
    (event,) = cursor(hook, "afterFileEdit", file_path="/w/a.py", edits=edits)
    assert event["tool"] == "MultiEdit"
    assert event["input"]["edits"] == [{"old_string": "1", "new_string": "2"}, {"old_string": "3", "new_string": "4"}]


def test_what_cursor_says_in_a_private_turn_reaches_no_file(hook: Hook) -> None:
    cursor(hook, "beforeSubmitPrompt", prompt="<private>the plan</private>")
    cursor(hook, "afterAgentResponse", text="The hidden plan.")
    cursor(hook, "stop", status="completed")
    assert hook.events() == []
    assert not any("hidden" in path.read_text() for path in hook.data.rglob("*") if path.is_file())


def test_secrets_in_what_cursor_says_are_masked_before_they_wait(hook: Hook) -> None:
    cursor(hook, "afterAgentResponse", text="PASSWORD=hunter2hunter2 is set")
    assert not any("hunter2" in path.read_text() for path in hook.data.rglob("*") if path.is_file())
    (event,) = cursor(hook, "stop", status="completed")
    assert "is set" in event["text"]


def test_our_own_tools_are_not_remembered_from_cursor(hook: Hook) -> None:
    cursor(hook, "afterMCPExecution", tool_name="search", tool_input="{}", result_json="{}")
    cursor(hook, "afterMCPExecution", tool_name="MCP:claude-mem:search", tool_input="{}", result_json="{}")
    cursor(hook, "afterMCPExecution", tool_name="x", command="python /p/claudemem_mcp/relay_run.py", result_json="{}")
    assert hook.events() == []


def test_a_folder_on_windows_loses_the_slash_before_its_drive(hook: Hook) -> None:
    (event,) = cursor(hook, "afterShellExecution", command="dir", output="", workspace_roots=["/c:/Users/You/p"])
    assert event["project_dir"] == "c:/Users/You/p"


def test_cursor_is_told_what_is_remembered(hook: Hook) -> None:
    with claudemem_lib.open(hook.data) as memory:
        memory.remember("The parser strips its input.", project="/w")
    hook.word = "cursor"
    payload = {"hook_event_name": "sessionStart", "conversation_id": "c2", "workspace_roots": ["/w"]}
    answer = json.loads(hook.feed(json.dumps(payload).encode()).stdout)
    assert answer["continue"] is True
    assert "The parser strips its input." in answer["additional_context"]


BROKEN = [b"", b"{", b"[]", b"null", b'{"hook_event_name": 3}', b'{"hook_event_name": "stop"}', b"\xff\xfe", b"{}" * 9]
ODD = [
    {"hook_event_name": "afterFileEdit", "conversation_id": "c", "edits": 7, "file_path": 7},
    {"hook_event_name": "beforeSubmitPrompt", "conversation_id": 7, "prompt": None, "workspace_roots": 7},
    {"hook_event_name": "afterMCPExecution", "conversation_id": "c", "tool_input": "{", "result_json": "[" * 9_999},
    {"hook_event_name": "unheardOf", "conversation_id": "c"},
]


@pytest.mark.parametrize("given", [*BROKEN, *(json.dumps(one).encode() for one in ODD)])
def test_cursor_is_told_to_go_on_whatever_comes(hook: Hook, given: bytes) -> None:
    hook.word = "cursor"
    outcome = hook.feed(given)
    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, GO_ON, b"")


def test_cursor_is_told_to_go_on_where_nothing_can_be_written(hook: Hook) -> None:
    hook.data.write_text("a file in the place of the folder")
    hook.word = "cursor"
    payload = {"hook_event_name": "beforeSubmitPrompt", "conversation_id": "c", "prompt": "x"}
    outcome = hook.feed(json.dumps(payload).encode())
    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, GO_ON, b"")


@pytest.mark.parametrize("given", BROKEN)
def test_codex_gets_no_answer_to_what_it_did_not_say(hook: Hook, given: bytes) -> None:
    hook.word = "codex"
    outcome = hook.feed(given)
    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, b"", b"")


def test_hooks_of_claude_code_that_cursor_runs_as_well_keep_nothing_twice(hook: Hook) -> None:
    assert hook.tell("UserPromptSubmit", prompt="x", cursor_version="2.1") == []


# ------------------------------------------------------------------------------------------------------------ cost
CALLS: list[tuple[str, dict[str, object]]] = [
    ("codex", {"hook_event_name": "PostToolUse", "tool_name": "apply_patch", "tool_input": {"command": PATCH}}),
    ("codex", {"hook_event_name": "Stop", "last_assistant_message": "Done."}),
    ("cursor", {"hook_event_name": "afterShellExecution", "command": "ls", "output": "a"}),
    ("cursor", {"hook_event_name": "afterAgentResponse", "text": "Done."}),
    ("cursor", {"hook_event_name": "stop"}),
]


@pytest.mark.parametrize(("word", "call"), CALLS)
def test_another_host_costs_one_module_more(hook: Hook, run: Path, word: str, call: dict[str, object]) -> None:
    loaded = loaded_by(hook, run, call, word)
    assert loaded <= EVERYTHING | {f"claudemem_hooks.{word}"}
    assert f"claudemem_hooks.{word}" in loaded


# ------------------------------------------------------------------------------------------------------ one memory
def test_turns_of_both_hosts_become_memories_of_one_project_without_a_model(hook: Hook) -> None:
    cursor(hook, "beforeSubmitPrompt", prompt="Fix the leap years")
    edit = {"old_string": "if y % 4 == 0:", "new_string": "if y % 4 == 0 and y % 100:"}
    cursor(hook, "afterFileEdit", file_path="/w/dates.py", edits=[edit])
    cursor(hook, "afterAgentResponse", text="Fixed the centuries.")
    cursor(hook, "stop", status="completed")
    codex(hook, "UserPromptSubmit", prompt="Strip the input of the parser")
    codex(hook, "PostToolUse", tool_name="apply_patch", tool_input={"command": PATCH}, tool_response="ok")
    codex(hook, "Stop", last_assistant_message="The parser strips its input.")
    with claudemem_lib.open(hook.data) as memory:
        catch_up(memory, 20.0)
        (leap,) = [hit for hit in memory.search("leap years") if hit.kind == "observation"]
        (strip,) = [hit for hit in memory.search("strips") if hit.kind == "observation"]
        assert leap.project == strip.project
        files = {file for memory_ in memory.get([leap.id, strip.id]) for file in memory_.files_modified}
        assert {"dates.py", "src/parse.py"} <= {file.removeprefix("/w/") for file in files}
