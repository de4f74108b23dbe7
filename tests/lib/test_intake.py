"""From the inbox into the queue: every event once, whatever the files hold and whoever is at work at the same time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claudemem_lib import ids, intake
from claudemem_lib.providers.fake import Fake
from tests.conftest import NOW_MS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from claudemem_lib.memory import Memory
    from claudemem_lib.models import Session, TakenIn
    from tests.conftest import Clock, Host, Memories

TAKE_IN = """
import sys, claudemem_lib
with claudemem_lib.open(sys.argv[1]) as memory:
    pass
"""


def an_event(number: int = 1, **fields: Any) -> dict[str, Any]:
    event = {
        "uid": ids.uid_of(NOW_MS + number, b"0123456789"),
        "at_ms": NOW_MS + number,
        "kind": "tool",
        "session": "s1",
    }
    return {**event, "tool": "Bash", "tool_use_id": f"t{number}", "cwd": "/home/you/project", **fields}


def put(data_dir: str | Path, name: str, content: bytes | dict[str, Any]) -> None:
    path = f"{data_dir}/inbox/{name}"
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120  # odd names stay as they are
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(content if isinstance(content, bytes) else json.dumps(content).encode())


def inbox(memory: Memory) -> list[str]:
    return sorted(os.listdir(f"{memory.data_dir}/inbox"))  # noqa: PTH208


def taken(found: TakenIn) -> tuple[int, int, int]:
    return found.events, found.repeated, found.bad


def in_queue(memory: Memory) -> int:
    counts = memory.stats()["queue"]
    return sum(int(counts[state]) for state in ("pending", "claimed", "parked", "finished"))


def only(memory: Memory) -> Session:
    (session,) = memory.sessions()
    return session


# ------------------------------------------------------------------------------------------------- each event once
def test_what_a_hook_left_is_in_the_queue_and_its_file_is_gone(memory: Memory, host: Host) -> None:
    host.turn()
    assert taken(memory.take_in()) == (3, 0, 0)
    assert [row.kind for row in memory.queue()] == ["tool", "stop"]
    assert inbox(memory) == []


def test_a_file_with_a_known_uid_adds_nothing(memory: Memory) -> None:
    for copy in range(10):
        put(memory.data_dir, f"{copy}.json", an_event(tool_use_id=f"t{copy}"))
    assert taken(memory.take_in()) == (1, 9, 0)
    assert in_queue(memory) == 1


def test_a_hook_that_fires_ten_times_leaves_one_event(memory: Memory) -> None:
    for copy in range(10):
        put(memory.data_dir, f"{copy}.json", an_event(copy, tool_use_id="t1"))
        memory.take_in()
    assert in_queue(memory) == 1


@pytest.mark.parametrize("kind", ["prompt", "stop", "compact", "subagent"])
def test_what_belongs_to_a_named_prompt_is_known_by_its_text(memory: Memory, kind: str) -> None:
    for copy in range(3):
        put(memory.data_dir, f"{copy}.json", an_event(copy, kind=kind, prompt_id="p1", text="the same"))
    put(memory.data_dir, "other.json", an_event(9, kind=kind, prompt_id="p1", text="another"))
    assert taken(memory.take_in()) == (2, 2, 0)


def test_a_failure_and_a_result_of_one_tool_call_are_one_event(memory: Memory) -> None:
    put(memory.data_dir, "1.json", an_event(1, tool_use_id="t1"))
    put(memory.data_dir, "2.json", an_event(2, tool_use_id="t1", kind="failure"))
    assert taken(memory.take_in()) == (1, 1, 0)


def test_events_of_one_text_in_two_sessions_stay_two(memory: Memory) -> None:
    for session in ("s1", "s2"):
        event = an_event(1, uid=session, session=session, kind="prompt", prompt_id="p1", text="go")
        put(memory.data_dir, f"{session}.json", event)
    assert taken(memory.take_in()) == (2, 0, 0)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(6)), cuts=st.sets(st.integers(0, 12)), again=st.lists(st.integers(0, 5), max_size=6))
def test_order_and_repetition_do_not_matter(
    memories: Memories, order: list[int], cuts: set[int], again: list[int]
) -> None:
    names = ("prompt", "tool", "failure", "stop", "start", "end")
    with memories(f"data-{time.monotonic_ns()}") as memory:
        for at, number in enumerate([*order, *again]):
            event = an_event(number, kind=names[number], prompt_id="p1", text="x")
            put(memory.data_dir, f"{at}.json", event)
            if at in cuts:
                memory.take_in()
        memory.take_in()
        assert in_queue(memory) == 6
        assert (only(memory).status, only(memory).prompts) == ("completed", 1)


def test_two_processes_at_once_take_each_event_in_once(memories: Memories) -> None:
    memory = memories()
    for number in range(400):
        put(memory.data_dir, f"{number:04}.json", an_event(number))
    started = [
        subprocess.Popen([sys.executable, "-c", TAKE_IN, memory.data_dir], stderr=subprocess.PIPE) for _ in range(3)
    ]
    outcomes = [(process.communicate(timeout=60)[1], process.returncode) for process in started]
    assert outcomes == [(b"", 0)] * 3
    assert (in_queue(memory), inbox(memory)) == (400, [])


def test_threads_of_one_process_take_each_event_in_once(memory: Memory) -> None:
    for number in range(300):
        put(memory.data_dir, f"{number:04}.json", an_event(number))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: memory.take_in(), range(8)))
    assert sum(one.events for one in found) == in_queue(memory) == 300


def test_a_batch_of_files_is_one_transaction_and_files_outlive_the_commit(memory: Memory) -> None:
    for number in range(intake.FILES_PER_TRANSACTION + 1):
        put(memory.data_dir, f"{number:04}.json", an_event(number))
    present: list[int] = []

    def on_commit() -> bool:
        present.append(len(inbox(memory)))
        return False

    memory.database.connection().set_commit_hook(on_commit)
    memory.take_in()
    assert present == [201, 1]


def test_the_time_an_event_was_taken_in_is_the_memorys_own(memory: Memory, clock: Clock) -> None:
    put(memory.data_dir, "1.json", an_event())
    clock.advance(days=3)
    memory.take_in()
    assert [row.taken_ms for row in memory.queue()] == [clock()]


# ------------------------------------------------------------------------------------------------------- bad files
BAD: dict[str, bytes | dict[str, Any]] = {
    "garbage": b"\xff\xfe no json",
    "empty": b"",
    "cut short": b'{"uid": "u", "at_ms": 1',
    "two values": b"{} {}",
    "a list": b"[]",
    "a text": b'"x"',
    "nothing": b"null",
    "no uid": an_event(2, uid=""),
    "uid is a number": an_event(2, uid=7),
    "no time": an_event(2, at_ms=None),
    "time is a text": an_event(2, at_ms="now"),
    "time is a fraction": an_event(2, at_ms=1.5),
    "time is true": an_event(2, at_ms=True),
    "time before 1970": an_event(2, at_ms=-5),
    "time too large": an_event(2, at_ms=1 << 60),
    "time far too large": b'{"uid":"u","kind":"tool","session":"s","at_ms":1' + b"0" * 400 + b"}",
    "more digits than Python reads": b'{"uid":"u","kind":"tool","session":"s","at_ms":' + b"9" * 5_000 + b"}",
    "unknown kind": an_event(2, kind="party"),
    "kind is a list": an_event(2, kind=["tool"]),
    "session is an object": an_event(2, session={"id": 1}),
    "prompt id is a number": an_event(2, prompt_id=7),
    "prompt id is a list": an_event(2, kind="prompt", prompt_id=["p1"]),
    "text is an object": an_event(2, kind="prompt", text={"a": 1}),
    "text is null": an_event(2, kind="prompt", text=None),
    "unknown origin": an_event(2, kind="prompt", origin="nobody"),
    "folder is a number": an_event(2, cwd=3),
    "branch is a list": an_event(2, branch=["main"]),
    "tool is an object": an_event(2, tool={}),
    "deeper than the parser goes": b'{"a":' * 100_000,
    "deep": json.dumps(an_event(2, input="x")).replace('"x"', "[" * 400 + "]" * 400).encode(),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_set_aside_with_its_reason_and_stops_nothing(memory: Memory, name: str) -> None:
    put(memory.data_dir, "1.json", an_event(1))
    put(memory.data_dir, "2.json", BAD[name])
    put(memory.data_dir, "3.json", an_event(3))
    assert taken(memory.take_in()) == (2, 0, 1)
    assert [row.kind for row in memory.queue()] == ["tool", "tool"]
    assert sorted(inbox(memory)) == ["bad"]
    ((bad, reason),) = intake.bad(memory.data_dir)
    assert bad == "2.json"
    assert reason
    assert memory.stats()["inbox"] == {"waiting": 0, "bad": 1}
    assert taken(memory.take_in()) == (0, 0, 0)


def test_the_bad_file_itself_is_kept_as_it_was(memory: Memory) -> None:
    put(memory.data_dir, "1.json", b"garbage")
    memory.take_in()
    with open(f"{memory.data_dir}/inbox/bad/1.json", "rb") as file:  # noqa: PTH123
        assert file.read() == b"garbage"


def test_only_the_newest_bad_files_are_kept(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "BAD_KEPT", 3)
    for number in range(5):
        put(memory.data_dir, f"{number}.json", b"garbage")
        memory.take_in()
        os.utime(f"{memory.data_dir}/inbox/bad/{number}.json.reason", (number, number))
    put(memory.data_dir, "5.json", an_event(1))
    memory.take_in()
    assert [name for name, _ in intake.bad(memory.data_dir)] == ["2.json", "3.json", "4.json"]
    assert len(os.listdir(f"{memory.data_dir}/inbox/bad")) == 6  # noqa: PTH208


def test_a_folder_in_place_of_a_file_is_set_aside(memory: Memory) -> None:
    put(memory.data_dir, "x.json/inside.txt", b"hello")
    put(memory.data_dir, "y.json", an_event())
    assert taken(memory.take_in()) == (1, 0, 1)
    assert intake.bad(memory.data_dir)[0][0] == "x.json"


def test_what_cannot_be_set_aside_stays_and_stops_nothing(memory: Memory) -> None:
    put(memory.data_dir, "bad", b"a file where the folder should be")
    put(memory.data_dir, "1.json", b"garbage")
    put(memory.data_dir, "2.json/inside.txt", b"hello")
    put(memory.data_dir, "3.json", an_event())
    assert taken(memory.take_in()) == (1, 0, 2)
    assert inbox(memory) == ["1.json", "2.json", "bad"]
    assert memory.stats()["inbox"]["waiting"] == 2


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a\x00b", "a\ufffdb"),
        ("lone \ud800 surrogate", "lone ? surrogate"),
        ("grüße 全文 🎉", "grüße 全文 🎉"),
    ],
)
def test_text_that_sqlite_cannot_hold_is_replaced(memory: Memory, given: str, kept: str) -> None:
    put(memory.data_dir, "1.json", an_event(1, session=given))
    put(memory.data_dir, "2.json", an_event(2, session=given, kind="prompt", text=given, prompt_id=given))
    put(memory.data_dir, "3.json", an_event(3, session=given, input={given: [given, 1, None]}, cwd=f"/x/{given}"))
    assert taken(memory.take_in()) == (3, 0, 0)
    assert (only(memory).title, only(memory).host_id) == (kept, kept)


def test_bytes_that_are_no_utf8_are_replaced(memory: Memory) -> None:
    data = json.dumps(an_event(1, kind="prompt", text="caf@")).encode().replace(b"@", b"\xe9")
    put(memory.data_dir, "1.json", data)
    assert taken(memory.take_in()) == (1, 0, 0)
    assert only(memory).title == "caf\ufffd"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.dictionaries(
        st.sampled_from(
            ["uid", "at_ms", "kind", "session", "prompt_id", "text", "origin", "cwd", "source", "tool", "input"]
        ),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats()
            | st.text(max_size=5)
            | st.sampled_from(["user", "/"]),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
            max_leaves=4,
        ),
    ),
    kind=st.sampled_from(["tool", "prompt", "stop", "start", "end"]),
)
def test_no_file_whatever_it_holds_stops_the_others(memory: Memory, fields: dict[str, Any], kind: str) -> None:
    before = in_queue(memory)
    number = time.monotonic_ns() % 10**9
    put(memory.data_dir, "1.json", {**an_event(number, kind=kind), **fields})
    put(memory.data_dir, "2.json", an_event(number + 1))
    found = memory.take_in()
    assert found.events + found.repeated + found.bad == 2
    assert in_queue(memory) - before == found.events >= 1


@pytest.mark.parametrize("state", ["missing", "a file"])
def test_without_an_inbox_there_is_nothing_to_take_in(memory: Memory, state: str) -> None:
    if state == "a file":
        with open(f"{memory.data_dir}/inbox", "w") as file:  # noqa: PTH123
            file.write("not a folder")
    assert taken(memory.take_in()) == (0, 0, 0)
    assert memory.stats()["inbox"] == {"waiting": 0, "bad": 0}


def test_an_inbox_that_may_not_be_read_leaves_the_memory_usable(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_folder: object) -> None:
        raise PermissionError(13, "Permission denied")

    put(memory.data_dir, "1.json", an_event())
    monkeypatch.setattr("pathlib.Path.iterdir", refuse)
    assert taken(memory.take_in()) == (0, 0, 0)


# ------------------------------------------------------------------------------------------------------- leftovers
def aged(path: str, seconds: float) -> str:
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path


def test_leftovers_of_killed_hooks_go_when_they_are_old(memory: Memory) -> None:
    put(memory.data_dir, ".a.json.1.tmp", b"{")
    put(memory.data_dir, ".b.json.1.tmp", b"{")
    put(memory.data_dir, "1.json", an_event())
    aged(f"{memory.data_dir}/inbox/.a.json.1.tmp", 2 * 3_600)
    memory.take_in()
    assert inbox(memory) == [".b.json.1.tmp"]


def test_marks_of_private_turns_go_after_a_week(memory: Memory) -> None:
    for name, days in (("p-old", 8), ("p-new", 6)):
        put(memory.data_dir, f"../private/{name}", b"")
        aged(f"{memory.data_dir}/private/{name}", days * 86_400)
    put(memory.data_dir, "../private/folder/x", b"")
    aged(f"{memory.data_dir}/private/folder", 30 * 86_400)
    put(memory.data_dir, "1.json", an_event())
    assert taken(memory.take_in()) == (1, 0, 0)
    assert sorted(os.listdir(f"{memory.data_dir}/private")) == ["folder", "p-new"]  # noqa: PTH208


# -------------------------------------------------------------------------------------------------------- sessions
def test_a_session_ends_when_the_host_says_so(memory: Memory, host: Host, clock: Clock) -> None:
    host.start()
    started = clock()
    host.turn("Fix it\nplease")
    memory.take_in()
    assert (only(memory).status, only(memory).ended_ms) == ("active", None)
    host.end()
    memory.take_in()
    session = only(memory)
    assert (session.status, session.started_ms, session.ended_ms) == ("completed", started, clock())
    assert session.title == "Fix it"


def test_a_resumed_session_is_active_again(memory: Memory, host: Host) -> None:
    host.start()
    host.end()
    host.start("resume")
    memory.take_in()
    assert (only(memory).status, only(memory).ended_ms) == ("active", None)
    host.end()
    memory.take_in()
    assert only(memory).status == "completed"


def test_a_prompt_after_the_end_makes_a_session_active_again(memory: Memory, host: Host) -> None:
    host.turn()
    host.end()
    host.prompt("One more thing")
    memory.take_in()
    assert (only(memory).status, only(memory).ended_ms) == ("active", None)


@pytest.mark.parametrize("names", [("stop", "end"), ("end", "stop")])
@pytest.mark.parametrize("files_at_once", [1, 9])
def test_the_end_of_session_and_turn_may_come_in_either_order(
    memories: Memories, hosts: Callable[..., Host], names: tuple[str, str], files_at_once: int
) -> None:
    memory = memories(provider=Fake())
    host = hosts(memory)
    host.start()
    host.prompt("Fix it")
    host.tool()
    for name in names:
        getattr(host, name)()
        if files_at_once == 1:
            memory.take_in()
    memory.take_in()
    assert only(memory).status == "completed"
    assert only(memory).ended_ms is not None
    memory.observe_pending(flush=False)
    assert only(memory).pending == 0
    assert memory.stats()["counts"]["summaries"] == 1


def test_an_end_that_arrives_after_the_resumption_changes_nothing(memory: Memory) -> None:
    put(memory.data_dir, "1.json", an_event(9, kind="start", source="resume"))
    memory.take_in()
    put(memory.data_dir, "2.json", an_event(5, kind="end"))
    memory.take_in()
    assert only(memory).status == "active"


def test_a_start_that_arrives_after_the_end_changes_nothing(memory: Memory) -> None:
    put(memory.data_dir, "1.json", an_event(9, kind="end"))
    memory.take_in()
    put(memory.data_dir, "2.json", an_event(5, kind="start", source="startup"))
    memory.take_in()
    assert (only(memory).status, only(memory).ended_ms) == ("completed", NOW_MS + 9)
    assert only(memory).started_ms == NOW_MS + 5


def test_prompts_are_counted_within_their_session(memory: Memory, hosts: Callable[..., Host]) -> None:
    one, other = hosts(memory, "s1"), hosts(memory, "s2")
    one.turn("a", "p1")
    other.turn("b", "p2")
    one.turn("c", "p3")
    memory.take_in()
    assert {(row.session, row.prompt_number) for row in memory.queue()} == {("s1", 1), ("s1", 2), ("s2", 1)}
    assert {session.host_id: session.prompts for session in memory.sessions()} == {"s1": 2, "s2": 1}


def test_an_event_belongs_to_the_prompt_it_names_however_late_it_comes(memory: Memory, host: Host) -> None:
    host.prompt("first", "p1")
    host.prompt("second", "p2")
    memory.take_in()
    host.prompt_id = "p1"
    host.tool()
    memory.take_in()
    assert [row.prompt_number for row in memory.queue()] == [1]


def test_an_event_without_a_name_belongs_to_the_prompt_before_it(memory: Memory) -> None:
    for number, kind in ((1, "tool"), (2, "prompt"), (4, "prompt")):
        put(memory.data_dir, f"{number}.json", an_event(number, kind=kind, text="go"))
    memory.take_in()
    put(memory.data_dir, "3.json", an_event(3, tool="Late"))
    memory.take_in()
    assert [(row.tool, row.prompt_number) for row in memory.queue()] == [("Bash", 0), ("Late", 1)]


def test_the_first_words_of_the_user_name_the_session(memory: Memory, host: Host) -> None:
    host.prompt("<task-notification>done</task-notification>")
    host.prompt("\n  Build the parser  \nand more")
    host.prompt("Something else")
    memory.take_in()
    assert only(memory).title == "Build the parser"
    assert only(memory).prompts == 2


def test_a_long_title_is_cut(memory: Memory, host: Host) -> None:
    host.prompt("word " * 100)
    memory.take_in()
    assert len(only(memory).title) <= 100
    assert only(memory).title.endswith("…")


def test_a_project_known_later_takes_the_session_and_its_memories_along(memories: Memories) -> None:
    memory = memories(provider=Fake())
    put(memory.data_dir, "1.json", an_event(1, kind="prompt", text="go", cwd=""))
    put(memory.data_dir, "2.json", an_event(2, kind="stop", text="I did it.", cwd=""))
    memory.take_in()
    memory.observe_pending()
    assert only(memory).project == "unknown"
    put(memory.data_dir, "3.json", an_event(3, cwd="/home/you/late-project"))
    memory.take_in()
    assert (only(memory).project, only(memory).cwd) == ("late-project", "/home/you/late-project")
    assert {hit.project for hit in memory.search()} == {"late-project"}
    assert [project.name for project in memory.projects()] == ["late-project"]


def test_a_session_stays_in_the_project_where_it_began(memory: Memory, host: Host) -> None:
    host.prompt("go")
    host.cwd = "/somewhere/else"
    host.tool()
    memory.take_in()
    assert only(memory).project == "project"


def test_a_relative_folder_is_taken_from_a_working_directory_that_may_be_gone(
    memories: Memories, tmp_path: Path
) -> None:
    script = "import os, sys; os.rmdir(os.getcwd()); import claudemem_lib; claudemem_lib.open(sys.argv[1]).close()"
    memory = memories()
    put(memory.data_dir, "1.json", an_event(cwd="relative/folder"))
    (tmp_path / "gone").mkdir()
    subprocess.run([sys.executable, "-c", script, memory.data_dir], cwd=tmp_path / "gone", check=True)
    assert in_queue(memory) == 1


# ------------------------------------------------------------------------------------------------ live and told again
def transcript(folder: Path, clock_ms: int) -> Path:
    """What the client would have written of the session that `live` captures."""
    path = folder / "told" / "s1.jsonl"
    path.parent.mkdir()
    bash = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "make"}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "built", "is_error": False}
    answer = [{"type": "text", "text": "It builds.\n"}]
    records: list[dict[str, Any]] = [
        {"type": "user", "promptId": "p1", "message": {"role": "user", "content": "build it "}},
        {"type": "assistant", "message": {"content": [bash]}},
        {"type": "user", "promptId": "p1", "message": {"content": [result]}, "toolUseResult": {"stdout": "built"}},
        {"type": "assistant", "message": {"content": answer}},
    ]
    with path.open("w") as file:
        for number, record in enumerate(records):
            seconds = clock_ms // 1_000 + number
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S.500Z", time.gmtime(seconds))
            more = {"uuid": f"u{number}", "timestamp": stamp, "sessionId": "s1", "cwd": "/home/you/project"}
            file.write(json.dumps({**record, **more}) + "\n")
    aged(str(path), 3_600)
    return path


def live(host: Host) -> None:
    host.start()
    host.prompt("build it", "p1")
    host.tool("Bash", {"stdout": "built"}, use="t1", command="make")
    host.stop("It builds.")
    host.end()


def held(memory: Memory) -> dict[str, Any]:
    found = memory.stats()
    return {**found["counts"], **found["queue"], "oldest_age_ms": 0}


def test_a_transcript_of_a_captured_session_adds_nothing(
    memory: Memory, host: Host, clock: Clock, tmp_path: Path
) -> None:
    path = transcript(tmp_path, clock())
    live(host)
    memory.take_in()
    memory.observe_pending()
    before, session = held(memory), only(memory)
    assert [read.new for read in memory.backfill(path)] == [0]
    assert (held(memory), only(memory)) == (before, session)


def test_a_session_told_by_its_transcript_first_is_not_doubled_by_its_hooks(
    memory: Memory, host: Host, clock: Clock, tmp_path: Path
) -> None:
    list(memory.backfill(transcript(tmp_path, clock())))
    memory.observe_pending()
    before = held(memory)
    live(host)
    assert memory.take_in().events == 1  # the end of the session, which was later than the last record
    memory.observe_pending()
    assert held(memory) == {**before, "finished": before["finished"] + 1}
    assert only(memory).ended_ms == clock()


def test_a_transcript_adds_nothing_after_the_raw_events_were_dropped(
    memory: Memory, host: Host, clock: Clock, tmp_path: Path
) -> None:
    path = transcript(tmp_path, clock())
    live(host)
    memory.take_in()
    memory.observe_pending()
    clock.advance(days=30)
    memory.observe_pending()
    before = held(memory)
    assert [read.new for read in memory.backfill(path)] == [0]
    memory.observe_pending()
    assert held(memory) == before
