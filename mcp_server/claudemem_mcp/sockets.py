"""MCP over a local stream socket: newline-delimited JSON-RPC, every connection a session of its own.

A client may say who it is in its first line, `{"claude-mem": {"cwd": ..., "token": ...}}`; over loopback TCP, where other users
can connect too, it has to.
"""

from __future__ import annotations

import hmac
import json
import logging
from typing import TYPE_CHECKING, Any

import anyio
from anyio.streams.buffered import BufferedByteReceiveStream
from mcp.server.runner import serve_dual_era_loop
from mcp.shared.message import SessionMessage
from mcp_types import INTERNAL_ERROR, INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError, jsonrpc_message_adapter
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from claudemem_lib import lean, paths
from claudemem_lib.errors import SettingsError
from claudemem_mcp.tools import FOLDER

if TYPE_CHECKING:
    from anyio.abc import AnyByteStream
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from mcp.server import MCPServer

    Incoming = MemoryObjectSendStream[SessionMessage | Exception]
    Outgoing = MemoryObjectSendStream[SessionMessage]

LOG = logging.getLogger("claudemem.server")
MAX_LINE_BYTES = 64 << 20
HELLO = "claude-mem"
_GONE = (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, anyio.IncompleteRead)


class Connections:
    """Serves connections with one server object, and counts those that are open."""

    def __init__(self, server: MCPServer[Any], token: str = "") -> None:
        """*token* must be in a connection's first line if it is not empty."""
        self._server, self._token = server, token
        self.open = 0

    async def serve(self, stream: AnyByteStream) -> None:
        """One connection from its first byte to its last. Whatever goes wrong in it ends only it."""
        self.open += 1
        try:
            async with stream:
                await self._session(stream)
        except* _GONE:
            pass
        except* Exception:
            LOG.exception("a connection failed")
        finally:
            self.open -= 1

    async def _session(self, stream: AnyByteStream) -> None:
        lines = BufferedByteReceiveStream(stream)
        first = await _line(lines)
        hello = _hello(first)
        if self._token and not hmac.compare_digest(str((hello or {}).get("token", "")).encode(), self._token.encode()):
            LOG.warning("a connection without the right token was refused")
            return
        FOLDER.set(str((hello or {}).get("cwd", "")))
        into, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        outgoing, out = anyio.create_memory_object_stream[SessionMessage](0)
        async with anyio.create_task_group() as group:
            group.start_soon(_read, lines, first if hello is None else b"", into, outgoing.clone())
            group.start_soon(_write, out, stream)
            low = self._server._lowlevel_server  # noqa: SLF001  # its run() would enter a lifespan for each connection
            options = low.create_initialization_options()
            await serve_dual_era_loop(low, incoming, outgoing, lifespan_state={}, init_options=options)
            group.cancel_scope.cancel()


async def _read(lines: BufferedByteReceiveStream, first: bytes, into: Incoming, answers: Outgoing) -> None:
    """Lines as messages; what is none is answered here, since the session would pass over it in silence."""
    async with into, answers:
        try:
            while True:
                line = first or await _line(lines)
                first = b""
                if line.strip():
                    message = _message(line)
                    await (answers if isinstance(message.message, JSONRPCError) else into).send(message)
        except anyio.DelimiterNotFound:
            LOG.warning("a connection was ended: a message of more than %d bytes", MAX_LINE_BYTES)
        except _GONE:
            return


def _message(line: bytes) -> SessionMessage:
    """The message a line holds, or the error to answer it with."""
    try:
        message = jsonrpc_message_adapter.validate_json(line, by_name=False)
    except ValidationError:
        return _refusal(line)
    if getattr(message, "id", None) is None and b'"id"' in line and not _is_notification(line):
        return _refusal(line)
    return SessionMessage(message)


def _is_notification(line: bytes) -> bool:
    """Whether the message really has no id: the SDK takes one it cannot use, such as 1.5, for none."""
    return "id" not in json.loads(line.decode("utf-8", "replace"))


def _refusal(line: bytes) -> SessionMessage:
    """The error for a line that is no message, to the request it names if it names one."""
    try:
        said = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return _error(None, PARSE_ERROR, "this line is not JSON")
    is_answer = isinstance(said, dict) and "method" not in said and ("result" in said or "error" in said)
    number = said.get("id") if isinstance(said, dict) and not is_answer else None
    usable = isinstance(number, int | str) and not isinstance(number, bool)
    return _error(number if usable else None, INVALID_REQUEST, "this is no JSON-RPC message")


def _error(number: int | str | None, code: int, text: str) -> SessionMessage:
    return SessionMessage(JSONRPCError(jsonrpc="2.0", id=number, error=ErrorData(code=code, message=text)))


async def _line(lines: BufferedByteReceiveStream) -> bytes:
    return await lines.receive_until(b"\n", MAX_LINE_BYTES)


async def _write(out: MemoryObjectReceiveStream[SessionMessage], stream: AnyByteStream) -> None:
    async with out:
        async for message in out:
            await stream.send(_encoded(message) + b"\n")


def _encoded(message: SessionMessage) -> bytes:
    """A message as JSON; one that cannot be (text with half a character) is told as an error, so that nobody waits."""
    try:
        return message.message.model_dump_json(by_alias=True, exclude_unset=True).encode()
    except (PydanticSerializationError, UnicodeError):
        LOG.exception("an answer could not be written")
        number = getattr(message.message, "id", None)
        failed = _error(number, INTERNAL_ERROR, "the answer could not be written as JSON").message
        return failed.model_dump_json(by_alias=True, exclude_unset=True).encode()


def _hello(line: bytes) -> dict[str, Any] | None:
    """What a client says of itself in its first line, None if that line is a message already."""
    if f'"{HELLO}"'.encode() not in line[:40]:
        return None
    try:
        said = json.loads(line).get(HELLO)
    except (ValueError, AttributeError):
        return None
    return said if isinstance(said, dict) else None


async def listen(data_dir: str, *, loopback: bool) -> tuple[Any, dict[str, Any]]:
    """A listener and how to reach it: a Unix socket of the owner's, or a port of the loopback device."""
    if not loopback:
        path = paths.socket_path(data_dir)
        folder = path.rpartition("/")[0]
        lean.make_folder(folder)
        if lean.system.stat(folder).st_uid != lean.system.getuid():
            message = f"{folder} belongs to another user, so nothing may listen there; choose a data folder with a shorter path"
            raise SettingsError(message)
        await anyio.Path(path).unlink(missing_ok=True)
        return await anyio.create_unix_listener(path, mode=0o600), {"socket": path}
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    return listener, {"port": listener.extra(anyio.abc.SocketAttribute.local_port)}  # noqa: S610  # no SQL near here
