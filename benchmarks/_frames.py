"""The interface with a clock on its frames: from a key that is sent to the frame that shows what it asked for."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from textual import events
from textual.keys import _character_to_key

from claudemem_tui.app import MemoryApp

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType
    from textual.screen import Screen

PATIENCE_S = 60


class Watched(MemoryApp):
    """Draws every frame into text as for a terminal, and notes when the first one came that shows what is waited for."""

    wanted: Callable[[], bool] | None = None
    shown: asyncio.Event

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        super()._display(screen, renderable)
        if renderable is None or self._batch_count:
            return
        if hasattr(renderable, "render_segments"):
            renderable.render_segments(self.console)  # what a terminal would be sent: a headless app leaves it out
        if self.wanted is not None and self.wanted():
            self.wanted = None
            self.shown.set()

    def begin(self, wanted: Callable[[], bool]) -> None:
        """Wait for a frame from now on."""
        self.shown, self.wanted = asyncio.Event(), wanted

    def send(self, key: str) -> None:
        """A key as the terminal's driver gives it."""
        assert self._driver is not None
        name = _character_to_key(key) if len(key) == 1 else key
        event = events.Key(name, key if len(key) == 1 else None)
        event.set_sender(self)
        self._driver.send_message(event)

    async def timed(self, key: str, wanted: Callable[[], bool]) -> float:
        """Milliseconds from a key to the frame that answers it."""
        begun = time.perf_counter()
        self.begin(wanted)
        self.send(key)
        await asyncio.wait_for(self.shown.wait(), PATIENCE_S)
        return (time.perf_counter() - begun) * 1000

    def is_reading(self) -> bool:
        """Whether the memory is not open yet, or something is being read from it."""
        reading = any(one.name != "watch_file" and not one.is_finished for one in self.workers)
        return reading or not hasattr(self, "memory")

    async def settled(self) -> None:
        """Until nothing is being read but for the watching thread: the next key should find the app as a person would."""
        for _ in range(2):
            while self.is_reading():  # noqa: ASYNC110  # workers end in many ways
                await asyncio.sleep(0.005)
            await asyncio.sleep(0.03)
