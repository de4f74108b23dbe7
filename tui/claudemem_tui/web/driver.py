"""The driver of an app that is shown in a browser."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from functools import partial
from typing import Any

from textual import messages
from textual.drivers.web_driver import WebDriver


class Driver(WebDriver):
    """Textual's driver for the browser, which also ends when the server is gone, however it ended."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._write = partial(put, self.fileno)

    def start_application_mode(self) -> None:
        """Begin; the thread that reads may have to speak to this loop later."""
        self._own_loop = asyncio.get_running_loop()
        super().start_application_mode()

    def run_input_thread(self) -> None:
        """Read what the server sends; its end is ours."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            asyncio.run_coroutine_threadsafe(self._app._post_message(messages.ExitApp()), self._own_loop)  # noqa: SLF001  # as Textual's drivers do


def put(file: int, data: bytes) -> int:
    """Draw; where nobody looks any more, end in peace."""
    with suppress(BrokenPipeError):
        return os.write(file, data)
    return len(data)
