"""Killed, out of disk, locked out or corrupt at any write: nothing is lost, nothing is doubled.

CLAUDE_MEM_EVERY_WRITE=1 breaks off at every write, not only at some; with -rP each loop tells how often it was broken off.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import claudemem_lib
from claudemem_lib.embedders.fake import Fake as Hashing
from claudemem_lib.errors import StoreBusy, StoreUnreadable
from claudemem_lib.memory import Memory
from claudemem_lib.providers.fake import Fake
from tests.lib.originals import AT_MS, Made
from tests.lib.stored import add_note, add_observation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Clock, Host, Memories

pytestmark = pytest.mark.timeout(900)
PATIENCE_S = 800
KILLED = Path(__file__).with_name("killed.py")
CLEAN = {"integrity": "ok", "index": ""}


def a_session(memory: Memory, hosts: Callable[..., Host]) -> None:
    for session in ("s1", "s2"):
        host = hosts(memory, session)
        host.start()
        host.turn("Build the parser")
    host.end()


@pytest.fixture
def template(memories: Memories, hosts: Callable[..., Host]) -> Path:
    """A data folder whose inbox holds two sessions and a bad file."""
    memory = memories("template", provider=Fake())
    a_session(memory, hosts)
    folder = Path(memory.data_dir)
    (folder / "inbox" / "0.json").write_text("garbage")
    memory.close()
    return folder


def tries(scenario: str, how: str, template: Path, stride: int = 1) -> list[dict[str, Any]]:
    folder = template.with_name("tried")
    stride = 1 if os.environ.get("CLAUDE_MEM_EVERY_WRITE") else stride
    command = [sys.executable, str(KILLED), scenario, how, str(template), str(folder), str(stride)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert (done.returncode, done.stderr) == (0, "")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    sys.stdout.write(f"{scenario} {how}: broken off {len(found) - 1} times\n")
    return found


def check(found: list[dict[str, Any]]) -> None:
    """Every try ends where the one without a break ended, and was sound all the way."""
    whole = found[-1]["done"]
    for one in found:
        assert {name: one["after"][name] for name in CLEAN} == CLEAN, one
        assert one["after"]["batches"], one
        assert set(one["after"]["events"]) <= set(whole["events"]), one
        assert set(one["after"]["memories"]) <= set(whole["memories"]), one
        assert one["done"] == whole, one
        assert not one.get("again"), one


def prepare(scenario: str, template: Path) -> None:
    """Bring the data folder to where the work begins: no database yet, a full inbox, or a full queue."""
    if scenario == "create":
        for file in (*template.glob("claude-mem.db*"), *template.glob("inbox/*")):
            file.unlink()
    elif scenario == "observe":
        claudemem_lib.open(template).close()
    elif scenario == "prune":
        with claudemem_lib.open(template, provider=Fake()) as memory:
            memory.observe_pending()


# What a forgetting takes or leaves as a whole, and how it is looked at.
ONE = ("events", "memories", "sessions", "prompts", "states")


@pytest.mark.parametrize(
    ("scenario", "how", "stride"),
    [("forget", "kill", 1), ("forget", "torn", 3), ("forget", "io", 3), ("forget", "full", 4), ("undo", "kill", 3)],
)
def test_broken_off_at_any_write_a_forgetting_is_done_or_not(
    scenario: str, how: str, stride: int, memories: Memories, hosts: Callable[..., Host]
) -> None:
    memory = memories("template", provider=Fake())
    hosts(memory, "s1").turn("Plan the zanzibar merger", answer="zanzibar")
    hosts(memory, "s2").turn("Build the parser")
    memory.take_in()
    memory.observe_pending()
    memory.close()
    found = tries(scenario, how, Path(memory.data_dir), stride)
    states = [{name: one[when][name] for name in ONE} for one in found for when in ("after", "done")]
    gone = next(state for state in states if len(state["sessions"]) == 1)
    there = next((state for state in states if len(state["sessions"]) > 1), gone)
    assert len(found) > 12
    for one in found:
        for when in ("after", "done"):
            assert {name: one[when][name] for name in CLEAN} == CLEAN, one
            assert {name: one[when][name] for name in ONE} in (there, gone), one
        assert one["after"]["sessions"] == one["done"]["sessions"], one
        assert one["done"]["kept"] == 0, one
        assert one["done"]["marked"] == (one["done"]["sessions"] != gone["sessions"]), one
        assert not one.get("again"), one
    assert {name: found[-1]["done"][name] for name in ONE} == (gone if scenario == "forget" else there)


@pytest.mark.parametrize(
    ("scenario", "how", "stride"),
    [
        ("create", "kill", 4),
        ("create", "torn", 6),
        ("take_in", "kill", 1),
        ("take_in", "torn", 2),
        ("observe", "kill", 1),
        ("observe", "torn", 2),
        ("prune", "kill", 1),
        ("prune", "torn", 1),
    ],
)
def test_rank_13_killed_at_any_write_each_event_ends_once(scenario: str, how: str, stride: int, template: Path) -> None:
    prepare(scenario, template)
    found = tries(scenario, how, template, stride)
    assert len(found) > 12
    assert [one["killed"] for one in found] == [True] * (len(found) - 1) + [False]
    check(found)
    whole = found[-1]["done"]
    if scenario != "create":
        assert whole["states"] == {"finished": 9}
        assert (len(whole["memories"]), whole["usage"], whole["inbox"], whole["bad"]) == (4, 2, [], ["0.json"])


@pytest.mark.parametrize(
    ("scenario", "how", "stride"),
    [
        ("create", "io", 4),
        ("create", "full", 5),
        ("take_in", "io", 1),
        ("take_in", "full", 1),
        ("observe", "io", 1),
        ("observe", "full", 1),
        ("prune", "io", 1),
        ("prune", "full", 1),
    ],
)
def test_a_write_that_fails_is_told_and_costs_nothing(scenario: str, how: str, stride: int, template: Path) -> None:
    prepare(scenario, template)
    found = tries(scenario, how, template, stride)
    assert not any(one["killed"] for one in found)
    assert {one["told"].partition(":")[0] for one in found} <= {"StoreUnreadable", ""}
    assert any(one["told"] for one in found)
    check(found)


@pytest.fixture
def taken_over(memories: Memories) -> Path:
    """A data folder beside whose empty memory lie a database of the original and a bundle, both of which say things twice."""
    memory = memories("template")
    folder = Path(memory.data_dir)
    (folder / "there").mkdir()
    made = Made(folder / "there" / "claude-mem.db")
    for name in ("s1", "s2"):
        made.session(name)
        made.prompt(name)
        for number in (1, 2, 1):
            made.observation(f"Change {number}", name, created_at_epoch=AT_MS + number)
        made.summary(name=name)
    source = memories("source")
    list(source.transfer.original(made.path, transcripts=folder / "none"))
    source.curate.supersede(1, 2)
    source.remember("A note", project="/home/you/app")
    source.transfer.export(folder / "there" / "bundle.jsonl")
    source.close()
    memory.close()
    return folder


@pytest.mark.parametrize(
    ("scenario", "how", "stride"),
    [
        ("import", "kill", 13),
        ("import", "torn", 7),
        ("bundle", "kill", 13),
        ("import", "io", 17),
        ("import", "full", 17),
    ],
)
def test_an_import_broken_off_anywhere_ends_where_a_whole_one_does(
    scenario: str, how: str, stride: int, taken_over: Path
) -> None:
    other = "bundle.jsonl" if scenario == "import" else "claude-mem.db"
    (taken_over / "there" / other).unlink()
    before = {file.name: file.read_bytes() for file in (taken_over / "there").iterdir()}
    found = tries(scenario, how, taken_over, stride)
    assert len(found) > 6
    check(found)
    whole = found[-1]["done"]
    assert [len(whole[name]) for name in ("sessions", "prompts", "memories")] == [2, 2, 4 + (scenario == "bundle")]
    assert {
        file.name: file.read_bytes() for file in taken_over.with_name("tried").joinpath("there").iterdir()
    } == before


# --------------------------------------------------------------------------------------------------------- vectors
@pytest.mark.parametrize(
    ("scenario", "how", "stride"),
    [
        ("embed", "kill", 3),
        ("embed", "torn", 2),
        ("embed", "io", 3),
        ("reindex", "kill", 5),
        ("reindex", "torn", 3),
        ("prune", "kill", 2),
        ("prune", "torn", 1),
    ],
)
def test_row_18_broken_off_at_any_write_no_vector_is_left_over_and_none_forgotten(
    scenario: str, how: str, stride: int, memories: Memories, clock: Clock
) -> None:
    pytest.importorskip("sqlite_vec", reason="pip install '.[semantic-lite]'")
    memory = memories("template", provider=Fake(), embedder=Hashing())
    numbers = []
    for number in range(12):
        clock.advance(seconds=1)
        numbers.append(add_observation(memory, f"login token number {number}", created_ms=clock.now_ms))
    if scenario != "embed":
        memory.embedding.embed_pending()
    add_note(memory, "Deploys are on Fridays")
    memory.close()
    folder = Path(memory.data_dir)
    (folder / "settings.json").write_text('{"CLAUDE_MEM_MAX_EMBEDDINGS": "8"}')
    found = tries(scenario, how, folder, stride)
    assert len(found) > 8
    for one in found:
        for when in ("after", "done"):
            assert (one[when]["integrity"], one[when]["index"], one[when]["stray"], one[when]["without"]) == (
                "ok",
                "",
                0,
                [],
            ), one
        assert one["done"]["vectors"] == [*numbers[5:], 13], one
        assert not one.get("again"), one


# ------------------------------------------------------------------------------------------------------- a full disk
def fill(memory: Memory, pages: int) -> None:
    """Let the file grow by *pages* at most; 0 for no limit."""
    connection = memory.database.connection()
    used = connection.execute("PRAGMA page_count").get
    connection.execute(f"PRAGMA max_page_count={used + pages if pages else 1 << 30}").fetchall()


@pytest.mark.parametrize("pages", [1, 2, 4])
def test_a_full_disk_leaves_the_inbox_as_it_was(memories: Memories, hosts: Callable[..., Host], pages: int) -> None:
    memory = memories(provider=Fake())
    hosts(memory).turn("x" * 60_000, tools=3)
    before = memory.stats()["inbox"]["waiting"]
    fill(memory, pages)
    with pytest.raises(StoreUnreadable, match=r"full.*waiting in the inbox"):
        memory.take_in()
    assert memory.stats()["inbox"] == {"waiting": before, "bad": 0}
    assert memory.stats()["queue"]["pending"] == 0
    fill(memory, 0)
    assert memory.take_in().events == before


def test_a_full_disk_while_observing_keeps_the_events_for_later(memories: Memories, hosts: Callable[..., Host]) -> None:
    text = "words " * 3_000
    answer = "<observation><type>change</type><title>Big {}</title><narrative>{}</narrative></observation>"
    memory = memories(provider=Fake(["".join(answer.format(number, text) for number in range(9))] * 2))
    hosts(memory).turn()
    memory.take_in()
    fill(memory, 2)
    with pytest.raises(StoreUnreadable, match="full"):
        memory.observe_pending()
    assert memory.search() == []
    fill(memory, 0)
    assert memory.release() == 2
    assert memory.observe_pending().events == 2


# ------------------------------------------------------------------------------------------------ locked, read-only
HOLD = """
import sys, apsw
connection = apsw.Connection(sys.argv[1])
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_file_locked_by_another_process_for_too_long_loses_nothing(
    memories: Memories, hosts: Callable[..., Host]
) -> None:
    first = memories()
    hosts(first).turn()
    waiting = first.stats()["inbox"]["waiting"]
    with Memory(first.data_dir, provider=Fake(), busy_ms=50) as memory:
        command = [sys.executable, "-c", HOLD, memory.database.path]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            assert holder.stdout
            assert holder.stdout.readline() == b"held\n"
            with pytest.raises(StoreBusy, match="locked by another process"):
                memory.take_in()
            with pytest.raises(StoreBusy):
                memory.observe_pending()
            assert memory.search("anything") == []
            assert memory.stats()["inbox"]["waiting"] == waiting
            holder.communicate(timeout=20)
        assert memory.take_in().events == waiting
        assert memory.observe_pending().events == 2


def test_a_file_that_may_only_be_read_loses_nothing(memory: Memory, host: Host) -> None:
    host.turn()
    waiting = memory.stats()["inbox"]["waiting"]
    connection = memory.database.connection()
    connection.execute("PRAGMA query_only=1").fetchall()
    with pytest.raises(StoreUnreadable, match="readonly"):
        memory.take_in()
    assert memory.stats()["inbox"]["waiting"] == waiting
    connection.execute("PRAGMA query_only=0").fetchall()
    assert memory.take_in().events == waiting


# --------------------------------------------------------------------------------------------------------- corrupt
def test_a_corrupt_file_is_told_and_the_inbox_waits(memories: Memories, hosts: Callable[..., Host]) -> None:
    memory = memories()
    host = hosts(memory)
    host.turn()
    memory.take_in()
    memory.remember("x" * 19_000)
    host.turn()
    memory.close()
    file = Path(memory.database.path)
    data = file.read_bytes()
    file.write_bytes(data[:100] + b"\xa5" * (len(data) - 100))
    inbox = sorted((Path(memory.data_dir) / "inbox").iterdir())
    with pytest.raises(
        StoreUnreadable, match=r"claude-mem\.db is damaged: .*claude-mem recover.* waiting in the inbox"
    ):
        claudemem_lib.open(memory.data_dir)
    assert sorted((Path(memory.data_dir) / "inbox").iterdir()) == inbox
    file.write_bytes(data)
    with claudemem_lib.open(memory.data_dir) as mended:
        assert mended.stats()["counts"]["prompts"] == 2
