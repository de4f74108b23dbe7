"""One page's app: a process that speaks textual-serve's protocol on its standard input and output."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING

from textual_serve.app_service import AppService

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from aiohttp import web
    from textual_serve.download_manager import DownloadManager

GRACE_S = 3.0
DRIVER = "claudemem_tui.web.driver:Driver"


class AppProcess(AppService):
    """Started without a shell; its end closes the page, the page's end ends it."""

    def __init__(
        self, arguments: tuple[str, ...], websocket: web.WebSocketResponse, downloads: DownloadManager
    ) -> None:
        super().__init__(
            "",
            write_bytes=websocket.send_bytes,
            write_str=websocket.send_str,
            close=self._close,
            download_manager=downloads,
        )
        self._arguments, self._websocket = arguments, websocket

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        return super()._build_environment(width, height) | {"TEXTUAL_DRIVER": DRIVER}

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *self._arguments, stdin=pipe, stdout=pipe, stderr=pipe, env=self._build_environment(width, height)
        )
        self._stdin = self._process.stdin
        return self._process

    async def run(self) -> None:
        """Pass on what the app draws until it ends."""
        try:
            await super().run()
        finally:
            await self._close()

    async def _close(self) -> None:
        with suppress(ConnectionError):
            await self._websocket.close()

    async def on_data(self, payload: bytes) -> None:
        """Draw; once the page is gone, only read, so that the app can end."""
        with suppress(ConnectionError):
            if not self._websocket.closed:
                await super().on_data(payload)

    async def on_meta(self, data: bytes) -> None:
        """What the app asks of the page: no address but one of the web."""
        asked = json.loads(data)
        if asked["type"] != "open_url" or str(asked["url"]).startswith(("https://", "http://")):
            await super().on_meta(data)

    async def stop(self) -> None:
        """Ask it to end, then make it."""
        process = self._process
        with suppress(TimeoutError):
            await asyncio.wait_for(super().stop(), GRACE_S)
        if process is None:
            return
        for end in (None, process.terminate, process.kill):
            with suppress(TimeoutError, ProcessLookupError):
                if end:
                    end()
                await asyncio.wait_for(process.wait(), 1)
                return

    def kill(self) -> None:
        """End it at once, if it lives."""
        if self._process and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
