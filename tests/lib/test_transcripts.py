"""Transcripts become the hook calls their sessions made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudemem_lib import capture, rules, transcripts
from claudemem_lib.retell import Story

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "transcripts"
Payload = dict[str, Any]


class Session:
    """Writes a transcript as the client does: one record a line, the time moving on by a second."""

    def __init__(self, path: Path, session: str = "s1", cwd: str = "/home/you/project") -> None:
        self.path, self.session, self.cwd, self.second = path, session, cwd, 0
        self.extra: dict[str, Any] = {}

    def add(self, kind: str, **fields: Any) -> Session:
        self.second += 1
        record = {
            "type": kind,
            "uuid": f"u{self.second}",
            "timestamp": f"2026-11-22T06:00:{self.second:02}.000Z",
            "sessionId": self.session,
            "cwd": self.cwd,
            "gitBranch": "main",
            **self.extra,
            **fields,
        }
        return self.raw(json.dumps(record))

    def raw(self, line: str) -> Session:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            file.write(line + "\n")
        return self

    def prompt(self, text: object, **fields: Any) -> Session:
        return self.add("user", message={"role": "user", "content": text}, **fields)

    def says(self, text: str, **fields: Any) -> Session:
        return self.add("assistant", message={"content": [{"type": "text", "text": text}]}, **fields)

    def calls(self, tool: str, use: str, **given: Any) -> Session:
        block = {"type": "tool_use", "id": use, "name": tool, "input": given}
        return self.add("assistant", message={"content": [block]})

    def result(self, use: str, content: object = "ok", *, error: bool = False, **fields: Any) -> Session:
        block = {"type": "tool_result", "tool_use_id": use, "content": content, "is_error": error}
        return self.add("user", message={"content": [block]}, **fields)

    def told(self, *, ended_before_ms: int | None = None) -> list[Payload]:
        return [payload for payload, _ in transcripts.read(self.path, ended_before_ms=ended_before_ms)]

    def names(self) -> list[str]:
        return [payload["hook_event_name"] for payload in self.told()]


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path / "s1.jsonl")


def one(payloads: list[Payload], name: str) -> Payload:
    found = [payload for payload in payloads if payload["hook_event_name"] == name]
    assert len(found) == 1
    return found[0]


def prompts(payloads: list[Payload]) -> list[str]:
    return [payload["prompt"] for payload in payloads if payload["hook_event_name"] == "UserPromptSubmit"]


def test_a_turn_is_told_in_the_order_it_happened(session: Session) -> None:
    session.prompt("write it").says("I will.").calls("Write", "t1", file_path="a.py", content="x")
    session.result("t1", toolUseResult={"type": "create"}).says("Done.\n")
    assert session.names() == ["SessionStart", "UserPromptSubmit", "PostToolUse", "Stop", "SessionEnd"]


def test_times_places_and_ids_come_from_the_records(session: Session) -> None:
    session.prompt("go", promptId="p1").calls("Bash", "t1", command="ls").result("t1", promptId="p1").says("Done.")
    told = list(transcripts.read(session.path))
    start_ms = 1_795_327_200_000
    assert [at for _, at in told] == [start_ms + second * 1000 for second in (1, 1, 3, 4, 4)]
    for payload, _ in told[1:]:
        assert payload["session_id"] == "s1"
        assert payload["prompt_id"] == "p1"
        assert payload["cwd"] == payload["project_dir"] == "/home/you/project"
        assert payload["git_branch"] == "main"


def test_without_prompt_ids_the_prompts_own_record_names_the_turn(session: Session) -> None:
    session.prompt("go").calls("Bash", "t1", command="ls").result("t1").says("Done.")
    assert {payload.get("prompt_id") for payload in session.told()[1:]} == {"u1"}


def test_a_detached_head_is_no_branch(session: Session) -> None:
    session.prompt("go", gitBranch="HEAD")
    assert "git_branch" not in session.told()[0]


def test_the_project_stays_where_the_session_began(session: Session) -> None:
    session.prompt("go")
    session.cwd = "/home/you/project/sub"
    session.says("Done.")
    stop = one(session.told(), "Stop")
    assert (stop["cwd"], stop["project_dir"]) == ("/home/you/project/sub", "/home/you/project")


def test_files_are_named_as_hooks_name_them(session: Session) -> None:
    session.prompt("go").calls("Write", "t1", file_path="../b.py", content="x").result("t1")
    assert one(session.told(), "PostToolUse")["tool_input"] == {"file_path": "/home/you/b.py", "content": "x"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"toolUseResult": {"stdout": "hi"}}, {"stdout": "hi"}),
        ({"toolUseResult": [{"type": "text", "text": "hi"}]}, [{"type": "text", "text": "hi"}]),
        ({}, "plain"),
    ],
)
def test_a_response_is_the_tools_own_where_it_was_kept(session: Session, fields: Payload, expected: object) -> None:
    session.prompt("go").calls("Bash", "t1", command="ls").result("t1", "plain", **fields)
    assert one(session.told(), "PostToolUse")["tool_response"] == expected


def test_a_failing_tool_is_told_as_a_failure_with_its_error(session: Session) -> None:
    session.prompt("go").calls("Bash", "t1", command="false").result("t1", "Exit code 1\nno", error=True)
    failure = one(session.told(), "PostToolUseFailure")
    assert (failure["error"], failure["tool_use_id"], failure["tool_name"]) == ("Exit code 1\nno", "t1", "Bash")


@pytest.mark.parametrize(
    "refusal",
    ["<tool_use_error>No such tool</tool_use_error>", "The user doesn't want to proceed with this tool use. Stop."],
)
def test_calls_that_never_ran_are_not_told(session: Session, refusal: str) -> None:
    session.prompt("go").calls("Edit", "t1").result("t1", refusal, error=True)
    assert "PostToolUseFailure" not in session.names()


def test_a_result_without_its_call_is_not_told(session: Session) -> None:
    session.prompt("go").result("unknown")
    assert "PostToolUse" not in session.names()


def test_several_results_in_one_record_each_keep_their_own_text(session: Session) -> None:
    session.prompt("go").calls("Bash", "t1").calls("Bash", "t2")
    blocks = [{"type": "tool_result", "tool_use_id": use, "content": use} for use in ("t1", "t2")]
    session.add("user", message={"content": blocks}, toolUseResult={"stdout": "of one of them"})
    assert [p.get("tool_response") for p in session.told() if p["hook_event_name"] == "PostToolUse"] == ["t1", "t2"]


@pytest.mark.parametrize(
    "noise",
    [
        {"message": {"content": "the expansion of a command"}, "isMeta": True},
        {"message": {"content": "shown only"}, "isVisibleInTranscriptOnly": True},
        {"message": {"content": "<local-command-stdout>x</local-command-stdout>"}},
        {"message": {"content": "<command-name>/model</command-name>\n<command-message>model</command-message>"}},
        {"message": {"content": "<bash-input>ls</bash-input>"}},
        {"message": {"content": "Caveat: The messages below were generated by the user"}},
        {"message": {"content": [{"type": "text", "text": "<system-reminder>x</system-reminder>"}]}},
        {"message": {"content": "  "}},
        {"message": {"content": "to a subagent"}, "isSidechain": True},
        {"message": "error"},
        {"message": {"content": ["wow"]}},
        {},
    ],
)
def test_texts_the_user_did_not_type_are_no_prompts(session: Session, noise: Payload) -> None:
    session.add("user", **noise)
    assert prompts(session.told()) == []


def test_a_slash_command_with_a_prompt_of_its_own_is_told_as_it_was_typed(session: Session) -> None:
    session.prompt(
        "<command-message>x:hello</command-message>\n<command-name>/x:hello</command-name>\n"
        "<command-args>A B</command-args>"
    )
    assert prompts(session.told()) == ["/x:hello A B"]


def test_blocks_of_one_prompt_are_joined_and_the_editors_notes_left_out(session: Session) -> None:
    blocks = [{"type": "text", "text": t} for t in ("<ide_opened_file>a.py</ide_opened_file>", "look at ", "this")]
    session.prompt([*blocks, {"type": "image", "source": {}}])
    assert prompts(session.told()) == ["look at \nthis"]


def test_a_prompt_of_nothing_but_a_picture_is_a_prompt(session: Session) -> None:
    session.prompt([{"type": "image", "source": {}}])
    assert prompts(session.told()) == [""]


def test_a_prompt_given_during_a_turn_belongs_to_that_turn(session: Session) -> None:
    session.prompt("go", promptId="p1").calls("Bash", "t1")
    session.add("attachment", attachment={"type": "queued_command", "prompt": "wait", "commandMode": "prompt"})
    session.result("t1").says("Done.")
    told = session.told()
    assert prompts(told) == ["go", "wait"]
    assert {payload["prompt_id"] for payload in told[1:]} == {"p1"}
    assert session.names().count("Stop") == 1


def test_older_clients_name_such_a_prompt_only_when_it_is_queued(session: Session) -> None:
    session.add("queue-operation", operation="enqueue", content="go").prompt("go").calls("Bash", "t1")
    session.add("queue-operation", operation="enqueue", content="<task-notification>x</task-notification>")
    session.add("queue-operation", operation="enqueue", content="also this").add("queue-operation", operation="remove")
    assert prompts(session.told()) == ["go", "also this"]


def test_the_last_text_of_a_turn_is_what_its_stop_says(session: Session) -> None:
    session.prompt("one").says("First.").says(" Second.\n").prompt("two").says("Third.")
    stops = [payload["last_assistant_message"] for payload in session.told() if payload["hook_event_name"] == "Stop"]
    assert stops == ["Second.", "Third."]


def test_a_turn_that_a_stop_hook_prolonged_stops_twice(session: Session) -> None:
    session.prompt("go").says("First.").add("system", subtype="stop_hook_summary")
    session.says("Second.").add("system", subtype="stop_hook_summary")
    stops = [payload["last_assistant_message"] for payload in session.told() if payload["hook_event_name"] == "Stop"]
    assert stops == ["First.", "Second."]


@pytest.mark.parametrize("ending", ["interrupted", "API error", "in the middle of a tool"])
def test_a_turn_that_did_not_end_by_itself_has_no_stop(session: Session, ending: str) -> None:
    session.prompt("go").says("I will.")
    if ending == "interrupted":
        session.prompt([{"type": "text", "text": "[Request interrupted by user]"}])
    elif ending == "API error":
        session.says("API Error: 529", isApiErrorMessage=True)
    else:
        session.calls("Bash", "t1").result("t1")
    assert "Stop" not in session.names()


def test_a_compaction_tells_its_summary_and_what_set_it_off(session: Session) -> None:
    session.prompt("go").says("Done.")
    session.add("system", subtype="compact_boundary", compactMetadata={"trigger": "manual"})
    tail = "If you need specific details from before compaction, read the file"
    said = f"This session is being continued.\n\nSummary:\nWe did it.\n\n{tail}"
    session.prompt(said, isCompactSummary=True, promptId="p9")
    compacted = one(session.told(), "PostCompact")
    assert (compacted["compact_summary"], compacted["trigger"]) == ("We did it.", "manual")
    assert compacted["prompt_id"] == "p9"


def test_what_a_fork_copied_is_told_in_its_origin_only(tmp_path: Path) -> None:
    origin = Session(tmp_path / "s1.jsonl").prompt("go").calls("Bash", "t1").result("t1").says("Done.")
    fork = Session(tmp_path / "s2.jsonl", session="s2")
    fork.second = 20
    fork.add("queue-operation", operation="enqueue", content="more")
    for line in origin.path.read_text().splitlines():
        fork.raw(json.dumps({**json.loads(line), "sessionId": "s2", "promptId": "p2"}))
    fork.prompt("more", promptId="p2").says("More done.")
    counts: Counter[str] = Counter()
    told = [payload["hook_event_name"] for payload, _ in transcripts.read(fork.path, counts=counts)]
    assert told == ["SessionStart", "UserPromptSubmit", "Stop", "SessionEnd"]
    assert counts["copied"] == 4


def test_a_running_session_has_not_ended(session: Session) -> None:
    session.prompt("go").says("Still at it.")
    last_ms = 1_795_327_202_000
    assert [p["hook_event_name"] for p in session.told(ended_before_ms=last_ms)] == ["SessionStart", "UserPromptSubmit"]
    assert session.told(ended_before_ms=last_ms + 1)[-1]["hook_event_name"] == "SessionEnd"


def subagent(folder: Path, name: str = "agent-a1.jsonl") -> Session:
    agent = Session(folder / "s1" / "subagents" / name, cwd="/home/you/project/sub")
    agent.extra = {"isSidechain": True, "agentId": "a1", "promptId": "p1"}
    return agent.prompt("look").calls("Read", "t1", file_path="a.py").result("t1").says("Found it.")


def test_a_subagent_speaks_for_its_parents_session(tmp_path: Path) -> None:
    Session(tmp_path / "s1.jsonl").prompt("go", promptId="p1")
    agent = subagent(tmp_path)
    agent.path.with_suffix(".meta.json").write_text('{"agentType": "Explore"}')
    told = agent.told()
    assert [payload["hook_event_name"] for payload in told] == ["PostToolUse", "SubagentStop"]
    for payload in told:
        assert (payload["session_id"], payload["prompt_id"], payload["agent_id"]) == ("s1", "p1", "a1")
        assert (payload["agent_type"], payload["project_dir"]) == ("Explore", "/home/you/project")
    assert told[1]["last_assistant_message"] == "Found it."


@pytest.mark.parametrize("meta", [None, "{broken", "[]"])
def test_a_subagent_of_unknown_kind_is_a_subagent(tmp_path: Path, meta: str | None) -> None:
    agent = subagent(tmp_path)
    if meta is not None:
        agent.path.with_suffix(".meta.json").write_text(meta)
    assert one(agent.told(), "SubagentStop")["agent_type"] == "subagent"


def test_a_subagent_in_its_sessions_own_file_keeps_its_tools_and_no_words(session: Session) -> None:
    session.prompt("go").calls("Task", "t0")
    session.extra = {"isSidechain": True}
    session.prompt("look").says("Looking.").calls("Read", "t1", file_path="a.py").result("t1").says("Found it.")
    session.extra = {}
    session.result("t0").says("Done.")
    told = session.told()
    assert prompts(told) == ["go"]
    assert [p.get("agent_id") for p in told if p["hook_event_name"] == "PostToolUse"] == ["sidechain", None]
    assert one(told, "Stop")["last_assistant_message"] == "Done."


def test_the_clients_own_compaction_files_are_left_out(tmp_path: Path) -> None:
    agent = subagent(tmp_path, "agent-acompact-1.jsonl")
    assert agent.told() == []
    assert transcripts.find(tmp_path) == []


def test_transcripts_are_found_newest_first(tmp_path: Path) -> None:
    old, new = subagent(tmp_path).path, Session(tmp_path / "p" / "s1.jsonl").prompt("go").path
    Session(tmp_path / "s1" / "tool-results" / "x.jsonl").prompt("no transcript")
    (tmp_path / "p" / "notes.txt").write_text("no transcript")
    os.utime(old, (1, 1))
    assert transcripts.find(tmp_path) == [new, old]
    assert transcripts.find(old) == [old]
    assert transcripts.find(tmp_path / "missing") == []


def test_bad_lines_are_counted_and_the_rest_is_read(session: Session) -> None:
    session.raw('{"type": "user", "mess').raw("[1]").raw("42").raw("").raw('{"type": ["user"]}').raw("\x00\xff")
    session.raw("[" * 100_000)
    session.prompt("go")
    counts: Counter[str] = Counter()
    told = list(transcripts.read(session.path, counts=counts))
    assert prompts([payload for payload, _ in told]) == ["go"]
    assert counts == {"lines": 8, "bad": 5}


def test_a_line_too_long_to_be_conversation_is_skipped(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcripts, "MAX_LINE_BYTES", 1000)
    session.prompt("x" * 5000).prompt("go")
    counts: Counter[str] = Counter()
    told = list(transcripts.read(session.path, counts=counts))
    assert prompts([payload for payload, _ in told]) == ["go"]
    assert counts["long"] == 1


def test_one_file_may_hold_two_sessions(session: Session) -> None:
    session.prompt("go").says("Done.")
    session.session = "s2"
    session.prompt("go on").says("Done too.")
    told = [(p["hook_event_name"], p["session_id"]) for p in session.told()]
    one_session = ["SessionStart", "UserPromptSubmit", "Stop"]
    assert told == [(n, s) for s in ("s1", "s2") for n in one_session] + [("SessionEnd", "s1"), ("SessionEnd", "s2")]


def test_calls_without_results_do_not_pile_up() -> None:
    story = Story("s1", 0, Counter())
    for number in range(1000):
        block = {"type": "tool_use", "id": f"t{number}", "name": "Bash", "input": {}}
        list(story.tell({"type": "assistant", "message": {"content": [block]}}))
    assert len(story.calls) < 100


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["message", "timestamp", "sessionId", "cwd", "attachment", "promptId", "uuid", "toolUseResult", "isMeta"]
MORE = [
    "isCompactSummary",
    "isSidechain",
    "agentId",
    "gitBranch",
    "operation",
    "content",
    "compactMetadata",
    "requestSessionId",
]
KINDS = ["user", "assistant", "system", "attachment", "queue-operation", "progress"]
BLOCK = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "tool_use", "tool_result"]) | JSON},
    optional=dict.fromkeys(("text", "id", "name", "input", "tool_use_id", "content", "is_error"), JSON),
)
RECORD = st.fixed_dictionaries(
    {"type": st.sampled_from(KINDS) | JSON},
    optional={
        **dict.fromkeys(FIELDS + MORE, JSON),
        "message": JSON | st.fixed_dictionaries({"content": st.lists(BLOCK, max_size=3) | JSON}),
        "subtype": st.sampled_from(["compact_boundary", "stop_hook_summary"]) | JSON,
    },
)


@given(st.lists(RECORD, max_size=8))
def test_no_shape_of_record_stops_the_reading(records: list[Payload]) -> None:
    story = Story("s1", 0, Counter())
    told = [told for record in records for told in story.tell(record)] + list(story.end())
    for payload, at_ms in told:
        assert isinstance(at_ms, int)
        capture.event_from(payload, dict(rules.DEFAULTS))


def test_reading_a_large_file_costs_little_memory(session: Session) -> None:
    session.prompt("go")
    for number in range(120):
        use = f"t{number}"
        session.calls("Write", use, file_path=f"f{number}.py", content="é" * 60_000).result(use)
    assert session.path.stat().st_size > 15_000_000
    script = (
        "import resource, sys; from claudemem_lib import transcripts\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak(); n = sum(1 for _ in transcripts.read(sys.argv[1])); print(n, peak() - before)"
    )
    done = subprocess.run([sys.executable, "-c", script, session.path], capture_output=True, text=True, check=True)
    calls, grown_kb = map(int, done.stdout.split())
    assert calls == 123
    assert grown_kb < 40_000


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the real transcripts are not there: {REAL}")
def test_real_transcripts_are_read_without_a_bad_line_but_the_three_meant_to_be() -> None:
    counts: Counter[str] = Counter()
    names: Counter[str] = Counter()
    for path in transcripts.find(REAL):
        for payload, at_ms in transcripts.read(path, counts=counts):
            names[payload["hook_event_name"]] += 1
            assert at_ms > 1_700_000_000_000
            event = capture.event_from(payload, dict(rules.DEFAULTS))
            assert event is None or event["kind"] != "private"
    assert counts["bad"] == 3
    assert names["PostToolUse"] > 400
    assert names["SubagentStop"] == 2
    assert names["PostCompact"] == 2
