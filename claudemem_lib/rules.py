"""The settings a hook needs, without the settings machinery: defaults, then `hook.json`, then the environment.

`hook.json` is written by the library whenever settings change; nobody edits it. The defaults stand here and nowhere
else: settings.py takes them over and adds labels, help and validation.
"""

from __future__ import annotations

from claudemem_lib import lean, paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PREFIX = "CLAUDE_MEM_"
DEFAULTS: dict[str, Any] = {
    "capture_enabled": True,
    "skip_tools": ("ListMcpResourcesTool", "SlashCommand", "Skill", "TodoWrite", "AskUserQuestion", "ToolSearch"),
    "excluded_projects": (),
    "max_event_bytes": 65_536,
    "filter_compaction_prompts": True,
    "redact_patterns": (),
    "context_enabled": True,
    "context_tokens": 2_000,
    "context_observations": 50,
    "context_session_count": 10,
    "context_full_count": 5,
    "context_full_field": "narrative",
    "context_observation_types": (),
    "context_observation_concepts": (),
    "context_show_read_tokens": True,
    "context_show_work_tokens": True,
    "context_show_savings_amount": True,
    "context_show_savings_percent": True,
    "context_show_last_summary": True,
    "context_show_last_message": False,
}
OWN_FILE_ONLY = (
    "redact_patterns",
)  # a project may set variables for the host, and must not switch a user's patterns off


def load(data_dir: str) -> dict[str, Any]:
    """The rules in force in *data_dir*, with `pauses` as switches.lasting gives them."""
    found = written(data_dir)
    for name, default in DEFAULTS.items():
        text = None if name in OWN_FILE_ONLY else paths.environment(PREFIX + name.upper())
        if text is not None:
            found[name] = from_text(text, default, found[name])
    return found


def written(data_dir: str) -> dict[str, Any]:
    """What `hook.json` says, whatever the environment says; where there is none, what of `settings.json` is plain."""
    stored = _object(f"{data_dir}/{paths.HOOK_RULES}")
    if stored is None:
        stored = _settings(_object(f"{data_dir}/{paths.SETTINGS}") or {})
    found = {**DEFAULTS, "pauses": _pauses(stored.get("pauses"))}
    found.update((name, value) for name, value in map(_checked, stored.items()) if value is not None)
    return found


def _object(path: str) -> dict[str, Any] | None:
    """The JSON object a file holds, None if it holds none."""
    try:
        stored = lean.loads(lean.read_file(path).removeprefix("\ufeff"))
    except (OSError, ValueError, RecursionError):
        return None
    return stored if isinstance(stored, dict) else None


def _settings(stored: dict[str, Any]) -> dict[str, Any]:
    """The settings file in the words of the rules, before the library has read it for the first time."""
    nested = stored.get("env")
    stored = {**stored, **nested} if isinstance(nested, dict) else stored
    named = {name: stored[key] for name in DEFAULTS if (key := PREFIX + name.upper()) in stored}
    return {
        name: from_text(value, DEFAULTS[name], None) if isinstance(value, str) else value
        for name, value in named.items()
    }


def _pauses(stored: Any) -> tuple[dict[str, Any], ...]:
    """What can be a pause, for the same reason; what it lacks, switches.py does without."""
    listed = stored if isinstance(stored, list) else ()
    return tuple(one for one in listed if isinstance(one, dict) and type(one.get("from_ms")) is int)


def _checked(stored: tuple[str, Any]) -> tuple[str, Any]:
    """A stored value in its type, None in place of a value of another type: the file is ours, but it may be broken."""
    name, value = stored
    default = DEFAULTS.get(name)
    if isinstance(value, list | tuple):
        value = tuple(part for part in value if isinstance(part, str)) or (None if value else ())
    return name, value if type(value) is type(default) else None


_SWITCHES = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
_DIGITS = 19  # more are no number anybody means, and from 4,300 on int() refuses them


def from_text(text: str, like: object, otherwise: object) -> Any:
    """*text* read as the type of *like*: bool, int, list with commas, or text; *otherwise* if it cannot be."""
    if isinstance(like, bool):
        return _SWITCHES.get(text.strip().lower(), otherwise)
    if isinstance(like, int):
        digits = text.strip()
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < _DIGITS else otherwise
    if isinstance(like, tuple):
        return _list(text)
    return text


def _list(text: str) -> tuple[str, ...]:
    """A list as JSON has it, or with commas; one between brackets belongs to what is in them."""
    if text.lstrip().startswith("["):
        try:
            value = lean.loads(text)
        except ValueError:
            value = None
        if isinstance(value, list) and all(isinstance(part, str) for part in value):
            return tuple(value)
    parts, depth, escaped = [""], 0, False
    for char in text:
        depth += 0 if escaped else (char in "([{") - (char in ")]}")
        if char == "," and depth <= 0 and not escaped:
            parts.append("")
        else:
            parts[-1] += char
        escaped = char == "\\" and not escaped
    return tuple(part.strip() for part in (text.split(",") if depth else parts) if part.strip())
