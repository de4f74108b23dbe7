"""The background work of the server: take in, observe, reload settings, keep house. Each loop runs until it is cancelled.

The library is synchronous; every call goes to one thread of its own, so that observing never delays an answer.
"""

from __future__ import annotations

import logging
import random
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import anyio
from watchfiles import awatch

from claudemem_lib import paths
from claudemem_lib.errors import ClaudeMemError
from claudemem_lib.models import Observed

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.memory import Memory

T = TypeVar("T")
LOG = logging.getLogger("claudemem.worker")
POLL_S = 5.0
AFTER_TROUBLE_S = 3.0
HOUSEKEEPING_S = 3_600.0


class Worker:
    """Turns events into memories for as long as the server lives."""

    def __init__(self, memory: Memory) -> None:
        """A worker over *memory*."""
        self.memory = memory
        self.total = Observed()
        self.busy = False
        self.stopping = False
        self._thread = anyio.CapacityLimiter(1)
        self._files = anyio.CapacityLimiter(1)
        self._ready = anyio.Event()

    def wake(self) -> None:
        """There may be something to observe."""
        self._ready.set()

    async def take_in(self) -> None:
        """Move hook files into the queue as they arrive; look every few seconds too, for file systems that tell nothing."""
        inbox = Path(self.memory.data_dir) / paths.INBOX
        inbox.mkdir(mode=0o700, exist_ok=True)
        await self._take_in()
        watch = awatch(
            inbox, recursive=False, debounce=50, step=20, rust_timeout=int(POLL_S * 1000), yield_on_timeout=True
        )
        async for _ in watch:
            await self._take_in()

    async def _take_in(self) -> None:
        done = await self._quietly(self.memory.take_in, self._files)
        if done is not None and done.events:
            LOG.info("took in %d events, %d repeated, %d bad", done.events, done.repeated, done.bad)
            self.wake()

    async def observe(self) -> None:
        """Observe whatever is ready; then wait for news, or for the time when a turn gets old enough or may be tried again."""
        while not self.stopping:
            self._ready = anyio.Event()
            done = await self._quietly(
                partial(self.memory.observe_pending, flush=False, most=1), self._thread, busy=True
            )
            if done is not None and done.batches:
                self._tell(done)
                continue
            with anyio.move_on_after(POLL_S):
                await self._ready.wait()

    def _tell(self, done: Observed) -> None:
        if done.failed:
            LOG.warning("a batch failed and will be tried again: %s", self.memory.stats()["queue"]["last_error"][:300])
        else:
            LOG.info("observed %d events: %d memories", done.events, done.memories)
        if done.parked:
            LOG.error("%d events were parked after too many failures; `claude-mem queue list` shows them", done.parked)

    async def reload(self) -> None:
        """Use changed settings from the next batch on. The folder is watched: a watch on a file dies with its replacement."""
        folder = Path(self.memory.data_dir)
        names = {str(folder / paths.SETTINGS), str(folder / ".env")}
        async for _ in awatch(
            folder, recursive=False, debounce=100, step=50, watch_filter=lambda _, path: path in names
        ):
            problems = await self._quietly(self.memory.reload, self._files)
            for problem in problems or ():
                LOG.warning("%s", problem)
            self.wake()

    async def keep_house(self) -> None:
        """Let old events leave, once an hour, not at the same moment in every process."""
        while True:
            await anyio.sleep(HOUSEKEEPING_S * random.uniform(0.9, 1.1))  # noqa: S311  # jitter, no secret
            await self._quietly(self.memory.expire, self._files)

    async def recover(self, interval_s: Callable[[], float]) -> None:
        """Look for work that no event announced: ended leases, retries that are due, files nobody told of."""
        while True:
            await anyio.sleep(interval_s() * random.uniform(1.0, 1.2))  # noqa: S311  # jitter, no secret
            await self._take_in()
            self.wake()

    async def _quietly(
        self, function: Callable[[], T], limiter: anyio.CapacityLimiter, *, busy: bool = False
    ) -> T | None:
        """Run a library verb in its thread; trouble with the file is logged and tried again later, never fatal."""
        self.busy = self.busy or busy
        try:
            return await anyio.to_thread.run_sync(function, limiter=limiter, abandon_on_cancel=True)
        except ClaudeMemError as error:
            LOG.error("%s", error)  # noqa: TRY400  # one sentence says it
            await anyio.sleep(AFTER_TROUBLE_S)
            return None
        finally:
            self.busy = self.busy and not busy
