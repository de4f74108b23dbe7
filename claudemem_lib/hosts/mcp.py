"""Our MCP server in a host's JSON configuration: one member of one object. No files.

Nearly every host has the same shape under another name; what differs is said by the arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from claudemem_lib.hosts import entry, jsontext

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "claude-mem"
KIND = "mcp:"


@frozen
class Server:
    """Our server under NAME in the object *where*; *comments* says whether the host reads JSON with comments. An Entry."""

    where: str
    wanted: Mapping[str, Any] = field(factory=dict)
    comments: bool = True
    empty: str = "{}\n"

    @property
    def kind(self) -> str:
        """The object's name is part of it, so that the manifest says where to look."""
        return KIND + self.where

    def check(self, text: str) -> None:
        """ValueError if the server cannot be added, or another program's server has our name."""
        value = self._value(text)
        if not isinstance(value, dict):
            message = "it is not a JSON object"
            raise ValueError(message)  # noqa: TRY004  # one kind of error for every text we cannot use
        servers = value.get(self.where, {})
        if not isinstance(servers, dict):
            message = f'its "{self.where}" is not an object'
            raise ValueError(message)  # noqa: TRY004  # as above
        if NAME in servers and not _is_ours(servers[NAME]):
            message = f'its "{self.where}" has a {NAME} already that is not ours; take it out or give it another name'
            raise ValueError(message)

    def is_installed(self, text: str) -> bool:
        """Whether the wanted server is there, unchanged."""
        value = self._value(text)
        return bool(value.get(self.where, {}).get(NAME) == dict(self.wanted)) if isinstance(value, dict) else False

    def added(self, text: str) -> str:
        """The text with the server as the last one."""
        self.check(text)
        text = text if text.strip() else "{}" + text
        if self.where in self._value(text):
            return jsontext.append(text, (self.where,), self.wanted, key=NAME)
        return jsontext.append(text, (), {NAME: self.wanted}, key=self.where)

    def removed(self, text: str, original: str) -> str:
        """The text without our server; the object goes too if it was not there before and is empty."""
        value = self._value(text)
        servers = value.get(self.where) if isinstance(value, dict) else None
        if not isinstance(servers, dict) or not _is_ours(servers.get(NAME)):
            return text
        before = self._value(original)
        if len(servers) == 1 and not (isinstance(before, dict) and self.where in before):
            return jsontext.remove(text, (self.where,))
        return jsontext.remove(text, (self.where, NAME))

    def is_mentioned(self, text: str) -> bool:
        """Whether the server could be in it."""
        return "claudemem_mcp" in text

    def is_blank(self, text: str) -> bool:
        """Whether an empty object is left."""
        return "".join(text.split()) == "{}"

    def warnings(self, text: str) -> tuple[str, ...]:
        """None: what could go wrong is refused."""
        del text
        return ()

    def _value(self, text: str) -> Any:
        """The value of a file; an empty one counts as an empty object."""
        return jsontext.parse(text, comments=self.comments) if text.strip() else {}


def _is_ours(server: Any) -> bool:
    """Whether a server runs our relay, from wherever it was installed."""
    if not isinstance(server, dict):
        return False
    words = [server.get("command"), server.get("args")]
    return any(
        entry.names(word, entry.SERVER_MARK) for part in words for word in (part if isinstance(part, list) else [part])
    )
