"""Our hooks in Cursor's hooks.json: `{"version": 1, "hooks": {EVENT: [{"command": LINE, "timeout": SECONDS}]}}`. No files.

Cursor runs every entry of an event; an event it does not know is passed over, so that older versions run what they have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from claudemem_lib.hosts import entry, jsontext

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HOOKS_FILE = "hooks.json"
_VERSION = 1
_EVENTS = {  # event: seconds
    "sessionStart": 10,
    "beforeSubmitPrompt": 5,
    "afterShellExecution": 5,
    "afterMCPExecution": 5,
    "afterFileEdit": 5,
    "postToolUseFailure": 5,
    "afterAgentResponse": 5,
    "subagentStop": 5,
    "preCompact": 5,
    "stop": 5,
    "sessionEnd": 5,
}


def hooks(line: str) -> dict[str, dict[str, Any]]:
    """For each event the entry we add; *line* is the command as Cursor's shell reads it."""
    return {event: {"command": line, "timeout": seconds} for event, seconds in _EVENTS.items()}


@frozen
class Hooks:
    """The entries we add, by event; as an Entry."""

    wanted: Mapping[str, Any] = field(factory=dict)
    kind: str = "cursor-hooks"
    empty: str = "{}\n"

    def check(self, text: str) -> None:
        """ValueError if the text is no hooks.json of version 1."""
        value = _value(text)
        if not isinstance(value, dict):
            message = "it is not a JSON object"
            raise ValueError(message)  # noqa: TRY004  # one kind of error for every text we cannot use
        if value.get("version", _VERSION) != _VERSION:
            message = f'its "version" is {value["version"]!r}, and this version knows 1 only'
            raise ValueError(message)
        found = value.get("hooks", {})
        if not isinstance(found, dict) or not all(isinstance(found.get(event, []), list) for event in self.wanted):
            message = 'its "hooks" have a shape this version does not know'
            raise ValueError(message)

    def is_installed(self, text: str) -> bool:
        """Whether exactly the wanted entries are there."""
        value = _value(text)
        found = [(event, value["hooks"][event][at]) for event, at in _ours(value)]
        return sorted(found, key=str) == sorted(self.wanted.items(), key=str)

    def added(self, text: str) -> str:
        """The text with the wanted entries behind those of others."""
        self.check(text)
        text = text if text.strip() else "{}" + text
        if "version" not in _value(text):
            text = jsontext.append(text, (), _VERSION, key="version")
        if "hooks" not in _value(text):
            return jsontext.append(text, (), {event: [hook] for event, hook in self.wanted.items()}, key="hooks")
        for event, hook in self.wanted.items():
            if event in _value(text)["hooks"]:
                text = jsontext.append(text, ("hooks", event), hook)
            else:
                text = jsontext.append(text, ("hooks",), [hook], key=event)
        return text

    def removed(self, text: str, original: str) -> str:
        """The text without our entries; a version we added goes, unless hooks that came later need it."""
        before = _value(original) if original.strip() else {}
        emptied = set()
        for event, at in sorted(_ours(_value(text)), reverse=True):
            text = jsontext.remove(text, ("hooks", event, at))
            emptied.add(event)
        for event in emptied:
            if not _value(text)["hooks"][event] and event not in before.get("hooks", {}):
                text = jsontext.remove(text, ("hooks", event))
        if emptied and not _value(text)["hooks"] and "hooks" not in before:
            text = jsontext.remove(text, ("hooks",))
        left = _value(text) if emptied else {}
        others = left.get("hooks", {})
        unneeded = others == before.get("hooks", {}) or not any(others.values())
        if unneeded and left.get("version") == _VERSION and "version" not in before:
            text = jsontext.remove(text, ("version",))
        return text

    def is_mentioned(self, text: str) -> bool:
        """Whether there could be entries of ours."""
        return "claudemem_hooks" in text

    def is_blank(self, text: str) -> bool:
        """Whether an empty object is left."""
        return "".join(text.split()) == "{}"

    def warnings(self, text: str) -> tuple[str, ...]:
        """Whether the tool this one began as is in the file as well."""
        if any("claude-mem" in str(hook.get("command")) and not _is_ours(hook) for hook in _all(_value(text))):
            return (
                "Hooks of another claude-mem are in this file; both would remember. Take the others out if you do not want that.",
            )
        return ()


def _value(text: str) -> Any:
    """The value of a hooks.json; an empty file counts as an empty object."""
    return jsontext.parse(text) if text.strip() else {}


def _all(value: Any) -> Iterator[dict[str, Any]]:
    """Every hook of every event."""
    found = value.get("hooks") if isinstance(value, dict) else None
    for entries in found.values() if isinstance(found, dict) else ():
        yield from (hook for hook in entries if isinstance(hook, dict)) if isinstance(entries, list) else ()


def _ours(value: Any) -> Iterator[tuple[str, int]]:
    """Event and number of every entry of ours."""
    found = value.get("hooks") if isinstance(value, dict) else None
    for event, entries in found.items() if isinstance(found, dict) else ():
        for at, hook in enumerate(entries if isinstance(entries, list) else ()):
            if _is_ours(hook):
                yield event, at


def _is_ours(hook: Any) -> bool:
    return isinstance(hook, dict) and entry.names(hook.get("command"), entry.HOOKS_MARK)
