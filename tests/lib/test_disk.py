"""The disk: what we take of it is bounded, a full or failing one loses nothing that was accepted, and all goes on by itself."""

from __future__ import annotations

import errno
import itertools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from click.testing import CliRunner

import claudemem_lib
from claudemem_lib import cli, doctor, intake, lean
from claudemem_lib.errors import StoreUnreadable
from claudemem_lib.settings import Settings
from tests.hooks.test_never_blocks import file_system, fill
from tests.lib.stored import add_note

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.memory import Memory
    from tests.conftest import Clock, Host, Memories

DAYS = 90
LARGEST_BYTES = 12_000_000
TOOL_OUTPUT = "a line of a tool's output, number {}\n"


def size(folder: str) -> int:
    """Bytes of everything in the data folder."""
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())


def a_day(memory: Memory, host: Host, clock: Clock, day: int) -> None:
    """Two turns with large outputs, a server's day: taken in, observed, pruned."""
    for turn in range(2):
        host.prompt(f"Day {day} turn {turn}: make it better", f"p{day}-{turn}")
        for number in range(4):
            output = "".join(TOOL_OUTPUT.format(line + day) for line in range(1_000))
            host.tool("Bash", {"stdout": output}, command=f"make part{number} DAY={day} TURN={turn}")
        host.stop(f"Part {day} works better now.")
    memory.take_in()
    memory.observe_pending()
    memory.prune()
    clock.advance(days=1)


def test_rank_6_ninety_days_of_heavy_use_stay_bounded(
    memories: Memories, hosts: Callable[..., Host], clock: Clock
) -> None:
    memory = memories(settings=evolve(Settings(), provider="local"))
    sizes = []
    captured = 0
    for day in range(DAYS):
        host = hosts(memory, f"s{day}")
        a_day(memory, host, clock, day)
        captured += 8 * 30_000
        sizes.append(size(memory.data_dir))
    assert captured > LARGEST_BYTES
    assert max(sizes) < LARGEST_BYTES
    per_day = (sizes[-1] - sizes[DAYS // 3]) / (DAYS * 2 // 3)
    assert per_day < 25_000, "after the first weeks only what is remembered may grow"
    assert memory.stats()["inbox"]["waiting"] == 0
    kept = memory.database.row("SELECT count(*) FROM events WHERE payload <> '' AND state = 'finished'")[0]
    assert kept <= 12 * (memory.settings.event_retention_days + 1)


def test_an_event_that_expired_keeps_everything_but_what_it_said(memory: Memory, host: Host, clock: Clock) -> None:
    host.turn(tools=3)
    memory.take_in()
    memory.observe_pending()
    columns = [row[0] for row in memory.database.rows("SELECT name FROM pragma_table_xinfo('events')")]
    columns.remove("payload")
    text = f"SELECT {', '.join(columns)} FROM events ORDER BY id"
    before = memory.database.rows(text)
    clock.advance(days=memory.settings.event_retention_days + 1)
    assert memory.prune().events == len(before)
    assert memory.database.rows(text) == before
    assert memory.database.rows("SELECT 1 FROM events WHERE payload <> ''") == []


def test_rank_6_the_file_shrinks_when_much_is_forgotten(memory: Memory) -> None:
    ids = [add_note(memory, f"note {number} " + "many words " * 500) for number in range(300)]
    memory.prune()
    before = size(memory.data_dir)
    memory.forget(ids, now=True)
    memory.prune()
    assert size(memory.data_dir) < before / 4


# -------------------------------------------------------------------------------------------------------- a full disk
def test_on_a_full_disk_what_is_remembered_can_be_read_and_all_goes_on_once_there_is_room(
    tmp_path: Path, hosts: Callable[..., Host]
) -> None:
    disk = tmp_path / "disk"
    with file_system(disk, "size=4m") as mounted:
        if not mounted:
            pytest.skip("this user may not mount a file system")
        with claudemem_lib.open(disk / "data") as memory:
            add_note(memory, "readable on a full disk")
            hosts(memory).turn()
        waiting = len(intake.waiting(str(disk / "data")))
        fill(disk / "filler")
        for command in (["search", "readable"], ["status"], ["queue", "list"]):
            result = CliRunner().invoke(cli.main, ["--data-dir", str(disk / "data"), *command])
            assert result.exit_code == 0, result.output
            assert "the disk is full or fails" in result.output
        assert {check.name: check.state for check in doctor.examine(str(disk / "data"))}["Disk"] == doctor.FAILED
        with claudemem_lib.open(disk / "data") as memory, pytest.raises(StoreUnreadable):
            memory.remember("cannot be stored", project="/home/you/project")
        assert len(intake.waiting(str(disk / "data"))) == waiting
        (disk / "filler").unlink()
        with claudemem_lib.open(disk / "data") as memory:
            assert memory.stats()["inbox"] == {"waiting": 0, "bad": 0}
            assert memory.stats()["queue"]["pending"] == waiting - 1


# ----------------------------------------------------------------------------------------- each call of the inbox fails
class Failing:
    """The system's calls, of which one fails: the *at*-th among those that change or read the inbox."""

    def __init__(self, real: Any, at: int, number: int, *, half: bool = False) -> None:
        self.real, self.left, self.number, self.half = real, at, number, half
        self.failed = ""

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self.real, name)
        if name not in ("open", "write", "replace", "mkdir", "read", "unlink"):
            return verb

        def called(*arguments: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                self.failed = name
                if name == "write" and self.half:
                    return verb(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                raise OSError(self.number, os.strerror(self.number))
            return verb(*arguments, **options)

        return called


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT], ids=errno.errorcode.get)
def test_a_write_to_the_inbox_that_fails_leaves_no_half_of_an_event(
    memories: Memories, hosts: Callable[..., Host], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    seen = set()
    for at in itertools.count(1):
        memory = memories(f"try{at}")
        host = hosts(memory)
        host.prompt("accepted before")
        failing = Failing(lean.system, at, number)
        with monkeypatch.context() as patch:
            patch.setattr(lean, "system", failing)
            try:
                host.prompt("refused or accepted")
            except OSError as error:
                assert error.errno == number  # noqa: PT017  # the hook passes over it; the library's caller is told
        if not failing.failed:
            break
        seen.add(failing.failed)
        names = intake.waiting(memory.data_dir)
        assert 1 <= len(names) <= 2
        host.prompt("accepted afterwards")
        assert memory.take_in().events == len(names) + 1
        assert intake.bad(memory.data_dir) == []
    assert {"open", "write", "replace"} <= seen


def test_a_write_that_takes_only_a_part_is_gone_on_with(
    memory: Memory, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(1, 6):
        monkeypatch.setattr(lean, "system", Failing(lean.system, at, 0, half=True))
        try:
            host.prompt(f"text {at} " + "x" * 5_000)
        except OSError:
            continue
        finally:
            monkeypatch.undo()
    assert memory.take_in().bad == 0


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.EMFILE], ids=errno.errorcode.get)
@pytest.mark.parametrize("verb", ["read_bytes", "unlink"])
def test_a_file_that_cannot_be_read_or_removed_for_now_is_taken_in_once_in_the_end(
    memories: Memories, hosts: Callable[..., Host], monkeypatch: pytest.MonkeyPatch, verb: str, number: int
) -> None:
    real = getattr(Path, verb)
    for at in itertools.count(1):
        memory = memories(f"try{at}")
        hosts(memory).turn(tools=2)
        events = len(intake.waiting(memory.data_dir))
        left = [at]

        def failing(self: Path, *arguments: Any, left: list[int] = left, **options: Any) -> Any:
            left[0] -= self.suffix == ".json"
            if left[0] == 0 and self.suffix == ".json":
                left[0] -= 1
                raise OSError(number, os.strerror(number), str(self))
            return real(self, *arguments, **options)

        with monkeypatch.context() as patch:
            patch.setattr(Path, verb, failing)
            first = memory.take_in().events
        assert intake.bad(memory.data_dir) == []
        assert first + memory.take_in().events == events
        assert intake.waiting(memory.data_dir) == []
        assert memory.stats()["counts"]["prompts"] == 1
        if left[0] > 0:
            break
    assert at > events


def test_an_inbox_that_cannot_be_written_stops_no_command(memory: Memory, host: Host) -> None:
    host.turn()
    inbox = Path(memory.data_dir) / "inbox"
    inbox.chmod(0o500)
    try:
        with claudemem_lib.open(memory.data_dir) as again:
            assert again.stats()["counts"]["prompts"] == 1
    finally:
        inbox.chmod(0o700)
    assert memory.take_in().events == 0
    assert intake.waiting(memory.data_dir) == []
