"""The real client runs our hooks, and what it tells them agrees with what it writes into its transcripts."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from claudemem_lib import capture, rules, transcripts

if TYPE_CHECKING:
    from pathlib import Path

    from tests.host.conftest import Client, Script

pytestmark = pytest.mark.host
COMPACTION = "<analysis>thought</analysis><summary>COMPACT SUMMARY</summary>"


@pytest.fixture
def client(client: Client) -> Client:
    """A client whose sessions are told nothing: then the inbox keeps what was captured."""
    client.settings["CLAUDE_MEM_CONTEXT_ENABLED"] = "false"
    return client


def test_every_event_of_a_session_lands_in_the_inbox_and_no_hook_complains(client: Client, script: Script) -> None:
    session = client.session(
        "write a.txt",
        "/compact",
        "look again",
        replies=[
            script.use("Write", "I will.", file_path="a.txt", content="hello\n"),
            script.use("Bash", command="cat a.txt; ls /nonexistent", description="fails"),
            script.use(
                "Agent", description="look", prompt="look", subagent_type="general-purpose", run_in_background=False
            ),
            script.use("Read", file_path="a.txt"),
            script.say("The subagent looked."),
            script.say("All done."),
            script.say(COMPACTION),
            script.say("Looked again."),
        ],
    )
    events = client.captured()
    assert {event["session"] for event in events} == {session}
    assert client.kinds() == {
        "start": 2,
        "prompt": 2,
        "tool": 3,
        "failure": 1,
        "subagent": 1,
        "stop": 2,
        "compact": 1,
        "compacted": 1,
        "end": 1,
    }
    assert [event["text"] for event in events if event["kind"] == "compacted"] == ["COMPACT SUMMARY"]
    assert {event["project_dir"] for event in events} == {str(client.project)}
    for result in client.hook_results():
        assert (result["exit_code"], result["stderr"], result["outcome"]) == (0, "", "success")
        assert result["stdout"] == "" or isinstance(json.loads(result["stdout"]), dict)


def key(event: dict[str, Any]) -> tuple[Any, ...]:
    """What must be the same of a live event and of the one a transcript gives."""
    detail = (
        (event.get("tool_use_id"),)
        if event["kind"] in ("tool", "failure")
        else (event.get("text"), event.get("source"))
    )
    return (event["kind"], event["session"], event.get("prompt_id"), event.get("agent"), *detail)


def contents(event: dict[str, Any]) -> str:
    """The rest of it; a subagent's transcript keeps of its results only what the model was shown."""
    names = ["tool", "input", "error", "cwd", "origin", *([] if event.get("agent") else ["output"])]
    return json.dumps({name: event.get(name) for name in names})


def from_transcripts(folder: Path) -> list[dict[str, Any]]:
    told = [payload for path in transcripts.find(folder) for payload, _ in transcripts.read(path)]
    events = [capture.event_from(payload, dict(rules.DEFAULTS)) for payload in told]
    return [event for event in events if event]


def test_a_transcript_gives_the_events_that_the_hooks_gave(client: Client, script: Script) -> None:
    client.session(
        "first\nwith two lines ",
        "/compact keep names",
        "third",
        replies=[
            script.use("Write", "I will.", file_path="a.txt", content="hello\n"),
            script.use("Read", file_path="missing.txt"),
            script.use("Edit", file_path="a.txt", old_string="not there", new_string="x"),
            script.use("NoSuchTool", a=1),
            script.use("Bash", command="mkdir -p sub && cd sub && pwd"),
            script.use("Write", file_path="b.txt", content="in sub\n"),
            script.use("Bash", command="exit 3"),
            script.use(
                "Agent", description="look", prompt="look", subagent_type="general-purpose", run_in_background=False
            ),
            script.use("Read", file_path="b.txt"),
            script.say("part one", "The subagent's answer.\n"),
            script.say("First part.", " Second part.\n"),
            script.say(COMPACTION),
            script.say("After it."),
        ],
    )
    at_the_boundary = ("start", "end", "compact")  # a transcript tells of these only once, or not at all
    live = {key(event): contents(event) for event in client.captured() if event["kind"] not in at_the_boundary}
    read = from_transcripts(client.out / "home" / ".claude" / "projects")
    told = {key(event): contents(event) for event in read if event["kind"] not in at_the_boundary}
    assert told == live
    assert Counter(event["kind"] for event in read)["start"] == 1
    assert len(live) == 13


def test_a_fork_tells_only_what_is_new_in_it(client: Client, script: Script) -> None:
    client.plugins = ()
    origin = client.session("one", replies=[script.use("Bash", command="true"), script.say("First.")])
    fork = client.session("two", replies=[script.say("Second.")], args=("--resume", origin, "--fork-session"))
    events = from_transcripts(client.out / "home" / ".claude" / "projects")
    assert fork != origin
    assert [event["text"] for event in events if event["session"] == fork and event["kind"] in ("prompt", "stop")] == [
        "two",
        "Second.",
    ]
    assert [event["kind"] for event in events if event["kind"] == "tool"] == ["tool"]


def test_a_private_prompt_reaches_the_model_but_not_the_memory(client: Client, script: Script) -> None:
    client.session(
        "<private>the hidden plan</private>",
        "a public word",
        replies=[
            script.use("Bash", command="echo hidden"),
            script.say("The hidden plan is done."),
            script.say("Said in public."),
        ],
    )
    assert "the hidden plan" in client.sent()[0]
    kept = client.captured()
    assert [event["kind"] for event in kept] == ["start", "prompt", "stop", "end"]
    assert "hidden" not in json.dumps(kept)
