"""Between a host's stdio and the server's socket: C modules only, so that ten sessions cost little more than one.

Starts the server if none runs, and again if it went away. A request is sent once: one whose answer was lost with the server gets an
error, one that could not be sent is sent to the next server. The host's handshake is repeated to a new server, unseen by the host.
"""

from __future__ import annotations

import _thread
import sys
import time

from claudemem_lib import lean, link, paths
from claudemem_lib.lean import system

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from collections.abc import Iterator
    from typing import Any

LAST_ANSWERS_S = 5.0
LOST = -32_001
_HANDSHAKE = "claude-mem-handshake"


class Relay:
    """One host's connection. The main thread reads the host, one thread at a time reads the server."""

    def __init__(self, data_dir: str) -> None:
        """Nothing is connected yet."""
        self.data_dir = data_dir
        self._out = _thread.allocate_lock()
        self._state = _thread.allocate_lock()
        self._socket: _socket.socket | None = None
        self._sent: dict[str, Any] = {}
        self._initialize = b""
        self._initialized = b""

    def run(self) -> None:
        """Pass messages until the host closes its end, then wait a moment for the last answers."""
        for line in _lines_of(lambda: system.read(0, 1 << 20)):
            self._from_host(line)
        until = time.monotonic() + LAST_ANSWERS_S
        while self._sent and time.monotonic() < until:
            time.sleep(0.005)

    def _from_host(self, line: bytes) -> None:
        """Send one message of the host; if that fails, to the next server."""
        message = _parsed(line)
        method, number = message.get("method"), message.get("id")
        if method == "initialize":
            self._initialize = line
        elif method == "notifications/initialized":
            self._initialized = line
        is_request = method is not None and "id" in message
        for _ in range(3):
            try:
                connection = self._connection(handshake=method != "initialize")
                if is_request:
                    self._sent[lean.dumps(number)] = number
                connection.sendall(line + b"\n")
            except OSError:
                self._sent.pop(lean.dumps(number), None)
                self._drop(self._socket)
            except link.NoServer as error:
                self._sent.pop(lean.dumps(number), None)
                if is_request:
                    self._refuse(number, str(error))
                return
            else:
                return
        if is_request:
            self._refuse(
                number, "the memory server ends as soon as it is started; see logs/server.log in the data folder"
            )

    def _connection(self, *, handshake: bool) -> _socket.socket:
        """The open connection, or a new one with the handshake repeated."""
        if self._socket is not None:
            return self._socket
        connection, token = link.connect(self.data_dir)
        said = {"cwd": paths.environment("CLAUDE_PROJECT_DIR") or system.getcwd(), "token": token}
        connection.sendall(lean.dumps({"claude-mem": said}).encode() + b"\n")
        if handshake and self._initialize:
            again = {**_parsed(self._initialize), "id": _HANDSHAKE}
            connection.sendall(
                lean.dumps(again).encode() + b"\n" + (self._initialized + b"\n" if self._initialized else b"")
            )
        self._socket = connection
        _thread.start_new_thread(self._from_server, (connection,))
        return connection

    def _from_server(self, connection: _socket.socket) -> None:
        """Pass the server's messages on until it goes away; then every request it had gets an error."""
        try:
            for line in _lines_of(lambda: connection.recv(1 << 20)):
                message = _parsed(line) if b'"id"' in line else {}
                if message.get("id") == _HANDSHAKE:
                    continue
                if "method" not in message:
                    self._sent.pop(lean.dumps(message.get("id")), None)
                self._to_host(line)
        except OSError:
            pass
        self._drop(connection)

    def _drop(self, connection: _socket.socket | None) -> None:
        """Forget a connection that is gone and answer what it had."""
        with self._state:
            if connection is None or self._socket is not connection:
                return
            self._socket = None
            lost, self._sent = self._sent, {}
        connection.close()
        for number in lost.values():
            self._refuse(number, "the memory server went away before it answered; ask again")

    def _refuse(self, number: Any, reason: str) -> None:
        error = {"jsonrpc": "2.0", "id": number, "error": {"code": LOST, "message": f"claude-mem: {reason}"}}
        self._to_host(lean.dumps(error).encode())

    def _to_host(self, line: bytes) -> None:
        with self._out:
            data = memoryview(line + b"\n")
            while data:
                data = data[system.write(1, data) :]


def _lines_of(read: Any) -> Iterator[bytes]:
    """Complete lines out of reads of any size; an unfinished last line is given at the end."""
    parts: list[bytes] = []
    while chunk := read():
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            whole = b"".join([*parts, line]) if parts else line
            parts = []
            if whole.strip():
                yield whole
        if rest:
            parts.append(rest)
    if b"".join(parts).strip():
        yield b"".join(parts)


def _parsed(line: bytes) -> dict[str, Any]:
    """The message as an object, empty if it is none."""
    try:
        message = lean.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def main() -> None:
    """`relay_run.py [DATA_DIR]`: relay until the host is gone; always status 0."""
    try:  # noqa: SIM105  # contextlib costs more than it saves here
        Relay((sys.argv[1:2] or [""])[0] or paths.data_dir()).run()
    except (KeyboardInterrupt, OSError):
        pass
    system._exit(0)  # noqa: SLF001  # the other thread may still wait for the server
