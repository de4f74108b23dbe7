"""The sessions, and one as a line of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.widgets import Input

from claudemem_tui.widgets.virtual_list import VirtualList
from tests.tui.sample import HOSTILE, fill

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from claudemem_lib.memory import Memory


def listed(tui: Any, name: str) -> VirtualList:
    found: VirtualList = tui.app.screen.query_one(name, VirtualList)
    return found


async def test_the_newest_session_is_shown_with_its_story_oldest_first(
    filled: Memory, running: Callable[..., Any]
) -> None:
    fill(filled, 3, "billing")
    async with running(filled, screen="sessions") as tui:
        assert "2 sessions" in tui.text
        await tui.press("j")
        story = listed(tui, "#story")
        assert story.total == 14
        assert story.entry(0).kind == "prompt"
        assert story.entry(13).kind == "summary"
        for part in ("shop · active", "1 prompt", "13 memories", "shop-s1"):
            assert part in tui.text


async def test_enter_leads_from_the_list_to_the_story_to_the_words(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled, size=(80, 24), screen="sessions") as tui:
        await tui.press("enter", "j")
        assert "The stack is bounded at 64" in tui.text
        await tui.press("p")
        assert filled.browse.origin(1)["pinned"]
        await tui.press("escape")
        assert listed(tui, "#sessions").display


async def test_one_project_can_be_chosen(filled: Memory, running: Callable[..., Any]) -> None:
    fill(filled, 3, "billing")
    async with running(filled, screen="sessions") as tui:
        await tui.press("c")
        await tui.press("down", "enter")
        assert listed(tui, "#sessions").total == 1
        await tui.press("escape")
        assert listed(tui, "#sessions").total == 2


async def test_a_session_is_written_as_markdown_once(
    filled: Memory, running: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "story.md"
    async with running(filled, screen="sessions") as tui:
        for _ in range(2):
            await tui.press("x")
            tui.app.screen.query_one(Input).value = str(path)
            await tui.press("enter")
        assert "already" in tui.said
    text = path.read_text()
    assert text.startswith("# Mend the parser of shop\n")
    assert text.count("Parser handles part") >= 12
    assert "Values may hold quotes" in text


async def test_waiting_events_of_the_session_are_told(memory: Memory, host: Any, running: Callable[..., Any]) -> None:
    host.start()
    host.turn("Fix the parser", tools=2)
    memory.take_in()
    async with running(memory, screen="sessions") as tui:
        assert "queue: 3 pending" in tui.text


async def test_hostile_titles_are_text_in_the_lists(memory: Memory, running: Callable[..., Any]) -> None:
    fill(memory, 1, "[/]", HOSTILE)
    async with running(memory, screen="sessions") as tui:
        assert "<script>" in tui.text
        assert "\x1b[31m" not in tui.text


async def test_without_sessions_it_says_how_to_get_some(memory: Memory, running: Callable[..., Any]) -> None:
    async with running(memory, screen="sessions") as tui:
        assert "claude-mem install" in tui.text
