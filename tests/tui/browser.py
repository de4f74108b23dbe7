"""A real Chromium without a window, told what to do over its own protocol."""

from __future__ import annotations

import asyncio
import base64
import re
import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1200,800",
    "--remote-debugging-port=0",
)  # fmt: skip
WAIT_S = 30


class Browser:
    """One page, and everything that happened on its network side."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._last = socket, 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._session = ""
        self._happened = asyncio.Condition()
        self.events: list[tuple[str, dict[str, Any]]] = []

    async def listen(self) -> None:
        """Take in answers and events until the browser is gone."""
        async for message in self._socket:
            told = message.json()
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told)
                continue
            async with self._happened:
                self.events.append((told["method"], told["params"]))
                self._happened.notify_all()

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the protocol; its result."""
        self._last += 1
        answer = self._answers[self._last] = asyncio.get_running_loop().create_future()
        about = {"sessionId": self._session} if self._session else {}
        await self._socket.send_json({"id": self._last, "method": method, "params": params, **about})
        told = await asyncio.wait_for(answer, WAIT_S)
        assert "error" not in told, (method, told["error"])
        found: dict[str, Any] = told["result"]
        return found

    async def begin(self) -> None:
        """Take a page and watch it."""
        page = (await self.ask("Target.createTarget", url="about:blank"))["targetId"]
        self._session = (await self.ask("Target.attachToTarget", targetId=page, flatten=True))["sessionId"]
        for domain in ("Network", "Page", "Runtime", "Log"):
            await self.ask(f"{domain}.enable")

    async def until(self, true: Callable[[], Any]) -> Any:
        """Until something has happened."""
        async with self._happened, asyncio.timeout(WAIT_S):
            await self._happened.wait_for(true)
            return true()

    async def open(self, url: str) -> None:
        """Go to a page and wait until it is loaded."""
        before = len(self.of("Page.loadEventFired"))
        await self.ask("Page.navigate", url=url)
        await self.until(lambda: len(self.of("Page.loadEventFired")) > before)

    async def run(self, script: str) -> Any:
        """What a script on the page gives."""
        told = await self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return told["result"].get("value")

    async def key(self, key: str) -> None:
        """Press a key that is a character."""
        await self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
        await self.ask("Input.dispatchKeyEvent", type="keyUp", key=key)

    def of(self, method: str) -> list[dict[str, Any]]:
        """The events of one name."""
        return [params for name, params in self.events if name == method]

    def asked_for(self) -> list[str]:
        """Every address the page asked for, the WebSocket's too."""
        pages = [params["request"]["url"] for params in self.of("Network.requestWillBeSent")]
        return pages + [params["url"] for params in self.of("Network.webSocketCreated")]

    def statuses(self) -> dict[str, int]:
        """What was answered, by address."""
        found = {
            params["response"]["url"]: params["response"]["status"] for params in self.of("Network.responseReceived")
        }
        sockets = {params["requestId"]: params["url"] for params in self.of("Network.webSocketCreated")}
        for params in self.of("Network.webSocketHandshakeResponseReceived"):
            found[sockets[params["requestId"]]] = params["response"]["status"]
        return found

    def drawn(self, after: int = 0) -> str:
        """What the app sent to the terminal of the page, without colours; *after* as many frames."""
        frames = self.of("Network.webSocketFrameReceived")[after:]
        raw = [base64.b64decode(one["response"]["payloadData"]) for one in frames if one["response"]["opcode"] == 2]
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", b"".join(raw).decode(errors="replace"))


@asynccontextmanager
async def chromium(profile: Path) -> AsyncIterator[Browser]:
    """A browser with an empty profile."""
    assert PROGRAM
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        PROGRAM, *OPTIONS, f"--user-data-dir={profile}", stdout=quiet, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr
    try:
        address = ""
        async with asyncio.timeout(WAIT_S):
            while not address:
                line = (await process.stderr.readline()).decode(errors="replace")
                address = line.partition("DevTools listening on ")[2].strip()
        async with aiohttp.ClientSession() as session, session.ws_connect(address, max_msg_size=0) as socket:
            browser = Browser(socket)
            listening = asyncio.create_task(browser.listen())
            await browser.begin()
            yield browser
            listening.cancel()
    finally:
        process.kill()
        await process.communicate()
