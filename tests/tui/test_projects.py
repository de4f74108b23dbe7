"""Projects, usage, the first run, the palette and moving about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from textual.widgets import Input

from claudemem_lib.models import Reply, Usage
from claudemem_lib.store import usage
from claudemem_lib.store.usage import Call
from claudemem_tui.screens.page import NAMES
from claudemem_tui.screens.welcome import Welcome
from tests.tui.sample import fill

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from claudemem_lib.memory import Memory


async def test_a_project_is_renamed_and_named_back(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled, screen="projects") as tui:
        assert "1 project" in tui.text
        assert "shop                           13         1" in tui.text
        await tui.press("r")
        tui.app.screen.query_one(Input).value = "store [/]"
        await tui.press("enter")
        assert [row.name for row in filled.projects()] == ["store [/]"]
        assert "store [/]" in tui.text
        await tui.press("u")
        assert [row.name for row in filled.projects()] == ["shop"]


async def test_two_projects_become_one_and_two_again(filled: Memory, running: Callable[..., Any]) -> None:
    fill(filled, 3, "old")
    async with running(filled, screen="projects") as tui:
        name = tui.app.screen.query_one("#projects").current.name
        await tui.press("m")
        await tui.press("enter")
        (left,) = filled.projects()
        assert (left.name != name, left.memories) == (True, 17)
        await tui.press("u")
        assert {row.name: row.memories for row in filled.projects()} == {"shop": 13, "old": 4}


async def test_an_excluded_project_is_marked_and_recorded_again(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled, screen="projects") as tui:
        await tui.press("x")
        assert list(filled.settings.excluded_projects) == ["/home/you/shop"]
        assert "excluded" in tui.text
        await tui.press("x")
        assert not filled.settings.excluded_projects


async def test_forgetting_a_project_asks_and_leaves_nothing(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled, screen="projects") as tui:
        await tui.press("F")
        for part in (
            "Forget 13 memories",
            "1 session and the project shop",
            "undone for ten minutes",
            "/home/you/shop",
        ):
            assert part in tui.text
        await tui.press("y")
        assert filled.projects() == []
        assert filled.stats()["counts"]["prompts"] == 0
        assert "claude-mem backfill" in tui.text


async def test_usage_shows_days_models_and_what_is_left(filled: Memory, running: Callable[..., Any]) -> None:
    used = Usage(input_tokens=9_000, output_tokens=1_000)
    call = Call(
        provider="claude", reply=Reply(text="", model="haiku", usage=used), session_id=None, cost_micros=250_000
    )
    with filled.database.write() as connection:
        usage.add(connection, call, filled.clock())
    async with running(filled, screen="usage") as tui:
        for part in (
            "1 call, 10,000 tokens, $0.25",
            "1,990,000 of 2,000,000 tokens left",
            "$0.75 of $1.00 left",
            "claude haiku",
        ):
            assert part in tui.text


async def test_without_calls_usage_says_that_it_cost_nothing(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled, screen="usage") as tui:
        assert "which costs nothing" in tui.text
        assert "12 observations" in tui.text


async def test_the_first_run_offers_backfill_and_observes_nothing_unasked(
    memory: Memory, running: Callable[..., Any], tmp_path: Path, environment: Callable[[str, str], None]
) -> None:
    environment("CLAUDE_CONFIG_DIR", str(tmp_path / "none"))
    async with running(memory, welcome=True) as tui:
        assert isinstance(tui.app.screen, Welcome)
        await tui.press("enter")
        assert "no past sessions" in tui.text
        await tui.press("down", "down", "enter")
        assert "Who makes the memories?" in tui.text
        await tui.press("enter")
        assert memory.settings.provider == "local"
        assert "Chosen: No model" in tui.text
        await tui.press("enter", "down", "enter")
        assert (memory.settings.provider, memory.settings.claude_auth_method) == ("claude", "api")
        assert tui.app.current_mode == "settings"
        assert tui.app.screen.query_one("#set-claude_api_key")


async def test_the_first_run_connects_the_host_once_it_is_confirmed(
    memory: Memory, running: Callable[..., Any], tmp_path: Path, environment: Callable[[str, str], None]
) -> None:
    (tmp_path / "host").mkdir()
    environment("CLAUDE_CONFIG_DIR", str(tmp_path / "host"))
    async with running(memory, welcome=True) as tui:
        await tui.press("down", "enter")
        assert "Add our hooks to" in tui.text
        assert not (tmp_path / "host" / "settings.json").exists()
        await tui.press("y")
        assert "claudemem_hooks" in (tmp_path / "host" / "settings.json").read_text()


async def test_every_screen_has_a_number_and_a_tab(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled, size=(80, 24)) as tui:
        for number, name in enumerate(NAMES, 1):
            await tui.press(str(number))
            assert tui.app.current_mode == name
        await tui.pilot.click("TopBar", offset=(3, 0))
        await tui.quiet()
        assert tui.app.current_mode == "home"


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_the_keys_of_every_screen_are_explained(
    filled: Memory, running: Callable[..., Any], size: tuple[int, int]
) -> None:
    async with running(filled, size=size) as tui:
        for number in range(1, len(NAMES) + 1):
            await tui.press(str(number))
            await tui.press("question_mark")
            assert "Keys on this screen" in tui.text
            await tui.press("escape")


async def test_the_palette_finds_screens_and_actions(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled) as tui:
        await tui.press("ctrl+p")
        await tui.type("go to usage")
        await tui.press("enter")
        await tui.until(lambda: tui.app.current_mode == "usage")


async def test_the_bar_tells_of_waiting_and_parked_events(
    filled: Memory, host: Any, running: Callable[..., Any]
) -> None:
    host.start()
    host.turn("Fix it", tools=2)
    async with running(filled, size=(140, 40)) as tui:
        await tui.until(lambda: "3 waiting" in tui.text)
        assert "no server" in tui.text
