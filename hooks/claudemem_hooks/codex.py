"""Codex's hook calls as Claude Code would make them.

Codex names events and fields as Claude Code does; a turn is called `turn_id`, edits come as one patch over several files,
and the shell has had many names.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SHELLS = ("shell", "local_shell", "exec_command", "unified_exec", "shell_command")
_ACTIONS = {"*** Add File: ": "Write", "*** Update File: ": "Edit", "*** Delete File: ": "Edit"}


def translated(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """The calls that one call of Codex stands for; several for a patch of several files."""
    call = {name: value for name, value in payload.items() if value is not None}
    call["prompt_id"] = call.get("turn_id")
    call["project_dir"] = call.get("cwd")
    given: Any = call.get("tool_input")
    command = given.get("command") if isinstance(given, dict) else None
    if call.get("tool_name") in _SHELLS:
        call["tool_name"] = "Bash"
    if isinstance(command, list):
        call["tool_input"] = {**given, "command": " ".join(map(str, command))}
    if call.get("tool_name") == "apply_patch" and isinstance(command or given, str):
        return _edits(call, str(command or given))
    return [call]


def _edits(call: dict[str, Any], patch: str) -> list[dict[str, Any]]:
    """One call for each file of a patch; the call as it is, if it is no patch."""
    found: list[dict[str, Any]] = []
    for line in patch.splitlines():
        action = next((prefix for prefix in _ACTIONS if line.startswith(prefix)), "")
        if action:
            path = _absolute(line[len(action) :].strip(), str(call.get("cwd") or ""))
            found.append({"tool": _ACTIONS[action], "file_path": path, "old": [], "new": []})
        elif found and line[:1] in ("-", " ", "+") and not line.startswith("***"):
            for name in ("old",) * (line[0] != "+") + ("new",) * (line[0] != "-"):
                found[-1][name].append(line[1:])
    return [_edit(call, one, number) for number, one in enumerate(found)] or [call]


def _edit(call: dict[str, Any], one: dict[str, Any], number: int) -> dict[str, Any]:
    """The call for one file; each needs a number of its own, or it would count as the same call again."""
    old, new = "\n".join(one["old"]), "\n".join(one["new"])
    texts = {"content": new} if one["tool"] == "Write" else {"old_string": old, "new_string": new}
    edit = {**call, "tool_name": one["tool"], "tool_input": {"file_path": one["file_path"], **texts}}
    if number and call.get("tool_use_id"):
        edit["tool_use_id"] = f"{call['tool_use_id']}/{number}"
    return edit


def _absolute(path: str, folder: str) -> str:
    return path if not folder or path[:1] in ("/", "\\") or path[1:2] == ":" else f"{folder}/{path}"
