"""The interface in a browser: shown, driven by its keys, and by nobody but the person who started it."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web
from click.testing import CliRunner

from claudemem_lib.cli import main
from claudemem_lib.memory import Memory
from tests.tui.browser import PROGRAM, WAIT_S, chromium
from tests.tui.sample import fill

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

needs_chromium = pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium on this machine")
WHEN = "new Promise(done => { const look = () => %s ? done() : requestAnimationFrame(look); look(); })"
FOCUSED = WHEN % 'document.activeElement.className == "xterm-helper-textarea"'
ENDED = WHEN % 'getComputedStyle(document.querySelector(".ended")).display == "block"'
FOREIGN = """
(async () => {
  const page = await fetch("%(address)s/", {credentials: "include"}).then(() => "read", () => "refused");
  const socket = await new Promise(done => {
    const one = new WebSocket("%(socket)s/ws");
    one.onopen = () => done("open");
    one.onerror = () => done("refused");
  });
  return [page, socket];
})()
"""


class Served:
    """A server that runs: where, with which token, as which process."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self.process, self.url = process, url
        self.address, _, self.token = url.partition("/?token=")
        self.socket = self.address.replace("http:", "ws:")
        self.host = self.address.removeprefix("http://")

    def apps(self) -> list[int]:
        """The processes it started and that live."""
        return [
            int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Served]:
    """A server over a filled memory in a folder with a name that a shell would take to pieces."""
    data_dir = folder / "a $(touch pwned) '; b"
    with Memory(str(data_dir)) as memory:
        fill(memory)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "claudemem_tui", "--web", "--json", data_dir, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout
        yield Served(process, json.loads(await process.stdout.readline())["url"])
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.communicate(), WAIT_S)
    assert not (folder / "pwned").exists()


async def until(true: Any) -> None:
    """Until it is so."""
    async with asyncio.timeout(WAIT_S):
        while not true():  # noqa: ASYNC110  # it is so in another process, which cannot set an event
            await asyncio.sleep(0.01)


# ------------------------------------------------------------------------------------------------------ a real browser
@needs_chromium
async def test_a_browser_shows_the_app_and_its_keys_reach_it_without_a_request_to_outside(tmp_path: Path) -> None:
    async with served(tmp_path) as server, chromium(tmp_path / "profile") as browser:
        await browser.open(server.url)
        await browser.until(lambda: "Parser handles part 11" in browser.drawn())
        assert server.token not in await browser.run("location.href")
        await browser.run(FOCUSED)
        seen = len(browser.of("Network.webSocketFrameReceived"))
        await browser.key("2")
        await browser.until(lambda: "1 session" in browser.drawn(seen))
        await browser.key("q")
        await until(lambda: not server.apps())
        await browser.run(ENDED)
        asked = browser.asked_for()
        assert any(url.endswith("VariableFont_wght.ttf") for url in asked)
        assert [url for url in asked if not url.startswith((server.address, server.socket, "data:"))] == []
        assert [one["entry"]["text"] for one in browser.of("Log.entryAdded") if one["entry"]["level"] == "error"] == []


@needs_chromium
async def test_a_page_of_another_origin_can_neither_read_nor_drive_it(tmp_path: Path) -> None:
    async with served(tmp_path) as server, chromium(tmp_path / "profile") as browser, another_page() as foreign:
        await browser.open(server.url)  # the browser has the cookie from here on
        await browser.until(lambda: "Parser handles part 11" in browser.drawn())
        await browser.open(foreign)
        await until(lambda: not server.apps())
        found = await browser.run(FOREIGN % {"address": server.address, "socket": server.socket})
        assert found == ["refused", "refused"]
        assert "403" in browser.of("Network.webSocketFrameError")[-1]["errorMessage"]
        assert HTTPStatus.FORBIDDEN in {one["statusCode"] for one in browser.of("Network.responseReceivedExtraInfo")}
        assert server.apps() == []


@asynccontextmanager
async def another_page() -> AsyncIterator[str]:
    """A page of another program of this machine: same site, another origin, so that even strict cookies are sent."""
    app = web.Application()

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><link rel=icon href='data:,'>", content_type="text/html")

    app.add_routes([web.get("/", page)])
    runner = web.AppRunner(app)
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as sock:
        await web.SockSite(runner, sock).start()
        yield f"http://127.0.0.1:{sock.getsockname()[1]}/"
        await runner.cleanup()


# -------------------------------------------------------------------------------------------------------- who may ask
async def test_nothing_is_given_without_the_token_from_another_origin_or_under_another_name(tmp_path: Path) -> None:
    async with served(tmp_path) as server, aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as visitor:

        async def status(path: str, **headers: str) -> int:
            async with visitor.get(server.address + path, headers=headers, allow_redirects=False) as answer:
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
                return answer.status

        paths = ("/", "/page.js", "/static/js/textual.js", "/static/", "/ws", "/download/x", "/nothing")
        own = {"Origin": server.address}
        for path in (*paths, "/?token=", f"/?token={server.token}x", f"/page.js?token={server.token}"):
            assert await status(path, **own) == HTTPStatus.UNAUTHORIZED, path
        assert await status(f"/?token={server.token}") == HTTPStatus.OK
        found = {path: await status(path, **own) for path in paths}
        assert [path for path in paths if found[path] == HTTPStatus.OK] == ["/", "/page.js", "/static/js/textual.js"]
        port = server.host.rpartition(":")[2]
        for path in (*paths, f"/?token={server.token}"):
            for origin in ("http://evil.example", "null", f"https://{server.host}", "http://127.0.0.1:1"):
                assert await status(path, Origin=origin) == HTTPStatus.FORBIDDEN, (path, origin)
            for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", f"127.0.0.1.evil.example:{port}"):
                assert await status(path, Host=host) == HTTPStatus.MISDIRECTED_REQUEST, (path, host)
        assert await status("/ws") == HTTPStatus.FORBIDDEN
        assert server.apps() == []


async def test_another_start_has_another_token(tmp_path: Path) -> None:
    async with served(tmp_path / "one") as one, served(tmp_path / "two") as two:
        assert one.token != two.token
        assert len(one.token) > 40


# ------------------------------------------------------------------------------------------------------- how it ends
@asynccontextmanager
async def connected(server: Served) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A page's WebSocket, its app drawing."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as visitor:
        async with visitor.get(server.url):
            pass
        async with visitor.ws_connect(f"{server.socket}/ws?width=80&height=24", origin=server.address) as page:
            while (await page.receive()).type is not aiohttp.WSMsgType.BINARY:
                pass
            yield page


@pytest.mark.skipif(sys.platform != "linux", reason="processes are counted in /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_however_the_server_ends_its_apps_end_too(tmp_path: Path, how: signal.Signals) -> None:
    async with served(tmp_path) as server, connected(server), connected(server):
        apps = server.apps()
        assert len(apps) == 2
        server.process.send_signal(how)
        assert await asyncio.wait_for(server.process.wait(), WAIT_S) == (-how if how is signal.SIGKILL else 0)
        await until(lambda: not [pid for pid in apps if lives(pid)])


@pytest.mark.skipif(sys.platform != "linux", reason="processes are counted in /proc")
async def test_a_page_that_is_closed_ends_its_app_and_no_other(tmp_path: Path) -> None:
    async with served(tmp_path) as server, connected(server) as one:
        first = server.apps()
        async with connected(server):
            assert len(server.apps()) == 2
        await until(lambda: server.apps() == first)
        assert not one.closed


def lives(pid: int) -> bool:
    """Whether a process runs; one that only waits to be fetched does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


# ---------------------------------------------------------------------------------------------------- the command line
def test_no_address_that_others_reach_is_served(tmp_path: Path) -> None:
    for host in ("0.0.0.0", "::", "192.168.1.2", "example.org"):
        said = started(tmp_path, "--web", "--host", host)
        assert said.startswith(f"Error: --host {host}: only 127.0.0.1")
        assert "ssh -L" in said


def test_a_port_that_is_taken_is_told_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = started(tmp_path, "--web", "--port", str(taken.getsockname()[1]))
    assert said.startswith("Error: port ")
    assert said.count("\n") == 1


def started(folder: Path, *options: str) -> str:
    """What the command says on standard error when it fails."""

    async def run() -> str:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "claudemem_tui", *options, folder, stderr=asyncio.subprocess.PIPE
        )
        _, said = await asyncio.wait_for(process.communicate(), WAIT_S)
        assert process.returncode == 1
        return said.decode()

    return asyncio.run(run())


def test_where_the_extra_is_missing_the_command_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve", None)
    result = CliRunner().invoke(main, ["--data-dir", str(tmp_path), "tui", "--web"])
    assert result.exit_code == 1
    assert "textual_serve" in result.output
    assert "pip install 'claudemem[web]'" in result.output


def test_options_of_the_browser_need_the_browser(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--data-dir", str(tmp_path), "tui", "--port", "8123"])
    assert result.exit_code == 2
    assert "go with --web" in result.output
