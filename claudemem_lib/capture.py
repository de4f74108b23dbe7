"""From what the host says to what may be kept: one event, cleaned and capped. Pure, and cheap enough for a hook.

An event is a flat dict: `kind` and `session` always, then what applies of `prompt_id`, `cwd`, `project_dir`, `agent`,
`tool`, `tool_use_id`, `input`, `output`, `error`, `text`, `origin`, `source`, `branch`, and `masked`: how much of which kind was
taken out of it.
"""

from __future__ import annotations

from claudemem_lib import ids, lean, redact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from claudemem_lib.redact import Redaction

KINDS = {
    "SessionStart": "start",
    "UserPromptSubmit": "prompt",
    "PostToolUse": "tool",
    "PostToolUseFailure": "failure",
    "Stop": "stop",
    "SubagentStop": "subagent",
    "PreCompact": "compact",
    "PostCompact": "compacted",
    "SessionEnd": "end",
}
MEDIA_PROMPT = "[media prompt]"
_NOT_THE_USER = (
    "<task-notification",
    "<local-command-",
    "<command-name>",
    "<command-message>",
    "<bash-",
    "Caveat: The",
)
_COMPACTION = (
    "This session is being continued from a previous conversation",
    "I will start by exploring the repository to understand",
)
_OWN_FILES = ("session-memory",)
_FILE_TOOLS = ("Edit", "Write", "Read", "NotebookEdit", "MultiEdit")
_WHOLE_FILES = ("originalFile", "originalFileContents", "base64")
_SMALLEST_CUT = 256


def event_from(
    payload: dict[str, Any], rules: dict[str, Any], project_dir: str = "", at_ms: int | None = None
) -> dict[str, Any] | None:
    """The event of one hook call, or None where nothing of it may be kept.

    *payload* is the host's JSON object, *rules* what rules.load gives, *project_dir* the host's project folder if known, *at_ms*
    when it happened (None: now). A wholly private prompt, or anything of a turn while capture is paused, gives an event of kind
    "private" without text: the caller has to drop the rest of its turn.
    """
    kind = KINDS.get(str(payload.get("hook_event_name", "")))
    session = payload.get("session_id")
    if kind is None or not isinstance(session, str) or not session or not rules["capture_enabled"]:
        return None
    event: dict[str, Any] = {"kind": kind, "session": session}
    for name, field in _COMMON:
        value = payload.get(field)
        if isinstance(value, str) and value:
            event[name] = value
    if project_dir:
        event["project_dir"] = project_dir
    if rules["excluded_projects"] or rules.get("pauses"):
        off = _switched_off(event, rules, ids.now_ms() if at_ms is None else at_ms)
        if off:
            return {**event, "kind": "private"} if off == "paused" and kind not in ("start", "end") else None
    return _finished(event, payload, rules)


def _finished(event: dict[str, Any], payload: dict[str, Any], rules: dict[str, Any]) -> dict[str, Any] | None:
    """*event* with what its kind says, cleaned and capped."""
    out = redact.Redaction(rules["redact_patterns"])
    filled = _FILL[event["kind"]](event, payload, rules, out)
    if filled is None:
        return None
    for name in _LABELS:
        if name in filled:
            filled[name] = out.clean(filled[name])
    if out.counts:
        filled["masked"] = out.counts
    return capped(filled, rules["max_event_bytes"])


def _switched_off(event: dict[str, Any], rules: dict[str, Any], at_ms: int) -> str:
    """Whether capture is "excluded" or "paused" where and when an event happens, "" if it is on."""
    from claudemem_lib import switches  # noqa: PLC0415  # only where something is switched off at all

    folders = (event.get("project_dir", ""), event.get("cwd", ""))
    if switches.excluded(folders, rules["excluded_projects"]):
        return "excluded"
    return "paused" if switches.paused(rules.get("pauses", ()), "capture", event["session"], folders, at_ms) else ""


_COMMON = (
    ("prompt_id", "prompt_id"),
    ("cwd", "cwd"),
    ("project_dir", "project_dir"),
    ("branch", "git_branch"),
    ("agent", "agent_id"),
)
_LABELS = ("tool", "branch", "agent", "source")


def _prompt(event: dict[str, Any], payload: dict[str, Any], rules: dict[str, Any], out: Redaction) -> dict[str, Any]:
    said = str(payload.get("prompt") or "")
    text = out.clean(said, rules["max_event_bytes"]).strip()
    if said.strip() and not text:
        return {**event, "kind": "private"}
    event["text"] = text or MEDIA_PROMPT
    event["origin"] = "user"
    if said.lstrip().startswith(_NOT_THE_USER):
        event["origin"] = "host"
    elif rules["filter_compaction_prompts"] and said.lstrip().startswith(_COMPACTION):
        event["origin"] = "host"
        event["text"] = ""
    return event


def _tool(
    event: dict[str, Any], payload: dict[str, Any], rules: dict[str, Any], out: Redaction
) -> dict[str, Any] | None:
    tool = str(payload.get("tool_name") or "")
    given = payload.get("tool_input")
    if not tool or tool in rules["skip_tools"] or _is_own(tool, given):
        return None
    event["tool"] = tool
    if isinstance(payload.get("tool_use_id"), str):
        event["tool_use_id"] = payload["tool_use_id"]
    limit = rules["max_event_bytes"] // 2
    event["input"] = _cleaned(given, limit, out)
    if event["kind"] == "failure":
        event["error"] = out.clean(str(payload.get("error") or ""), limit)
        event["interrupted"] = payload.get("is_interrupt") is True
    else:
        event["output"] = _cleaned(payload.get("tool_response"), limit, out)
    return event


def _said(
    event: dict[str, Any], payload: dict[str, Any], rules: dict[str, Any], out: Redaction
) -> dict[str, Any] | None:
    if event["kind"] == "subagent" and not payload.get("agent_type"):
        return None  # the client's own forked agent, not the user's
    event["text"] = out.clean(str(payload.get("last_assistant_message") or ""), rules["max_event_bytes"]).strip()
    return event


def _compact(event: dict[str, Any], payload: dict[str, Any], rules: dict[str, Any], out: Redaction) -> dict[str, Any]:
    event["source"] = str(payload.get("trigger") or "")
    said = str(payload.get("compact_summary") or payload.get("custom_instructions") or "")
    said = said.partition("<summary>")[2].partition("</summary>")[0] or said  # not what was thought on the way to it
    event["text"] = out.clean(said, rules["max_event_bytes"]).strip()
    return event


def _boundary(
    event: dict[str, Any], payload: dict[str, Any], _rules: dict[str, Any], _out: Redaction
) -> dict[str, Any]:
    event["source"] = str(payload.get("source") or payload.get("reason") or "")
    return event


_FILL: dict[str, Callable[[dict[str, Any], dict[str, Any], dict[str, Any], Redaction], dict[str, Any] | None]] = {
    "start": _boundary,
    "prompt": _prompt,
    "tool": _tool,
    "failure": _tool,
    "stop": _said,
    "subagent": _said,
    "compact": _compact,
    "compacted": _compact,
    "end": _boundary,
}


def _is_own(tool: str, given: object) -> bool:
    """Whether the tool call is about memory itself: our own tools, and the host's session notes."""
    if "claude-mem" in tool or "claude_mem" in tool or "claudemem" in tool:
        return True
    if tool not in _FILE_TOOLS or not isinstance(given, dict):
        return False
    path = str(given.get("file_path") or given.get("notebook_path") or "")
    return any(part in path for part in _OWN_FILES)


def _cleaned(value: Any, limit: int, out: Redaction) -> Any:
    """*value* with every text in it cleaned, and without the whole files and images that some tools carry."""
    if isinstance(value, str):
        return out.clean(value, limit)
    if isinstance(value, dict):
        return {out.clean(k, limit): _field(k, v, limit, out) for k, v in value.items() if k not in _WHOLE_FILES}
    if isinstance(value, list):
        return [_cleaned(item, limit, out) for item in value]
    return value


def _field(name: str, value: Any, limit: int, out: Redaction) -> Any:
    return out.clean_field(name, value, limit) if isinstance(value, str) else _cleaned(value, limit, out)


def write(event: dict[str, Any], inbox: str, at_ms: int | None = None) -> str:
    """One file in the inbox: written, whole and the owner's only, before this returns; gives the event's uid."""
    at_ms = ids.now_ms() if at_ms is None else at_ms
    uid = ids.new_uid(at_ms)
    lean.write_whole(inbox, uid + ".json", lean.dumps({"v": 1, "uid": uid, "at_ms": at_ms, **event}))
    return uid


def capped(event: dict[str, Any], limit_bytes: int) -> dict[str, Any]:
    """*event* within about *limit_bytes* of JSON: long texts keep head and tail and say how much was cut."""
    limit = limit_bytes // 2
    while len(lean.dumps(event)) > limit_bytes and limit >= _SMALLEST_CUT:
        event = {name: _shortened(value, limit) for name, value in event.items()}
        limit //= 2
    for name in ("output", "input"):
        if name in event and len(lean.dumps(event)) > limit_bytes:
            event[name] = redact.shorten(lean.dumps(event[name]), max(_SMALLEST_CUT, limit_bytes // 4))
    return event


def _shortened(value: Any, limit: int) -> Any:
    if isinstance(value, str):
        return redact.shorten(value, limit)
    if isinstance(value, dict):
        return {redact.shorten(key, limit): _shortened(item, limit) for key, item in value.items()}
    if isinstance(value, list):
        return [_shortened(item, limit) for item in value]
    return value
