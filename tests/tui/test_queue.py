"""The queue, the server, the log and the doctor: what waits, why, and what can be done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from textual.widgets import Input

from claudemem_lib import link
from claudemem_tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.memory import Memory

PARK = "UPDATE events SET state = 'parked', attempts = 3, error = 'no [/] answer' WHERE id <= ?"


@pytest.fixture
def waiting(memory: Memory, host: Any) -> Memory:
    """Two turns wait; their first event is parked."""
    host.start()
    host.turn("Fix the parser", tools=2)
    host.turn("Test it", tools=1)
    memory.take_in()
    with memory.database.write() as connection:
        connection.execute(PARK, (3,))
    return memory


def listed(tui: Any, name: str = "#queue") -> VirtualList:
    found: VirtualList = tui.app.screen.query_one(name, VirtualList)
    return found


async def test_the_queue_says_what_waits_and_why_something_is_parked(
    waiting: Memory, running: Callable[..., Any]
) -> None:
    async with running(waiting, screen="queue") as tui:
        parked = waiting.stats()["queue"]["parked"]
        assert f"{parked} parked" in tui.text
        assert "3 failures: no [/] answer" in tui.text
        assert "No server runs" in tui.text


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_a_pause_is_seen_at_once_and_its_end_too(
    filled: Memory, running: Callable[..., Any], clock: Any, size: tuple[int, int]
) -> None:
    async with running(filled, size=size) as tui:
        await tui.until(lambda: "server" in tui.text or "○" in tui.text.splitlines()[0])
        assert "paused" not in tui.text
        filled.pauses.begin(project="shop", what=("capture",), for_ms=3_600_000)
        await tui.until(lambda: "paused" in tui.text.splitlines()[0])
        await tui.press("4")
        assert "nothing is recorded: project shop is paused until 2026-" in " ".join(tui.text.split())
        assert "`claude-mem resume` ends a pause" in " ".join(tui.text.split())
        await tui.press("7")
        assert "/home/you/shop · nothing is recorded: project shop is paused" in tui.text
        clock.advance(minutes=61)
        await tui.until(lambda: "paused" not in tui.text.splitlines()[0])


async def test_parked_events_are_tried_again_one_or_all(waiting: Memory, running: Callable[..., Any]) -> None:
    async with running(waiting, screen="queue") as tui:
        before = waiting.stats()["queue"]["parked"]
        await tui.press("r")
        assert waiting.stats()["queue"]["parked"] == before - 1
        await tui.press("R")
        assert waiting.stats()["queue"]["parked"] == 0


async def test_discarding_asks_first(waiting: Memory, running: Callable[..., Any]) -> None:
    async with running(waiting, screen="queue") as tui:
        before = waiting.stats()["queue"]["parked"]
        await tui.press("X")
        assert "for good" in tui.text
        await tui.press("n")
        assert waiting.stats()["queue"]["parked"] == before
        await tui.press("x", "y")
        assert waiting.stats()["queue"]["parked"] == before - 1
        await tui.press("X")
        await tui.press("y")
        assert waiting.stats()["queue"]["parked"] == 0
        await tui.press("X")
        assert "Nothing is parked" in tui.said


async def test_process_now_makes_memories_here(waiting: Memory, running: Callable[..., Any]) -> None:
    async with running(waiting, screen="queue") as tui:
        await tui.press("R", "w")
        assert "became" in tui.said
        assert waiting.stats()["queue"]["pending"] == 0
        assert waiting.count() > 1
        assert "Nothing waits" in tui.text


async def test_the_server_is_started_and_ended_from_here(
    waiting: Memory, running: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    for verb in ("start", "stop"):
        monkeypatch.setattr(link, verb, lambda folder, verb=verb: calls.append(f"{verb} {folder}"))
    async with running(waiting, screen="queue") as tui:
        await tui.press("S")
        assert calls == [f"start {waiting.data_dir}"]
        monkeypatch.setattr(link, "holder", lambda _folder: 4711)
        monkeypatch.setattr(link, "facts", lambda _folder: {"pid": 4711, "since_ms": waiting.clock(), "version": "9"})
        tui.app.screen.reload()
        await tui.quiet()
        assert "pid 4711" in tui.text
        await tui.press("S")
        await tui.press("y")
        assert calls[1:] == [f"stop {waiting.data_dir}"]


async def test_a_server_that_does_not_start_is_a_sentence(
    waiting: Memory, running: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_folder: str) -> bool:
        message = "the memory server could not be started"
        raise link.NoServer(message)

    monkeypatch.setattr(link, "start", refuse)
    async with running(waiting, screen="queue") as tui:
        await tui.press("S")
        assert "That did not work" in tui.text
        assert "could not be started" in tui.text


def write_log(memory: Memory, text: str) -> None:
    path = Path(memory.data_dir) / "logs" / "server.log"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


LOG = """2026-11-22 10:00:00,000 INFO worker took in 3 events
2026-11-22 10:00:01,000 DEBUG claim nothing
2026-11-22 10:00:02,000 ERROR worker batch [/] failed \x1b[31m
Traceback: somewhere
"""


async def test_the_log_is_followed_and_filtered_by_level_and_words(filled: Memory, running: Callable[..., Any]) -> None:
    write_log(filled, LOG)
    async with running(filled, screen="logs") as tui:
        assert "INFO and above · 3 of 4 · following" in tui.text
        assert "batch [/] failed" in tui.text
        assert "\x1b[31m" not in tui.text
        await tui.press("l", "l")
        assert "ERROR and above · 2 of 4" in tui.text
        await tui.press("slash")
        await tui.type("somewhere")
        assert listed(tui, "#log").total == 1
        await tui.press("escape", "escape")
        assert tui.app.screen.query_one(Input).value == ""
        write_log(filled, LOG + "2026-11-22 10:00:03,000 ERROR one more\n")
        tui.app.screen.reload()
        await tui.quiet()
        assert "one more" in tui.text


async def test_without_a_log_it_says_who_writes_one(filled: Memory, running: Callable[..., Any]) -> None:
    async with running(filled, screen="logs") as tui:
        assert "There is no log yet" in tui.text


async def test_the_doctor_says_what_is_wrong_and_what_to_do(waiting: Memory, running: Callable[..., Any]) -> None:
    async with running(waiting, size=(120, 90), screen="doctor") as tui:
        for part in (
            "✓ Memory",
            "Hooks",
            "✗ Queue",
            "claude-mem queue retry",
            "local, mode code",
            "claude-mem install",
        ):
            assert part in tui.text


async def test_what_the_worker_does_now_and_did_last_is_told_with_its_age(
    waiting: Memory, running: Callable[..., Any], clock: Any
) -> None:
    leased = "UPDATE events SET state = 'claimed', batch = 'b', lease_until_ms = ? WHERE state = 'pending'"
    async with running(waiting, screen="queue") as tui:
        await tui.press("w")
        assert "Made last: #" in tui.text
        with waiting.database.write() as connection:
            connection.execute("UPDATE events SET state = 'pending' WHERE state = 'parked'")
            connection.execute(leased, (waiting.clock() + waiting.settings.lease_seconds * 1_000,))
        clock.advance(seconds=12)
        tui.app.screen.reload()
        await tui.quiet()
        assert "Observing 3 events of project, prompt" in tui.text
        assert "for 12 s" in tui.text
        assert listed(tui).current.state == "claimed"


async def test_an_error_while_processing_is_a_panel_and_it_can_be_begun_again(
    waiting: Memory, running: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_options: object) -> None:
        message = "no [/] disk"
        raise OSError(message)

    async with running(waiting, screen="queue") as tui:
        monkeypatch.setattr(waiting, "observe_pending", broken)
        await tui.press("w")
        assert "no [/] disk" in tui.text
        await tui.press("escape")
        monkeypatch.undo()
        await tui.press("w")
        assert "became" in tui.said


async def test_a_followed_log_shows_its_end(filled: Memory, running: Callable[..., Any]) -> None:
    write_log(filled, "".join(f"2026-11-22 10:{number:02}:00,000 INFO line {number}\n" for number in range(60)))
    async with running(filled, size=(80, 24), screen="logs") as tui:
        assert "line 59" in tui.text.splitlines()[-4]
        assert "line 20" not in tui.text
