"""The sessions, and one as a line of time."""

from __future__ import annotations

import re
import subprocess
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from textual.widgets import Input

from claudemem_lib import render
from claudemem_lib.models import Reply, Usage
from claudemem_lib.store import sessions, usage
from claudemem_lib.store.usage import Call
from claudemem_tui.widgets.virtual_list import VirtualList
from tests.tui.sample import HOSTILE, fill

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

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
        assert "1 session of " in tui.text
        await tui.press("escape")
        assert "2 sessions" in tui.text


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


async def test_a_session_has_its_length_prompts_memories_and_tokens(
    filled: Memory, running: Callable[..., Any]
) -> None:
    used = Usage(input_tokens=9_000, output_tokens=1_000)
    with filled.database.write() as connection:
        usage.add(connection, Call(provider="claude", reply=Reply(text="", usage=used), session_id=1), filled.clock())
        connection.execute("UPDATE sessions SET last_ms = started_ms + 600000")
    async with running(filled, size=(200, 60), screen="sessions") as tui:
        assert "length ask mem" in tui.text
        assert re.search(r"10 min +1 +13 +10,000 +shop", tui.text)
        assert "10,000 tokens" in tui.text


async def test_what_waits_is_at_the_end_of_its_sessions_story(
    memory: Memory, host: Any, running: Callable[..., Any]
) -> None:
    host.start()
    host.turn("Fix the parser", tools=2)
    memory.take_in()
    async with running(memory, screen="sessions") as tui:
        story = listed(tui, "#story")
        assert [getattr(story.entry(number), "state", "prompt") for number in range(story.total)] == ["prompt"] + [
            "pending"
        ] * 3
        await tui.press("enter", "j")
        assert "This waits to be observed" in tui.text
        await tui.press("p")
        assert "Choose an observation" in tui.said


async def test_without_an_editor_a_session_is_read_in_the_pager(
    filled: Memory, running: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PAGER", "less -R")
    monkeypatch.setattr(subprocess, "run", lambda command, **_options: started.append(command))
    async with running(filled, screen="sessions") as tui:
        monkeypatch.setattr(tui.app, "suspend", nullcontext)
        await tui.press("v")
        assert started[0][:2] == ["less", "-R"]
        monkeypatch.setenv("EDITOR", "vim")
        await tui.press("v")
        assert started[1][0] == "vim"


async def test_where_no_editor_can_be_shown_the_file_is_named(
    filled: Memory, running: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "a.py").write_text("")
    async with running(filled, screen="sessions") as tui:
        tui.app.screen.open_in_editor(tmp_path / "a.py")
        await tui.quiet()
        assert str(tmp_path / "a.py") in tui.said


def headings(tui: Any) -> list[str]:
    """The days named, a line each, as they are shown."""
    return re.findall(r"\d{4}-\d\d-\d\d \w+day · \d+ sessions?", tui.text)


async def test_each_day_is_a_heading_above_its_sessions(
    memory: Memory, clock: Any, running: Callable[..., Any]
) -> None:
    for project in ("shop", "billing", "wiki"):
        clock.advance(days=1 if project == "wiki" else 0, minutes=20)
        fill(memory, 1, project)
    newest, before = (render.day(clock() - back * 86_400_000) for back in (0, 1))
    async with running(memory, screen="sessions") as tui:
        assert [line.split()[0] for line in headings(tui)] == [newest, before]
        assert [line.split(" · ")[1] for line in headings(tui)] == ["1 session", "2 sessions"]
        await tui.press("c", "down", "enter")
        assert len(headings(tui)) == 1
        assert "1 session of " in tui.text


async def test_keys_and_clicks_pass_over_the_days(memory: Memory, clock: Any, running: Callable[..., Any]) -> None:
    for day in range(4):
        clock.advance(days=1)
        fill(memory, 1, f"project{day}")
    async with running(memory, screen="sessions") as tui:
        sessions = listed(tui, "#sessions")
        assert sessions.current.project == "project3"
        for key, wanted in (
            ("up", 3), ("down", 2), ("down", 1), ("up", 2), ("end", 0), ("down", 0), ("pageup", 3), ("pagedown", 0),
            ("home", 3),
        ):  # fmt: skip
            await tui.press(key)
            assert sessions.current.project == f"project{wanted}", key
        await tui.pilot.click("#sessions", offset=(5, 2))
        await tui.quiet()
        assert sessions.current.project == "project3"
        await tui.pilot.click("#sessions", offset=(5, 3))
        await tui.quiet()
        assert sessions.current.project == "project2"


async def test_days_stand_above_their_sessions_on_every_page(memory: Memory, running: Callable[..., Any]) -> None:
    now, days = memory.clock(), 130
    with memory.database.write() as connection:
        for number in range(3 * days):
            at = now - (number // 3) * 86_400_000 - number % 3
            where = {"identity": ("path:/shop", "shop", "/shop"), "cwd": "/shop", "branch": ""}
            sessions.session_for(connection, f"s{number}", at, where)
    async with running(memory, screen="sessions") as tui:
        found = listed(tui, "#sessions")
        assert "390 sessions" in tui.text
        assert found.total == 4 * days
        await tui.press("end")
        assert found.current.host_id == "s389"
        assert found.source is not None
        lines = [line for page in range(3) for line in found.source.page(page, found.total)]
        for day in range(days):
            heading, *below = lines[4 * day : 4 * day + 4]
            assert (heading.date, heading.sessions) == (render.day(now - day * 86_400_000), 3)
            assert [one.host_id for one in below] == [f"s{3 * day + place}" for place in range(3)]


async def test_who_reads_a_session_stays_with_it_when_another_goes_on(
    memory: Memory, clock: Any, running: Callable[..., Any]
) -> None:
    for project in ("shop", "billing"):
        fill(memory, 3, project)
        clock.advance(minutes=30)
    async with running(memory, screen="sessions") as tui:
        assert listed(tui, "#sessions").current.project == "billing"
        await tui.press("enter", "j")
        clock.advance(days=1)
        with memory.database.write() as connection:
            connection.execute("UPDATE sessions SET last_ms = ? WHERE host_id = 'shop-s1'", (clock(),))
        await tui.until(lambda: len(headings(tui)) == 2)
        await tui.quiet()
        assert listed(tui, "#sessions").current.project == "billing"
        assert "billing · active" in tui.text


async def test_a_chosen_project_that_is_renamed_meanwhile_is_no_error(
    filled: Memory, running: Callable[..., Any]
) -> None:
    async with running(filled, screen="sessions") as tui:
        await tui.press("c", "down", "enter")
        filled.curate.rename_project("shop", "store")
        await tui.until(lambda: "No session of shop" in tui.text)
        await tui.press("escape")
        assert "Mend the parser of shop" in tui.text
