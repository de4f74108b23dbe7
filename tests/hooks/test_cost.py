"""What a hook may load: the promise "costs no more than starting Python" rests on this list."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import claudemem_lib

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hooks.conftest import Hook

OURS = {"claudemem_hooks", "claudemem_hooks.main", "claudemem_lib"}
LEAVES = {
    f"claudemem_lib.{name}"
    for name in ("capture", "ids", "lean", "paths", "private", "redact", "rules", "shapes", "tags")
}
C_MODULES = {"_json"}
EVERYTHING = OURS | LEAVES | C_MODULES | {"__future__"}

# A turn begins somewhere, which is looked up then: when the event is taken in, another branch may be checked out.
BEGINNINGS = {"UserPromptSubmit": {"claudemem_lib.projects"}}

_SPY = """
import sys
before = set(sys.modules)
sys.argv = [{run!r}, {word!r}, {data!r}]
import posix
def leave(_status):
    posix.write(1, " ".join(sorted(set(sys.modules) - before)).encode())
    raise SystemExit
posix._exit, really = leave, posix._exit
exec(compile(open({run!r}).read(), {run!r}, "exec"), {{"__file__": {run!r}, "__name__": "__main__"}})
"""


def loaded_by(hook: Hook, run: Path, payload: dict[str, object], word: str = "event") -> set[str]:
    """The modules a hook call loads beyond those every interpreter has, and cheap built-in ones."""
    script = _SPY.format(run=str(run), data=str(hook.data), word=word)
    given = json.dumps({"session_id": "s1", "cwd": "/home/you/project", **payload})
    command = [sys.executable, "-I", "-S", "-c", script]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True, env=hook.environment())
    assert done.stderr == ""
    return set(done.stdout.removeprefix('{"continue":true}').split()) - set(sys.builtin_module_names)


CALLS: list[dict[str, object]] = [
    {"hook_event_name": "UserPromptSubmit", "prompt": "write a parser for <b>this</b>"},
    {"hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_input": {}, "tool_response": {"a": "x" * 99_999}},
    {"hook_event_name": "PostToolUseFailure", "tool_name": "Bash", "tool_input": {}, "error": "Exit code 1"},
    {"hook_event_name": "Stop", "last_assistant_message": "Done."},
    {"hook_event_name": "SessionEnd", "reason": "other"},
    {"hook_event_name": "UserPromptSubmit", "prompt": "<private>nothing of this</private>"},
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: str(call["hook_event_name"]))
def test_capture_loads_its_own_few_modules_and_one_c_module(hook: Hook, run: Path, call: dict[str, object]) -> None:
    loaded = loaded_by(hook, run, call)
    assert loaded <= EVERYTHING | BEGINNINGS.get(str(call["hook_event_name"]), set())
    assert loaded >= LEAVES


def test_excluded_projects_cost_one_module_more(hook: Hook, run: Path) -> None:
    hook.data.mkdir()
    (hook.data / "hook.json").write_text(json.dumps({"excluded_projects": ["~/secret/**", "/tmp/*"]}))
    assert loaded_by(hook, run, CALLS[1]) <= EVERYTHING | {"claudemem_lib.switches"}


def test_a_pause_costs_one_module_and_a_paused_project_one_more(hook: Hook, run: Path, tmp_path: Path) -> None:
    with claudemem_lib.open(hook.data) as memory:
        memory.pauses.begin(session="x" * 36)
        assert loaded_by(hook, run, CALLS[1]) <= EVERYTHING | {"claudemem_lib.switches"}
        memory.pauses.begin(project=str(tmp_path))
    assert loaded_by(hook, run, CALLS[1]) <= EVERYTHING | {"claudemem_lib.switches", "claudemem_lib.projects"}


def test_only_a_text_that_may_hold_a_secret_loads_the_rules_engine(hook: Hook, run: Path) -> None:
    assert "re" in loaded_by(hook, run, {"hook_event_name": "UserPromptSubmit", "prompt": "PASSWORD=hunter2hunter2"})


def test_the_file_the_host_starts_is_a_stub(run: Path) -> None:
    assert run.stat().st_size < 400
