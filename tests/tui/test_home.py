"""The feed: what it shows, how it is searched and filtered, and that it stays where the person is."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from textual import events
from textual.widgets import Input

from claudemem_lib.browse import Wanted
from claudemem_tui.chosen import Chosen
from claudemem_tui.screens import home
from claudemem_tui.screens.error import ErrorPanel
from claudemem_tui.widgets.choice import Choice
from claudemem_tui.widgets.detail import Detail, foot_of
from claudemem_tui.widgets.sources import FeedSource
from claudemem_tui.widgets.virtual_list import VirtualList
from tests.tui.sample import HOSTILE, fill

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.browse import Entry
    from claudemem_lib.memory import Memory


def feed(tui: Any) -> VirtualList:
    found: VirtualList = tui.app.screen.query_one("#feed", VirtualList)
    return found


def current(tui: Any) -> Entry:
    found: Entry | None = feed(tui).current
    assert found is not None
    return found


async def test_the_newest_of_every_kind_is_listed_first(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled) as tui:
        assert feed(tui).total == 14
        assert current(tui).kind == "summary"
        lines = tui.text.splitlines()
        assert "Mend the parser of shop" in lines[2]
        assert "Parser handles part 11" in lines[3]
        assert any("prompt" in line for line in lines)


async def test_the_pane_shows_words_files_provenance_and_neighbours(
    filled: Memory, running: Callable[..., Any]
) -> None:
    async with running(filled) as tui:
        await tui.press("j", "j")
        for part in (
            "Parser handles part 10",
            "The stack is bounded at 64",
            "src/part10.py",
            "gotcha",
            "claude haiku",
            "Around it",
        ):
            assert part in tui.text


async def test_a_search_answers_while_it_is_typed_and_escape_takes_it_back(
    filled: Memory, running: Callable[..., Any]
) -> None:
    filled.remember("Deploys go through staging", project="shop")
    async with running(filled) as tui:
        await tui.press("slash")
        await tui.type("staging")
        assert feed(tui).total == 1
        assert "Deploys go through staging" in tui.text
        assert "words" in tui.text.splitlines()[2]
        await tui.press("escape", "escape")
        assert feed(tui).total == 15


async def test_who_stands_on_a_hit_stays_on_it_when_the_ranking_changes(
    filled: Memory, running: Callable[..., Any]
) -> None:
    filled.remember("Wombat wombat wombat", project="shop")
    second = filled.remember("A wombat among many other things", project="shop")
    async with running(filled) as tui:
        await tui.press("slash")
        await tui.type("wombat")
        await tui.press("enter", "j")
        assert current(tui).id == second
        thread = threading.Thread(target=lambda: filled.remember("Wombat wombat", project="shop"))
        thread.start()
        thread.join()
        await tui.until(lambda: feed(tui).total == 3)
        assert current(tui).id == second
        await tui.quiet()
        pane = tui.app.screen.query_one(Detail).one
        assert pane is not None
        assert pane.id == second


async def test_what_is_folded_into_a_hit_is_counted_on_its_line_and_named_beside_it(
    filled: Memory, running: Callable[..., Any]
) -> None:
    one, two = (filled.remember(f"Wombats dig {what}", project="shop") for what in ("burrows", "deep burrows"))
    filled.database.rows("INSERT INTO memory_links VALUES (?, ?, 'similar', 1)", (two, one))
    async with running(filled) as tui:
        await tui.press("slash")
        await tui.type("wombats")
        await tui.press("enter")
        await tui.until(lambda: feed(tui).total == 1)
        await tui.quiet()
        assert " +1 " in tui.text
        pane = tui.app.screen.query_one(Detail)
        assert pane.one is not None
        assert f"Like it   #{one + two - pane.one.id}" in foot_of(pane.one, pane.origin).plain


async def test_an_answer_that_comes_after_its_search_was_left_is_dropped(
    filled: Memory, running: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_answer, search = threading.Event(), threading.Event(), filled.search

    def slow(text: str, **given: Any) -> Any:
        begun.set()
        assert may_answer.wait(30)
        return search(text, **given)

    monkeypatch.setattr(filled, "search", slow)
    async with running(filled) as tui:
        await tui.pilot.press("slash", *"parser")
        await tui.until(begun.is_set)
        await tui.pilot.press("escape", "escape")
        await tui.until(lambda: "14 entries" in tui.text)
        may_answer.set()
        await tui.quiet()
        assert feed(tui).total == 14


async def test_who_types_on_waits_for_no_search_but_the_last(
    filled: Memory, running: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_answer, search = threading.Event(), threading.Event(), filled.search
    searched = []

    def slow(text: str, **given: Any) -> Any:
        searched.append(text)
        begun.set()
        assert may_answer.wait(30)
        return search(text, **given)

    monkeypatch.setattr(filled, "search", slow)
    monkeypatch.setattr(home, "TYPING_S", 0.0)
    async with running(filled) as tui:
        await tui.pilot.press("slash", "q")
        await tui.until(begun.is_set)
        for letter in "uotes":
            await tui.pilot.press(letter)
            await tui.pilot.pause()
        may_answer.set()
        await tui.until(lambda: "by words" in tui.text)
        assert searched == ["q", "quotes"]


async def test_filters_narrow_the_feed_and_are_named(filled: Memory, running: Callable[..., Any]) -> None:
    fill(filled, 3, "billing")
    async with running(filled) as tui:
        await tui.press("f")
        tui.app.screen.query_one("#project", Choice).value = "billing"
        tui.app.screen.query_one("#type", Choice).value = "feature"
        tui.app.screen.query_one("#since", Input).value = "7d"
        await tui.press("ctrl+s")
        assert feed(tui).total == filled.browse.total(tui.app.screen.chosen.wanted(filled.clock()))
        assert "billing · feature · since 7d" in tui.text
        await tui.press("escape")
        assert feed(tui).total == 14 + 5


async def test_a_filter_is_chosen_from_its_list_by_keys(filled: Memory, running: Callable[..., Any]) -> None:
    fill(filled, 3, "billing")
    async with running(filled) as tui:
        await tui.press("f", "enter")
        for part in ("any", "billing", "shop"):
            assert part in tui.text
        await tui.press("s", "enter")
        assert tui.app.screen.query_one("#project", Choice).value == "shop"
        await tui.press("enter", "home", "enter", "tab", "space", "s", "enter")
        assert not tui.app.screen.query_one("#project", Choice).value
        assert tui.app.screen.query_one("#kind", Choice).value == "summary"
        await tui.press("enter", "escape", "ctrl+s")
        assert {current(tui).kind, feed(tui).total} == {"summary", 2}


async def test_a_filter_is_chosen_from_its_list_by_mouse(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled) as tui:
        await tui.press("f")
        await tui.pilot.click("#kind")
        await tui.press("n", "enter")
        assert tui.app.screen.query_one("#kind", Choice).value == "note"


async def test_a_time_that_is_none_is_refused_in_the_form(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled) as tui:
        await tui.press("f")
        tui.app.screen.query_one("#since", Input).value = "yesterday-ish"
        await tui.press("ctrl+s")
        assert "is no time" in tui.said
        await tui.press("escape")
        assert feed(tui).total == 14


async def test_what_comes_new_appears_above_and_the_cursor_stays_on_its_entry(
    filled: Memory, running: Callable[..., Any]
) -> None:
    async with running(filled) as tui:
        await tui.press("j", "j")
        before = current(tui)
        thread = threading.Thread(target=lambda: filled.remember("Brand new", project="shop"))
        thread.start()
        thread.join()
        await tui.until(lambda: feed(tui).total == 15)
        await tui.quiet()
        assert current(tui) == before
        assert "Brand new" in tui.text


async def test_the_end_is_reached_in_one_key_and_two_pages(memory: Memory, running: Callable[..., Any]) -> None:
    fill(memory, 2_000)
    async with running(memory) as tui:
        await tui.press("end")
        assert current(tui).kind == "prompt"
        assert feed(tui).cursor == 2_001
        assert len(feed(tui)._pages) <= 3
        await tui.press("pageup", "home")
        assert current(tui).kind == "summary"


async def test_pages_join_without_a_gap_whichever_way_they_are_reached(
    memory: Memory, running: Callable[..., Any]
) -> None:
    fill(memory, 1_000)
    whole = [one.place for one in memory.browse.feed(wanted(memory), limit=5_000)]
    async with running(memory) as tui:
        source = feed(tui).source
        assert source is not None
        for order in ((4, 1, 0, 5, 2, 3), (5, 0, 3)):
            for number in order:
                assert [one.place for one in source.page(number, 1_002)] == whole[number * 200 : (number + 1) * 200]


def wanted(memory: Memory) -> Any:
    return Chosen().wanted(memory.clock())


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_stored_text_is_text_everywhere(
    memory: Memory, running: Callable[..., Any], size: tuple[int, int]
) -> None:
    fill(memory, 2, "shop", HOSTILE + " {}")
    number = memory.remember(f"{HOSTILE}\n\n# heading {HOSTILE}", title=HOSTILE, project="[/]", concepts=["[/]"])
    async with running(memory, size=size) as tui:
        assert "[/] <script>alert(1)</script>" in tui.text
        assert "\x1b[31m" not in tui.text
        assert tui.text.count("<script>") >= 3
        for keys in (
            ("enter",),
            ("e",),
            ("escape",),
            ("escape",),
            ("d",),
            ("n",),
            ("p",),
            ("question_mark",),
            ("escape",),
            ("f",),
        ):
            await tui.press(*keys)
        assert "[/]" in tui.text
        assert memory.browse.origin(number)["pinned"]


async def test_narrow_screens_give_all_room_to_what_is_read(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled, size=(80, 24)) as tui:
        await tui.press("enter")
        assert not feed(tui).display
        assert tui.app.screen.query_one(Detail).size.height > 18
        await tui.press("escape")
        assert feed(tui).display


async def test_an_empty_memory_says_what_to_do_next(memory: Memory, running: Callable[..., Any]) -> None:
    async with running(memory) as tui:
        assert "claude-mem install" in tui.text
        assert "claude-mem backfill" in tui.text


async def test_an_error_in_a_thread_is_a_panel_and_the_app_goes_on(
    filled: Memory, running: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(filled) as tui:

        def broken(*_given: object, **_named: object) -> None:
            message = "the disk is [/] gone"
            raise OSError(message)

        monkeypatch.setattr(filled, "search", broken)
        await tui.press("slash")
        await tui.type("x")
        assert isinstance(tui.app.screen, ErrorPanel)
        assert "the disk is [/] gone" in tui.text
        await tui.press("escape")
        assert feed(tui).total == 14


async def test_no_key_waits_for_the_database(
    filled: Memory, running: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, asked = threading.get_ident(), []
    rows = filled.database.rows
    async with running(filled) as tui:

        def counted(*given: Any) -> Any:
            asked.append(threading.get_ident())
            return rows(*given)

        monkeypatch.setattr(filled.database, "rows", counted)
        await tui.press("j", "end", "home", "pagedown", "slash")
        await tui.type("parser")
        await tui.press("enter", "f", "escape", "e", "escape", "p", "u")
        assert asked
        assert here not in asked


async def test_a_click_moves_the_cursor_and_the_next_one_reads(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled) as tui:
        await tui.pilot.click("#feed", offset=(20, 3))
        await tui.quiet()
        assert feed(tui).cursor == 3
        await tui.pilot.click("#feed", offset=(20, 3))
        await tui.quiet()
        assert isinstance(tui.app.focused, Detail)


def test_the_oldest_are_read_from_the_end_not_past_everything_newer(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(memory, 1_000)
    source = FeedSource(memory.browse, Wanted())
    total = source.total()
    source.page(0, total)
    passed_over: list[int] = []
    read = memory.browse.feed

    def counting(*about: Any, **options: Any) -> list[Any]:
        passed_over.append(options["skip"])
        return read(*about, **options)

    monkeypatch.setattr(memory.browse, "feed", counting)
    last = source.page((total - 1) // source.size, total)
    assert last[-1].place == min(entry.place for entry in read(Wanted(), limit=total))
    assert passed_over == [0]


async def test_prompts_are_searched_by_their_words_where_only_they_are_wanted(
    filled: Memory, running: Callable[..., Any]
) -> None:
    async with running(filled) as tui:
        tui.app.screen.chosen = Chosen(kind="prompt", since="1d")
        await tui.press("slash")
        await tui.type("mend")
        assert feed(tui).total == 1
        assert current(tui).kind == "prompt"
        assert "1 found by words" in tui.text
        tui.app.screen.chosen = Chosen(kind="prompt", until="1d")
        await tui.type(" parser")
        assert feed(tui).total == 0


async def test_the_search_box_says_how_to_get_out_of_it(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled) as tui:
        await tui.press("slash")
        assert "enter To what was found" in tui.text.splitlines()[-1]
        await tui.type("parser")
        await tui.press("down")
        assert tui.app.focused is feed(tui)


async def test_what_is_typed_at_once_after_the_slash_is_searched(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled) as tui:
        for key in ("slash", *"parser 4"):  # all of them before one is looked at
            tui.app.post_message(events.Key("space" if key == " " else key, "/" if key == "slash" else key))
        await tui.quiet()
        assert tui.app.screen.query_one("#search", Input).value == "parser 4"
        assert current(tui).title == "Parser handles part 4"
        assert not filled.browse.origin(current(tui).id)["pinned"]
        assert tui.app.current_mode == "home"


async def test_keys_typed_ahead_go_where_the_key_before_led(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled, size=(80, 24)) as tui:
        for key in ("slash", *"parser", "enter", "enter"):  # all of them before one is looked at
            tui.app.post_message(events.Key(key, "/" if key == "slash" else key if len(key) == 1 else None))
        await tui.quiet()
        assert tui.app.screen.query_one("#search", Input).value == "parser"
        assert not feed(tui).display
        for _ in range(2):
            tui.app.post_message(events.Key("escape", None))
        await tui.quiet()
        assert feed(tui).display
        assert tui.app.screen.query_one("#search", Input).value == ""


async def test_keys_pressed_before_the_rows_are_there_are_done_when_they_come(
    filled: Memory, running: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    held, count = threading.Event(), filled.browse.total

    def slow(wanted: Any) -> int:
        assert held.wait(30)
        return count(wanted)

    async with running(filled) as tui:
        monkeypatch.setattr(filled.browse, "total", slow)
        tui.app.screen._apply(Chosen(kind="observation"))
        await tui.pilot.press("end", "up", "enter")
        held.set()
        await tui.quiet()
        assert current(tui).title == "Parser handles part 1"
        assert tui.app.focused.id == "detail"


async def test_a_list_that_cannot_be_read_leaves_its_keys_to_what_is_shown(
    filled: Memory, running: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_wanted: Any) -> int:
        raise OSError(5, "the disk is gone")

    async with running(filled) as tui:
        monkeypatch.setattr(filled.browse, "total", broken)
        tui.app.screen._apply(Chosen(kind="observation"))
        await tui.quiet()
        assert isinstance(tui.app.screen, ErrorPanel)
        await tui.press("escape", "end")
        assert current(tui).kind == "prompt"
