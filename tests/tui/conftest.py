"""Runs coroutine tests, fills memories, opens the app over them."""

from __future__ import annotations

import asyncio
import inspect
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from claudemem_tui.app import MemoryApp
from claudemem_tui.screens.welcome import Welcome
from tests.tui.sample import Running, fill

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from claudemem_lib.memory import Memory


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """A test that is a coroutine runs in a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture
def filled(memory: Memory) -> Memory:
    """A memory with a session of the project shop."""
    fill(memory)
    return memory


@pytest.fixture
def running() -> Callable[..., Any]:
    """`async with running(memory, size=(80, 24)) as tui:` the app, once it is quiet."""

    @asynccontextmanager
    async def run(
        memory: Memory, size: tuple[int, int] = (120, 40), screen: str = "", *, welcome: bool = False
    ) -> AsyncIterator[Running]:
        app = MemoryApp(lambda: memory)
        async with app.run_test(size=size) as pilot:
            tui = Running(app, pilot)
            await tui.quiet()
            if isinstance(app.screen, Welcome) and not welcome:
                await tui.press("escape")
            if screen:
                app.action_go(screen)
                await tui.quiet()
            yield tui

    return run
