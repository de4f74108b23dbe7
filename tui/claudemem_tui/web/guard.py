"""Who may talk to the server: the person who opened the address that was printed, from a page that the server itself gave.

Any page in the same browser can send requests to a loopback address; any program of the machine can connect to it. So every
request, the WebSocket's too, must name this server as its Host, come from no other Origin and bring the secret; and what the page
may load is this server's own.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

NAMES = ("127.0.0.1", "localhost", "[::1]")
WELCOME = """<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/">
<title>claude-mem</title><link rel="icon" href="data:,"><a href="/">claude-mem</a></html>
"""
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """Made anew with every start: the token is in the address, the cookie takes its place."""

    def __init__(self, port: int) -> None:
        self.token, self._proof = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self._cookie = f"claude-mem-{port}"  # cookies do not tell ports apart
        self._hosts = {f"{name}:{port}" for name in NAMES} | (set(NAMES) if port == 80 else set())  # noqa: PLR2004  # HTTP's own

    @web.middleware
    async def check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let pass what may pass; put the cookie where the token was right."""
        host, origin = request.headers.get("Host", "").lower(), request.headers.get("Origin")
        if host not in self._hosts:
            return web.Response(status=421, text="unknown Host\n")
        if origin != f"http://{host}" and (origin is not None or request.path == "/ws"):
            return web.Response(status=403, text="foreign Origin\n")
        if request.path == "/" and _same(request.query.get("token"), self.token):
            welcome = web.Response(
                text=WELCOME, content_type="text/html"
            )  # a redirect would not bring a strict cookie along
            welcome.set_cookie(self._cookie, self._proof, httponly=True, samesite="Strict")
            return welcome
        if not _same(request.cookies.get(self._cookie), self._proof):
            return web.Response(status=401, text="Open the address that claude-mem tui --web printed.\n")
        return await handler(request)

    @staticmethod
    async def mark(request: web.Request, response: web.StreamResponse) -> None:
        """Allow the page nothing but what comes from here."""
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; "
            f"connect-src 'self' ws://{request.host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        response.headers.update({**HEADERS, "Content-Security-Policy": policy})


def _same(given: str | None, wanted: str) -> bool:
    return hmac.compare_digest((given or "").encode(), wanted.encode())
