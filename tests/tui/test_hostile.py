"""Text from outside is text: in lists, panes, dialogs, toasts, tables, the bar, logs, the doctor, boxes, names and files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len
from textual.widgets import Input

from claudemem_lib.models import Reply, Usage
from claudemem_lib.store import usage
from claudemem_lib.store.usage import Call
from claudemem_tui.screens.error import ErrorPanel
from claudemem_tui.screens.page import NAMES
from tests.tui.sample import HOSTILE, fill

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.memory import Memory

NAME = "[/] <script> \x1b[31m"
SIZES = [(80, 24), (200, 60)]


@pytest.fixture
def hostile(memory: Memory, host: Any) -> Memory:
    """A memory in which every text that can come from outside is hostile."""
    fill(memory, 3, NAME, HOSTILE + " {}")
    memory.remember(f"{HOSTILE}\n\n# {HOSTILE}", title=NAME, project=f"/home/you/{NAME}", concepts=[NAME], files=[NAME])
    host.start()
    host.prompt(HOSTILE)
    host.tool(NAME, command=HOSTILE)
    memory.take_in()
    used = Usage(input_tokens=10, output_tokens=10)
    call = Call(provider=NAME, reply=Reply(text="", model=NAME, usage=used), session_id=1)
    with memory.database.write() as connection:
        connection.execute("UPDATE events SET state = 'parked', attempts = 2, error = ? WHERE tool <> ''", (HOSTILE,))
        usage.add(connection, call, memory.clock())
    log = Path(memory.data_dir) / "logs" / "server.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text(f"2026-11-22 10:00:00,000 ERROR {HOSTILE}\n")
    Path(memory.data_dir, "settings.json").write_text('{"[/] <script> \\u001b[31m": "[/] <script>"}')
    return memory


def shown(tui: Any) -> str:
    """The screen, after looking that nothing of it is an escape sequence and no error panel came up."""
    text: str = tui.text
    assert "\x1b" not in text
    assert not isinstance(tui.app.screen, ErrorPanel), text
    return text


@pytest.mark.parametrize("size", SIZES)
async def test_every_screen_shows_it_as_text(
    hostile: Memory, running: Callable[..., Any], size: tuple[int, int]
) -> None:
    async with running(hostile, size=size) as tui:
        for number, name in enumerate(NAMES, 1):
            await tui.press(str(number))
            text = shown(tui)
            if name not in {"settings", "doctor", "context"}:
                assert "[/]" in text, name
            await tui.press("question_mark")
            shown(tui)
            await tui.press("escape")


async def test_the_feed_its_dialogs_and_what_is_said_of_it(hostile: Memory, running: Callable[..., Any]) -> None:
    async with running(hostile, size=(140, 40)) as tui:
        for keys in (
            ("j",), ("enter",), ("escape",), ("e",), ("escape",), ("n",), ("escape",), ("f",), ("escape",), ("d",), ("n",), ("p",),
            ("y",), ("s",), ("escape",), ("o",), ("escape",),
        ):  # fmt: skip
            await tui.press(*keys)
            assert "[/]" in shown(tui), keys
        await tui.press("slash")
        await tui.type("[/] script")
        assert "[/] script" in shown(tui)


async def test_sessions_their_dialogs_and_a_file_named_like_that(
    hostile: Memory, running: Callable[..., Any], tmp_path: Path
) -> None:
    async with running(hostile, size=(140, 40), screen="sessions") as tui:
        await tui.press("enter", "j")
        assert "[/]" in shown(tui)
        await tui.press("c")
        assert "[/]" in shown(tui)
        await tui.press("escape", "x")
        tui.app.screen.query_one(Input).value = str(tmp_path / "[bold] x[").replace("/[", "/ [")
        await tui.press("enter")
        shown(tui)
        assert "[bold] x[" in tui.said


async def test_the_context_and_why(hostile: Memory, running: Callable[..., Any]) -> None:
    async with running(hostile, size=(140, 40), screen="context") as tui:
        await tui.press("c")
        assert "[/]" in shown(tui)
        await tui.press("down", "enter")
        assert "<script>" in shown(tui)
        await tui.press("w")
        assert "<script>" in shown(tui)


async def test_the_queue_and_its_questions(hostile: Memory, running: Callable[..., Any]) -> None:
    async with running(hostile, size=(140, 40), screen="queue") as tui:
        assert "2 failures: [/] <script>" in shown(tui)
        await tui.press("x")
        shown(tui)
        await tui.press("n", "r")
        shown(tui)


async def test_projects_their_names_and_questions(hostile: Memory, running: Callable[..., Any]) -> None:
    async with running(hostile, size=(140, 40), screen="projects") as tui:
        await tui.press("end")
        for keys in (("F",), ("n",), ("r",), ("escape",), ("m",), ("escape",), ("x",), ("x",)):
            await tui.press(*keys)
            assert "[/]" in shown(tui), keys
        assert "[/]" in tui.said


async def test_unknown_keys_and_values_of_the_settings_file(hostile: Memory, running: Callable[..., Any]) -> None:
    async with running(hostile, screen="settings") as tui:
        tui.app.screen.open_group("other-keys")
        await tui.quiet()
        assert '[/] <script>  [31m = "[/] <script>"' in shown(tui)


async def test_an_error_that_looks_like_markup(
    hostile: Memory, running: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object, **_named: object) -> None:
        raise ValueError(HOSTILE)

    async with running(hostile, size=(140, 40)) as tui:
        monkeypatch.setattr(hostile, "projects", broken)
        await tui.press("7")
        assert "[/] <script>alert(1)</script>" in tui.text
        assert "\x1b" not in tui.text
        await tui.press("escape")
        assert tui.app.current_mode == "projects"


async def test_columns_stand_whatever_the_width_of_the_characters(memory: Memory, running: Callable[..., Any]) -> None:
    fill(memory, 2, "项目名称很长很长很长很长", "日本語のテキスト 👩‍👩‍👧‍👦 👍🏽 ❤️ {}")
    fill(memory, 2, "shop")
    async with running(memory, size=(80, 24), screen="sessions") as tui:
        lines = [line for line in tui.text.splitlines() if "Mend the parser" in line][:2]
        before = [cell_len(line.partition("Mend")[0]) for line in lines]
        assert before[0] == before[1]
        assert all(line.partition("Mend")[0].endswith(" ") for line in lines)
        await tui.press("1")
        assert "👩👩👧👦 👍 ❤" in tui.text  # terminals do not agree how wide they are when joined
