"""Streamable HTTP, only where it is switched on: a bearer token, Host and Origin checked, and a body limit, on every route."""

from __future__ import annotations

import hmac
import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from claudemem_lib import lean
from claudemem_lib.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from mcp.server import MCPServer
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from claudemem_lib.settings import Settings

TOKEN_FILE = "http-token"  # noqa: S105  # a file's name
MAX_BODY_BYTES = 4 << 20
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


async def serve(server: MCPServer[Any], settings: Settings, data_dir: str, facts: Callable[[], dict[str, Any]]) -> None:
    """Serve until cancelled. SettingsError if asked to listen beyond this machine without a token of the user's own."""
    if settings.http_host not in LOCAL and not (Path(data_dir) / TOKEN_FILE).exists():
        message = (
            f"CLAUDE_MEM_HTTP_HOST is {settings.http_host}, which other machines can reach; "
            f"put a token of your own into {TOKEN_FILE} in the data folder first, or use 127.0.0.1"
        )
        raise SettingsError(message)
    app = server.streamable_http_app(stateless_http=True, host=settings.http_host)
    guarded = Guard(app, token(data_dir), settings, facts)
    config = uvicorn.Config(
        guarded,
        host=settings.http_host,
        port=settings.http_port,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=1,
    )
    inner = uvicorn.Server(config)
    inner.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # the process's signals are ours
    await inner._serve()  # noqa: SLF001  # serve() would take the signals


class Guard:
    """Refuses what is not allowed before the application sees it, and answers `/health`."""

    def __init__(self, app: ASGIApp, secret: str, settings: Settings, facts: Callable[[], dict[str, Any]]) -> None:
        """*secret* is the bearer token."""
        self._app, self._secret, self._facts = app, secret, facts
        self._hosts = {settings.http_host, *(LOCAL if settings.http_host in LOCAL else ())}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the application's own lifespan."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refused = self._refusal(headers)
        if refused:
            await _respond(send, *refused)
        elif scope["path"] == "/health":
            await _respond(send, 200, json.dumps({"status": "ok", **_public(self._facts())}))
        else:
            await self._app(scope, _limited(receive), send)

    def _refusal(self, headers: MutableMapping[str, str]) -> tuple[int, str] | None:
        """Status and reason, or None if the request may pass."""
        if _name(headers.get("host", "")) not in self._hosts:
            return 421, "unknown Host"
        origin = headers.get("origin")
        if origin is not None and _name(origin.partition("://")[2]) not in self._hosts:
            return 403, "foreign Origin"
        if not hmac.compare_digest(headers.get("authorization", "").encode(), f"Bearer {self._secret}".encode()):
            return 401, "a bearer token is needed; it is in http-token in the data folder"
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            return 413, "body too large"
        return None


def _limited(receive: Receive) -> Receive:
    """*receive* that ends a body which grows beyond the limit although its length was not told."""
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        return {"type": "http.disconnect"} if size > MAX_BODY_BYTES else message

    return limited


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
