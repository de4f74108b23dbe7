"""A server as its own process, ways to talk to it, and the tools without one."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream
from mcp.client import Client
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from claudemem_lib import lean, link, paths
from claudemem_mcp.tools import FOLDER, Tools

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from mcp_types import CallToolResult

    from claudemem_lib.memory import Memory

ROOT = Path(__file__).resolve().parents[2]
SERVE = (sys.executable, "-P", "-m", "claudemem_mcp")
RELAY = (sys.executable, "-I", "-S", str(ROOT / "mcp_server" / "claudemem_mcp" / "relay_run.py"))
MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}


def until(condition: Callable[[], Any], what: str, seconds: float = 20.0) -> Any:
    """What *condition* gives once it is true; a failure that names *what* otherwise."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    pytest.fail(f"after {seconds} s there is still no {what}")


class Serving:
    """A data folder and the server processes over it."""

    def __init__(self, folder: Path) -> None:
        self.data = folder
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": os.environ.get("TMPDIR", "/tmp")}
        self.processes: list[subprocess.Popen[str]] = []

    @property
    def path(self) -> str:
        return str(self.data)

    def set(self, **values: Any) -> None:
        """Write settings, by field name."""
        lean.make_folder(self.path)
        lean.write_whole(
            self.path, paths.SETTINGS, json.dumps({f"CLAUDE_MEM_{k.upper()}": v for k, v in values.items()})
        )

    def run(self, **environment: str) -> subprocess.Popen[str]:
        """Start a server process, whatever becomes of it."""
        given = {**self.environment, **environment}
        process = subprocess.Popen(
            [*SERVE, self.path], env=given, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self.processes.append(process)
        return process

    def start(self, **environment: str) -> subprocess.Popen[str]:
        """Start a server and wait until it answers."""
        process = self.run(**environment)
        until(lambda: process.poll() is not None or self.pid() == process.pid, "server")
        assert process.poll() is None, process.communicate()[1]
        return process

    def pid(self) -> int | None:
        """The process of the server that can be reached."""
        found = link.try_connect(self.path)
        if found is None:
            return None
        found[0].close()
        return int(link.facts(self.path).get("pid", 0)) or None

    def failed(self, **environment: str) -> tuple[int, str]:
        """Status and last words of a server that must not come up."""
        process = self.run(**environment)
        _, said = process.communicate(timeout=15)
        return process.returncode, said

    def log(self) -> str:
        path = self.data / "logs" / "server.log"
        return path.read_text() if path.exists() else ""

    def connect(self, *, hello: bool = True) -> Wire:
        """A connection of this test's own."""
        found = link.try_connect(self.path)
        assert found is not None, self.log()
        found[0].close()
        who = link.facts(self.path)
        if "socket" in who:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(who["socket"])
        else:
            connection = socket.create_connection(("127.0.0.1", who["port"]))
        wire = Wire(connection)
        if hello:
            wire.send({"claude-mem": {"cwd": "/home/you/project", "token": who.get("token", "")}})
        return wire

    def relay(self, **environment: str) -> Relay:
        """A relay as a host starts it."""
        given = {**self.environment, "CLAUDE_PROJECT_DIR": "/home/you/project", **environment}
        return Relay([*RELAY, self.path], given)

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.communicate()
        try:
            link.stop(self.path)
        except link.NoServer:
            pid = link.holder(self.path)
            if pid:
                os.kill(pid, signal.SIGKILL)
            raise


class Wire:
    """Newline-delimited JSON-RPC over a socket."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.socket.settimeout(30)
        self._file = connection.makefile("rb")

    def send(self, message: Any) -> None:
        self.send_bytes(json.dumps(message).encode() + b"\n")

    def send_bytes(self, data: bytes) -> None:
        self.socket.sendall(data)

    def receive(self) -> dict[str, Any]:
        line = self._file.readline()
        assert line, "the server closed the connection"
        found: dict[str, Any] = json.loads(line)
        return found

    def ask(self, method: str, number: Any = 1, **params: Any) -> dict[str, Any]:
        """The answer to one request of the modern kind."""
        self.send(request(method, number, **params))
        while (answer := self.receive()).get("id") != number:
            pass
        return answer

    def close(self) -> None:
        self._file.close()
        self.socket.close()


class Relay:
    """A relay process with its host's end."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def send(self, message: Any) -> None:
        self.send_bytes(json.dumps(message).encode() + b"\n")

    def send_bytes(self, data: bytes) -> None:
        assert self.process.stdin
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, "the relay closed its output"
        found: dict[str, Any] = json.loads(line)
        return found

    def ask(self, method: str, number: Any = 1, **params: Any) -> dict[str, Any]:
        """The answer to one request of the modern kind."""
        self.send(request(method, number, **params))
        while (answer := self.receive()).get("id") != number:
            pass
        return answer

    def end(self, timeout: float = 10) -> int:
        """Close the host's end and give the status; nothing may have been said on standard error."""
        out, error = self.process.communicate(timeout=timeout)
        assert error == b""
        assert out == b""
        return self.process.returncode

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def request(method: str, number: Any = 1, **params: Any) -> dict[str, Any]:
    """A request of the modern kind, with its envelope."""
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": {**params, "_meta": MODERN}}


def legacy(method: str, number: Any = 1, **params: Any) -> dict[str, Any]:
    """A request of the handshake era."""
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


@asynccontextmanager
async def over_socket(path: str, hello: dict[str, str] | None = None) -> AsyncIterator[Any]:
    """A transport for the SDK's client over the server's socket."""
    who = link.facts(path)
    connect = anyio.connect_unix(who["socket"]) if "socket" in who else anyio.connect_tcp("127.0.0.1", who["port"])
    into, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, out = anyio.create_memory_object_stream[SessionMessage](0)
    async with await connect as stream, anyio.create_task_group() as group:
        if hello is not None:
            await stream.send(json.dumps({"claude-mem": hello}).encode() + b"\n")

        async def read() -> None:
            lines = BufferedByteReceiveStream(stream)
            async with into:
                while True:
                    line = await lines.receive_until(b"\n", 1 << 26)
                    await into.send(SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False)))

        async def write() -> None:
            async with out:
                async for message in out:
                    data = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                    await stream.send(data.encode() + b"\n")

        group.start_soon(read)
        group.start_soon(write)
        yield incoming, outgoing
        group.cancel_scope.cancel()


class Toolbox:
    """The tools over one memory, called as the SDK's client calls them."""

    def __init__(self, memory: Memory, folder: str) -> None:
        self.memory, self.folder = memory, folder
        self.woken = 0
        self.server = Tools(memory, self._wake, lambda: {"pid": 1}).server()

    def _wake(self) -> None:
        self.woken += 1

    def call(self, name: str, **arguments: Any) -> CallToolResult:
        async def called() -> CallToolResult:
            FOLDER.set(self.folder)
            async with Client(self.server) as client:
                return await client.call_tool(name, arguments)

        return anyio.run(called)

    def text(self, name: str, **arguments: Any) -> str:
        """The text of an answer that is no error."""
        result = self.call(name, **arguments)
        assert not result.is_error, result.content
        return "\n".join(part.text for part in result.content if part.type == "text")

    def value(self, name: str, **arguments: Any) -> dict[str, Any]:
        """The values of an answer that is no error."""
        result = self.call(name, **arguments)
        assert not result.is_error, result.content
        assert isinstance(result.structured_content, dict)
        return result.structured_content

    def refusal(self, name: str, **arguments: Any) -> str:
        """The text of an answer that is an error."""
        result = self.call(name, **arguments)
        assert result.is_error, result.content
        return "\n".join(part.text for part in result.content if part.type == "text")

    def ids(self, **arguments: Any) -> list[int]:
        """The ids a search gives."""
        return [hit["id"] for hit in self.value("search", **arguments)["hits"]]


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    """A data folder to serve; whatever serves it is ended after the test."""
    made = Serving(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture
def tools(memory: Memory) -> Toolbox:
    return Toolbox(memory, "/home/you/project")


@pytest.fixture
def free_port() -> int:
    """A TCP port nobody listens on at the moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
