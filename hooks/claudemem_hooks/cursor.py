"""Cursor's hook calls as Claude Code would make them.

Cursor calls a session a conversation and a turn a generation. What the agent said comes in calls of its own before the one
that ends the turn, so the last of it waits in a file until then.
"""

from __future__ import annotations

from claudemem_lib import lean, paths
from claudemem_lib.lean import system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NEUTRAL = '{"continue":true}'
_SAID = "afterAgentResponse"
# Older versions do not say whose tool it is; a name of ours is taken for ours, for memories of memories are worse than a gap.
_OWN_TOOLS = (
    "search",
    "timeline",
    "get_observations",
    "save_memory",
    "session_context",
    "recent",
    "forget",
    "memory_status",
)


def translated(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """The call that a call of Cursor stands for, none for one that tells nothing to remember."""
    name = payload.get("hook_event_name")
    fill = _FILL.get(name) if isinstance(name, str) else None
    filled = fill(payload) if fill else None
    if filled is None:
        return []
    roots = payload.get("workspace_roots")
    root = _path(roots[0]) if isinstance(roots, list) and roots else ""
    session = next((payload[key] for key in ("conversation_id", "session_id", "generation_id") if payload.get(key)), "")
    place = {"cwd": _path(payload.get("cwd")) or root, "project_dir": root}
    return [{"session_id": session, "prompt_id": payload.get("generation_id"), **place, **filled, "cursor_event": name}]


def settled(event: dict[str, Any], call: dict[str, Any], data_dir: str) -> dict[str, Any] | None:
    """*event* with what was said before it; None if it is what is said, which waits for the end of the turn."""
    name = "said-" + event["session"].encode("utf-8", "replace").hex()[:200]
    if call["cursor_event"] == _SAID:
        if event.get("text"):
            lean.write_whole(f"{data_dir}/{paths.PRIVATE}", name, event["text"])
        return None
    if event["kind"] == "stop":
        try:
            event["text"] = lean.read_file(f"{data_dir}/{paths.PRIVATE}/{name}")
            system.unlink(f"{data_dir}/{paths.PRIVATE}/{name}")
        except OSError:
            pass
    return event


def answer(text: str, line: str) -> str:
    """What Cursor is told: go on; for the model what the memory has to say, for the person *line*."""
    more = {"additional_context": text} if text else {}
    more |= {"user_message": line} if line else {}
    return lean.dumps({"continue": True, **more}) if more else NEUTRAL


def _shell(payload: dict[str, Any]) -> dict[str, Any]:
    given = {"command": payload.get("command")}
    return _tool("Bash", given, {"stdout": payload.get("output") or ""})


def _mcp(payload: dict[str, Any]) -> dict[str, Any] | None:
    started = payload.get("command")
    if payload.get("tool_name") in _OWN_TOOLS or (isinstance(started, str) and "claudemem_mcp" in started):
        return None
    name = str(payload.get("tool_name") or "").replace("MCP:", "", 1).replace(":", "__")
    return _tool(f"mcp__{name}", _value(payload.get("tool_input")), _value(payload.get("result_json")))


def _file_edit(payload: dict[str, Any]) -> dict[str, Any]:
    edits = payload.get("edits")
    pairs = [
        {"old_string": edit.get("old_string") or "", "new_string": edit.get("new_string") or ""}
        for edit in (edits if isinstance(edits, list) else ())
        if isinstance(edit, dict)
    ]
    path = {"file_path": _path(payload.get("file_path"))}
    if len(pairs) == 1:
        return _tool("Edit", {**path, **pairs[0]}, {"success": True})
    return _tool("MultiEdit", {**path, "edits": pairs}, {"success": True})


def _tool(name: str, given: Any, result: Any) -> dict[str, Any]:
    return {"hook_event_name": "PostToolUse", "tool_name": name, "tool_input": given, "tool_response": result}


def _failure(payload: dict[str, Any]) -> dict[str, Any]:
    name = str(payload.get("tool_name") or "")
    return {
        "hook_event_name": "PostToolUseFailure",
        "tool_name": "Bash" if name == "Shell" else name,
        "tool_input": _value(payload.get("tool_input")),
        "tool_use_id": payload.get("tool_use_id"),
        "error": payload.get("error_message") or payload.get("failure_type") or "",
        "is_interrupt": payload.get("is_interrupt") is True,
    }


def _subagent(payload: dict[str, Any]) -> dict[str, Any]:
    kind = payload.get("subagent_type") or "subagent"
    return {
        "hook_event_name": "SubagentStop",
        "agent_type": kind,
        "agent_id": payload.get("subagent_id") or payload.get("tool_call_id") or kind,
        "last_assistant_message": payload.get("result") or payload.get("summary") or "",
    }


_FILL: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {
    "sessionStart": lambda _: {"hook_event_name": "SessionStart", "source": "startup"},
    "beforeSubmitPrompt": lambda call: {"hook_event_name": "UserPromptSubmit", "prompt": call.get("prompt")},
    "afterShellExecution": _shell,
    "afterMCPExecution": _mcp,
    "afterFileEdit": _file_edit,
    "postToolUseFailure": _failure,
    _SAID: lambda call: {"hook_event_name": "Stop", "last_assistant_message": call.get("text")},
    "subagentStop": _subagent,
    "preCompact": lambda call: {"hook_event_name": "PreCompact", "trigger": call.get("trigger")},
    "stop": lambda _: {"hook_event_name": "Stop"},
    "sessionEnd": lambda call: {"hook_event_name": "SessionEnd", "reason": call.get("reason")},
}


def _value(text: Any) -> Any:
    """What a JSON text holds; anything else as it is."""
    try:
        return lean.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        return text


def _path(text: Any) -> str:
    """A folder as the system writes it; Cursor on Windows puts a slash before the drive."""
    path = text if isinstance(text, str) else ""
    return path[1:] if path[:1] == "/" and path[2:3] == ":" else path
