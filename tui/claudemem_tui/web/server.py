"""`claude-mem tui --web`: the page, what it loads, and a WebSocket a page; on this machine only."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import WSCloseCode, web
from textual_serve.server import Server, to_int

from claudemem_lib.errors import BadRequest
from claudemem_tui.web.guard import Guard
from claudemem_tui.web.process import GRACE_S, AppProcess

if TYPE_CHECKING:
    from collections.abc import Callable

LOOPBACK = {"127.0.0.1": socket.AF_INET, "localhost": socket.AF_INET, "::1": socket.AF_INET6}
HERE = Path(__file__).parent


class WebServer(Server):
    """textual-serve's server with a page of its own, a guard before every route, and processes started without a shell."""

    def __init__(self, arguments: tuple[str, ...], port: int) -> None:
        super().__init__("", port=port)
        self._arguments = arguments
        self.guard = Guard(port)
        self._pages: dict[web.WebSocketResponse, AppProcess] = {}

    async def application(self) -> web.Application:
        """The routes."""
        app = web.Application(middlewares=[self.guard.check])
        app.add_routes(
            [
                web.get("/", self.handle_page),
                web.get("/page.js", self.handle_script),
                web.get("/ws", self.handle_websocket),
                web.get("/download/{key}", self.handle_download),
                web.static("/static", self.statics_path),
            ]
        )
        app.on_response_prepare.append(self.guard.mark)
        app.on_shutdown.append(self.close_pages)
        return app

    async def handle_page(self, request: web.Request) -> web.Response:
        """The page; it loads textual-serve's script, style and font from here."""
        page = (HERE / "page.html").read_text()
        return web.Response(text=page.replace("{host}", request.host), content_type="text/html")

    async def handle_script(self, _request: web.Request) -> web.FileResponse:
        """What the page does beside showing a terminal."""
        return web.FileResponse(HERE / "page.js")

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """An app for as long as its page is open."""
        websocket = web.WebSocketResponse(heartbeat=15)
        await websocket.prepare(request)
        process = self._pages[websocket] = AppProcess(self._arguments, websocket, self.download_manager)
        try:
            await process.start(to_int(request.query.get("width", ""), 80), to_int(request.query.get("height", ""), 24))
            await self._process_messages(websocket, process)
        finally:
            await process.stop()
            del self._pages[websocket]
        return websocket

    async def close_pages(self, _app: web.Application) -> None:
        """Tell the pages that it is over; each one's app ends with it."""
        for websocket in tuple(self._pages):
            await websocket.close(code=WSCloseCode.GOING_AWAY)

    def kill(self) -> None:
        """End whatever did not end by itself."""
        for process in self._pages.values():
            process.kill()


def listening(host: str, port: int) -> socket.socket:
    """A socket on this machine's own address; BadRequest for any other, and for a port that cannot be had."""
    if host not in LOOPBACK:
        message = (
            f"--host {host}: only 127.0.0.1, localhost and ::1 are served, since whoever reaches the page reads the memory; "
            "from another machine, forward the port: ssh -L 8123:127.0.0.1:8123 USER@HOST"
        )
        raise BadRequest(message)
    try:
        return socket.create_server((host, port), family=LOOPBACK[host])
    except (OSError, OverflowError) as error:
        message = f"port {port} of {host} cannot be used ({error}); without --port a free one is taken"
        raise BadRequest(message) from error


async def serve(data_dir: str, host: str, port: int, tell: Callable[[str], None]) -> None:
    """Serve until cancelled or told to end by a signal; *tell* is given the address to open."""
    with listening(host, port) as sock:
        port = sock.getsockname()[1]
        server = WebServer((sys.executable, "-P", "-m", "claudemem_tui", data_dir), port)
        runner = web.AppRunner(await server.application(), access_log=None, shutdown_timeout=GRACE_S * 2)
        await runner.setup()
        try:
            await web.SockSite(runner, sock).start()
            tell(f"http://{f'[{host}]' if ':' in host else host}:{port}/?token={server.guard.token}")
            await told_to_end()
        finally:
            await runner.cleanup()
            server.kill()


async def told_to_end() -> None:
    """Until Ctrl-C or SIGTERM."""
    over = asyncio.Event()
    try:
        for one in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(one, over.set)
    except NotImplementedError:
        pass  # Windows: Ctrl-C cancels this
    await over.wait()
