"""How the interface starts: a first frame that waits for nothing, then the memory."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from claudemem_lib import link
from claudemem_lib.errors import StoreUnreadable
from claudemem_tui import terminal
from claudemem_tui.app import DARK, LIGHT, Changed, MemoryApp
from claudemem_tui.screens.error import ErrorPanel
from claudemem_tui.screens.page import NAMES
from claudemem_tui.start import begin
from tests.tui.sample import Running, fill

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.memory import Memory
    from tests.conftest import Memories

AFTER_THE_FRAME = ("attr", "apsw", "claudemem_lib.memory", "claudemem_lib.settings", "markdown_it")


async def test_the_screen_is_drawn_before_the_memory_is_open_and_filled_after(filled: Memory) -> None:
    may_open = threading.Event()

    def opening() -> Memory:
        assert may_open.wait(30)
        return filled

    app = MemoryApp(opening)
    async with app.run_test(size=(120, 40)) as pilot:
        tui = Running(app, pilot)
        await pilot.pause()
        for part in ("2Sessions", "/ to search", "Filter"):
            assert part in tui.text
        assert "Parser handles" not in tui.text
        may_open.set()
        await tui.quiet()
        assert "Parser handles" in tui.text


async def test_keys_pressed_before_the_memory_is_open_wait_for_it(filled: Memory) -> None:
    may_open = threading.Event()

    def opening() -> Memory:
        assert may_open.wait(30)
        return filled

    app = MemoryApp(opening)
    async with app.run_test(size=(120, 40)) as pilot:
        tui = Running(app, pilot)
        await pilot.press("slash", "q", "u", "o", "t", "e", "s")
        assert app.focused is not None
        assert app.focused.id == "feed"
        may_open.set()
        await tui.until(lambda: "found by words" in tui.text)
        assert app.focused.id == "search"
        assert app.screen.query_one("#search").value == "quotes"  # type: ignore[attr-defined]  # an Input


async def test_it_can_be_left_before_the_memory_is_open(filled: Memory) -> None:
    may_open = threading.Event()

    def opening() -> Memory:
        assert may_open.wait(30)
        return filled

    app = MemoryApp(opening)
    async with app.run_test() as pilot:
        await pilot.press("q", "ctrl+q")
        assert app._exit
        may_open.set()


async def test_a_memory_that_cannot_be_opened_ends_it_and_says_why() -> None:
    def opening() -> Memory:
        message = "the file is corrupt"
        raise StoreUnreadable(message)

    app = MemoryApp(opening)
    async with app.run_test() as pilot:
        await Running(app, pilot).until(lambda: app.failure)
    assert isinstance(app.failure, StoreUnreadable)


def test_what_ended_it_is_told_on_the_terminal_that_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "claude-mem.db").write_bytes(b"no database at all " * 500)
    run: Callable[..., Any] = MemoryApp.run
    monkeypatch.setattr(MemoryApp, "run", lambda app: run(app, headless=True))
    with pytest.raises(SystemExit, match="Error: "):
        begin([str(tmp_path)])


@pytest.mark.parametrize(
    ("stored", "first"),
    [(f'{{"CLAUDE_MEM_TUI_THEME": "{LIGHT}"}}', LIGHT), ("{", ""), ("[]", ""), ('{"CLAUDE_MEM_TUI_THEME": 7}', "7")],
)
def test_the_first_frame_wears_the_theme_of_the_settings(tmp_path: Path, stored: str, first: str) -> None:
    (tmp_path / "settings.json").write_text(stored)
    assert terminal.theme(str(tmp_path)) == first


def test_a_theme_of_the_environment_comes_before_that_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not terminal.theme(str(tmp_path))
    monkeypatch.setattr("claudemem_lib.paths.environment", {terminal.THEME: "nord"}.get)
    assert terminal.theme(str(tmp_path)) == "nord"


async def test_a_theme_there_is_not_is_not_worn(filled: Memory) -> None:
    may_open = threading.Event()

    def opening() -> Memory:
        assert may_open.wait(30)
        return filled

    app = MemoryApp(opening, "no-such-theme")
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.theme == DARK
        may_open.set()


def test_the_first_frame_imports_none_of_the_library_but_its_lean_parts() -> None:
    code = "import sys, claudemem_tui.terminal, claudemem_tui.screens.home; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {*AFTER_THE_FRAME} & {*loaded}


async def test_the_bars_keep_what_matters_where_there_is_little_room(
    filled: Memory, running: Callable[..., Any]
) -> None:
    async with running(filled, size=(80, 24), screen="queue") as tui:
        facts = {**tui.app.facts, "queue": {"pending": 1_234, "claimed": 0, "parked": 56}, "server": True}
        tui.app.on_changed(Changed(facts, tui.app.version))
        await tui.quiet()
        assert tui.text.splitlines()[0].split()[1:4] == ["2Sess", "3Cont", "4Queue"]
        assert tui.text.splitlines()[0].endswith("▸1234 !56 ●")
        await tui.pilot.resize_terminal(40, 12)
        await tui.quiet()
        above, below = tui.text.splitlines()[0], tui.text.splitlines()[-1]
        assert above.split()[:5] == ["1", "2", "3", "4Queue", "5"]
        assert above.endswith("▸1234 !56 ●")
        assert below.endswith("? Help q Quit")


def put_in_place(there: Path, path: Path) -> None:
    """Another memory file where the open one was, as `claude-mem recover` does it."""
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink()
    there.replace(path)


async def test_another_file_put_in_the_place_of_the_memory_is_shown(
    filled: Memory, memories: Memories, running: Callable[..., Any]
) -> None:
    other = memories("other")
    fill(other, 2, "elsewhere")
    other.close()
    path, there = Path(filled.data_dir, "claude-mem.db"), Path(other.data_dir, "claude-mem.db")
    async with running(filled) as tui:
        put_in_place(there, path)
        await tui.until(lambda: "elsewhere" in tui.text)
        await tui.press("7")
        assert "shop" not in tui.text.splitlines()[3]


async def test_a_file_taken_away_beneath_is_said(filled: Memory, running: Callable[..., Any], tmp_path: Path) -> None:
    path = Path(filled.data_dir) / "claude-mem.db"
    async with running(filled) as tui:
        path.rename(tmp_path / "away.db")
        await tui.until(lambda: "was taken away while it was open" in " ".join(tui.text.split()))
        (tmp_path / "away.db").rename(path)
        await tui.press("escape", "j")
        assert "Parser handles part 11" in tui.text


async def test_a_server_that_starts_is_noticed_by_every_screen(
    filled: Memory, running: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(filled, screen="queue") as tui:
        assert "No server runs" in tui.text
        monkeypatch.setattr(link, "holder", lambda _folder: 1)
        await tui.until(lambda: "The server runs" in tui.text)


async def test_every_screen_may_be_made_small_and_large_again(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled, size=(120, 40)) as tui:
        for number, name in enumerate(NAMES, 1):
            await tui.press(str(number))
            before = tui.text.splitlines()[:6]
            for size in ((40, 12), (20, 5), (120, 40)):
                await tui.pilot.resize_terminal(*size)
                await tui.quiet()
                assert not isinstance(tui.app.screen, ErrorPanel), (name, size)
                assert "q Quit" in tui.text, (name, size)
            assert tui.text.splitlines()[:6] == before, name
