"""The detail pane: what was said and run, and what was told again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claudemem_lib import render
from claudemem_lib.providers.fake import Fake
from tests.lib.stored import observed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Clock, Host, Memories

FOUND = "<observation><type>discovery</type><title>The wombats are counted twice</title></observation>"
SUMMARY = "<summary><request>Fix it</request><completed>Fixed</completed></summary>"


async def test_what_was_said_and_run_stands_there_word_for_word(
    memories: Memories, hosts: Callable[..., Host], running: Callable[..., Any]
) -> None:
    memory = memories(provider=Fake([SUMMARY]))
    host = hosts(memory)
    host.prompt("Fix it")
    host.tool(command="make quux ```` && echo '[bold]'")
    host.stop("The wombat count was **off** by one.")
    observed(memory)
    async with running(memory) as tui:
        assert "Verbatim" in tui.text
        assert "The wombat count was **off** by one." in tui.text
        assert "$ make quux ```` && echo '[bold]'" in tui.text


async def test_what_was_told_again_says_how_often_and_when_last(
    memories: Memories, hosts: Callable[..., Host], clock: Clock, running: Callable[..., Any]
) -> None:
    memory = memories(provider=Fake([FOUND] * 3))
    host = hosts(memory)
    for number in range(3):
        clock.advance(minutes=10)
        host.turn(f"Count them, time {number}")
        observed(memory)
    async with running(memory) as tui:
        for _ in range(5):
            if tui.app.screen.under_cursor().kind != "observation":
                await tui.press("j")
        assert f"3 times, last {render.day(clock())} {render.clock(clock())}" in tui.text
