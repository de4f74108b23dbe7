"""The background work of the server: take in, observe, reload settings, keep house. Each loop runs until it is cancelled.

The library is synchronous; every call goes to a thread, so that observing never delays an answer. A verb that fails (the file is
locked, the disk is full, a provider cannot be made, a mistake of ours) is told once and tried again, and answering goes on. An
error in a loop itself ends the server.
"""

from __future__ import annotations

import logging
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
from attrs import evolve
from watchfiles import awatch

from claudemem_lib import paths, settings
from claudemem_lib.errors import ClaudeMemError, EmbedderUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence

    from claudemem_lib.memory import Memory
    from claudemem_lib.models import Observed

T = TypeVar("T")
LOG = logging.getLogger("claudemem.worker")
POLL_S = 5.0
AFTER_TROUBLE_S = 3.0
HOUSEKEEPING_S = 3_600.0
EXAMINED_AFTER_S, EXAMINED_EVERY_S = 30.0, 86_400.0
EMBEDDED_AT_ONCE = 64
EMBEDDING_AFTER_S = 0.5


class Worker:
    """Turns events into memories for as long as the server lives."""

    def __init__(self, memory: Memory, troubled: Callable[[], None] = lambda: None) -> None:
        """A worker over *memory*; *troubled* is called when what goes wrong has changed."""
        self.memory = memory
        self.busy = False
        self._troubles: dict[str, str] = {}
        self._troubled = troubled
        self._over = anyio.Event()
        self._observing = anyio.CapacityLimiter(1)
        self._looking = anyio.CapacityLimiter(1)
        self._embedding = anyio.CapacityLimiter(1)
        self._examining = anyio.CapacityLimiter(1)
        self._no_embedder = ""
        self._ready = anyio.Event()

    @property
    def trouble(self) -> str:
        """What goes wrong at the moment, "" if nothing does."""
        return "; ".join(self._troubles.values())

    def loops(self) -> Sequence[Callable[[], Coroutine[Any, Any, None]]]:
        """What has to run side by side."""
        return (self.take_in, self.observe, self.embed, self.reload, self.keep_house, self.look_again, self.examine)

    def wake(self) -> None:
        """There may be something to observe."""
        self._ready.set()

    def stop(self) -> None:
        """Claim nothing more. Needed even where the loops are cancelled: a folder's watch does not notice that."""
        self._over.set()
        self.wake()

    async def rest(self) -> None:
        """After stop(): wait until the batch at hand is done."""
        async with self._observing:
            return

    async def take_in(self) -> None:
        """Move hook files into the queue as they arrive; look every few seconds too, for what nobody tells of."""
        inbox = Path(self.memory.data_dir) / paths.INBOX
        inbox.mkdir(mode=0o700, exist_ok=True)
        await self._take_in()
        async for _ in self._changes(inbox, lambda path: path.endswith(".json")):
            await self._take_in()

    async def _take_in(self) -> None:
        done = await self._try(self.memory.take_in, self._looking)
        if done is not None and (done.events or done.repeated or done.bad):
            LOG.info("took in %d events, %d repeated, %d bad", done.events, done.repeated, done.bad)
            self.wake()

    async def observe(self) -> None:
        """Observe whatever is ready; then wait for news, or for the time when a turn gets old enough or may be tried again.

        What another process puts back into the queue (`claude-mem queue retry`) is found by the look every POLL_S.
        """
        while not self._over.is_set():
            self._ready = anyio.Event()
            done = await self._try(self._observe_next, self._observing)
            if done is None or not done.batches:
                with anyio.move_on_after(POLL_S):
                    await self._ready.wait()

    def _observe_next(self) -> Observed | None:
        if self._over.is_set():
            return None
        self.busy = True
        try:
            return evolve(self.memory.observer, tell=LOG.info).observe_next()
        finally:
            self.busy = False

    async def embed(self) -> None:
        """Load the embedder, then give a vector to what has none, a few at a time; without one say why, once."""
        await anyio.sleep(EMBEDDING_AFTER_S)  # whoever started the server waits for an answer: loading must not slow it
        while not self._over.is_set():
            done = await self._try(self._embed_some, self._embedding)
            if not done:
                await anyio.sleep(POLL_S)

    def _embed_some(self) -> int:
        if self._over.is_set() or self.busy:
            return 0
        try:
            return self.memory.embedding.embed_pending(most=EMBEDDED_AT_ONCE, until=self._over.is_set)
        except EmbedderUnavailable as error:
            if str(error) != self._no_embedder:
                LOG.info("no semantic search: %s", error)
            self._no_embedder = str(error)
            return 0

    async def reload(self) -> None:
        """Use changed settings from the next batch on. The folder is watched: a watch on a file dies with its replacement."""
        folder = Path(self.memory.data_dir)
        names = {str(folder / paths.SETTINGS), str(folder / ".env")}
        told = _kinds(self.memory.problems)
        async for _ in self._changes(folder, names.__contains__):
            await self._try(self._write_rules, self._looking)  # the hooks need not wait for the batch at hand
            problems = await self._try(self.memory.reload, self._observing) or ()
            for problem in problems:
                if not _kinds([problem]) <= told:
                    LOG.warning("%s", problem)
            told = _kinds(problems)
            self.wake()

    def _write_rules(self) -> None:
        _, problems = settings.reload(self.memory.data_dir, self.memory.settings)
        if not problems:
            settings.write_rules(self.memory.data_dir)

    async def keep_house(self) -> None:
        """Let old events and vectors leave, once an hour, not at the same moment in every process."""
        while True:
            await self._try(self.memory.prune, self._looking)
            await anyio.sleep(HOUSEKEEPING_S * random.uniform(0.9, 1.1))  # noqa: S311  # jitter, no secret

    async def look_again(self) -> None:
        """Look for work that no event announced: ended leases, due retries, files nobody told of, modes, prices, lapsed undos."""
        while True:
            interval_s = self.memory.settings.periodic_recovery_interval / 1_000
            await anyio.sleep(interval_s * random.uniform(1.0, 1.2))  # noqa: S311  # jitter, no secret
            await self._take_in()
            await self._try(self.memory.curate.lapse, self._looking)
            await self._try(self.memory.reload, self._observing)
            self.wake()

    async def examine(self) -> None:
        """Read the whole file once a day: damage is told before it is met, and what waits goes on waiting in the inbox."""
        await anyio.sleep(EXAMINED_AFTER_S)
        while True:
            await self._try(self.memory.check, self._examining)
            await anyio.sleep(EXAMINED_EVERY_S)

    async def _try(self, function: Callable[[], T], limiter: anyio.CapacityLimiter) -> T | None:
        """Run a library verb in a thread; trouble that may pass gives None after a pause."""
        name = getattr(function, "__name__", "")
        try:
            done = await anyio.to_thread.run_sync(function, limiter=limiter, abandon_on_cancel=True)
        except Exception as error:  # noqa: BLE001  # see the module's first lines
            expected = isinstance(error, ClaudeMemError | OSError)
            self._tell(name, str(error) if expected else f"{name}: {type(error).__name__}, see the log", error)
            await anyio.sleep(AFTER_TROUBLE_S)
            return None
        self._tell(name, "", None)
        return done

    def _tell(self, what: str, trouble: str, error: Exception | None) -> None:
        if trouble == self._troubles.get(what, ""):
            return
        self._troubles.pop(what, None)
        if trouble:
            self._troubles[what] = trouble
            LOG.error("%s", trouble, exc_info=None if isinstance(error, ClaudeMemError) else error)
        self._troubled()

    async def _changes(self, folder: Path, wanted: Callable[[str], bool]) -> AsyncIterator[None]:
        """Once whenever files of *folder* that are *wanted* changed, and every POLL_S."""
        try:
            watch = awatch(
                folder,
                watch_filter=lambda _, path: wanted(path),
                stop_event=self._over,
                recursive=False,
                debounce=50,
                step=20,
                rust_timeout=int(POLL_S * 1_000),
                yield_on_timeout=True,
            )
            async for _ in watch:
                yield
        except OSError as error:  # too many watches, or a file system without
            LOG.warning("%s cannot be watched (%s); it is looked at every %d seconds", folder, error, POLL_S)
        while not self._over.is_set():
            await anyio.sleep(POLL_S)
            yield


def _kinds(problems: Iterable[str]) -> set[str]:
    """What problems are about, without the details that change while somebody types."""
    return {problem.partition(" (")[0] for problem in problems}
