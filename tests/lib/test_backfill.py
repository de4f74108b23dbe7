"""Past sessions from their transcripts: each event once, resumable, in little memory, and nothing that was private."""

from __future__ import annotations

import io
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from claudemem_lib import intake, settings
from claudemem_lib.errors import NotFound, SettingsError
from claudemem_lib.providers.fake import Fake
from claudemem_lib.store import fulltext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from claudemem_lib.backfill import Read
    from claudemem_lib.memory import Memory
    from tests.conftest import Clock, Memories

SHARED_TRANSCRIPTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "transcripts"
KILLED = Path(__file__).with_name("killed.py")
TABLES = (
    "projects",
    "sessions",
    "prompts",
    "events",
    "memories",
    "memory_files",
    "memory_concepts",
    "transcripts",
    "usage",
)


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """The real transcripts, a copy whose sessions ended long ago: the data itself may have been unpacked a minute ago."""
    if not SHARED_TRANSCRIPTS.is_dir():
        pytest.skip("the transcripts of the test data are not here")
    copied = Path(shutil.copytree(SHARED_TRANSCRIPTS, tmp_path / "transcripts", copy_function=shutil.copyfile))
    for file in copied.rglob("*.jsonl"):
        os.utime(file, (1_790_000_000, 1_790_000_000))
    return copied


class Transcript:
    """Writes a transcript as the client does: one record a line, each a second after the last."""

    def __init__(self, path: Path, session: str = "s1", second: int = 0) -> None:
        self.path, self.session, self.second = path, session, second
        path.parent.mkdir(parents=True, exist_ok=True)

    def add(self, kind: str, content: Any, **fields: Any) -> Transcript:
        self.second += 1
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(1_795_000_000 + self.second))
        base = {"type": kind, "uuid": f"{self.path.stem}-{self.second}", "timestamp": stamp, "sessionId": self.session}
        record = {**base, "cwd": "/home/you/app", "message": {"role": kind, "content": content}, **fields}
        return self.raw(json.dumps(record) + "\n")

    def raw(self, line: str) -> Transcript:
        with self.path.open("a") as file:
            file.write(line)
        self.age(7_200)
        return self

    def age(self, seconds: float) -> None:
        then = time.time() - seconds
        os.utime(self.path, (then, then))

    def turn(self, prompt: str, answer: str = "Done.", tool: Any = "ok", **fields: Any) -> Transcript:
        self.add("user", prompt, **fields)
        use = f"{self.path.stem}-use-{self.second}"
        self.add("assistant", [{"type": "tool_use", "id": use, "name": "Bash", "input": {"command": prompt}}], **fields)
        result = [{"type": "tool_result", "tool_use_id": use, "content": "ok"}]
        self.add("user", result, toolUseResult=tool, **fields)
        return self.add("assistant", [{"type": "text", "text": answer}], **fields)


@pytest.fixture
def memory(memories: Memories) -> Memory:
    return memories(provider=Fake())


@pytest.fixture
def transcript(tmp_path: Path) -> Callable[..., Transcript]:
    """Makes transcripts below one projects folder."""

    def make(name: str = "s1", session: str = "", second: int = 0) -> Transcript:
        return Transcript(tmp_path / "told" / "-home-you-app" / f"{name}.jsonl", session or name, second)

    return make


def sums(reads: Iterable[Read]) -> tuple[int, int, int]:
    found = list(reads)
    return sum(read.events for read in found), sum(read.new for read in found), sum(read.bad for read in found)


def counts(memory: Memory) -> dict[str, int]:
    return {table: memory.database.row(f"SELECT count(*) FROM {table}")[0] for table in TABLES}


def everything(memory: Memory) -> str:
    """All text that the file holds of events, prompts and memories."""
    texts = (
        "SELECT payload FROM events",
        "SELECT text FROM prompts",
        "SELECT title || narrative || completed FROM memories",
    )
    return "\n".join(row[0] for text in texts for row in memory.database.rows(text))


# --------------------------------------------------------------------------------------------------- real transcripts
def test_real_transcripts_read_twice_are_stored_once(memories: Memories, real: Path) -> None:
    memory = memories()
    found = list(memory.backfill(real))
    assert sum(read.bad for read in found if "edge" not in read.path) == 0
    assert intake.bad(memory.data_dir) == []
    memory.observe_pending()
    before = counts(memory)
    again = list(memory.backfill(real))
    memory.observe_pending()
    assert counts(memory) == before
    assert (sums(again)[1], {read.unchanged for read in again}) == (0, {True})
    with memory.database.write() as connection:
        connection.execute("DELETE FROM transcripts")
    assert sums(memory.backfill(real))[:2] == (sums(found)[0], 0)
    memory.observe_pending()
    assert counts(memory) == before
    assert memory.stats()["queue"]["pending"] == 0


def test_a_rare_word_of_a_memory_finds_it(memories: Memories, real: Path) -> None:
    memory = memories()
    list(memory.backfill(real))
    memory.observe_pending()
    stored = memory.get(row[0] for row in memory.database.rows("SELECT id FROM memories"))
    words = {
        one.id: set(
            re.findall(
                r"\b[^\W\d_]{5,30}\b", f"{one.title} {one.narrative} {one.completed} {' '.join(one.facts)}".lower()
            )
        )
        for one in stored
    }
    known = [(word, one) for one, found in words.items() for word in found]
    rare = [(word, one) for word, one in known if fulltext.matches(memory.database, f'"{word}"', 6) <= 5]
    chance = random.Random(30)
    missed = [
        (word, one)
        for word, one in chance.sample(sorted(rare), 30)
        if one not in [hit.id for hit in memory.search(word, limit=10)]
    ]
    assert missed == []


# --------------------------------------------------------------------------------------------------------- once each
def test_a_dry_run_counts_and_stores_nothing(memory: Memory, transcript: Callable[..., Transcript]) -> None:
    path = transcript().turn("Fix it").path
    before = counts(memory)
    assert sums(memory.backfill(path, dry_run=True)) == (5, 0, 0)
    assert counts(memory) == before
    assert sums(memory.backfill(path)) == (5, 5, 0)
    assert sums(memory.backfill(path, dry_run=True)) == (0, 0, 0)


def test_a_file_is_read_again_once_it_has_grown(memory: Memory, transcript: Callable[..., Transcript]) -> None:
    one = transcript().turn("First")
    assert sums(memory.backfill(one.path)) == (5, 5, 0)
    assert [read.unchanged for read in memory.backfill(one.path)] == [True]
    one.turn("Second")
    assert sums(memory.backfill(one.path)) == (8, 4, 0)  # prompt, tool, stop, and the session's later end
    assert memory.stats()["counts"]["prompts"] == 2


def test_a_file_that_may_still_be_written_to_is_read_every_time(
    memory: Memory, transcript: Callable[..., Transcript]
) -> None:
    one = transcript().turn("First")
    one.age(0)
    assert [read.unchanged for _ in range(2) for read in memory.backfill(one.path)] == [False, False]
    assert memory.sessions()[0].title == "First"


def test_a_session_ends_with_its_transcript(memory: Memory, transcript: Callable[..., Transcript]) -> None:
    list(memory.backfill(transcript().turn("First").path))
    (session,) = memory.sessions()
    assert (session.status, session.ended_ms) == ("completed", 1_795_000_004_000)


def test_the_oldest_session_comes_first_and_subagents_after_their_session(
    memory: Memory, transcript: Callable[..., Transcript], tmp_path: Path
) -> None:
    for name, age in (("a", 100), ("b", 9_000), ("b/subagents/agent-1", 20_000), ("c", 500)):
        transcript(name, name[0]).turn(name).age(age)
    names = [Path(read.path).stem for read in memory.backfill(tmp_path / "told")]
    assert names == ["b", "agent-1", "c", "a"]


def test_a_folder_that_is_not_there_is_named(memory: Memory, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere does not exist"):
        memory.backfill(tmp_path / "nowhere")


def test_an_empty_folder_is_nothing_to_do(memory: Memory, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert list(memory.backfill(tmp_path / "empty")) == []


@pytest.mark.parametrize("variable", ["CLAUDE_CONFIG_DIR", "HOME"])
def test_without_a_path_the_hosts_own_folder_is_read(
    memory: Memory, tmp_path: Path, environment: Callable[[str, str], None], variable: str
) -> None:
    environment(variable, str(tmp_path))
    top = tmp_path if variable == "CLAUDE_CONFIG_DIR" else tmp_path / ".claude"
    Transcript(top / "projects" / "-home-you-app" / "s1.jsonl").turn("Hello")
    assert [Path(read.path).name for read in memory.backfill()] == ["s1.jsonl"]


# ------------------------------------------------------------------------------------------------------- bad content
def test_what_cannot_be_read_is_counted_and_stops_nothing(
    memory: Memory, transcript: Callable[..., Transcript]
) -> None:
    one = transcript().turn("First").raw("garbage\n").raw('{"cut": \n').raw("[]\n")
    one.raw("[" * 200_000 + "\n").turn("Second")
    assert sums(memory.backfill(one.path)) == (8, 8, 4)


@pytest.mark.parametrize("depth", [150, 480, 900])
def test_an_event_too_deep_to_keep_costs_only_itself(
    memory: Memory, transcript: Callable[..., Transcript], depth: int
) -> None:
    deep: Any = "x"
    for _ in range(depth):
        deep = [deep]
    one = transcript().turn("First", tool={"deep": deep}).turn("Second")
    assert sums(memory.backfill(one.path)) == (7, 7, 1)
    assert memory.observe_pending().failed == 0


def test_a_file_that_vanishes_meanwhile_stops_nothing(
    memory: Memory, transcript: Callable[..., Transcript], tmp_path: Path
) -> None:
    for name in ("s1", "s2", "s3"):
        transcript(name).turn("Hello")
    run = memory.backfill(tmp_path / "told")
    run.files[1].unlink()
    assert [(read.new, read.bad) for read in run] == [(5, 0), (0, 1), (5, 0)]


def test_a_broken_link_is_no_transcript(memory: Memory, transcript: Callable[..., Transcript], tmp_path: Path) -> None:
    one = transcript().turn("Hello")
    (one.path.parent / "s2.jsonl").symlink_to(tmp_path / "nowhere")
    assert len(list(memory.backfill(tmp_path / "told"))) == 1


# ------------------------------------------------------------------------------------------------------------ private
@pytest.mark.parametrize("named", [True, False])
def test_a_private_turn_is_not_read_at_all(
    memory: Memory,
    transcript: Callable[..., Transcript],
    named: bool,  # noqa: FBT001  # parametrized by name
) -> None:
    ids = [{"promptId": f"p{number}"} if named else {} for number in range(3)]
    one = transcript().turn("First", **ids[0])
    one.turn("<private>hush secret</private>", "The secret is hush.", "hush", **ids[1]).turn("Third", **ids[2])
    list(memory.backfill(one.path))
    memory.observe_pending()
    assert "hush" not in everything(memory)
    assert memory.stats()["counts"]["prompts"] == 2


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("layout", ["s1/subagents/agent-1", "agent-1"])
@pytest.mark.parametrize("before", ["in the same run", "in an earlier run", "alone"])
def test_a_subagent_of_a_private_turn_is_not_read_either(  # noqa: PLR0913, PLR0917  # the ways it can come
    memory: Memory,
    transcript: Callable[..., Transcript],
    tmp_path: Path,
    named: bool,  # noqa: FBT001  # parametrized by name
    layout: str,
    before: str,
) -> None:
    ids = [{"promptId": f"p{number}"} if named else {} for number in range(3)]
    one = transcript().turn("First", **ids[0])
    one.turn("<private>hush</private>", "hush", "hush", **ids[1])
    hidden = transcript(layout, "s1", one.second - 3)
    seen = transcript(layout + "b", "s1", one.second + 5)
    one.second += 4
    one.turn("Third", **ids[2])
    path: Path = tmp_path / "told"
    if before == "in an earlier run":
        list(memory.backfill(path))
    hidden.turn("Look for hush", "Found hush.", "hush", agentId="1", **ids[1])
    seen.turn("Look for light", "Found light.", "light", agentId="1b", **ids[2])
    if before == "alone":
        list(memory.backfill(hidden.path))
        list(memory.backfill(seen.path))
    else:
        list(memory.backfill(path))
    memory.observe_pending()
    assert "hush" not in everything(memory)
    assert "light" in everything(memory)


def test_what_retells_a_private_turn_is_left_out(memory: Memory, transcript: Callable[..., Transcript]) -> None:
    one = transcript().turn("<private>hush</private>", "hush", "hush", promptId="p1")
    notice = "<task-notification><summary>hush</summary></task-notification>"
    one.turn(notice, "hush again", "hush", promptId="p2")
    one.add("user", "This session is being continued\n\nhush", isCompactSummary=True, promptId="p3")
    one.turn("Fourth", promptId="p4")
    list(memory.backfill(one.path))
    memory.observe_pending()
    assert "hush" not in everything(memory)
    assert memory.database.rows("SELECT kind FROM events WHERE kind = 'compacted'") == [("compacted",)]


def test_a_notification_in_a_session_without_private_turns_is_kept(
    memory: Memory, transcript: Callable[..., Transcript]
) -> None:
    one = transcript().turn("<task-notification>light</task-notification>", promptId="p1")
    list(memory.backfill(one.path))
    assert "light" in everything(memory)


# ----------------------------------------------------------------------------------------------------- killed, large
def test_killed_at_any_write_the_next_run_ends_where_one_run_would_have(memories: Memories, tmp_path: Path) -> None:
    memory = memories("template")
    memory.close()
    folder = Path(memory.data_dir) / "transcripts"
    Transcript(folder / "s1.jsonl", "s1").turn("First").turn("Second")
    Transcript(folder / "s1" / "subagents" / "agent-1.jsonl", "s1", 2).turn("Look", agentId="1")
    Transcript(folder / "s2.jsonl", "s2", 20).turn("Third")
    command = [sys.executable, str(KILLED), "backfill", "kill", memory.data_dir, str(tmp_path / "tried"), "4"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=110)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) > 12
    whole = found[-1]["done"]
    assert len(whole["events"]) == 15
    for one in found:
        assert (one["after"]["integrity"], one["after"]["batches"]) == ("ok", True)
        assert one["done"] == whole


LARGE = """
import resource, sys, claudemem_lib
with claudemem_lib.open(sys.argv[1]) as memory:
    print(sum(read.new for read in memory.backfill(sys.argv[2])))
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(sum(read.new for read in memory.backfill(sys.argv[3])))
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory in the unit of Linux")
def test_a_large_transcript_costs_little_memory(transcript: Callable[..., Transcript], tmp_path: Path) -> None:
    small = transcript("small").turn("Hello")
    large = transcript("large")
    large.turn("Begin", tool={"stdout": "line of output\n" * 3_000})
    block = large.path.read_text()
    with large.path.open("a") as file:
        for number in range(15_000_000 // len(block)):
            file.write(block.replace("large-", f"large-{number}-"))
    large.age(7_200)
    assert large.path.stat().st_size > 14_000_000
    command = [sys.executable, "-c", LARGE, str(tmp_path / "data"), str(small.path), str(large.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=110)
    few, many, megabytes = map(int, done.stdout.split())
    assert (few, many > 600) == (5, True)
    assert megabytes < 60


# ------------------------------------------------------------------------------------------------ what was switched off
BEGAN_MS = 1_795_000_000_000
LONG = "5d1c0b9a-1111-4222-8333-444455556666"


def paused(memory: Memory, clock: Clock, begin_s: float, end_s: float, **scope: Any) -> None:
    """A pause from one second of the transcripts to another."""
    clock.now_ms = BEGAN_MS + int(begin_s * 1_000)
    memory.pauses.begin(**scope)
    clock.now_ms = BEGAN_MS + int(end_s * 1_000)
    assert memory.pauses.end()


def three_turns(transcript: Callable[..., Transcript], name: str = "s1") -> Transcript:
    """Turns that end at the seconds 4, 8 and 12."""
    told = transcript(name)
    for word in ("apple", "zebra", "cherry"):
        told.turn(f"Ask about the {word}", f"The {word} is done.")
    return told


def test_what_happened_while_capture_was_paused_is_not_learned_from_transcripts(
    memory: Memory, clock: Clock, transcript: Callable[..., Transcript]
) -> None:
    told = three_turns(transcript)
    paused(memory, clock, 4.5, 8.5)
    assert sums(memory.backfill(told.path.parents[1]))[2] == 0
    known = everything(memory)
    assert "zebra" not in known
    assert "apple" in known
    assert "The cherry is done." in known


def test_a_turn_of_which_a_part_was_paused_is_not_told_by_its_end(
    memory: Memory, clock: Clock, transcript: Callable[..., Transcript]
) -> None:
    told = three_turns(transcript)
    paused(memory, clock, 5.5, 7.5)
    list(memory.backfill(told.path.parents[1]))
    known = everything(memory)
    assert "The zebra is done." not in known
    assert "The cherry is done." in known


@pytest.mark.parametrize(
    ("scope", "hidden"),
    [
        ({"session": LONG}, [LONG]), ({"project": "app"}, ["s1", LONG]), ({"what": ("context",)}, []),
        ({"what": ("capture",)}, ["s1", LONG]), ({"for_ms": 1_000}, []),
    ],
    ids=str,
)  # fmt: skip
def test_only_what_was_paused_stays_unknown(
    memory: Memory, clock: Clock, transcript: Callable[..., Transcript], scope: dict[str, Any], hidden: list[str]
) -> None:
    for session in ("s0", "s1", LONG):
        first = transcript(session, second={"s0": -10_000}.get(session, 0))
        first.turn(f"Ask {session}")
    list(memory.backfill(transcript("s0").path))
    memory.take_in()
    clock.now_ms = BEGAN_MS - 5_000
    memory.pauses.begin(**scope)
    list(memory.backfill(transcript("s0").path.parent))
    known = everything(memory)
    assert [session for session in ("s1", LONG) if f"Ask {session}" not in known] == hidden
    assert "Ask s0" in known


def test_what_happened_while_the_setting_was_off_is_not_learned_later_either(
    memory: Memory, transcript: Callable[..., Transcript]
) -> None:
    settings.save(memory.data_dir, {"capture_enabled": False})
    (one,) = memory.pauses.all()
    assert one["until_ms"] is None
    settings.save(memory.data_dir, {"capture_enabled": True})
    (one,) = memory.pauses.all()
    assert one["until_ms"] >= one["from_ms"]
    assert memory.pauses.in_force() == []
    path = Path(memory.data_dir) / "switches.json"
    path.write_text(json.dumps([{**one, "from_ms": BEGAN_MS, "until_ms": BEGAN_MS + 4_500}]))
    list(memory.backfill(three_turns(transcript).path))
    known = everything(memory)
    assert "apple" not in known
    assert "zebra" in known


def test_where_nobody_knows_what_was_paused_nothing_is_learned(
    memory: Memory, transcript: Callable[..., Transcript]
) -> None:
    (Path(memory.data_dir) / "switches.json").write_text("{")
    with pytest.raises(SettingsError, match=r"switches\.json holds no list of pauses.*mend the file or delete it"):
        memory.backfill(three_turns(transcript).path)


def exported(memory: Memory) -> bytes:
    out = io.BytesIO()
    memory.transfer.export(out)
    return out.getvalue()


def imported(memory: Memory, bundle: bytes) -> None:
    list(memory.transfer.bundle(io.BytesIO(bundle)))


def learn(memory: Memory, folder: Path) -> Memory:
    list(memory.backfill(folder))
    memory.observe_pending()
    return memory


def told(memory: Memory) -> list[tuple[Any, ...]]:
    return memory.database.rows("SELECT uid, title FROM memories ORDER BY uid")


def two_subjects(transcript: Callable[..., Transcript]) -> Path:
    """The folder of two sessions: one fixes the walrus, one the parser, which the second does in the same words too."""
    first = transcript("s1").turn("Fix the walrus counter", "The walrus counter was off by one; fixed.")
    first.turn("Fix the parser of dates", "The parser took months for days; fixed.")
    transcript("s2").turn("Fix the walrus counter", "The walrus counter was off by one; fixed.")
    return first.path.parent


def test_the_same_transcripts_on_two_machines_are_one_memory(
    memories: Memories, transcript: Callable[..., Transcript]
) -> None:
    folder = two_subjects(transcript)
    one, other, third = (memories(name) for name in ("one", "other", "third"))
    expected = told(learn(one, folder))
    assert expected
    assert told(learn(other, folder)) == expected
    imported(other, exported(one))
    assert told(other) == expected
    imported(third, exported(one))
    assert told(learn(third, folder)) == expected
    imported(one, exported(third))
    assert told(one) == expected


@pytest.mark.parametrize("learned_before", [False, True])
def test_what_one_machine_forgot_another_with_the_same_transcripts_forgets(
    memories: Memories, transcript: Callable[..., Transcript], *, learned_before: bool
) -> None:
    folder = two_subjects(transcript)
    one, other = learn(memories("one"), folder), memories("other")
    if learned_before:
        learn(other, folder)
        assert other.search("walrus")
    one.forget(query="walrus", now=True)
    imported(other, exported(one))
    learn(other, folder)
    assert not other.search("walrus")
    assert not other.database.rows("SELECT 1 FROM prompts WHERE text LIKE '%walrus%'")
    assert not other.database.rows("SELECT 1 FROM events WHERE payload LIKE '%walrus%'")
    assert other.search("parser")
    assert told(other) == told(one)
