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
from mcp_types import jsonrpc_message_adapter

from claudemem_lib import lean, paths
from claudemem_mcp.tools import FOLDER

if TYPE_CHECKING:
    from anyio.abc import AnyByteStream
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from mcp.server import MCPServer

LOG = logging.getLogger("claudemem.server")
MAX_LINE_BYTES = 64 << 20
HELLO = "claude-mem"


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
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream):
            pass
        except Exception:
            LOG.exception("a connection failed")
        finally:
            self.open -= 1

    async def _session(self, stream: AnyByteStream) -> None:
        lines = BufferedByteReceiveStream(stream)
        first = await _line(lines)
        hello = _hello(first)
        if self._token and not hmac.compare_digest(str((hello or {}).get("token", "")), self._token):
            LOG.warning("a connection without the right token was refused")
            return
        FOLDER.set(str((hello or {}).get("cwd", "")))
        into, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        outgoing, out = anyio.create_memory_object_stream[SessionMessage](0)
        async with anyio.create_task_group() as group:
            group.start_soon(_read, lines, first if hello is None else b"", into)
            group.start_soon(_write, out, stream)
            low = self._server._lowlevel_server  # noqa: SLF001  # its run() would enter a lifespan for each connection
            await serve_dual_era_loop(
                low, incoming, outgoing, lifespan_state={}, init_options=low.create_initialization_options()
            )
            group.cancel_scope.cancel()


async def _read(
    lines: BufferedByteReceiveStream, first: bytes, into: MemoryObjectSendStream[SessionMessage | Exception]
) -> None:
    """Lines as messages; what is none is passed on as an error, for the session to answer."""
    async with into:
        try:
            while True:
                line = first or await _line(lines)
                first = b""
                if line.strip():
                    await into.send(_message(line))
        except (anyio.EndOfStream, anyio.IncompleteRead, anyio.ClosedResourceError, anyio.BrokenResourceError):
            return


def _message(line: bytes) -> SessionMessage | Exception:
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except Exception as error:  # noqa: BLE001  # the SDK answers whatever validation raised
        return error


async def _line(lines: BufferedByteReceiveStream) -> bytes:
    return await lines.receive_until(b"\n", MAX_LINE_BYTES)


async def _write(out: MemoryObjectReceiveStream[SessionMessage], stream: AnyByteStream) -> None:
    async with out:
        async for message in out:
            data = message.message.model_dump_json(by_alias=True, exclude_unset=True)
            await stream.send(data.encode() + b"\n")


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
        lean.make_folder(path.rpartition("/")[0])
        await anyio.Path(path).unlink(missing_ok=True)
        return await anyio.create_unix_listener(path, mode=0o600), {"socket": path}
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    return listener, {"port": listener.extra(anyio.abc.SocketAttribute.local_port)}  # noqa: S610  # no SQL near here
