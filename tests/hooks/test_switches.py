"""Capture and context can be switched off everywhere, for a project or a session, and a session start says so.

Every hook here is the real command in its own process; what is switched off is switched by the command line.
"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

import claudemem_lib
from claudemem_lib import cli, ids

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.hooks.conftest import Hook, Outcome

SESSION = "5d1c0b9a-1111-4222-8333-444455556666"
OTHER = "6e2d1c0b-1111-4222-8333-444455556666"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    return folder


@pytest.fixture
def command(hook: Hook, project: Path) -> Callable[..., str]:
    """A function that runs `claude-mem ARGS` on the hook's data folder, where one note on the project lies already."""
    with claudemem_lib.open(hook.data) as memory:
        memory.remember("Prices are integers of cents.", title="How prices are kept", project=str(project))

    def run(*arguments: str, status: int = 0, **environment: str) -> str:
        result = CliRunner().invoke(cli.main, ["--data-dir", str(hook.data), *arguments], env=environment)
        assert result.exit_code == status, result.output
        return result.output

    return run


@pytest.mark.parametrize("broken", [7, None, {"0": "x"}, [["x"]]])
def test_a_mistake_in_the_settings_records_no_project_that_was_excluded(
    hook: Hook, project: Path, command: Callable[..., str], broken: object
) -> None:
    command("settings", "excluded_projects", str(project))
    file = hook.data / "settings.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "CLAUDE_MEM_EXCLUDED_PROJECTS": broken}))
    assert "CLAUDE_MEM_EXCLUDED_PROJECTS must be a list" in command("status")
    assert hook.tell("UserPromptSubmit", prompt="What it costs.", cwd=str(project), session_id=SESSION) == []


def test_an_exclusion_written_before_the_first_start_holds_for_the_first_hook(hook: Hook, project: Path) -> None:
    hook.data.mkdir()
    (hook.data / "settings.json").write_text(json.dumps({"CLAUDE_MEM_EXCLUDED_PROJECTS": str(project)}))
    assert hook.tell("UserPromptSubmit", prompt="What it costs.", cwd=str(project), session_id=SESSION) == []


class Started:
    """What the context hook answered to a session start: what the model gets, and what the person sees."""

    def __init__(self, outcome: Outcome) -> None:
        assert (outcome.status, outcome.stderr) == (0, b"")
        answer = json.loads(outcome.stdout) if outcome.stdout else {}
        assert set(answer) <= {"hookSpecificOutput", "systemMessage"}
        self.context = str(answer.get("hookSpecificOutput", {}).get("additionalContext", ""))
        self.line = str(answer.get("systemMessage", ""))


def start(hook: Hook, cwd: Path, session: str = SESSION, **environment: str) -> Started:
    hook.word = "context"
    payload = {"hook_event_name": "SessionStart", "session_id": session, "cwd": str(cwd), "source": "startup"}
    outcome = hook.feed(json.dumps(payload).encode(), **environment)
    hook.word = "event"
    return Started(outcome)


def turn(hook: Hook, cwd: Path, session: str = SESSION, prompt: str = "p1", said: str = "Do it") -> None:
    """A prompt, one tool use and the answer."""
    about: dict[str, Any] = {"session_id": session, "cwd": str(cwd), "prompt_id": prompt}
    hook.tell("UserPromptSubmit", prompt=said, **about)
    edit = {"file_path": f"{cwd}/a.py", "old_string": "a", "new_string": said}
    hook.tell("PostToolUse", tool_name="Edit", tool_use_id=f"use-{prompt}", tool_input=edit, tool_response={}, **about)
    hook.tell("Stop", last_assistant_message=f"Done: {said}", **about)


# -------------------------------------------------------------------------------------------------------- everywhere
def test_a_pause_records_nothing_and_tells_nothing_until_it_is_ended(
    hook: Hook, project: Path, command: Callable[..., str]
) -> None:
    assert "How prices are kept" in start(hook, project).context
    said = command("pause")
    assert "nothing is recorded and sessions are told nothing" in said
    assert "`claude-mem resume` ends it" in said
    before = hook.kinds()
    turn(hook, project)
    told = start(hook, project)
    assert (hook.kinds(), told.context) == (before, "")
    off = "nothing is recorded and sessions are told nothing (everything is paused)"
    assert told.line == f"claude-mem: {off}; `claude-mem resume` ends the pause"
    assert "\n" not in told.line
    assert len(told.line) < 200
    command("resume")
    turn(hook, project, prompt="p2")
    assert hook.kinds()[len(before) :] == ["prompt", "tool", "stop"]
    again = start(hook, project)
    assert "How prices are kept" in again.context
    assert again.line == ""


def test_capture_and_context_are_switched_one_by_one(hook: Hook, project: Path, command: Callable[..., str]) -> None:
    command("pause", "--capture")
    told = start(hook, project)
    assert "How prices are kept" in told.context
    assert "nothing is recorded" in told.line
    assert "told nothing" not in told.line
    turn(hook, project)
    assert hook.kinds() == []
    command("pause", "--context")
    command("resume", "--capture")
    told = start(hook, project)
    assert (told.context, "nothing is recorded" in told.line) == ("", False)
    assert "sessions are told nothing" in told.line
    turn(hook, project, prompt="p2")
    assert hook.kinds() == ["start", "prompt", "tool", "stop"]


def test_a_pause_ends_by_itself(hook: Hook, project: Path, command: Callable[..., str]) -> None:
    assert " until 20" in command("pause", "--for", "2h")
    assert " until 20" in start(hook, project).line
    assert hook.kinds() == []
    command("resume")
    an_hour_ago = ids.now_ms() - 3_600_000
    with claudemem_lib.open(hook.data, clock=lambda: an_hour_ago) as memory:
        memory.pauses.begin(for_ms=1_800_000)
    assert "Off" not in command("status")
    assert start(hook, project).line == ""
    assert hook.kinds() == ["start"]


# ------------------------------------------------------------------------------------------------------- one project
def test_a_paused_project_is_paused_below_its_folder_and_in_its_worktrees_and_nowhere_else(
    hook: Hook, tmp_path: Path, command: Callable[..., str]
) -> None:
    repository, worktree, other = tmp_path / "repo", tmp_path / "elsewhere" / "tree", tmp_path / "other"
    for folder in (repository / "src", other):
        folder.mkdir(parents=True)
    git = ["git", "-C", str(repository), "-c", "user.name=n", "-c", "user.email=e@example.com"]
    for arguments in (
        ["init", "-q"],
        ["commit", "-q", "--allow-empty", "-m", "x"],
        ["worktree", "add", "-q", str(worktree)],
    ):
        subprocess.run([*git, *arguments], check=True, capture_output=True)
    assert "project repo is paused" in command("pause", "--project", str(repository))
    for folder in (repository, repository / "src", worktree):
        assert "project repo is paused" in start(hook, folder).line
        turn(hook, folder)
    assert hook.kinds() == []
    assert start(hook, other).line == ""
    assert hook.kinds() == ["start"]
    command("resume", "--project", str(repository))
    assert start(hook, worktree).line == ""


def test_a_project_nobody_knows_cannot_be_paused_by_name(command: Callable[..., str]) -> None:
    assert "no project is called 'shpo'; known projects: shop" in command("pause", "--project", "shpo", status=1)


def test_a_session_start_in_an_excluded_folder_says_so(hook: Hook, project: Path, command: Callable[..., str]) -> None:
    command("project", "exclude", "shop")
    told = start(hook, project)
    assert told.line == "claude-mem: nothing is recorded (this folder is excluded)"
    assert "How prices are kept" in told.context


@pytest.mark.parametrize("what", ["CAPTURE", "CONTEXT"])
def test_a_session_start_names_the_setting_that_switches_something_off(
    hook: Hook, project: Path, command: Callable[..., str], what: str
) -> None:
    key = f"CLAUDE_MEM_{what}_ENABLED"
    command("settings", key, "false")
    assert f"({key} is false)" in start(hook, project).line
    assert f"{key} is false" in command("status")
    assert f"({key} is false)" in start(hook, project, CLAUDE_MEM_EXCLUDED_PROJECTS="").line
    assert f"{key} is false" in command("resume")
    command("settings", key, "--reset")
    assert start(hook, project).line == ""


# ------------------------------------------------------------------------------------------------------- one session
def test_one_session_is_paused_and_the_others_go_on(hook: Hook, project: Path, command: Callable[..., str]) -> None:
    turn(hook, project, session=SESSION)
    hook_events = len(hook.events())
    assert f"session {SESSION} is paused" in command("pause", "--session", SESSION[:9])
    with claudemem_lib.open(hook.data):
        pass
    turn(hook, project, session=SESSION, prompt="p2")
    assert hook.kinds() == []
    turn(hook, project, session=OTHER, prompt="p3")
    assert hook.kinds() == ["prompt", "tool", "stop"]
    assert hook_events == 3
    assert f"session {SESSION} is paused" in start(hook, project).line
    assert start(hook, project, session=OTHER).line == ""


def test_a_session_can_pause_itself_before_anything_of_it_is_known(
    hook: Hook, project: Path, command: Callable[..., str]
) -> None:
    command("pause", "--session", "current", CLAUDE_CODE_SESSION_ID=SESSION)
    turn(hook, project)
    assert hook.kinds() == []
    assert "there is no session 'nobody'" in command("pause", "--session", "nobody", status=1)
    assert "--session or" not in command("pause", "--session", "current", status=2, CLAUDE_CODE_SESSION_ID="")


# --------------------------------------------------------------------------------------------------------- the turn
def test_a_turn_of_which_a_part_was_paused_is_not_told_by_its_end(
    hook: Hook, project: Path, command: Callable[..., str]
) -> None:
    command("pause")
    about: dict[str, Any] = {"session_id": SESSION, "cwd": str(project), "prompt_id": "p1"}
    hook.tell("UserPromptSubmit", prompt="The code name is Zebra", **about)
    command("resume")
    hook.tell("Stop", last_assistant_message="Noted: Zebra", **about)
    assert hook.kinds() == []
    turn(hook, project, prompt="p2", said="Something else")
    assert hook.kinds() == ["prompt", "tool", "stop"]


# ----------------------------------------------------------------------------------------------------------- status
def test_status_says_what_is_switched_off_and_where(command: Callable[..., str]) -> None:
    assert "Off " not in command("status")
    command("pause", "--project", "shop", "--capture", "--for", "3d")
    command("pause", "--context")
    said = command("status")
    assert "Off           nothing is recorded: project shop is paused until 20" in said
    assert "Off           sessions are told nothing: everything is paused" in said
    off = json.loads(command("status", "--json"))["switched_off"]
    assert len(off) == 2
    ended = json.loads(command("resume", "--json"))["ended"]
    assert [(one["name"], one["capture"], one["context"]) for one in ended] == [
        ("shop", True, False),
        ("", False, True),
    ]
    assert command("resume") == "Nothing of this was paused.\n"


def test_the_preview_of_the_context_says_that_nobody_is_told_it(project: Path, command: Callable[..., str]) -> None:
    command("pause", "--context", "--project", str(project))
    assert "project shop is paused" in command("context", str(project))
    assert "paused" not in command("context", str(project.parent))


@pytest.mark.parametrize("given", ["", "soon", "0h", "-1h", "2 fortnights"])
def test_a_length_of_time_that_is_none_is_refused(command: Callable[..., str], given: str) -> None:
    if given:
        assert "is no length of time; write 30m, 2h" in command("pause", "--for", given, status=1)
        assert command("resume") == "Nothing of this was paused.\n"


# --------------------------------------------------------------------------------------------------- broken files
BROKEN: tuple[Any, ...] = (
    5, "x", {"a": 1}, [1], [{}], [{"from_ms": "x"}], [{"from_ms": 1}], [{"from_ms": 1, "capture": True, "until_ms": 2}],
    [{"from_ms": 1, "capture": True, "keys": "x"}], [{"from_ms": 1, "capture": True, "keys": ["x"], "root": 5}], None,
)  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN, ids=str)
def test_pauses_that_are_none_switch_nothing_off(hook: Hook, project: Path, broken: object) -> None:
    hook.data.mkdir()
    (hook.data / "hook.json").write_text(json.dumps({"pauses": broken}))
    assert start(hook, project).line == ""
    turn(hook, project)
    assert hook.kinds() == ["start", "prompt", "tool", "stop"]


@pytest.mark.parametrize("broken", ["", "[", '{"a": 1}', "[1]", '[{"from_ms": 1}]'])
def test_a_broken_list_of_pauses_ends_none_of_them(
    hook: Hook, project: Path, command: Callable[..., str], broken: str
) -> None:
    command("pause")
    (hook.data / "switches.json").write_text(broken)
    with claudemem_lib.open(hook.data) as memory:
        memory.reload()
    turn(hook, project)
    assert hook.kinds() == []
    assert "switches.json" in command("resume", status=1)
    assert "switches.json" in command("status")
    (hook.data / "switches.json").unlink()
    command("status")
    turn(hook, project, prompt="p2")
    assert hook.kinds() == ["prompt", "tool", "stop"]
