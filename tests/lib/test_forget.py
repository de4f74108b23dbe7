"""Forgetting: what is meant goes from everywhere, comes back while it can be undone, and is not learned again."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import claudemem_lib
from claudemem_lib.browse import Wanted
from claudemem_lib.cli import main
from claudemem_lib.errors import BadRequest, NotFound
from claudemem_lib.providers.fake import Fake
from claudemem_lib.store import forgetting, memories, sql, tombstones
from claudemem_lib.store.tombstones import Tombstones
from tests.conftest import Clock
from tests.lib.stored import add_note, add_observation

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.memory import Memory
    from tests.conftest import Host, Memories

MARKER = "zanzibar"
TABLES = (
    "projects", "project_aliases", "sessions", "prompts", "events", "memories", "memory_files", "memory_concepts",
    "memory_links", "memory_repeats", "tombstones",
)  # fmt: skip


def rows(memory: Memory) -> dict[str, list[Any]]:
    """Everything there is, to compare with later."""
    return {table: sorted(memory.database.rows(f"SELECT * FROM {table}"), key=str) for table in TABLES}


def bytes_of(memory: Memory) -> bytes:
    """Every byte of every file in the data folder."""
    return b"".join(path.read_bytes() for path in sorted(Path(memory.data_dir).rglob("*")) if path.is_file())


def ids_of(memory: Memory, query: str = "") -> list[int]:
    """The memories that a search finds, without the prompts."""
    return [hit.id for hit in memory.search(query, limit=100) if hit.kind != "prompt"]


def everything_said(memory: Memory) -> str:
    """All that can be read through the library's verbs."""
    feed = memory.browse.feed(Wanted(), limit=1000)
    said = [str(memory.get(one.id for one in feed if one.kind != "prompt")), str(feed)]
    said += [str(memory.search(limit=1000)), str(memory.timeline(at_ms=memory.clock(), before=500, after=500))]
    said += [
        str(memory.sessions(limit=1000)),
        str(memory.projects()),
        str(memory.queue(limit=500)),
        str(memory.stats()),
    ]
    said += [memory.browse.story_markdown(one.host_id) for one in memory.sessions(limit=1000)]
    said += [memory.context(row.root) for row in memory.projects()]
    said += [str([memory.browse.prompt(one.id) for one in feed if one.kind == "prompt"])]
    return "\n".join(said)


@pytest.fixture
def marked(memory: Memory, hosts: Callable[..., Host]) -> Memory:
    """Two projects; what one session of the first says holds the marker in prompt, tool, answer and what was made of it."""
    one = hosts(memory, "s-one", cwd="/w/shop")
    one.start()
    one.prompt(f"Plan the {MARKER} merger")
    one.tool("Edit", {"filePath": "/w/shop/src/deal.py"}, file_path="/w/shop/src/deal.py", new_string=f"{MARKER} = 7")
    one.tool("Bash", f"{MARKER}: 3 rows", command=f"grep {MARKER} .")
    one.stop(f"The {MARKER} merger is planned.")
    one.turn("Fix the login")
    two = hosts(memory, "s-two", cwd="/w/shop")
    two.turn("Speed up the search")
    other = hosts(memory, "s-other", cwd="/w/blog")
    other.turn("Write a post")
    memory.take_in()
    memory.observe_pending()
    assert MARKER in everything_said(memory)
    return memory


def gone(memory: Memory, clock: Clock) -> None:
    """Nothing shows the marker; once it can no longer be undone, no byte does."""
    assert MARKER not in everything_said(memory)
    assert memory.search(MARKER) == []
    clock.advance(minutes=11)
    memory.curate.lapse()
    assert memory.database.rows("SELECT 1 FROM undo UNION ALL SELECT 1 FROM undo_rows") == []
    assert MARKER.encode() not in bytes_of(memory).lower()


CHOICES: dict[str, dict[str, Any]] = {
    "query": {"query": MARKER},
    "session": {"session": "s-one"},
    "beginning of a session": {"session": "s-on"},
    "project": {"project": "shop"},
    "folder": {"project": "/w/shop"},
    "project and query": {"project": "shop", "query": f"{MARKER} merger"},
    "time": {"since_ms": 0},
    "time of a project": {"project": "shop", "since_ms": 0},
    "time of a session": {"session": "s-one", "since_ms": 0},
    "expression": {"query": f"{MARKER} OR nonsense"},
}


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_rank_20_no_byte_is_left_of_what_was_forgotten(marked: Memory, clock: Clock, choice: dict[str, Any]) -> None:
    told = marked.forget(**choice)
    assert told.memories
    assert marked.database.rows(sql.INTEGRITY) == [("ok",)]
    gone(marked, clock)


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_undo_brings_every_row_back(marked: Memory, choice: dict[str, Any]) -> None:
    before = rows(marked)
    told = marked.forget(**choice)
    assert rows(marked) != before
    assert told.counted() in marked.curate.undo()
    assert rows(marked) == before
    assert marked.search(MARKER)


def broken_off(memory: Memory, monkeypatch: pytest.MonkeyPatch, portions: int, choice: dict[str, Any]) -> None:
    """A forgetting in portions of one, whose process is killed after some of them."""
    left = portions
    whole = forgetting._portion

    def one(*about: Any) -> bool:
        nonlocal left
        if not left:
            raise KeyboardInterrupt
        left -= 1
        return whole(*about)

    with monkeypatch.context() as patch:
        patch.setattr(forgetting, "UNITS", 1)
        patch.setattr(forgetting, "_portion", one)
        with suppress(KeyboardInterrupt):
            memory.forget(**choice)


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize("portions", [1, 2, 3, 5])
def test_undo_brings_back_what_went_of_a_forgetting_that_was_broken_off(
    marked: Memory, monkeypatch: pytest.MonkeyPatch, portions: int, choice: dict[str, Any]
) -> None:
    before = rows(marked)
    broken_off(marked, monkeypatch, portions, choice)
    assert rows(marked) != before
    assert marked.curate.undo().startswith("forgetting ")
    marked.curate.lapse()
    assert rows(marked) == before


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize("portions", [1, 3])
def test_whoever_comes_next_goes_on_with_a_forgetting_that_was_broken_off(
    marked: Memory, monkeypatch: pytest.MonkeyPatch, clock: Clock, portions: int, choice: dict[str, Any]
) -> None:
    before = rows(marked)
    broken_off(marked, monkeypatch, portions, choice)
    marked.curate.lapse()
    assert MARKER not in everything_said(marked)
    marked.curate.undo()
    assert rows(marked) == before
    broken_off(marked, monkeypatch, portions, choice)
    clock.advance(minutes=11)
    marked.curate.lapse()
    gone(marked, clock)
    assert marked.database.rows(sql.INTEGRITY) == [("ok",)]


def test_a_large_forgetting_lets_other_writers_in(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(forgetting.UNITS * 3):
        memory.remember(f"The parser of part {number} stops at quotes.", project="shop")
    gone: list[int] = []
    let_go = memories.forget

    def counted(connection: Any, ids: Any) -> list[int]:
        found = let_go(connection, ids)
        gone.append(len(found))
        return found

    monkeypatch.setattr(memories, "forget", counted)
    memory.forget(project="shop")
    assert [number for number in gone if number] == [forgetting.UNITS] * 3
    assert memory.projects() == []


def test_what_is_remembered_of_a_project_while_it_goes_stays(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        memory.remember(f"The parser of part {number} stops at quotes.", project="shop")
    broken_off(memory, monkeypatch, 1, {"project": "shop"})
    late = memory.remember("Deploys are on Mondays.", project="shop")
    memory.curate.lapse()
    assert [hit.id for hit in memory.search("parser OR deploys")] == [late]
    memory.curate.undo()
    assert len(memory.search("parser OR deploys")) == 4
    assert [one.name for one in memory.projects()] == ["shop"]


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_a_dry_run_tells_the_same_and_changes_nothing(marked: Memory, choice: dict[str, Any]) -> None:
    before = rows(marked)
    planned = marked.forget(dry_run=True, **choice)
    assert rows(marked) == before
    told = marked.forget(**choice)
    assert planned.dry_run
    assert not told.dry_run
    for name in ("memories", "prompts", "sessions", "events", "project", "lines"):
        assert getattr(planned, name) == getattr(told, name)


def test_a_memory_goes_with_its_evidence_and_the_rest_of_its_session_stays(marked: Memory, clock: Clock) -> None:
    found = ids_of(marked, MARKER)
    others = [one for one in ids_of(marked) if one not in found]
    marked.forget(found)
    assert ids_of(marked) == others
    events = marked.database.rows("SELECT payload FROM events WHERE kind <> 'prompt'")
    assert MARKER not in str(events)
    assert marked.browse.story("s-one")[0].prompts == 2
    clock.advance(minutes=11)
    marked.curate.lapse()
    assert MARKER.encode() in bytes_of(marked)  # the prompt was not meant: a query means it too
    marked.forget(query=MARKER)
    gone(marked, clock)


def test_evidence_that_told_a_memory_again_goes_with_it(
    memory: Memory, hosts: Callable[..., Host], clock: Clock
) -> None:
    for session in ("s1", "s2"):
        host = hosts(memory, session)
        host.prompt("Look at it")
        host.tool("Edit", {"filePath": "/home/you/project/a.py"}, file_path="/home/you/project/a.py", new_string=MARKER)
        host.stop("Done.")
    memory.take_in()
    memory.observe_pending()
    assert any(one.repeats for one in memory.get(ids_of(memory)))
    memory.forget(ids_of(memory))
    gone(memory, clock)


def test_a_session_loses_its_title_with_the_prompt_that_gave_it(marked: Memory) -> None:
    assert marked.browse.story("s-one")[0].title == f"Plan the {MARKER} merger"
    marked.forget(query=MARKER)
    assert marked.browse.story("s-one")[0].title == "Fix the login"
    marked.curate.undo()
    assert marked.browse.story("s-one")[0].title == f"Plan the {MARKER} merger"


def test_turns_keep_their_numbers(marked: Memory, hosts: Callable[..., Host]) -> None:
    marked.forget(query=MARKER)
    host = hosts(marked, "s-one", cwd="/w/shop")
    host.turn("A third thing", tools=0)
    marked.take_in()
    numbers = marked.database.rows(
        "SELECT number, text FROM prompts WHERE session_id = (SELECT id FROM sessions WHERE host_id = 's-one') ORDER BY number"
    )
    assert numbers == [(1, ""), (2, "Fix the login"), (3, "A third thing")]
    assert marked.browse.story("s-one")[0].prompts == 2


def test_a_file_and_a_folder_are_forgotten_by_path(marked: Memory, clock: Clock) -> None:
    for path in ("eal.py", "rc/deal.py", "/w/blog/src/deal.py", "deal"):
        assert marked.forget(files=path, dry_run=True).empty, path
    for path in ("deal.py", "src/deal.py", "./src/deal.py", "/w/shop/src/deal.py"):
        assert marked.forget(files=[path], dry_run=True).memories, path
    part = marked.forget(files=["/w/shop/src/"], dry_run=True)
    assert len(part.memories) > len(marked.forget(files="deal.py", dry_run=True).memories)
    marked.forget(files=["/w/shop/src/*"])
    assert "deal.py" not in everything_said(marked)
    clock.advance(minutes=11)
    marked.curate.lapse()
    assert b"deal.py" not in bytes_of(marked)
    for nothing in (".", "/", "*"):
        with pytest.raises(BadRequest):
            marked.forget(files=[nothing])


def test_a_name_in_a_payload_s_frame_is_not_what_was_said(marked: Memory) -> None:
    assert marked.forget(query="filePath", dry_run=True).events == 0


def test_what_waits_is_forgotten_before_it_is_learned(memory: Memory, host: Host, clock: Clock) -> None:
    host.turn(f"Plan the {MARKER} merger", answer=MARKER)
    host.turn("Something else")
    told = memory.forget(query=MARKER)  # what lies in the inbox is taken in first
    assert told.events
    memory.observe_pending()
    assert memory.stats()["queue"]["pending"] == 0
    assert memory.search("part0")
    gone(memory, clock)


def test_a_worker_that_was_at_it_stores_nothing(memory: Memory, host: Host) -> None:
    host.turn(f"Plan the {MARKER} merger", answer=MARKER)
    memory.take_in()
    batch = memory.observer.claim(flush=True)
    assert batch is not None
    memory.forget(session="s1", now=True)
    done = memory.observer.observe(batch)
    assert (done.failed, done.memories) == (1, 0)
    assert memory.search(limit=10) == []


def test_a_forgotten_session_says_nothing_more_until_it_is_brought_back(
    marked: Memory, hosts: Callable[..., Host]
) -> None:
    marked.forget(session="s-one")
    host = hosts(marked, "s-one", cwd="/w/shop")
    host.turn("Go on")
    assert marked.take_in().events == 0
    assert [one.host_id for one in marked.sessions()] == ["s-other", "s-two"]
    marked.curate.undo()
    host.turn("Go on once more", tools=0)
    assert marked.take_in().events == 2


def test_a_new_session_of_a_forgotten_project_is_recorded(marked: Memory, hosts: Callable[..., Host]) -> None:
    marked.forget(project="shop")
    assert [row.name for row in marked.projects()] == ["blog"]
    new = hosts(marked, "s-new", cwd="/w/shop")
    new.turn("Begin anew")
    marked.take_in()
    marked.observe_pending()
    assert {row.name for row in marked.projects()} == {"blog", "shop"}
    assert [one.host_id for one in marked.sessions("shop")] == ["s-new"]
    marked.curate.undo()
    assert {one.host_id for one in marked.sessions("shop")} == {"s-new", "s-one", "s-two"}
    assert len(marked.projects()) == 2


def test_a_project_whose_name_was_taken_meanwhile_comes_back_under_another(marked: Memory) -> None:
    marked.forget(project="shop")
    marked.remember("A note", project="shop")
    marked.curate.undo()
    assert len(marked.projects()) == 3
    assert marked.search(MARKER)


def test_forgetting_for_good_beside_a_reader_says_that_the_bytes_are_still_there(marked: Memory) -> None:
    reader = apsw.Connection(str(marked.database.path))
    reader.execute("BEGIN; SELECT count(*) FROM memories").fetchall()
    note = marked.remember("A note to be forgotten", project="/w/shop")
    assert marked.forget([note], now=True).lingers
    reader.close()
    again = marked.remember("Another note to be forgotten", project="/w/shop")
    assert not marked.forget([again], now=True).lingers


def test_a_span_of_time_leaves_the_rest_of_a_session(memory: Memory, host: Host, clock: Clock) -> None:
    host.turn("Before")
    since_ms = clock() + 1
    host.turn(f"The {MARKER}", answer=MARKER)
    until_ms = clock() + 1
    host.turn("After")
    memory.take_in()
    memory.observe_pending()
    told = memory.forget(since_ms=since_ms, until_ms=until_ms)
    assert told.sessions == ()
    assert [entry.title for entry in memory.browse.story("s1")[1] if entry.kind == "prompt"] == ["Before", "After"]
    gone(memory, clock)


def test_a_running_session_goes_on_after_its_last_hour_was_forgotten(memory: Memory, host: Host, clock: Clock) -> None:
    host.turn(f"The {MARKER}", answer=MARKER)
    memory.forget(since_ms=clock() - 3_600_000)
    assert [one.title for one in memory.sessions()] == [""]
    host.turn("Go on")
    memory.take_in()
    assert [one.title for one in memory.sessions()] == ["Go on"]
    memory.observe_pending()
    gone(memory, clock)


# -------------------------------------------------------------------------------------------------- not learned again
def transcript(folder: Path, session: str, clock: Clock, *, marker: str = MARKER, cwd: str = "/w/shop") -> Path:
    """A session as the host writes it down."""
    at = "2026-11-22T06:00:0{}.000Z"
    common = {"sessionId": session, "cwd": cwd, "version": "2.1.0", "isSidechain": False, "userType": "external"}
    path = f"/w/shop/src/{marker}.py"
    changed = {"file_path": path, "old_string": "a", "new_string": marker}
    use = {"type": "tool_use", "id": f"{session}-t1", "name": "Edit", "input": changed}
    result = {"type": "tool_result", "tool_use_id": f"{session}-t1", "content": f"{path} was changed"}
    lines = [
        {"type": "user", "message": {"role": "user", "content": f"Plan the {marker} merger"}, "promptId": "p1"},
        {"type": "assistant", "message": {"role": "assistant", "content": [use]}},
        {"type": "user", "message": {"role": "user", "content": [result]}, "toolUseResult": {"filePath": path}},
        {
            "type": "assistant",
            "message": {"role": "assistant", "content": [{"type": "text", "text": f"{marker} done."}]},
        },
    ]
    folder.mkdir(exist_ok=True)
    file = folder / f"{session}.jsonl"
    told = [{**common, "uuid": f"{session}-{n}", "timestamp": at.format(n), **line} for n, line in enumerate(lines)]
    file.write_text("".join(json.dumps(line) + "\n" for line in told))
    os.utime(file, (clock() / 1000 - 86_400, clock() / 1000 - 86_400))
    return file


@pytest.mark.parametrize(
    "choice", [{"query": MARKER}, {"session": "s-past"}, {"project": "shop"}, {"since_ms": 0}, {"ids": True}], ids=str
)
def test_rank_20_a_backfill_does_not_learn_it_again(
    memory: Memory, tmp_path: Path, clock: Clock, choice: dict[str, Any]
) -> None:
    file = transcript(tmp_path / "past", "s-past", clock)
    clock.advance(minutes=5)
    assert sum(read.new for read in memory.backfill(file)) > 0
    memory.observe_pending()
    assert memory.search(MARKER)
    prompts = [-hit.id for hit in memory.search(kind="prompt")]
    assert prompts == [-1]
    ids = prompts + ids_of(memory) if "ids" in choice else None
    choice = {name: value for name, value in choice.items() if name != "ids"}
    memory.forget(ids, now=True, **choice)
    os.utime(file, (clock() / 1000, clock() / 1000 - 43_200))
    assert sum(read.new for read in memory.backfill(file)) == 0
    memory.observe_pending()
    assert memory.search(MARKER) == []


@pytest.mark.parametrize("choice", [{"project": "shop"}, {"since_ms": 0}, {"project": "shop", "since_ms": 0}], ids=str)
def test_a_backfill_does_not_bring_what_was_forgotten_before_it_was_known(
    marked: Memory, tmp_path: Path, clock: Clock, choice: dict[str, Any]
) -> None:
    file = transcript(tmp_path / "past", "s-past", clock)
    clock.advance(minutes=5)
    marked.forget(now=True, **choice)
    assert sum(read.new for read in marked.backfill(file)) == 0
    assert MARKER not in everything_said(marked)


def test_late_events_do_not_bring_it_back(marked: Memory, clock: Clock) -> None:
    for name, session in (("late", "s-one"), ("early", "s-unknown")):
        event = {
            "uid": f"u-{name}", "at_ms": clock() - 1, "kind": "tool", "session": session, "tool": "Bash", "tool_use_id": name,
            "cwd": "/w/shop", "place": ["path:/w/shop", "shop", "/w/shop"], "output": MARKER,
        }  # fmt: skip
        (Path(marked.data_dir) / "inbox" / f"{name}.tmp").write_text(json.dumps(event))
    marked.forget(project="shop")
    for file in (Path(marked.data_dir) / "inbox").glob("*.tmp"):
        file.rename(file.with_suffix(".json"))
    assert marked.take_in().events == 0
    gone(marked, clock)


# ------------------------------------------------------------------------------------------------- files beside the file
def test_unreadable_files_of_the_inbox_go_when_it_cannot_be_undone(marked: Memory, clock: Clock) -> None:
    inbox = Path(marked.data_dir) / "inbox"
    (inbox / "1.json").write_text('{"session": "s-one", "text": "' + MARKER)
    (inbox / "2.json").write_text('{"session": "s-two", "text": "nothing of it')
    told = marked.forget(session="s-one")
    assert told.bad_files == ("1.json",)
    assert (inbox / "bad" / "1.json").exists()
    gone(marked, clock)
    assert {path.name for path in (inbox / "bad").iterdir()} == {"2.json", "2.json.reason"}


def test_copies_from_before_are_named_and_go_if_asked_for(marked: Memory, clock: Clock) -> None:
    backups = Path(marked.data_dir) / "backups"
    backups.mkdir()
    for name, age_s in (("schema-1-1.db", -60), ("schema-1-0.db", 365 * 86_400)):
        (backups / name).write_bytes(MARKER.encode())
        os.utime(backups / name, (clock() / 1000 - age_s, clock() / 1000 - age_s))
    assert marked.forget(session="s-one").copies == ("backups/schema-1-1.db",)
    marked.curate.undo()
    told = marked.forget(session="s-one", backups=True)
    assert (told.copies, told.removed) == ((), ("backups/schema-1-1.db",))
    marked.curate.undo()
    assert (backups / "schema-1-1.db").exists()
    marked.forget(session="s-one", backups=True, now=True)
    assert [path.name for path in backups.iterdir()] == ["schema-1-0.db"]


def test_a_reader_that_holds_an_older_state_only_delays_the_last_byte(marked: Memory, memories: Memories) -> None:
    marked.forget(query=MARKER)
    reader = memories("data").database.connection()
    cursor = reader.execute("SELECT id FROM sessions")
    next(cursor)
    marked.database.connection().set_busy_timeout(1)
    marked.curate.lapse(at_once=True)
    assert marked.database.rows("SELECT verb FROM undo") == [("purge",)]
    with pytest.raises(NotFound):
        marked.curate.undo()
    cursor.close()
    marked.curate.lapse()
    assert marked.database.rows("SELECT 1 FROM undo") == []
    assert MARKER.encode() not in bytes_of(marked)


def test_whoever_opens_the_memory_after_the_window_lets_go_of_it(marked: Memory, clock: Clock) -> None:
    marked.forget(query=MARKER)
    marked.close()
    assert MARKER.encode() in bytes_of(marked)
    clock.advance(minutes=11)
    claudemem_lib.open(marked.data_dir, provider=Fake(), clock=clock).close()
    assert MARKER.encode() not in bytes_of(marked)


# ----------------------------------------------------------------------------------------------------------- what is asked
def test_nothing_in_particular_is_refused_and_nothing_there_is_no_mistake(marked: Memory) -> None:
    for wrong in (
        {},
        {"query": ""},
        {"query": "", "since_ms": 0},
        {"files": [], "project": "shop"},
        {"files": [" "], "project": "shop"},
        {"query": "?!"},
        {"query": 5},
        {"files": [5]},
        {"session": 5},
        {"since_ms": "now"},
    ):
        with pytest.raises(BadRequest):
            marked.forget(**wrong)
    with pytest.raises(NotFound):
        marked.forget(project="ship")
    with pytest.raises(NotFound):
        marked.forget(session="nobody")
    before = rows(marked)
    assert marked.forget([]).empty
    assert marked.forget([999_999]).empty
    assert marked.forget(query="never said").empty
    assert rows(marked) == before
    with pytest.raises(NotFound):
        marked.curate.undo()


def test_all_words_of_a_query_have_to_be_there(marked: Memory) -> None:
    assert marked.forget(query=f"{MARKER} nonsense", dry_run=True).empty
    assert marked.forget(query=f"{MARKER} merger", project="blog", dry_run=True).empty


def test_ids_are_narrowed_too(marked: Memory) -> None:
    everything = ids_of(marked)
    told = marked.forget(everything, project="blog")
    assert set(told.memories) == set(ids_of(marked)) ^ set(everything)
    assert {one.project for one in marked.get(everything)} == {"shop"}


@settings(max_examples=25)
@given(data=st.data())
def test_after_any_forgetting_nothing_finds_it_and_everything_else_is_found(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    clock = Clock()
    with claudemem_lib.open(tmp_path_factory.mktemp("any"), provider=Fake(), clock=clock) as memory:
        words: dict[int, str] = {}
        for number in range(8):
            clock.advance(minutes=1)
            word = f"{'abcdefgh'[number]}quokka"
            if number == 7:
                words[add_note(memory, f"Note on {word}")] = word
            else:
                one = add_observation(
                    memory, f"Saw {word}", narrative=f"About {word}", session=f"s{number % 3}",
                    project=f"/w/p{number % 3}", files_modified=(f"src/{word}.py",), concepts=(word,),
                )  # fmt: skip
                words[one] = word
        some = data.draw(st.sets(st.sampled_from(sorted(words))))
        ways: list[dict[str, Any]] = [{"ids_wanted": some}, *({"query": words[one]} for one in sorted(some)[:2])]
        ways += [{"session": "s1"}, {"project": "p2"}, {"files": [f"{word}.py" for word in list(words.values())[:2]]}]
        ids: set[int] = set()
        for way in data.draw(st.lists(st.sampled_from(ways), min_size=1, max_size=3, unique_by=str)):
            try:
                told = memory.forget(**way)
            except NotFound:
                continue
            if data.draw(st.booleans()) and not told.empty:
                memory.curate.undo()
                memory.forget(**way)
            ids |= set(told.memories)
        there = {one.id for one in memory.get(words)}
        said = everything_said(memory)
        for one, word in words.items():
            assert (word in said) == (one in there)
            assert [hit.id for hit in memory.search(word)] == ([one] if one in there else [])
        assert there == set(words) - ids
        assert memory.database.rows(sql.INTEGRITY) == [("ok",)]
        memory.curate.lapse(at_once=True)
        left = bytes_of(memory)
        assert all((word.encode() in left) == (one in there) for one, word in words.items())


# -------------------------------------------------------------------------------------------------------- other machines
def test_a_bundle_does_not_bring_it_back_and_takes_it_away_elsewhere(
    marked: Memory, memories: Memories, tmp_path: Path
) -> None:
    whole, after = tmp_path / "whole.jsonl", tmp_path / "after.jsonl"
    marked.transfer.export(whole)
    other = memories("other")
    for _ in other.transfer.bundle(whole):
        pass
    assert MARKER in everything_said(other)
    marked.forget(query=MARKER, now=True)
    for _ in marked.transfer.bundle(whole):
        pass
    assert MARKER not in everything_said(marked)
    marked.transfer.export(after)
    assert MARKER.encode() not in after.read_bytes()
    for _ in other.transfer.bundle(after):
        pass
    assert MARKER not in everything_said(other)


@pytest.mark.parametrize(
    "choice", [{"project": "shop"}, {"session": "s-one"}, {"since_ms": 0}, {"project": "shop", "since_ms": 0}], ids=str
)
def test_what_is_forgotten_as_a_whole_is_forgotten_where_the_bundle_goes(
    marked: Memory, memories: Memories, tmp_path: Path, choice: dict[str, Any]
) -> None:
    whole, after = tmp_path / "whole.jsonl", tmp_path / "after.jsonl"
    marked.transfer.export(whole)
    marked.forget(now=True, **choice)
    marked.transfer.export(after)
    other = memories("other")
    for path in (whole, after, whole):
        for _ in other.transfer.bundle(path):
            pass
    assert MARKER not in everything_said(other)
    for _ in marked.transfer.bundle(whole):
        pass
    assert MARKER not in everything_said(marked)


def test_a_tombstone_that_makes_no_sense_stops_nothing(memory: Memory, host: Host) -> None:
    with memory.database.write() as connection:
        for kind, key in (("span", "soon"), ("span", "1..2..3 x"), ("prompt", "s1")):
            tombstones.add(connection, [(kind, key, 1)])
            assert not Tombstones(connection).prompt("s1", 1)
    for kind, key in (("span", "soon"), ("prompt", "s1")):
        assert forgetting.bury(memory.database, kind, key, 1) == 0
    host.turn()
    assert memory.take_in().events == 3


# --------------------------------------------------------------------------------------------------------- the command
@pytest.fixture
def said(marked: Memory) -> Callable[..., str]:
    """A function that runs a command on the marked memory and gives what it printed."""

    def run(*arguments: str, status: int = 0, answer: str | None = None) -> str:
        result = CliRunner().invoke(main, ["--data-dir", marked.data_dir, *arguments], input=answer)
        assert result.exit_code == status, result.output
        return result.output

    return run


def test_the_command_lists_asks_and_tells(marked: Memory, said: Callable[..., str]) -> None:
    planned = said("forget", "--query", MARKER, "--dry-run")
    assert f"P1 prompt: Plan the {MARKER} merger" in planned
    assert "Would be forgotten: 2 memories, 1 prompt and" in planned
    said("forget", "--query", MARKER, status=1, answer="n\n")
    assert marked.search(MARKER)
    assert "`claude-mem undo` brings it back for ten minutes" in said("forget", "--query", MARKER, answer="y\n")
    assert marked.search(MARKER) == []
    assert "Undone: forgetting 2 memories, 1 prompt" in said("undo")
    assert "nothing is forgotten" in said("forget", "--query", "never said", "--yes")


def test_the_command_narrows_and_refuses_what_would_narrow_nothing(marked: Memory, said: Callable[..., str]) -> None:
    assert "nothing is forgotten" in said("forget", "--query", MARKER, "--project", "blog", "--yes")
    said("forget", status=2)
    said("forget", "--query", "", "--project", "shop", "--yes", status=1)
    said("forget", "--since", "soon", status=1)
    assert len(marked.projects()) == 2
    found = json.loads(said("forget", "--project", "shop", "--since", "9w", "--file", "deal.py", "--yes", "--json"))
    assert (found["project"], found["sessions"], len(found["memories"])) == ("", [], 2)


def test_a_prompt_is_forgotten_by_its_number(marked: Memory, said: Callable[..., str]) -> None:
    assert "Forgotten: 1 prompt and 1 raw event" in said("forget", "P1")
    assert marked.browse.prompt(1)["text"] == ""
    assert marked.browse.story("s-one")[0].prompts == 1


def test_forgetting_a_project_says_what_becomes_of_its_sessions(marked: Memory, said: Callable[..., str]) -> None:
    text = said("project", "forget", "shop", "--yes")
    assert "2 sessions and the project shop" in text
    assert "Nothing more of a forgotten session is recorded" in text
    assert [row.name for row in marked.projects()] == ["blog"]


@pytest.mark.parametrize(
    ("said_then", "asked"),
    [
        ("The flies were relating to possibilities", '"flies were related" possible'),
        ("The flies were relating to possibilities", "relational possible"),
        ("Un café à côté", "cafe"),
        ("Un café à côté", "cote"),
        ("İstanbul and STRASSE", "istanbul"),
        ("parseHTTPResponse2 breaks", "parse http"),
        ("parse http response", "parseHTTPResponse"),
        ("全文検索を直す", "検索"),
        ("generalizations abound", "general*"),
    ],
)
def test_a_prompt_and_an_event_are_found_by_the_same_words_as_a_memory(
    memory: Memory, host: Host, said_then: str, asked: str
) -> None:
    add_observation(memory, said_then)
    host.prompt(said_then)
    host.tool("Bash", said_then, command="true")
    told = memory.forget(query=asked)
    assert (len(told.memories), len(told.prompts), told.events) == (1, 1, 2)
