"""Streamable HTTP, only where it is switched on: a bearer token, Host and Origin checked, and a body limit, on every route."""

from __future__ import annotations

import hmac
import json
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claudemem_lib import lean
from claudemem_lib.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mcp.server import MCPServer
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from claudemem_lib.settings import Settings

TOKEN_FILE = "http-token"  # noqa: S105  # a file's name
MAX_BODY_BYTES = 4 << 20
TOO_LARGE = (413, "body too large")
LOCAL = ("127.0.0.1", "localhost", "::1", "[::1]")


def token(data_dir: str) -> str:
    """The token clients have to send, made on first use; its file is the owner's only."""
    path = Path(data_dir) / TOKEN_FILE
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        made = secrets.token_urlsafe(32)
        lean.write_whole(data_dir, TOKEN_FILE, made + "\n")
        return made


class Web:
    """The HTTP side of a server: bound when made, so that a port that is taken is known before anybody is told."""

    def __init__(
        self, server: MCPServer[Any], settings: Settings, data_dir: str, facts: Callable[[], dict[str, Any]]
    ) -> None:
        """SettingsError if the address cannot be used, or is one that others reach and there is no token of the user's own."""
        import uvicorn  # noqa: PLC0415  # 25 ms of the server's start, for the few who switch this on

        host, port = settings.http_host, settings.http_port
        if host not in LOCAL and not (Path(data_dir) / TOKEN_FILE).exists():
            message = (
                f"CLAUDE_MEM_HTTP_HOST is {host}, which other machines can reach; "
                f"put a token of your own into {TOKEN_FILE} in the data folder first, or use 127.0.0.1"
            )
            raise SettingsError(message)
        app = server.streamable_http_app(stateless_http=True, host=host)
        guarded = Guard(app, token(data_dir), host, facts)
        config = uvicorn.Config(guarded, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        try:
            family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            self._socket = socket.create_server(address[:2], family=family)
        except OSError as error:
            message = (
                f"HTTP cannot listen on {host}:{port} (CLAUDE_MEM_HTTP_HOST, CLAUDE_MEM_HTTP_PORT): {error.strerror}"
            )
            raise SettingsError(message) from error
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self._socket.getsockname()[1]}/mcp"

    async def serve(self) -> None:
        """Serve until stop() is called."""
        with self._socket:
            await self._server._serve([self._socket])  # noqa: SLF001  # serve() would take the process's signals

    def stop(self) -> None:
        """End soon."""
        self._server.should_exit = True


class Guard:
    """Refuses what is not allowed before the application sees it, and answers `/health`."""

    def __init__(self, app: ASGIApp, secret: str, host: str, facts: Callable[[], dict[str, Any]]) -> None:
        """*secret* is the bearer token, *host* the address that is listened on."""
        self._app, self._secret, self._facts = app, secret, facts
        self._only_local = host in LOCAL

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the application's own lifespan."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
            refused = self._refusal(headers)
            body = None if refused else await _body(receive)
            if refused or body is None:
                await _respond(send, *(refused or TOO_LARGE))
            elif scope["path"] == "/health":
                await _respond(send, 200, json.dumps({"status": "ok", **_public(self._facts())}))
            else:
                await self._app(scope, _again(body, receive), send)

    def _refusal(self, headers: Mapping[str, str]) -> tuple[int, str] | None:
        """Status and reason, or None if the request may pass."""
        host = _name(headers.get("host", ""))
        if self._only_local and host not in LOCAL:
            return 421, "unknown Host"
        origin = headers.get("origin")
        if origin is not None and _name(origin.partition("://")[2]) not in (LOCAL if self._only_local else (host,)):
            return 403, "foreign Origin"
        if not hmac.compare_digest(headers.get("authorization", "").encode(), f"Bearer {self._secret}".encode()):
            return 401, f"a bearer token is needed; it is in {TOKEN_FILE} in the data folder"
        length = headers.get("content-length", "0")
        return None if length.isdigit() and int(length) <= MAX_BODY_BYTES else TOO_LARGE


async def _body(receive: Receive) -> bytes | None:
    """The whole body, None if it is larger than allowed, whatever its headers said."""
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY_BYTES:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """*receive* that gives a body that was read already, then whatever comes."""
    waiting = [body]

    async def given() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return given


def _name(host: str) -> str:
    """A host without its port."""
    host = host.strip().lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _public(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: facts[name] for name in ("pid", "since_ms", "version")}


async def _respond(send: Send, status: int, text: str) -> None:
    body = text.encode()
    kind = b"application/json" if text.startswith("{") else b"text/plain; charset=utf-8"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
