"""`claude-mem serve`: one process per data folder that serves memory to agents and turns events into memories.

    lock -> memory -> tools -> socket (and HTTP if switched on) -> worker loops -> until a signal, or nobody needs it

The lock is the operating system's and is held for life, so a process that was killed leaves nothing to clean up.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from claudemem_lib import __version__, ids, lean, link, paths
from claudemem_lib.errors import ClaudeMemError
from claudemem_lib.memory import Memory
from claudemem_mcp import http, logs
from claudemem_mcp.sockets import Connections, listen
from claudemem_mcp.tools import Tools
from claudemem_mcp.worker import Worker

if TYPE_CHECKING:
    from claudemem_lib.settings import Settings

LOG = logging.getLogger("claudemem.server")
GRACE_S = 2.0
IDLE_CHECK_S = 5.0


class Server:
    """A running server: what it knows of itself, and how it ends."""

    def __init__(self, memory: Memory, token: str) -> None:
        """Everything but the listening."""
        self.memory = memory
        self.since_ms = ids.now_ms()
        self.address: dict[str, Any] = {}
        self.worker = Worker(memory)
        self.tools = Tools(memory, self.worker.wake, self.facts)
        self.connections = Connections(self.tools.server(), token)
        self._last_used = time.monotonic()

    def facts(self) -> dict[str, Any]:
        """Who this is, for status and for `server.json`."""
        who = {"pid": os.getpid(), "since_ms": self.since_ms, "version": __version__}
        return {**who, **self.address, "connections": self.connections.open}

    @property
    def settings(self) -> Settings:
        """The settings in force now."""
        return self.memory.settings

    async def run(self, listener: Any) -> None:
        """Serve until a signal comes or nobody has needed this process for the idle time."""
        async with anyio.create_task_group() as group:
            group.start_soon(listener.serve, self.connections.serve)
            group.start_soon(self.worker.take_in)
            group.start_soon(self.worker.observe)
            group.start_soon(self.worker.reload)
            group.start_soon(self.worker.keep_house)
            group.start_soon(self.worker.recover, lambda: float(self.settings.periodic_recovery_interval) / 1_000)
            if self.settings.http_enabled:
                group.start_soon(http.serve, self.tools.server(), self.settings, self.memory.data_dir, self.facts)
            await self._until_over()
            self.worker.stopping = True
            with anyio.move_on_after(GRACE_S):
                while self.worker.busy:  # noqa: ASYNC110  # set from a thread
                    await anyio.sleep(0.02)
            group.cancel_scope.cancel()

    async def _until_over(self) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._on_signal, group.cancel_scope)
            group.start_soon(self._on_idle, group.cancel_scope)

    async def _on_signal(self, scope: anyio.CancelScope) -> None:
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            async for number in signals:
                LOG.info("stopping on %s", signal.Signals(number).name)
                scope.cancel()

    async def _on_idle(self, scope: anyio.CancelScope) -> None:
        while True:
            await anyio.sleep(min(IDLE_CHECK_S, self.settings.idle_exit_minutes * 15))
            if self.connections.open or self.worker.busy:
                self._last_used = time.monotonic()
            elif time.monotonic() - self._last_used > self.settings.idle_exit_minutes * 60:
                LOG.info("stopping: nobody needed this for %d minutes", self.settings.idle_exit_minutes)
                scope.cancel()


def main(data_dir: str) -> int:
    """Run the server of *data_dir* in the foreground; gives the exit status. The caller holds the lock."""
    memory = None
    try:
        logs.configure(data_dir)
        memory = Memory(data_dir)
        for problem in memory.problems:
            LOG.warning("%s", problem)
        memory.recover()
        anyio.run(_serve, memory)
    except ClaudeMemError as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(f"the server could not start: {error}")
    finally:
        for name in (paths.SERVER, paths.SOCKET, link.STARTING):
            with contextlib.suppress(OSError):
                (Path(data_dir) / name).unlink()
        if memory is not None:
            memory.hand_back()
            memory.close()
    return 0


async def _serve(memory: Memory) -> None:
    loopback = memory.settings.server_socket == "loopback" or not hasattr(__import__("socket"), "AF_UNIX")
    token = http.token(memory.data_dir) if loopback else ""
    server = Server(memory, token)
    listener, server.address = await listen(memory.data_dir, loopback=loopback)
    if loopback:
        server.address["token"] = token
    async with listener:
        lean.write_whole(memory.data_dir, paths.SERVER, json.dumps(server.facts()))
        (Path(memory.data_dir) / link.STARTING).unlink(missing_ok=True)
        LOG.info("serving %s, version %s", memory.data_dir, __version__)
        await server.run(listener)


def _failed(reason: str) -> int:
    LOG.error("%s", reason)
    sys.stderr.write(f"claude-mem serve: {reason}\n")
    return 1
