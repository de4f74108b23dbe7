"""`claude-mem serve`: one process per data folder that serves memory to agents and turns events into memories.

    lock -> memory -> tools -> socket (and HTTP if switched on) -> worker loops -> until a signal, or nobody needs it

The lock is the operating system's and is held for life, so a process that was killed leaves nothing to clean up. Everything that
can fail at the start fails before anybody is told that there is a server; an error in one loop later ends the whole process.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from claudemem_lib import __version__, ids, lean, link, modes, paths
from claudemem_lib.errors import ClaudeMemError
from claudemem_lib.memory import Memory
from claudemem_mcp import http, logs
from claudemem_mcp.sockets import Connections, listen
from claudemem_mcp.tools import Tools
from claudemem_mcp.worker import Worker

if TYPE_CHECKING:
    from types import FrameType

    from claudemem_lib.settings import Settings

LOG = logging.getLogger("claudemem.server")
GRACE_S = 2.0
CLOSE_S = 0.7
IDLE_CHECKS = 10
SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Server:
    """A running server: what it knows of itself, and how it ends."""

    def __init__(self, memory: Memory, *, minute_s: float = 60.0) -> None:
        """Everything but the listening. *minute_s*: how long a minute of the idle time is."""
        self.memory = memory
        self.since_ms = ids.now_ms()
        self.address: dict[str, Any] = {}
        self.worker = Worker(memory, self.publish)
        tools = Tools(memory, self.worker.wake, self.facts)
        self.mcp = tools.server()
        loopback = memory.settings.server_socket == "loopback" or not hasattr(socket, "AF_UNIX")
        self._token = http.token(memory.data_dir) if loopback else ""
        self.connections = Connections(self.mcp, self._token)
        self._minute_s = minute_s
        self._over = anyio.Event()

    def facts(self) -> dict[str, Any]:
        """Who this is, for people; the token is not among it."""
        who = {"pid": os.getpid(), "since_ms": self.since_ms, "version": __version__, **self.address}
        return {**who, "connections": self.connections.open, "trouble": self.worker.trouble}

    def publish(self) -> None:
        """Tell everybody who can read the data folder's files, which is the owner, how to reach this server."""
        known = {**self.facts(), "token": self._token} if self._token else self.facts()
        lean.write_whole(self.memory.data_dir, paths.SERVER, json.dumps(known))

    @property
    def settings(self) -> Settings:
        """The settings in force now."""
        return self.memory.settings

    def stop(self, reason: str) -> None:
        """End soon; calling it again does nothing."""
        if not self._over.is_set():
            LOG.info("stopping: %s", reason)
            self._over.set()

    async def run(self) -> None:
        """Listen and work until stop() is called or nobody has needed this process for the idle time."""
        web = (
            http.Web(self.mcp, self.settings, self.memory.data_dir, self.facts) if self.settings.http_enabled else None
        )
        listener, self.address = await listen(self.memory.data_dir, loopback=bool(self._token))
        if web:
            self.address["http"] = web.url
        async with listener:
            try:
                await self._serve(listener, web)
            finally:
                with contextlib.suppress(OSError):
                    os.unlink(self.address.get("socket", ""))  # noqa: PTH108  # the last thing this loop does

    async def _serve(self, listener: Any, web: http.Web | None) -> None:
        self.publish()
        (Path(self.memory.data_dir) / link.STARTING).unlink(missing_ok=True)
        LOG.info("serving %s, version %s", self.memory.data_dir, __version__)
        async with anyio.create_task_group() as group:
            group.start_soon(listener.serve, self.connections.serve)
            for loop in self.worker.loops():
                group.start_soon(loop)
            if web:
                group.start_soon(web.serve)
            group.start_soon(self._watch_idle)
            try:
                await self._over.wait()
            finally:
                self.worker.stop()
                if web:
                    web.stop()
            with anyio.move_on_after(GRACE_S):
                await self.worker.rest()
            group.cancel_scope.cancel()

    async def _watch_idle(self) -> None:
        last_used = time.monotonic()
        while True:
            idle_s = self.settings.idle_exit_minutes * self._minute_s
            await anyio.sleep(min(idle_s / IDLE_CHECKS, self._minute_s / IDLE_CHECKS))
            if self.connections.open or self.worker.busy:
                last_used = time.monotonic()
            elif time.monotonic() - last_used > idle_s:
                self.stop(f"nobody needed this for {self.settings.idle_exit_minutes} minutes")


def main(data_dir: str) -> int:
    """Run the server of *data_dir* in the foreground; gives the exit status. The caller holds the lock."""
    for number in SIGNALS:
        signal.signal(number, _leave)
    memory = None
    try:
        logs.configure(data_dir)
        memory = Memory(data_dir)
        modes.load(memory.settings.mode, Path(data_dir) / "modes")
        for problem in memory.problems:
            LOG.warning("%s", problem)
        memory.release()
        anyio.run(_run, memory)
    except (ClaudeMemError, OSError, ExceptionGroup) as error:
        return _failed(error)
    finally:
        if memory is not None:
            closing = threading.Thread(target=_close, args=(memory,), daemon=True)
            closing.start()
            closing.join(CLOSE_S)
    return 0


async def _run(memory: Memory) -> None:
    server = Server(memory)
    loop = asyncio.get_running_loop()
    for number in SIGNALS:  # kept until the end: a second signal changes nothing
        stop = partial(server.stop, signal.Signals(number).name)
        signal.signal(number, lambda *_, stop=stop: loop.call_soon_threadsafe(stop))
    await server.run()


def _leave(_number: int, _frame: FrameType | None) -> None:
    """A signal before there is anything to finish."""
    raise SystemExit(0)


def _close(memory: Memory) -> None:
    """Give back what is claimed and close the file; what cannot be done in time, the next server does at its start."""
    with contextlib.suppress(Exception):
        memory.hand_back()
    with contextlib.suppress(Exception):
        memory.close()


def _failed(error: BaseException) -> int:
    """One sentence for the person who started this; the log has the rest."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, ClaudeMemError):
        reason = str(error)
    elif isinstance(error, OSError):
        reason = f"the server could not start: {error}"
    else:
        reason = f"the server broke down ({type(error).__name__}); its log says where"
    if logging.getLogger().handlers:
        LOG.error("%s", reason, exc_info=None if isinstance(error, ClaudeMemError) else error)
    sys.stderr.write(f"claude-mem serve: {reason}\n")
    return 1
