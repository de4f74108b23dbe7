"""What becomes of each thing the host tells."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudemem_lib import capture, lean, rules

if TYPE_CHECKING:
    from tests.hooks.conftest import Hook

DEFAULT = dict(rules.DEFAULTS)


def event(name: str, changed: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any] | None:
    payload = {"hook_event_name": name, "session_id": "s1", "prompt_id": "p1", "cwd": "/home/you/project", **fields}
    return capture.event_from(payload, DEFAULT | (changed or {}))


def kept(name: str, changed: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    found = event(name, changed, **fields)
    assert found is not None
    return found


COMMON = {"session": "s1", "prompt_id": "p1", "cwd": "/home/you/project"}


@pytest.mark.parametrize(
    ("name", "fields", "expected"),
    [
        ("SessionStart", {"source": "resume"}, {"kind": "start", "source": "resume"}),
        ("UserPromptSubmit", {"prompt": "go"}, {"kind": "prompt", "text": "go", "origin": "user"}),
        (
            "PostToolUse",
            {
                "tool_name": "Bash",
                "tool_input": {"command": "ls"},
                "tool_response": {"stdout": "a"},
                "tool_use_id": "t1",
            },
            {
                "kind": "tool",
                "tool": "Bash",
                "tool_use_id": "t1",
                "input": {"command": "ls"},
                "output": {"stdout": "a"},
            },
        ),
        (
            "PostToolUseFailure",
            {"tool_name": "Bash", "tool_input": {"command": "ls"}, "error": "Exit code 2", "is_interrupt": True},
            {
                "kind": "failure",
                "tool": "Bash",
                "input": {"command": "ls"},
                "error": "Exit code 2",
                "interrupted": True,
            },
        ),
        ("Stop", {"last_assistant_message": " Done.\n"}, {"kind": "stop", "text": "Done."}),
        (
            "SubagentStop",
            {"agent_type": "Explore", "agent_id": "a1", "last_assistant_message": "Found."},
            {"kind": "subagent", "text": "Found.", "agent": "a1"},
        ),
        (
            "PreCompact",
            {"trigger": "manual", "custom_instructions": None},
            {"kind": "compact", "source": "manual", "text": ""},
        ),
        (
            "PostCompact",
            {"trigger": "auto", "compact_summary": "<analysis>x</analysis><summary>\nWe did it.</summary>"},
            {"kind": "compacted", "source": "auto", "text": "We did it."},
        ),
        ("SessionEnd", {"reason": "clear"}, {"kind": "end", "source": "clear"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_event_keeps_what_it_says(name: str, fields: dict[str, Any], expected: dict[str, Any]) -> None:
    assert kept(name, **fields) == COMMON | expected


@pytest.mark.parametrize("name", ["PreToolUse", "Notification", "Elicitation", "", None, 7])
def test_other_events_leave_nothing(name: Any) -> None:
    assert event(name) is None


@pytest.mark.parametrize("session", [None, "", 7, []])
def test_an_event_of_no_session_leaves_nothing(session: object) -> None:
    assert event("Stop", session_id=session) is None


def test_the_hosts_project_folder_is_kept_beside_the_working_folder(hook: Hook) -> None:
    payload = {"hook_event_name": "Stop", "session_id": "s1", "cwd": "/home/you/project/sub"}
    hook.feed(json.dumps(payload).encode(), CLAUDE_PROJECT_DIR="/home/you/project")
    assert (hook.events()[0]["cwd"], hook.events()[0]["project_dir"]) == ("/home/you/project/sub", "/home/you/project")


def test_the_clients_own_agents_are_not_the_users() -> None:
    assert event("SubagentStop", agent_type="", last_assistant_message="<summary>x</summary>") is None


@pytest.mark.parametrize(
    "tool", ["mcp__plugin_claude-mem_memory__search", "mcp__claude_mem__timeline", "mcp__claudemem__get"]
)
def test_our_own_tools_are_not_captured(tool: str) -> None:
    assert event("PostToolUse", tool_name=tool, tool_input={}, tool_response={}) is None


@pytest.mark.parametrize("tool", ["Read", "Write", "Edit", "NotebookEdit"])
def test_the_hosts_notes_on_a_session_are_not_captured(tool: str) -> None:
    path = {"notebook_path" if tool == "NotebookEdit" else "file_path": "/home/you/.claude/session-memory/notes.md"}
    assert event("PostToolUse", tool_name=tool, tool_input=path, tool_response={}) is None
    assert event("PostToolUse", tool_name=tool, tool_input={"file_path": "/home/you/a.md"}, tool_response={})


@pytest.mark.parametrize("tool", rules.DEFAULTS["skip_tools"])
@pytest.mark.parametrize("name", ["PostToolUse", "PostToolUseFailure"])
def test_skipped_tools_leave_nothing(tool: str, name: str) -> None:
    assert event(name, tool_name=tool, tool_input={}, tool_response={}, error="x") is None


def test_which_tools_are_skipped_is_a_setting(hook: Hook) -> None:
    hook.data.mkdir()
    (hook.data / "hook.json").write_text('{"skip_tools": ["Bash"]}')
    hook.tell("PostToolUse", tool_name="Bash", tool_input={}, tool_response={})
    hook.tell("PostToolUse", tool_name="TodoWrite", tool_input={}, tool_response={})
    assert [event["tool"] for event in hook.events()] == ["TodoWrite"]


def test_the_environment_wins_over_the_file(hook: Hook) -> None:
    hook.data.mkdir()
    (hook.data / "hook.json").write_text('{"capture_enabled": false}')
    stop = b'{"hook_event_name": "Stop", "session_id": "s1"}'
    hook.feed(stop)
    assert hook.events() == []
    hook.feed(stop, CLAUDE_MEM_CAPTURE_ENABLED="true")
    assert hook.kinds() == ["stop"]


def test_work_of_our_own_model_calls_is_not_captured(hook: Hook) -> None:
    hook.feed(b'{"hook_event_name": "Stop", "session_id": "s1"}', CLAUDE_MEM_INTERNAL="1")
    assert hook.events() == []


@pytest.mark.parametrize(
    ("pattern", "folder", "is_out"),
    [
        ("/home/you/secret", "/home/you/secret", True),
        ("/home/you/secret", "/home/you/secret/deep/down", True),
        ("/home/you/secret/", "/home/you/secret", True),
        ("/home/you/secret", "/home/you/secrets", False),
        ("/home/*/secret", "/home/you/secret", True),
        ("/home/*", "/home/you/x", True),
        ("/home/*/x", "/home/you/a/x", False),
        ("/home/**/x", "/home/you/a/x", True),
        ("**/secret", "/home/you/a/secret/b", True),
        ("/home/you/clients-?", "/home/you/clients-1", True),
        ("/home/you/clients-?", "/home/you/clients-", False),
        ("~/secret", "/home/you/secret", True),
        ("C:\\Users\\you\\secret", "C:/Users/you/secret/x", True),
        ("", "/home/you", False),
    ],
)
def test_excluded_projects_leave_nothing(
    monkeypatch: pytest.MonkeyPatch, pattern: str, folder: str, *, is_out: bool
) -> None:
    monkeypatch.setattr("claudemem_lib.paths.environment", {"HOME": "/home/you"}.get)
    assert (event("Stop", {"excluded_projects": (pattern,)}, cwd=folder) is None) is is_out
    assert (event("Stop", {"excluded_projects": (pattern,)}, cwd="/x", project_dir=folder) is None) is is_out


@pytest.mark.parametrize(
    "text",
    [
        "<task-notification>\n<task-id>1</task-id></task-notification>",
        "<local-command-stdout>x</local-command-stdout>",
        "<command-name>/clear</command-name>",
        "<bash-input>ls</bash-input>",
    ],
)
def test_what_the_host_puts_in_the_users_mouth_is_marked(text: str) -> None:
    assert kept("UserPromptSubmit", prompt=text)["origin"] == "host"


def test_a_continued_sessions_summary_is_not_a_prompt_unless_wanted() -> None:
    text = "This session is being continued from a previous conversation that ran out of context."
    assert kept("UserPromptSubmit", prompt=text)["text"] == ""
    found = kept("UserPromptSubmit", {"filter_compaction_prompts": False}, prompt=text)
    assert (found["text"], found["origin"]) == (text, "user")


@pytest.mark.parametrize("prompt", ["", "  \n", None])
def test_a_prompt_without_words_is_a_picture(prompt: object) -> None:
    assert kept("UserPromptSubmit", prompt=prompt)["text"] == capture.MEDIA_PROMPT


def test_whole_files_and_images_are_left_out() -> None:
    response = {"originalFile": "x", "filePath": "a.py", "file": {"base64": "iVBOR", "type": "image/png"}}
    found = kept("PostToolUse", tool_name="Edit", tool_input={}, tool_response=response)
    assert found["output"] == {"filePath": "a.py", "file": {"type": "image/png"}}


def test_a_long_output_keeps_its_head_and_tail_and_says_how_much_is_missing() -> None:
    lines = "\n".join(f"line {number}" for number in range(20_000))
    text = kept("PostToolUse", tool_name="Bash", tool_input={}, tool_response={"stdout": lines})["output"]["stdout"]
    head, _, rest = text.partition("\n[... ")
    cut, _, tail = rest.partition(" characters cut ...]\n")
    assert head.startswith("line 0\n")
    assert tail.endswith("line 19999")
    assert int(cut) == len(lines) - len(head) - len(tail)
    assert lines.startswith(head + "\n")
    assert lines.endswith("\n" + tail)
    assert len(text) < DEFAULT["max_event_bytes"]


VALUE: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.text(min_size=300).map(lambda text: text * 7),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=400), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["input", "output"]), VALUE), st.integers(2_000, 10_000))
def test_no_event_is_much_larger_than_the_limit(fields: dict[str, Any], limit: int) -> None:
    assert len(lean.dumps(capture.capped(fields, limit))) <= limit * 1.1


@given(VALUE, VALUE)
def test_an_event_within_the_limit_is_kept_as_it_is(given_: Any, response: Any) -> None:
    fields = {"input": given_, "output": response}
    if len(lean.dumps(fields)) < 9_000:
        assert capture.capped(fields, 9_000) == fields


@given(VALUE)
def test_what_is_written_can_be_read(value: Any) -> None:
    assert lean.loads(lean.dumps({"a": value})) == json.loads(json.dumps({"a": value})) == {"a": value}


@pytest.mark.parametrize("text", ["", "{", "{]", '{"a"', '{"a":', "[1,", '"x', "nul", "{} {}", "\x00", "[" * 10_000])
def test_what_is_no_value_is_refused(text: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        lean.loads(text)
