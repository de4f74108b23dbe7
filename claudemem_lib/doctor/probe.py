"""The whole way once: a hook is called as the host calls it, and what it recorded is taken in, observed, stored and found.

It happens in a folder of its own inside the data folder (the same disk, the same rights), which is removed again: no trace is
left in the memory, in the queue, or in what models cost, and no model is asked.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import claudemem_lib
from claudemem_lib import intake, lean
from claudemem_lib.doctor import hooks
from claudemem_lib.doctor.check import FAILED, OK, Check
from claudemem_lib.errors import ClaudeMemError, NotFound
from claudemem_lib.hosts import claude_code

if TYPE_CHECKING:
    from claudemem_lib.doctor.patient import Patient

HOOK_S = 10
PREFIX = ".probe-"
WORD = "claudememprobe"
ROOT = "/nowhere/claude-mem-probe"


def probe(patient: Patient) -> Check:
    """From a hook to a search result."""
    lean.make_folder(patient.data_dir)
    folder = tempfile.mkdtemp(prefix=PREFIX, dir=patient.data_dir)
    began = time.monotonic()
    try:
        trouble = _hooks(patient, folder) or _memory(folder)
    except (ClaudeMemError, OSError, subprocess.TimeoutExpired) as error:
        trouble = str(error)
    finally:
        shutil.rmtree(folder)
    if trouble:
        remedy = "The other checks say what is wrong; if none does, `claude-mem doctor --report FILE` and tell us."
        return Check(name="Probe", state=FAILED, found=trouble, remedy=remedy)
    took_ms = (time.monotonic() - began) * 1_000
    found = f"A session went from hook to search result in {took_ms:,.0f} ms; nothing of it is left."
    return Check(name="Probe", state=OK, found=found)


def _hooks(patient: Patient, folder: str) -> str:
    """Call the hook as it is installed, else as it would be; what went wrong."""
    ours = claude_code.entries(hooks.settings_of(patient.host_dir / claude_code.SETTINGS_FILE))
    program, script, _ = next(ours, (sys.executable, _script(), ""))
    about: dict[str, Any] = {"session_id": WORD, "cwd": ROOT}
    edited: dict[str, Any] = {
        "tool_name": "Edit",
        "tool_use_id": WORD,
        "tool_input": {"file_path": f"{ROOT}/{WORD}.py", "old_string": "a", "new_string": "b"},
        "tool_response": {"filePath": f"{ROOT}/{WORD}.py"},
    }
    calls: tuple[dict[str, Any], ...] = (
        {"hook_event_name": "UserPromptSubmit", "prompt": f"Look for {WORD}"},
        {"hook_event_name": "PostToolUse", **edited},
        {"hook_event_name": "Stop", "last_assistant_message": f"Found {WORD}."},
    )
    for number, call in enumerate(calls, 1):
        done = subprocess.run(  # noqa: S603  # what the host runs at every event
            [program, "-I", "-S", script, "event", folder],
            input=json.dumps({**about, **call}).encode(),
            capture_output=True,
            timeout=HOOK_S,
            check=False,
        )
        if done.returncode or done.stderr:
            return f"{program} {script} ended with status {done.returncode}: {done.stderr.decode('utf-8', 'replace')[:300]}"
        if len(intake.waiting(folder)) != number:
            return f"{script} recorded nothing of {call['hook_event_name']}; capture may be switched off in the environment"
    return ""


def _script() -> str:
    """The hook of this installation."""
    found = find_spec("claudemem_hooks")
    folders = found.submodule_search_locations if found else None
    if not folders:
        message = "the package claudemem_hooks is not installed beside claudemem_lib; reinstall claudemem"
        raise NotFound(message)
    return f"{folders[0]}/run.py"


def _memory(folder: str) -> str:
    """Take in, observe without a model, search; what went wrong."""
    from claudemem_lib.providers.local import Local  # noqa: PLC0415  # every command would wait for it

    with claudemem_lib.open(folder, provider=Local()) as memory:
        if intake.waiting(folder):
            return "the inbox was not taken in"
        done = memory.observe_pending()
        if not done.memories:
            return f"{done.events} events were observed and no memory was made"
        if not memory.search(WORD):
            return "a memory was made and the search did not find it"
    return ""
