"""Events as the live client sends them, and batches of them, for tests."""

from __future__ import annotations

from typing import Any

from claudemem_lib import capture, rules
from claudemem_lib.models import Batch, Event

ROOT = "/home/u/shop"


def event(name: str, **fields: Any) -> dict[str, Any]:
    """One event, through the same door as live ones."""
    payload = {"hook_event_name": name, "session_id": "s", "cwd": ROOT, **fields}
    made = capture.event_from(payload, rules.DEFAULTS)
    assert made is not None
    return made


def tool(name: str, given: dict[str, Any], answer: Any) -> dict[str, Any]:
    return event("PostToolUse", tool_name=name, tool_input=given, tool_response=answer)


def bash(command: str, output: str = "", **more: Any) -> dict[str, Any]:
    answer = {"stdout": output, "stderr": "", "interrupted": False, "isImage": False, **more}
    return tool("Bash", {"command": command}, answer)


def failing(command: str, output: str, code: int = 1) -> dict[str, Any]:
    error = f"Exit code {code}\n{output}"
    return event(
        "PostToolUseFailure", tool_name="Bash", tool_input={"command": command}, error=error, is_interrupt=False
    )


def edit(path: str, old: str, new: str) -> dict[str, Any]:
    given = {"file_path": f"{ROOT}/{path}", "old_string": old, "new_string": new}
    return tool(
        "Edit", given, {"filePath": f"{ROOT}/{path}", "oldString": old, "newString": new, "structuredPatch": []}
    )


def write(path: str, content: str) -> dict[str, Any]:
    name = path if path.startswith("/") else f"{ROOT}/{path}"
    answer: dict[str, Any] = {
        "type": "create",
        "filePath": name,
        "content": content,
        "structuredPatch": [],
        "originalFile": None,
    }
    return tool("Write", {"file_path": name, "content": content}, answer)


def read(path: str, content: str = "x\n") -> dict[str, Any]:
    name = f"{ROOT}/{path}"
    return tool("Read", {"file_path": name}, {"type": "text", "file": {"filePath": name, "content": content}})


def grep(pattern: str) -> dict[str, Any]:
    return tool("Grep", {"pattern": pattern}, {"mode": "files_with_matches", "filenames": ["a.py"], "numFiles": 1})


def stop(text: str) -> dict[str, Any]:
    return event("Stop", last_assistant_message=text, stop_hook_active=False)


def as_event(number: int, made: dict[str, Any]) -> Event:
    kind, name = made["kind"], made.get("tool", "")
    return Event(id=number, uid=str(number), kind=kind, tool=name, payload=made, occurred_ms=number)


def batch(
    request: str,
    *events: dict[str, Any],
    earlier: tuple[dict[str, Any], ...] = (),
    recap: tuple[str, ...] = (),
    finished: bool | None = None,
) -> Batch:
    """A batch of one turn; finished if it holds a Stop and nothing else is said."""
    numbered = [as_event(number, made) for number, made in enumerate((*earlier, *events), 1)]
    return Batch(
        token="t",
        session_id=1,
        host_id="s",
        project_id=1,
        project="shop",
        root=ROOT,
        branch="main",
        prompt_number=1,
        request=request,
        events=tuple(numbered[len(earlier) :]),
        earlier=tuple(numbered[: len(earlier)]),
        recap=recap,
        finished=any(made["kind"] == "stop" for made in events) if finished is None else finished,
    )
