"""A search by the server that runs: it holds the model, a fresh process does not. None where it cannot say more than the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from claudemem_lib import given, link
from claudemem_lib.errors import BadRequest

if TYPE_CHECKING:
    import _socket

PATIENCE_S = 3.0
_NAMES = {"type": "obs_type", "since_ms": "dateStart", "until_ms": "dateEnd", "order": "orderBy"}
PIECE = 65_536
_INITIALIZE = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "claude-mem", "version": "1"},
}


class Answer(NamedTuple):
    """What the server found: ids (a prompt's negated), each with the engines that found it and what is like it; best first.

    Also how many there are in all, and what the next page comes after ("" for the last).
    """

    hits: list[tuple[int, tuple[str, ...], tuple[int, ...]]]
    total: int
    after: str


def search(data_dir: str, query: str, **options: Any) -> Answer | None:
    """What the server that runs finds; *options* as Memory.search takes them.

    None if the server cannot say more than the file itself.
    """
    found = link.try_connect(data_dir)
    if found is None:
        return None
    connection, token = found
    try:
        connection.settimeout(PATIENCE_S)
        lines = _Lines(connection)
        lines.say({"claude-mem": {"cwd": "", "token": token}})
        lines.say({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": _INITIALIZE})
        lines.answer(1)
        lines.say({"jsonrpc": "2.0", "method": "notifications/initialized"})
        arguments = {"query": query, **_arguments(options)}
        called = {"name": "search", "arguments": arguments}
        lines.say({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": called})
        told = lines.answer(2)["structuredContent"]
        return _understood(told) if "vectors" in told["engines"] else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, BadRequest):
        return None
    finally:
        connection.close()


def _understood(told: dict[str, Any]) -> Answer:
    hits = [
        (given.reference(hit["id"]), tuple(hit["engines"].split("+")), tuple(given.ids(hit.get("similar", ()))))
        for hit in told["hits"]
    ]
    return Answer(hits, given.bounded("total", told["total"], 0), given.text("after", told.get("after", "")))


def _arguments(options: dict[str, Any]) -> dict[str, Any]:
    """The options of a search as the server's tool calls them."""
    arguments = {_NAMES.get(name, name): value for name, value in options.items() if value and name != "kind"}
    kinds = given.texts("kind", options.get("kind") or ())
    return arguments | ({"type": list(kinds)} if kinds else {})


class _Lines:
    """JSON, a line each, in both directions."""

    def __init__(self, connection: _socket.socket) -> None:
        self._connection = connection
        self._rest = b""

    def say(self, message: dict[str, Any]) -> None:
        self._connection.sendall(json.dumps(message).encode() + b"\n")

    def answer(self, number: int) -> dict[str, Any]:
        """The result of the request with this id; ValueError for an error or an end."""
        while True:
            line = self._line()
            message = json.loads(line)
            if isinstance(message, dict) and message.get("id") == number:
                if "result" not in message:
                    raise ValueError(line)
                result: dict[str, Any] = message["result"]
                return result

    def _line(self) -> bytes:
        while b"\n" not in self._rest:
            piece = self._connection.recv(PIECE)
            if not piece:
                message = "the server hung up"
                raise ValueError(message)
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line
