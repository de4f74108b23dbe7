"""Our MCP server in Codex's config.toml, and which of our hooks its hooks.json gets. Text in, text out; no files.

The server is a table of three lines. They are put behind everything else and cut out again as text; the standard
library's parser then proves that nothing but our table came or went, or the change is refused. That keeps every
byte, the user's comments below our table included, which a document model counts as part of it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from claudemem_lib.hosts import entry

if TYPE_CHECKING:
    from collections.abc import Mapping

HOOKS_FILE = "hooks.json"
CONFIG_FILE = "config.toml"
_TABLE, _NAME = "mcp_servers", "claude-mem"
_NEWLINE = re.compile(r"\r\n|\n")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_TEXT = re.compile(r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL)
_HEADER = re.compile(r"[ \t]*\[")
_OURS = re.compile(
    r"""[ \t]*\[\[?[ \t]*(?:mcp_servers|"mcp_servers"|'mcp_servers')[ \t]*\.[ \t]*["']?claude-mem["']?[ \t]*[.\]]"""
)
_EVENTS: tuple[tuple[str, str, int], ...] = (  # event, matcher, seconds
    ("SessionStart", "startup|resume|clear|compact", 10),
    ("UserPromptSubmit", "", 5),
    ("PostToolUse", "*", 5),
    ("Stop", "", 5),
    ("SubagentStop", "", 5),
    ("PreCompact", "", 5),
    ("PostCompact", "", 5),
)


def groups(line: str) -> dict[str, dict[str, Any]]:
    """For each event the group of hooks we add; *line* is the command as Codex's shell reads it."""
    return {
        event: ({"matcher": matcher} if matcher else {})
        | {"hooks": [{"type": "command", "command": line, "timeout": seconds}]}
        for event, matcher, seconds in _EVENTS
    }


@frozen
class Server:
    """Our server as the table `[mcp_servers.claude-mem]`; as an Entry."""

    wanted: Mapping[str, Any] = field(factory=dict)
    kind: str = "codex-server"
    empty: str = ""

    def check(self, text: str) -> None:
        """ValueError if it is no TOML, or another program's server has our name."""
        servers = _value(text).get(_TABLE, {})
        if not isinstance(servers, dict):
            message = f"its {_TABLE} is not a table"
            raise ValueError(message)  # noqa: TRY004  # one kind of error for every text we cannot use
        if _NAME in servers and not _is_ours(servers[_NAME]):
            message = f"its {_TABLE} has a {_NAME} already that is not ours; take it out or give it another name"
            raise ValueError(message)

    def is_installed(self, text: str) -> bool:
        """Whether our server has the wanted command; what Codex and the user set beside it is theirs."""
        found = _value(text).get(_TABLE, {}).get(_NAME)
        return isinstance(found, dict) and {name: found.get(name) for name in self.wanted} == dict(self.wanted)

    def added(self, text: str) -> str:
        """The text with our table at its end; ValueError where TOML has no place for one more table."""
        self.check(text)
        newline = found.group() if (found := _NEWLINE.search(text)) else "\n"
        gap = "" if not text else newline if text.endswith("\n") else newline * 2
        lines = [f"[{_TABLE}.{_NAME}]", *(f"{name} = {_toml(value)}" for name, value in self.wanted.items())]
        after = text + gap + newline.join(lines) + newline
        _prove(after, _with(_value(text), dict(self.wanted)))
        return after

    def removed(self, text: str, original: str) -> str:
        """The text without our table and its subtables; comments around and below them stay."""
        del original
        value = _value(text)
        servers = value.get(_TABLE)
        if not isinstance(servers, dict) or not _is_ours(servers.get(_NAME)):
            return text
        after = "".join(_kept(text))
        _prove(after, _with(value, None))
        return after

    def is_mentioned(self, text: str) -> bool:
        """Whether the server could be in it."""
        return "claudemem_mcp" in text

    def is_blank(self, text: str) -> bool:
        """Whether nothing is left."""
        return not text.strip()

    def warnings(self, text: str) -> tuple[str, ...]:
        """What keeps our hooks from running, or has Codex complain about them."""
        value = _value(text)
        features = value.get("features")
        said = []
        if isinstance(features, dict) and features.get("hooks", features.get("codex_hooks", True)) is False:
            said.append("[features] switches hooks off in this file, so Codex runs none until that is taken out.")
        hooks = value.get("hooks")
        if isinstance(hooks, dict) and set(hooks) - {"state"}:
            said.append(
                "This file has [hooks] of its own beside hooks.json; Codex runs both and says so when it starts."
            )
        return tuple(said)


def _value(text: str) -> dict[str, Any]:
    """The value of a file; ValueError says where it is no TOML."""
    import tomllib  # noqa: PLC0415  # a tenth of the command line's start, and one host needs it

    try:
        return tomllib.loads(text)
    except ValueError as error:
        message = f"it is not valid TOML ({error})"
        raise ValueError(message) from None
    except RecursionError:
        message = "it is nested too deeply"
        raise ValueError(message) from None


def _with(value: dict[str, Any], server: Mapping[str, Any] | None) -> dict[str, Any]:
    """*value* with *server* as ours, without ours if it is None; without an empty table of servers in any case."""
    servers = {name: other for name, other in value.get(_TABLE, {}).items() if name != _NAME}
    if server is not None:
        servers[_NAME] = server
    rest = {name: other for name, other in value.items() if name != _TABLE}
    return rest | ({_TABLE: servers} if servers else {})


def _prove(text: str, wanted: dict[str, Any]) -> None:
    """ValueError unless *text* holds what is *wanted* and nothing else."""
    try:
        found = _value(text)
    except ValueError:
        found = None
    if found is None or _comparable(found) != _comparable(wanted):
        message = f"its {_TABLE} are written in a way that leaves no room for a table of ours"
        raise ValueError(message)


def _comparable(value: Any) -> Any:
    """*value* so that order does not count, not-a-number equals itself, and no servers are an empty table of them."""
    if isinstance(value, dict):
        return sorted((name, _comparable(other)) for name, other in value.items() if (name, other) != (_TABLE, {}))
    return [_comparable(item) for item in value] if isinstance(value, list) else repr(value)


def _kept(text: str) -> list[str]:
    """The lines that are not ours. What stands between our last setting and the next table is the user's."""
    lines, shown = _LINE.findall(text), _LINE.findall(_TEXT.sub(_covered, text))
    kept: list[str] = []
    at = 0
    while at < len(lines):
        if not _OURS.match(shown[at]):
            kept.append(lines[at])
            at += 1
            continue
        end = at + 1
        while end < len(lines) and not _HEADER.match(shown[end]):
            end += 1
        at = 1 + max(place for place in range(at, end) if place == at or _is_setting(shown[place]))
        if at == len(lines) and kept and not kept[-1].strip():
            kept.pop()  # the line that set our table off
    return kept


def _covered(found: re.Match[str]) -> str:
    """A text over several lines with nothing in it that could be taken for a table; anything else as it is."""
    token = found.group()
    return re.sub(r"[^\n]", "x", token) if token.startswith(('"""', "'''")) else token


def _is_setting(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _is_ours(server: Any) -> bool:
    """Whether a server runs our relay, from wherever it was installed."""
    args = server.get("args") if isinstance(server, dict) else None
    return isinstance(args, list) and any(entry.names(arg, entry.SERVER_MARK) for arg in args)


def _toml(value: object) -> str:
    """A text or a list of texts as TOML; what JSON escapes, TOML reads, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
