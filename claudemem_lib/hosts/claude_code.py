"""Our hooks in settings.json of Claude Code and hooks.json of Codex: put in, recognised, taken out.

The shape is `{"hooks": {EVENT: [{"matcher"?: TEXT, "hooks": [{"type": "command", "command", "args"?, "timeout"}]}]}}`.
Claude Code's entries are in exec form (`args`), so no shell and no PATH takes part; Codex wants one line for its shell.
hooks/hooks.json says the same as `groups` for the plugin; a test compares the two.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from claudemem_lib.hosts import entry, files, jsontext

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SETTINGS_FILE = "settings.json"
SERVERS_FILE = ".claude.json"
_EVENTS: tuple[tuple[str, str, str, int], ...] = (  # event, matcher, what run.py is told, seconds
    ("SessionStart", "startup|resume|fork|clear|compact", "context", 10),
    ("UserPromptSubmit", "", "event", 5),
    ("PostToolUse", "*", "event", 5),
    ("PostToolUseFailure", "*", "event", 5),
    ("Stop", "", "event", 5),
    ("SubagentStop", "", "event", 5),
    ("PreCompact", "", "event", 5),
    ("PostCompact", "", "event", 5),
    ("SessionEnd", "", "event", 5),
)


@frozen
class Hooks:
    """The groups of hooks we add, by event; as an Entry."""

    wanted: Mapping[str, Any] = field(factory=dict)
    kind: str = "hook-groups"
    empty: str = "{}\n"

    def check(self, text: str) -> None:
        """ValueError if hooks cannot be added."""
        check(text, self.wanted)

    def is_installed(self, text: str) -> bool:
        """Whether exactly the wanted groups are there."""
        return is_installed(text, self.wanted)

    def added(self, text: str) -> str:
        """The text with the wanted groups."""
        return with_hooks(text, self.wanted)

    def removed(self, text: str, original: str) -> str:
        """The text without our entries."""
        return without_hooks(text, original)

    def is_mentioned(self, text: str) -> bool:
        """Whether there could be entries of ours."""
        return "claudemem_hooks" in text

    def is_blank(self, text: str) -> bool:
        """Whether an empty object is left."""
        return "".join(text.split()) == "{}"

    def warnings(self, text: str) -> tuple[str, ...]:
        """What a person should know."""
        return warnings(text)


def groups(interpreter: str, script: str, data_dir: str) -> dict[str, dict[str, Any]]:
    """For each event the group of hooks we add. All three are absolute paths."""
    return {
        event: ({"matcher": matcher} if matcher else {})
        | {
            "hooks": [
                {
                    "type": "command",
                    "command": interpreter,
                    "args": ["-I", "-S", script, verb, data_dir],
                    "timeout": seconds,
                }
            ]
        }
        for event, matcher, verb, seconds in _EVENTS
    }


def check(text: str, events: Iterable[str]) -> None:
    """ValueError, in a few words, if *text* is no settings file to which hooks for *events* can be added."""
    value = _value(text)
    if not isinstance(value, dict):
        message = "it is not a JSON object"
        raise ValueError(message)  # noqa: TRY004  # one kind of error for every text we cannot use
    hooks = value.get("hooks", {})
    known = [hooks.get(event, []) for event in events] if isinstance(hooks, dict) else [None]
    if not all(isinstance(event, list) and all(map(_is_group, event)) for event in known):
        message = 'its "hooks" have a shape this version does not know'
        raise ValueError(message)


def _is_group(group: Any) -> bool:
    return isinstance(group, dict) and isinstance(group.get("hooks"), list)


def is_installed(text: str, wanted: Mapping[str, Any]) -> bool:
    """Whether *text* holds exactly the *wanted* groups of ours: each once, unchanged, and no other."""
    value = _value(text)
    found = [(event, value["hooks"][event][group]) for event, group, _ in _ours(value)]
    return sorted(found, key=str) == sorted(wanted.items(), key=str)


def with_hooks(text: str, wanted: Mapping[str, Any]) -> str:
    """*text* with the *wanted* groups behind those of others. ValueError if it cannot be changed safely."""
    check(text, wanted)
    text = text if text.strip() else "{}" + text
    if "hooks" not in _value(text):
        return jsontext.append(text, (), {event: [group] for event, group in wanted.items()}, key="hooks")
    for event, group in wanted.items():
        if event in _value(text)["hooks"]:
            text = jsontext.append(text, ("hooks", event), group)
        else:
            text = jsontext.append(text, ("hooks",), [group], key=event)
    return text


def without_hooks(text: str, original: str) -> str:
    """*text* without our entries, and without containers left empty that *original* (the text before us) did not have.

    ValueError if it is no JSON; entries in a shape we do not know are not ours and stay.
    """
    hooks_before = (_value(original) if original.strip() else {}).get("hooks")
    emptied = set()
    for event, group, hook in sorted(_ours(_value(text)), reverse=True):
        text = jsontext.remove(text, ("hooks", event, group, "hooks", hook))
        if not _value(text)["hooks"][event][group]["hooks"]:
            text = jsontext.remove(text, ("hooks", event, group))
            emptied.add(event)
    for event in emptied:
        if not _value(text)["hooks"][event] and event not in (hooks_before or {}):
            text = jsontext.remove(text, ("hooks", event))
    if emptied and not _value(text)["hooks"] and hooks_before is None:
        text = jsontext.remove(text, ("hooks",))
    return text


def warnings(text: str) -> tuple[str, ...]:
    """What a person should know before our hooks are added, one sentence each."""
    value = _value(text)
    plugins = value.get("enabledPlugins")
    enabled = [name for name, on in plugins.items() if on] if isinstance(plugins, dict) else []
    said = [
        f"The plugin {name} is enabled as well, so every hook runs twice; each event is kept once all the same. "
        f"Keep one of the two: `claude plugin disable {name}` or `claude-mem uninstall`."
        for name in enabled
        if name.startswith(("claudemem@", "claude-mem@"))
    ]
    if value.get("disableAllHooks") is True:
        said.append('"disableAllHooks" is true in this file, so no hook runs until it is removed.')
    return tuple(said)


def left(config_dir: Path | str, home: str | None) -> list[str]:
    """What Claude Code itself was told about us and has to be told to forget: its MCP servers and plugins are in its own files."""
    said = []
    for path in (Path(config_dir) / SERVERS_FILE, Path(home or "~").expanduser() / SERVERS_FILE):
        data = files.read(path) or b""
        if b"claudemem_mcp" in data or b"claude-mem-mcp" in data:
            said.append(f"{path} still has our MCP server: `claude mcp remove --scope user claude-mem` takes it out.")
    data = files.read(Path(config_dir) / SETTINGS_FILE) or b""
    if b'"claudemem@' in data:
        said.append("The plugin is still installed: `claude plugin uninstall claudemem@claudemem` takes it out.")
    return list(dict.fromkeys(said))


def _value(text: str) -> Any:
    """The value of a settings file; an empty file counts as an empty object."""
    return jsontext.parse(text) if text.strip() else {}


def _ours(value: Any) -> Iterator[tuple[str, int, int]]:
    """Event, group and hook number of every entry of ours."""
    hooks = value.get("hooks") if isinstance(value, dict) else None
    for event, event_groups in hooks.items() if isinstance(hooks, dict) else ():
        for group_at, group in enumerate(event_groups if isinstance(event_groups, list) else ()):
            for hook_at, hook in enumerate(group["hooks"] if _is_group(group) else ()):
                if _is_ours(hook):
                    yield event, group_at, hook_at


def _is_ours(hook: Any) -> bool:
    """Whether an entry runs our script, from wherever it was installed."""
    args = hook.get("args") if isinstance(hook, dict) else None
    command = hook.get("command") if isinstance(hook, dict) else None
    return entry.names(command, entry.HOOKS_MARK) or (
        isinstance(args, list) and any(entry.names(arg, entry.HOOKS_MARK) for arg in args)
    )


def entries(value: Any) -> Iterator[tuple[str, str, str]]:
    """Interpreter, script and data folder ("" for the default) of every entry of ours in the value of a settings file."""
    for event, group, number in _ours(value):
        hook = value["hooks"][event][group]["hooks"][number]
        args = [str(arg) for arg in hook.get("args", ())]
        at = next((at for at, arg in enumerate(args) if entry.names(arg, entry.HOOKS_MARK)), None)
        if at is not None:
            yield str(hook.get("command", "")), args[at], "".join(args[at + 2 : at + 3])
