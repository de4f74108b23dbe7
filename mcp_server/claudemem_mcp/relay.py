"""Between a host's stdio and the server's socket: C modules only, so that ten sessions cost little more than one.

Starts the server if none runs, and again if it went away. No request is done twice: one that no server has read goes to the next
server, one whose answer was lost gets an error. The host's handshake is repeated to a new server, unseen by the host.
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
TRIES = 3
LOST = -32_001
STAYS_OPEN = "subscriptions/listen"
_HANDSHAKE = "claude-mem-handshake"
_WENT_AWAY = "the memory server went away before it answered; ask again"
_GONE = "claude-mem was uninstalled while this session was open; the memory is not served any more"
_ENDS = "the memory server ends as soon as it is started; see logs/server.log in the data folder"


class Relay:
    """One host's connection. The main thread reads the host, one thread per connection reads the server.

    `_turn` is held to connect and send. What both threads touch changes under `_lock`; whoever takes a request out of `_sent`
    answers for it, and the one being sent belongs to the thread that sends it.
    """

    def __init__(self, data_dir: str) -> None:
        """Nothing is connected yet."""
        self.data_dir = data_dir
        self._out = _thread.allocate_lock()
        self._turn = _thread.allocate_lock()
        self._lock = _thread.allocate_lock()
        self._socket: _socket.socket | None = None
        self._sent: dict[str, Any] = {}
        self._sending = ""
        self._refusing = 0
        self._last = ("", b"")
        self._was_reset = False
        self._subscribed: dict[str, bytes] = {}
        self._initialize = b""
        self._initialized = b""
        self._installed = self._is_installed()

    def run(self) -> None:
        """Pass messages until the host closes its end, then wait a moment for the last answers."""
        for line in _lines_of(lambda: system.read(0, 1 << 20)):
            with self._turn:
                self._from_host(line)
        until = time.monotonic() + LAST_ANSWERS_S
        while (self._sent or self._refusing) and time.monotonic() < until:
            time.sleep(0.005)

    def _from_host(self, line: bytes) -> None:
        """Send one message of the host; if that fails, to the next server."""
        message = _parsed(line)
        method, number = message.get("method"), message.get("id")
        key = lean.dumps(number) if method is not None and "id" in message else ""
        for _ in range(TRIES):
            try:
                connection = self._connection(handshake=method != "initialize")
                if self._send(connection, line, key, number):
                    break
            except link.NoServer as error:
                self._refuse(key, number, str(error))
                break
            except OSError:
                continue
        else:
            self._refuse(key, number, _ENDS)
        self._note(line, message, key)

    def _note(self, line: bytes, message: dict[str, Any], key: str) -> None:
        """Remember what has to be said again to the next server, and what the host no longer waits for."""
        method = message.get("method")
        if method == "initialize":
            self._initialize = line
        elif method == "notifications/initialized":
            self._initialized = line
        elif method == STAYS_OPEN and key:
            with self._lock:
                if self._sent.pop(key, None) is not None:
                    self._subscribed[key] = line
        elif method == "notifications/cancelled" and isinstance(message.get("params"), dict):
            cancelled = lean.dumps(message["params"].get("requestId"))
            with self._lock:
                self._sent.pop(cancelled, None)
                self._subscribed.pop(cancelled, None)

    def _send(self, connection: _socket.socket, line: bytes, key: str, number: Any) -> bool:
        """Send one message; False if it did not go out whole, so that no server has seen it."""
        with self._lock:
            if self._socket is not connection:
                return False
            self._last = (key, line)
            if key:
                self._sent[key], self._sending = number, key
        try:
            connection.sendall(line + b"\n")
        except OSError:
            with self._lock:
                self._sent.pop(key, None)
                self._sending = ""
            self._drop(connection)
            return False
        with self._lock:
            self._sending = ""
            lost = self._socket is not connection and self._sent.pop(key, connection) is not connection
        if lost and not self._was_reset:
            self._refuse(key, number, _WENT_AWAY)
        return not (lost and self._was_reset)

    def _connection(self, *, handshake: bool) -> _socket.socket:
        """The open connection, or a new one with the handshake and open subscriptions repeated."""
        if self._socket is not None:
            return self._socket
        _reap()
        if self._installed and not self._is_installed():
            raise link.NoServer(_GONE)
        connection, token = link.connect(self.data_dir)
        said = {"cwd": paths.environment("CLAUDE_PROJECT_DIR") or system.getcwd(), "token": token}
        lines = [lean.dumps({"claude-mem": said}).encode()]
        if handshake and self._initialize:
            lines.append(lean.dumps({**_parsed(self._initialize), "id": _HANDSHAKE}).encode())
            if self._initialized:
                lines.append(self._initialized)
        lines.extend(self._subscribed.values())
        connection.sendall(b"\n".join(lines) + b"\n")
        with self._lock:
            self._socket = connection
        _thread.start_new_thread(self._from_server, (connection,))
        return connection

    def _is_installed(self) -> bool:
        """Whether `claude-mem install` connected a host; what it never did, nobody can have undone."""
        try:
            system.stat(f"{self.data_dir}/{paths.INSTALLED}")
        except OSError:
            return False
        return True

    def _from_server(self, connection: _socket.socket) -> None:
        """Pass the server's messages on until it goes away."""
        was_reset = False
        try:
            for line in _lines_of(lambda: connection.recv(1 << 20)):
                message = _parsed(line) if b'"id"' in line else {}
                if message.get("id") == _HANDSHAKE:
                    continue
                self._to_host(line)
                if "method" not in message:
                    key = lean.dumps(message.get("id"))
                    with self._lock:
                        self._sent.pop(key, None)
                        self._subscribed.pop(key, None)
        except ConnectionResetError:
            was_reset = True
        except OSError:
            pass
        self._drop(connection, was_reset=was_reset)

    def _drop(self, connection: _socket.socket, *, was_reset: bool = False) -> None:
        """Forget a connection that is gone; every request it had gets an error, but for what a thread is just sending.

        A reset says that the server ended with something unread, so at least the last message sent was not seen whole: it goes to
        the next server.
        """
        with self._lock:
            if self._socket is not connection:
                return
            self._socket, self._was_reset = None, was_reset
            lost = {key: number for key, number in self._sent.items() if key != self._sending}
            self._sent = {key: number for key, number in self._sent.items() if key == self._sending}
            last, line = self._last
            self._refusing += 1
        connection.close()
        unread = was_reset and last in lost
        for key, number in lost.items():
            if not (unread and key == last):
                self._refuse(key, number, _WENT_AWAY)
        if unread:
            with self._turn:
                self._from_host(line)
        with self._lock:
            self._refusing -= 1

    def _refuse(self, key: str, number: Any, reason: str) -> None:
        """Answer a request that gets no other answer; what is no request (no *key*) gets none."""
        if key:
            error = {"jsonrpc": "2.0", "id": number, "error": {"code": LOST, "message": f"claude-mem: {reason}"}}
            self._to_host(lean.dumps(error).encode())

    def _to_host(self, line: bytes) -> None:
        """Write one line; without a host there is nothing left to do."""
        try:
            with self._out:
                data = memoryview(line + b"\n")
                while data:
                    data = data[system.write(1, data) :]
        except OSError:
            system._exit(0)  # noqa: SLF001  # from whichever thread notices


def _reap() -> None:
    """Let the process table forget a server that this relay had started."""
    try:  # noqa: SIM105  # contextlib costs more than it saves here
        system.waitpid(-1, system.WNOHANG)
    except (AttributeError, ChildProcessError):
        pass


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
