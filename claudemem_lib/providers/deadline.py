"""A limit for the whole of a call: the time-outs of HTTP clients begin anew with every byte."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T:
    """What *call* gives or raises; TimeoutError after *seconds*, and whatever it gives later is dropped."""
    answers: list[T] = []
    failures: list[Exception] = []

    def run() -> None:
        try:
            answers.append(call())
        except Exception as error:  # noqa: BLE001  # raised again below, in the thread that asked
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True, name="claude-mem provider call")
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        message = f"no answer within {seconds:g} seconds"
        raise TimeoutError(message)
    if failures:
        raise failures[0]
    return answers[0]
