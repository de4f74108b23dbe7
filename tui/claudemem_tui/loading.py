"""Reading and changing the memory away from the thread that draws: the only way this package does it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from claudemem_tui.screens.error import ErrorPanel

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from textual.dom import DOMNode
    from textual.worker import Worker

Found = TypeVar("Found")


def load(
    node: DOMNode,
    read: Callable[[], Found],
    show: Callable[[Found], Any],
    *,
    group: str = "load",
    delay: float = 0.0,
) -> None:
    """Call *read* in a thread and *show* with what it gave, unless a later load of the same *group* was asked for meanwhile.

    *delay* (seconds) lets a person who types or moves on come first. Whatever goes wrong becomes a panel, never a crash.
    """

    async def work() -> None:
        if delay:
            await asyncio.sleep(delay)
        try:
            found = await asyncio.to_thread(read)
            if node.is_attached:
                show(found)
        except Exception as error:  # noqa: BLE001  # a panel says it; the person goes on
            fail(node, error)

    _worker: Worker[None] = node.run_worker(
        work, group=f"{type(node).__name__}-{group}", exclusive=True, exit_on_error=False
    )


def fail(node: DOMNode, error: Exception) -> None:
    """Show what went wrong, once: a panel that is open already says enough."""
    if node.is_attached and not isinstance(node.app.screen, ErrorPanel):
        node.app.push_screen(ErrorPanel(error))


def draw(node: DOMNode, change: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Change a node's children; a later change of the same node takes the place of one that has not ended."""

    async def work() -> None:
        if node.is_attached:
            await change()

    _worker: Worker[None] = node.run_worker(work, group=f"{type(node).__name__}-draw", exclusive=True)
