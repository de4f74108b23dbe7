"""Promise "private": marked text and secrets never reach the disk."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.hooks.conftest import limit_s

if TYPE_CHECKING:
    from tests.hooks.conftest import Hook

SPELLINGS = [
    "<private>hidden</private>",
    "<PRIVATE>hidden</PRIVATE>",
    "<Private>hidden</pRIVATE>",
    "<private >hidden</private >",
    "<private\n>hidden</private\n>",
    '<private reason="x">hidden</private>',
    "<private>hidden\nover\nlines</private>",
    "<private>a <private>hidden</private> hidden</private>",
    "<private>hidden</privateer> hidden</private>",
    "<private>hidden",
    "<private>hidden</priv",
    "<claude-mem-context>hidden</claude-mem-context>",
    "<system-reminder>hidden</system-reminder>",
    "<system-reminder>\nhidden\n</system-reminder>",
    "< private >hidden</ private >",
    "< private>hidden< / private >",
    "<\n private\t>hidden</private>",
    "<private/>hidden</private>",
    "<private a='>' b>hidden</private>",
    "<private>hidden<Private>hidden</PRIVATE>hidden</private>",
    "<private",
    "<private hidden",
    "&lt;private&gt;hidden&lt;/private&gt;",
    "&LT;Private&gt;hidden</private>",
    "\\u003cprivate\\u003ehidden\\u003c/private\\u003e",
    "\\u003Cprivate\\u003Ehidden\\u003C/private\\u003E",
    "&#60;private&#62;hidden&#60;/private&#62;",
    "&#x3c;private&#x3e;hidden&#X3C;/private&#X3E;",
    "&#060;private&#0062;hidden&#x003c;&#47;private&#x3e;",
    "\\x3cprivate\\x3ehidden\\x3c/private\\x3e",
    "<private\\n>hidden</private\\n>",
    "<private\\r\\n a='b'>hidden</private>",
]


def on_disk(hook: Hook) -> str:
    """Every byte the hooks left, names included."""
    return "\n".join(f"{path} {path.read_text() if path.is_file() else ''}" for path in hook.data.rglob("*"))


@pytest.mark.parametrize("marked", SPELLINGS)
def test_marked_text_is_cut_from_a_prompt(hook: Hook, marked: str) -> None:
    closed = marked.lower().endswith((">", "&gt;", "u003e", "x3e", "&#62;", "&#x3e;"))
    hook.tell("UserPromptSubmit", prompt=f"before {marked}{' after' if closed else ''}")
    assert "hidden" not in on_disk(hook)
    assert hook.events()[0]["text"].split() == (["before", "after"] if closed else ["before"])


def test_a_block_whose_inner_block_alone_is_closed_runs_to_the_end(hook: Hook) -> None:
    hook.tell("UserPromptSubmit", prompt="before <private>hidden<private>hidden</private> hidden")
    assert hook.events()[0]["text"] == "before"


@pytest.mark.parametrize("before", ["", "İİİİİİİİ", "ǅ", "ß ẞ", "🎉 "])  # letters whose lower case is longer
def test_letters_before_a_mark_do_not_move_the_cut(hook: Hook, before: str) -> None:
    hook.tell("UserPromptSubmit", prompt=f"{before}<private>hidden</private>after")
    assert hook.events()[0]["text"] == f"{before}after".strip()


def test_marked_text_is_cut_from_everything_a_tool_says_and_gets(hook: Hook) -> None:
    marked = "<private>hidden</private>shown"
    given = {"command": marked, "list": [marked, {"deep": marked}], marked: 1}
    hook.tell("PostToolUse", tool_name="Bash", tool_input=given, tool_response=[{"type": "text", "text": marked}])
    hook.tell("PostToolUseFailure", tool_name="Bash", tool_input={}, error=marked)
    hook.tell("Stop", last_assistant_message=marked)
    hook.tell("PostCompact", trigger="auto", compact_summary=marked)
    assert "hidden" not in on_disk(hook)
    assert on_disk(hook).count("shown") == 8


@pytest.mark.parametrize(
    "text",
    [
        "<privately>shown</privately>",
        "a < private b",
        "if a < private and b > 2:",
        "private > public",
        "</private> shown",
        "<system-reminder> shown",
        "&lt;privately&gt; shown",
    ],
)
def test_what_only_looks_like_a_mark_stays(hook: Hook, text: str) -> None:
    hook.tell("UserPromptSubmit", prompt=text)
    assert hook.events()[0]["text"] == text


class Turn:
    """The hook calls of one turn."""

    def __init__(self, hook: Hook, prompt_id: str | None, session: str = "s1") -> None:
        self.hook = hook
        self.ids = {"session_id": session} | ({"prompt_id": prompt_id} if prompt_id else {})

    def tell(self, name: str, **fields: Any) -> None:
        self.hook.tell(name, **self.ids, **fields)

    def prompt(self, text: str) -> Turn:
        self.tell("UserPromptSubmit", prompt=text)
        return self

    def work(self) -> Turn:
        self.tell("PostToolUse", tool_name="Bash", tool_input={"command": "hidden"}, tool_response={})
        self.tell("PostToolUseFailure", tool_name="Bash", tool_input={"command": "hidden"}, error="hidden")
        self.tell("SubagentStop", agent_type="Explore", agent_id="a1", last_assistant_message="hidden")
        self.tell("Stop", last_assistant_message="hidden")
        return self


@pytest.mark.parametrize("named", [True, False], ids=["with prompt ids", "without"])
def test_a_wholly_private_turn_leaves_no_event_and_the_next_one_is_kept(hook: Hook, *, named: bool) -> None:
    Turn(hook, "p1" if named else None).prompt("<private>hidden</private>").work()
    assert hook.events() == []
    assert "hidden" not in on_disk(hook)
    Turn(hook, "p2" if named else None).prompt("public").work()
    assert hook.kinds() == ["prompt", "tool", "failure", "subagent", "stop"]


def test_another_sessions_turn_is_not_private(hook: Hook) -> None:
    Turn(hook, None, "s1").prompt("<private>x</private>")
    Turn(hook, None, "s2").work()
    assert hook.kinds() == ["tool", "failure", "subagent", "stop"]


def test_a_private_word_during_a_turn_makes_the_rest_of_it_private(hook: Hook) -> None:
    Turn(hook, "p1").prompt("public").prompt("<private>hidden</private>").work()
    assert hook.kinds() == ["prompt"]


def test_a_session_with_a_private_turn_keeps_its_start_and_end_but_no_summary_of_itself(hook: Hook) -> None:
    Turn(hook, "p1").prompt("<private>hidden</private>").work()
    for name, fields in (
        ("PreCompact", {"trigger": "auto"}),
        ("PostCompact", {"trigger": "auto", "compact_summary": "hidden"}),
        ("SessionStart", {"source": "compact"}),
        ("SessionEnd", {"reason": "other"}),
    ):
        Turn(hook, "p2").tell(name, **fields)
    assert hook.kinds() == ["compact", "compacted", "start", "end"]
    assert "hidden" not in on_disk(hook)


def test_the_result_of_a_task_that_a_private_turn_started_is_private(hook: Hook) -> None:
    Turn(hook, "p1").prompt("<private>look into it</private>").work()
    Turn(hook, "p2").prompt("<task-notification><result>hidden</result></task-notification>").work()
    assert hook.events() == []
    assert "hidden" not in on_disk(hook)
    Turn(hook, "p3").prompt("public").work()
    assert "prompt" in hook.kinds()


def test_the_result_of_a_public_task_is_kept_as_the_hosts_word(hook: Hook) -> None:
    Turn(hook, "p1").prompt("public")
    Turn(hook, "p2").prompt("<task-notification>done</task-notification>")
    assert [event["origin"] for event in hook.events()] == ["user", "host"]


def test_ids_of_any_shape_can_be_private(hook: Hook) -> None:
    turn = Turn(hook, "../../" + "x" * 300 + "\n\0é", "a/b\\c")
    turn.prompt("<private>hidden</private>").work()
    assert hook.events() == []
    assert {path.parent for path in hook.data.rglob("*") if path.is_file()} == {hook.data / "private"}


def own(hook: Hook, *patterns: str) -> None:
    """Let a hook find *patterns* where the library leaves them."""
    hook.data.mkdir(exist_ok=True)
    (hook.data / "hook.json").write_text(json.dumps({"redact_patterns": patterns}))


def test_own_patterns_are_masked_and_counted(hook: Hook) -> None:
    own(hook, "ACME-[0-9]{6}", r"(?i)\bproject[- ]x\b")
    hook.tell("UserPromptSubmit", prompt="ask acme-123456 or ACME-123456 about Project X and projects")
    (event,) = hook.events()
    assert event["text"] == "ask acme-123456 or [redacted:own] about [redacted:own] and projects"
    assert event["masked"] == {"own": 2}


def test_no_variable_switches_own_patterns_off_or_on(hook: Hook) -> None:
    own(hook, "ACME-[0-9]{6}")
    given = {"hook_event_name": "UserPromptSubmit", "session_id": "s1", "prompt": "ask ACME-123456 about beer"}
    hook.feed(json.dumps(given).encode(), CLAUDE_MEM_REDACT_PATTERNS="beer")
    assert hook.events()[0]["text"] == "ask [redacted:own] about beer"


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "([a-z]+)*x", "(.*)(.*)(.*)(.*)x", "(?:a?){40}a{40}"])
def test_a_pattern_that_never_ends_costs_the_text_and_not_the_users_time(hook: Hook, pattern: str) -> None:
    own(hook, pattern, "ACME-[0-9]{6}")
    given = {"hook_event_name": "UserPromptSubmit", "session_id": "s1", "prompt": "a" * 60_000 + " ACME-123456"}
    outcome = hook.feed(json.dumps(given).encode())
    assert outcome.status == 0
    assert outcome.seconds < limit_s()
    assert "ACME-123456" not in on_disk(hook)


def test_a_secret_in_any_field_is_masked_before_the_write(hook: Hook) -> None:
    secret = "ghp_" + "a1B2" * 9
    hook.tell("UserPromptSubmit", prompt=f"use {secret} please")
    given = {"command": f"curl -H 'X: {secret}'", "headers": {"password": "hunter2-hunter2"}, secret: 1}
    hook.tell("PostToolUse", tool_name="Bash", tool_input=given, tool_response={"stdout": secret})
    hook.tell("PostToolUseFailure", tool_name="Bash", tool_input={}, error=f"denied: {secret}")
    hook.tell("Stop", last_assistant_message=f"I used {secret}.")
    hook.tell("PostCompact", trigger="auto", compact_summary=secret)
    left = on_disk(hook)
    assert secret not in left
    assert "hunter2" not in left
    assert json.loads(json.dumps(left)).count("[redacted:github-token]") == 7
