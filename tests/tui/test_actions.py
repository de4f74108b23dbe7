"""What can be done to a memory from the interface, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.widgets import Input, TextArea

from claudemem_lib import located
from claudemem_tui.screens.error import ErrorPanel
from tests.tui.sample import fill

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from claudemem_lib.memory import Memory


async def test_an_edit_changes_the_words_and_undo_brings_the_old_ones_back(
    filled: Memory, running: Callable[..., Any]
) -> None:
    async with running(filled) as tui:
        await tui.press("j")
        number = tui.app.screen.pane().one.id
        await tui.press("e")
        tui.app.screen.query_one("#title", Input).value = "Headers may hold quotes"
        tui.app.screen.query_one("#facts", TextArea).text = "One\nTwo"
        await tui.press("ctrl+s")
        (one,) = filled.get([number])
        assert (one.title, one.facts) == ("Headers may hold quotes", ("One", "Two"))
        assert filled.search('"Headers may hold quotes"')[0].id == number
        await tui.press("u")
        assert filled.get([number])[0].title == "Parser handles part 11"


async def test_an_edit_to_a_type_that_is_none_says_which_there_are_and_loses_no_word(
    filled: Memory, running: Callable[..., Any]
) -> None:
    async with running(filled) as tui:
        await tui.press("j", "e")
        tui.app.screen.query_one("#title", Input).value = "Other"
        tui.app.screen.query_one("#type", Input).value = "nonsense"
        await tui.press("ctrl+s")
        assert "'nonsense' is no type of the mode" in tui.text
        await tui.press("escape")
        tui.app.screen.query_one("#type", Input).value = "decision"
        await tui.press("ctrl+s")
        assert [one.type for one in filled.get([filled.search("Other")[0].id])] == ["decision"]


async def test_leaving_an_edit_with_changes_asks_first(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled) as tui:
        await tui.press("e")
        tui.app.screen.query_one("#title", Input).value = "Other"
        await tui.press("escape")
        assert "Leave without saving" in tui.text
        await tui.press("n")
        assert tui.app.screen.query_one("#title", Input).value == "Other"
        await tui.press("escape", "y")
        assert filled.get([13])[0].title == "Mend the parser of shop"


async def test_what_is_forgotten_is_gone_and_undo_brings_it_back_whole(
    filled: Memory, running: Callable[..., Any]
) -> None:
    async with running(filled) as tui:
        await tui.press("j")
        before = tui.app.screen.pane().one
        await tui.press("d", "y")
        assert filled.get([before.id]) == []
        assert not filled.search('"part 11"')
        assert before.title not in "\n".join(tui.text.splitlines()[2:16])
        await tui.press("u")
        assert filled.get([before.id]) == [before]
        assert filled.search('"part 11"')[0].id == before.id


async def test_no_keeps_the_memory(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled) as tui:
        number = tui.app.screen.pane().one.id
        await tui.press("d", "n")
        assert filled.get([number])


async def test_a_pinned_memory_is_marked_and_told_to_the_next_session(
    filled: Memory, running: Callable[..., Any]
) -> None:
    async with running(filled) as tui:
        await tui.press("end", "up")
        number = tui.app.screen.pane().one.id
        await tui.press("p")
        assert "★" in tui.text
        notes = filled.context("/home/you/shop").split("## Notes to keep in mind")[1].split("##")[0]
        assert f"#{number} " in notes
        await tui.press("p")
        assert "## Notes" not in filled.context("/home/you/shop")


async def test_a_superseded_memory_says_by_what_and_is_not_told(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled) as tui:
        await tui.press("j")
        number = tui.app.screen.pane().one.id
        await tui.press("s")
        await tui.type("#3")
        await tui.press("enter")
        assert "superseded by #3" in tui.text
        assert f"#{number} " not in filled.context("/home/you/shop")
        await tui.press("s")
        assert f"#{number} " in filled.context("/home/you/shop")


async def test_a_memory_that_is_not_there_cannot_replace_another(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled) as tui:
        await tui.press("s")
        await tui.type("999")
        await tui.press("enter")
        assert "there is no memory #999" in tui.text


async def test_a_note_is_written_for_the_project_in_sight(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled) as tui:
        await tui.press("n")
        await tui.type("Never deploy on Fridays")
        await tui.press("ctrl+s")
        (hit, *_) = filled.search("Fridays")
        assert (hit.kind, hit.project) == ("note", "shop")
        assert "Never deploy on Fridays" in tui.text


async def test_copy_puts_the_whole_memory_on_the_clipboard(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled) as tui:
        await tui.press("y")
        assert "Mend the parser of shop" in tui.app.clipboard


async def test_a_file_that_is_gone_is_said_and_one_of_several_is_chosen(
    filled: Memory, running: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    async with running(filled) as tui:
        monkeypatch.setattr(tui.app.screen, "open_in_editor", opened.append)
        await tui.press("j", "o")
        assert "Which file?" in tui.text
        await tui.press("enter")
        assert str(opened[0]) == "/home/you/shop/src/part11.py"
        monkeypatch.undo()
        await tui.press("o")
        await tui.press("enter")
        assert "is not there any more" in tui.said


async def test_nothing_to_undo_is_said(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled) as tui:
        await tui.press("u")
        assert "nothing to undo" in tui.text


async def test_actions_on_a_prompt_say_what_they_need(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled) as tui:
        await tui.press("end", "p")
        assert "Choose an observation, summary or note first" in tui.said


def test_what_is_forgotten_for_good_cannot_be_undone(filled: Memory) -> None:
    filled.curate.edit(3, title="A secret thought")
    filled.forget([3], now=True)
    assert filled.database.rows("SELECT 1 FROM undo") == []


def test_undo_is_possible_for_ten_minutes_only(filled: Memory, clock: Any) -> None:
    filled.forget([3])
    clock.advance(minutes=11)
    filled.curate.lapse()
    assert filled.database.rows("SELECT 1 FROM undo") == []


def test_rank_17_merged_projects_share_everything_and_can_be_told_apart_again(memory: Memory) -> None:
    fill(memory, 2, "old")
    fill(memory, 3, "new")
    memory.curate.merge_projects("old", "new")
    assert [row.name for row in memory.projects()] == ["new"]
    assert memory.count(project="new") == 7
    assert located.identity(memory.database, "/home/you/old")
    assert "Memory of new" in memory.context("/home/you/old") or memory.context("/home/you/old") == ""
    memory.curate.undo()
    assert {row.name: row.memories for row in memory.projects()} == {"old": 3, "new": 4}


async def test_a_key_pressed_right_after_moving_on_means_the_memory_moved_to(
    filled: Memory, running: Callable[..., Any]
) -> None:
    async with running(filled) as tui:
        wanted = tui.app.screen.query_one("#feed").entry(2).id
        await tui.press("j", "j", "p")
        assert [one for one in range(1, 14) if filled.browse.origin(one)["pinned"]] == [wanted]
        await tui.press("k", "d", "y")
        assert filled.get([wanted])


async def test_a_note_that_is_refused_stays_in_its_form(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled) as tui:
        await tui.press("n")
        tui.app.screen.query_one(TextArea).text = "word " * 5_000
        await tui.press("ctrl+s")
        assert isinstance(tui.app.screen, ErrorPanel)
        assert "20,000 characters" in tui.text
        await tui.press("escape")
        area = tui.app.screen.query_one(TextArea)
        assert len(area.text) == 25_000
        area.text = "word"
        await tui.press("ctrl+s")
        assert "The note is saved." in tui.said
        assert filled.search("word")


async def test_an_edit_that_is_refused_stays_in_its_form(memory: Memory, running: Callable[..., Any]) -> None:
    number = memory.remember("Deploys go through staging", title="Deploys")
    async with running(memory) as tui:
        await tui.press("e")
        tui.app.screen.query_one("#title", Input).value = ""
        tui.app.screen.query_one("#narrative", TextArea).text = ""
        tui.app.screen.query_one("#concepts", Input).value = "gotcha"
        await tui.press("ctrl+s")
        assert isinstance(tui.app.screen, ErrorPanel)
        await tui.press("escape")
        assert tui.app.screen.query_one("#concepts", Input).value == "gotcha"
        tui.app.screen.query_one("#title", Input).value = "Deploys"
        await tui.press("ctrl+s")
        assert memory.get([number])[0].concepts == ("gotcha",)


async def test_a_note_is_not_left_by_accident(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled) as tui:
        await tui.press("n")
        await tui.type("word")
        await tui.press("escape")
        assert "Leave without saving the note?" in tui.text
        await tui.press("n")
        assert tui.app.screen.query_one(TextArea).text == "word"
        await tui.press("escape", "y")
        assert filled.count() == 13


async def test_the_first_letter_typed_into_an_edit_adds_to_the_title(
    filled: Memory, running: Callable[..., Any]
) -> None:
    async with running(filled) as tui:
        await tui.press("j", "e", "!")
        assert tui.app.screen.query_one("#title", Input).value == "Parser handles part 11!"
