"""The original's databases are taken over whole, once, and without a byte of them changing."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw
import pytest

from claudemem_lib import transfer
from claudemem_lib.errors import BadRequest, ForeignDatabase, NotFound, StoreUnreadable
from claudemem_lib.settings import Settings
from claudemem_lib.store import merging
from tests.lib.originals import AT_MS, GENERATIONS, Made, many

if TYPE_CHECKING:
    from claudemem_lib.memory import Memory
    from claudemem_lib.tally import Tally
    from tests.conftest import Memories

ORIGINALS = Path(__file__).resolve().parents[3] / "shared" / "data" / "databases"
COPY = "an exact copy of another row"
REPEAT = "said before in its project: one memory with a counter"


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path / "claude-mem.db")


def take(memory: Memory, path: Path, *, transcripts: Path | None = None, dry_run: bool = False) -> Tally:
    run = memory.transfer.original(path, transcripts=transcripts or path.parent / "none", dry_run=dry_run)
    steps = list(run)
    assert steps == sorted(steps)
    assert steps[-1] == run.total
    for name, table in run.tally.tables.items():
        assert table.rows == table.kept.total() + table.dropped.total(), name
    return run.tally


def outcomes(tally: Tally, table: str) -> dict[str, int]:
    found = tally.tables[table]
    return {**found.kept, **found.dropped}


def all_of(memory: Memory) -> list[Any]:
    return memory.get(row[0] for row in memory.database.rows("SELECT id FROM memories ORDER BY created_ms, id"))


def digest(path: Path) -> dict[str, str]:
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in path.parent.iterdir()
        if file.is_file() and file.name.startswith(path.name)
    }


# ------------------------------------------------------------------------------------------------- whole files, twice
@pytest.mark.parametrize("name", ["seed-fork-0.2.1.db", "upstream-13.15.3.db", "upstream-13.25.3.db"])
def test_rank_13_a_real_file_imported_twice_has_the_counts_of_its_tables_but_for_what_is_named(
    memory: Memory, name: str
) -> None:
    file = ORIGINALS / name
    if not file.is_file():
        pytest.skip(f"not there: {file}")
    before = digest(file)
    first = take(memory, file)
    with closing(
        apsw.Connection(f"file:{file}?immutable=1", flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    ) as source:
        rows = {
            table: source.execute(f"SELECT count(*) FROM {table}").get
            for table in ("sdk_sessions", "user_prompts", "observations", "session_summaries")
        }
    assert {table: first.tables[table].rows for table in rows} == rows
    counts = memory.stats()["counts"]
    dropped = {table: first.tables[table].dropped.total() for table in rows}
    assert counts["sessions"] == rows["sdk_sessions"] - dropped["sdk_sessions"]
    assert counts["prompts"] == rows["user_prompts"] - dropped["user_prompts"]
    assert counts["observations"] == rows["observations"] - dropped["observations"]
    assert counts["summaries"] == rows["session_summaries"] - dropped["session_summaries"]
    assert first.tables["observations"].dropped == {COPY: 2}
    assert first.tables["observations"].notes == {
        "of a session that is not there: kept without one": 1,
        "without a title: its first words are used": 3,
    }
    everything = all_of(memory)
    second = take(memory, file)
    assert (second.total("new"), second.total("changed")) == (0, 0)
    assert all_of(memory) == everything
    assert memory.stats()["counts"] == counts
    assert digest(file) == before


@pytest.mark.parametrize("generation", GENERATIONS)
def test_rank_13_every_generation_of_the_schema_is_understood(memory: Memory, tmp_path: Path, generation: int) -> None:
    made = Made(tmp_path / "old.db", generation)
    made.session()
    made.prompt()
    made.observation()
    made.summary()
    assert take(memory, made.path).dropped == 0
    (session,) = memory.sessions()
    assert (session.host_id, session.project, session.title, session.status) == ("s1", "app", "Fix it", "completed")
    assert (session.prompts, session.started_ms, session.last_ms) == (1, AT_MS, AT_MS + 9_000)
    observation, summary = all_of(memory)
    assert (observation.kind, observation.type, observation.session) == ("observation", "bugfix", "s1")
    assert (summary.kind, summary.title, summary.completed) == ("summary", "Fix it", "It works")
    assert (observation.created_ms, summary.created_ms) == (AT_MS + 5_000, AT_MS + 9_000)
    if generation < 8:
        assert (observation.title, observation.narrative) == ("Fixed it: as text", "Fixed it: as text")
    else:
        assert (observation.title, observation.facts, observation.concepts) == ("Fixed it", ("One", "Two"), ("gotcha",))
        assert observation.files_modified == ("src/a.py",)
    assert [hit.id for hit in memory.search("fixed", kind="observation")] == [observation.id]


def test_the_tables_before_all_generations_are_understood(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "oldest.db"
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute(
            "CREATE TABLE sessions(id INTEGER PRIMARY KEY, session_id TEXT, project TEXT, created_at TEXT,"
            " created_at_epoch INTEGER);"
            "CREATE TABLE memories(id INTEGER PRIMARY KEY, session_id TEXT, text TEXT, document_id TEXT, keywords TEXT,"
            " created_at TEXT, created_at_epoch INTEGER, project TEXT, title TEXT, facts TEXT, files_touched TEXT);"
            "CREATE TABLE overviews(id INTEGER PRIMARY KEY, session_id TEXT, content TEXT, created_at_epoch INTEGER,"
            " project TEXT);"
            "CREATE TABLE diagnostics(id INTEGER PRIMARY KEY, message TEXT);"
            "INSERT INTO sessions VALUES (1, 's1', 'app', '2025-09-01T10:00:00Z', 1756720800);"
            "INSERT INTO memories VALUES (1, 's1', 'The parser skips BOMs', 'd1', 'parser,bom', '', 1756720801, 'app',"
            " NULL, '[]', '[\"p.py\"]');"
            "INSERT INTO overviews VALUES (1, 's1', 'Mended the parser', 1756720900, 'app');"
            "INSERT INTO diagnostics VALUES (1, 'x')"
        ).fetchall()
    tally = take(memory, path)
    memory_, overview = all_of(memory)
    assert (memory_.title, memory_.concepts, memory_.files_modified) == (
        "The parser skips BOMs",
        ("bom", "parser"),
        ("p.py",),
    )
    assert (overview.kind, overview.completed, overview.session) == ("summary", "Mended the parser", "s1")
    assert memory_.created_ms == 1_756_720_801_000
    assert tally.said == ["not taken over: 1 rows of diagnostics, which mean nothing here"]


# ------------------------------------------------------------------------------------------------------ rows as they are
def test_times_are_read_in_seconds_milliseconds_and_as_text(memory: Memory, made: Made) -> None:
    made.session()
    made.observation("Seconds", created_at_epoch=AT_MS // 1000)
    made.observation("Text", created_at_epoch=None, created_at="2026-01-26T07:38:10Z")
    made.observation("Microseconds", created_at_epoch=AT_MS * 1000)
    made.observation("None", created_at_epoch=None)
    made.observation("Neither", name="gone", created_at_epoch="soon", created_at="then")
    tally = take(memory, made.path)
    assert {one.title: one.created_ms for one in all_of(memory)} == dict.fromkeys(
        ("Seconds", "Text", "Microseconds", "None"), AT_MS
    )
    assert tally.tables["observations"].dropped == {"without a time": 1}


def test_broken_lists_are_read_as_the_text_they_are(memory: Memory, made: Made) -> None:
    made.session()
    made.observation(
        "Broken", facts="No list\nat all", concepts="[gotcha, pattern", files_modified="a.py, b.py", files_read="{}"
    )
    made.observation("Nested", facts='[1, {"a": 2}, null, ["b"], ""]', concepts='"gotcha"')
    tally = take(memory, made.path)
    found = {one.title: one for one in all_of(memory)}
    assert found["Broken"].facts == ("No list", "at all")
    assert found["Broken"].concepts == ("gotcha", "pattern")
    assert found["Broken"].files_modified == ("a.py", "b.py")
    assert found["Nested"].facts == ("1", '{"a": 2}', '["b"]')
    assert found["Nested"].concepts == ("gotcha",)
    assert tally.tables["observations"].notes["facts is no JSON: read as text"] == 1


def test_text_that_is_no_text_costs_no_row(memory: Memory, made: Made) -> None:
    made.session()
    with closing(apsw.Connection(str(made.path))) as connection:
        connection.execute(
            "INSERT INTO observations(memory_session_id, project, type, title, created_at_epoch) "
            f"VALUES ('mem-s1', 'app', 'bugfix', CAST(x'ff4e6f' AS TEXT), {AT_MS})"
        )
    take(memory, made.path)
    assert [one.title for one in all_of(memory)] == ["\ufffdNo"]


def test_a_row_without_a_title_is_called_by_its_first_words_and_an_empty_one_left_out(
    memory: Memory, made: Made
) -> None:
    made.session()
    empty: dict[str, Any] = dict.fromkeys(("facts", "concepts", "files_modified", "narrative"))
    made.observation(None, subtitle="What it is", narrative="More")
    made.observation(None, **empty)
    made.observation("", **{**empty, "facts": '["Only a fact"]'})
    tally = take(memory, made.path)
    assert sorted(one.title for one in all_of(memory)) == ["Only a fact", "What it is"]
    assert tally.tables["observations"].dropped == {"empty": 1}


def test_rows_of_sessions_that_are_gone_are_kept(memory: Memory, made: Made) -> None:
    made.observation("Left alone", name="gone")
    made.prompt("lost", prompt_text="Who was I?")
    tally = take(memory, made.path)
    assert [(one.title, one.session, one.project) for one in all_of(memory)] == [("Left alone", "", "app")]
    assert [(one.host_id, one.title) for one in memory.sessions()] == [("lost", "Who was I?")]
    assert tally.dropped == 0


def test_a_row_without_a_project_is_of_its_sessions(memory: Memory, made: Made) -> None:
    made.session(project="tools")
    made.observation(project="")
    take(memory, made.path)
    assert [one.project for one in all_of(memory)] == ["tools"]


def test_what_is_said_again_is_one_memory_with_a_counter_however_often_it_is_imported(
    memory: Memory, made: Made
) -> None:
    made.session()
    for number in range(4):
        made.observation(created_at_epoch=AT_MS + number * 60_000)
    made.observation(created_at_epoch=AT_MS)
    for _ in range(2):
        tally = take(memory, made.path)
        assert tally.tables["observations"].dropped == {REPEAT: 3, COPY: 1}
        (one,) = all_of(memory)
        assert (one.created_ms, one.repeats, one.repeated_ms) == (AT_MS, 3, AT_MS + 180_000)


def test_what_is_known_here_already_in_the_same_words_is_not_doubled(
    memory: Memory, made: Made, tmp_path: Path
) -> None:
    made.session()
    made.observation()
    take(memory, made.path)
    other = Made(tmp_path / "other.db")
    other.session()
    other.observation(created_at_epoch=AT_MS + 77_000)
    assert outcomes(take(memory, other.path), "observations") == {"said there already": 1}
    assert len(all_of(memory)) == 1


def test_notes_saved_by_hand_are_notes_here(memory: Memory, made: Made) -> None:
    made.session(content_session_id="manual-content-app", memory_session_id="manual-app")
    made.observation("Use tabs", memory_session_id="manual-app", type="discovery")
    tally = take(memory, made.path)
    assert [(one.kind, one.type, one.title, one.session) for one in all_of(memory)] == [("note", "", "Use tabs", "")]
    assert memory.sessions() == []
    assert sum(tally.tables["sdk_sessions"].dropped.values()) == 1


def test_types_of_other_modes_are_kept(memory: Memory, made: Made) -> None:
    made.session()
    made.observation("Bob", type="entity")
    take(memory, made.path)
    assert [hit.title for hit in memory.search(type="entity")] == ["Bob"]


def test_prompts_of_one_number_are_both_kept_and_numbered_anew(memory: Memory, made: Made) -> None:
    made.session()
    made.prompt()
    made.prompt(prompt_text="Another", created_at_epoch=AT_MS + 5)
    for _ in range(2):
        take(memory, made.path)
        assert memory.database.rows("SELECT number, text FROM prompts ORDER BY 1") == [(1, "Fix it"), (2, "Another")]


def test_secrets_and_private_text_do_not_come_along(memories: Memories, made: Made) -> None:
    key = "sk-ant-" + "a1b2c3d4" * 4
    made.session(user_prompt=f"Use {key}")
    made.prompt(prompt_text=f"Use {key} and HUSH-1234")
    made.observation("Found <private>the password</private> it", narrative=f"It is {key}")
    made.observation("<private>all of it</private>", facts="[]", concepts="[]", files_modified="[]", narrative="")
    memory = memories(settings=Settings(redact_patterns=("HUSH-[0-9]+",)))
    tally = take(memory, made.path)
    data = b"".join(file.read_bytes() for file in Path(memory.data_dir).rglob("*") if file.is_file())
    for secret in (key, "the password", "all of it", "HUSH-1234"):
        assert secret.encode() not in data
    assert tally.tables["observations"].dropped == {"private as a whole": 1}
    assert "secrets masked, or private text cut" in tally.tables["user_prompts"].notes


def test_work_that_waited_is_counted_and_not_taken(memory: Memory, made: Made) -> None:
    made.session()
    made.add(
        "pending_messages",
        content_session_id="s1",
        message_type="observation",
        cwd="/home/you/app",
        created_at_epoch=AT_MS,
    )
    tally = take(memory, made.path)
    assert tally.tables["pending_messages"].dropped.total() == 1
    assert memory.stats()["queue"]["pending"] == 0


# ------------------------------------------------------------------------------------------------------------ projects
def test_a_project_is_the_folder_its_sessions_were_in(memory: Memory, made: Made, tmp_path: Path) -> None:
    folder = tmp_path / "work" / "app"
    folder.mkdir(parents=True)
    transcripts = tmp_path / "transcripts" / "-work-app"
    transcripts.mkdir(parents=True)
    (transcripts / "s1.jsonl").write_text('{"type":"summary"}\nbroken\n' + json.dumps({"cwd": str(folder)}) + "\n")
    made.session()
    made.session("s2")  # of the same project, but too old for a transcript
    made.observation()
    made.observation("Later", name="s2")
    take(memory, made.path, transcripts=transcripts.parent)
    (project,) = memory.projects()
    assert (project.name, project.root, project.memories, project.sessions) == ("app", str(folder), 2, 2)
    assert "Later" in memory.context(str(folder))


def test_a_folder_is_known_by_files_with_whole_paths(memory: Memory, made: Made, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "app"
    folder.mkdir(parents=True)
    made.session()
    made.observation(files_modified=json.dumps([f"{folder}/src/a.py"]))
    take(memory, made.path)
    assert [project.root for project in memory.projects()] == [str(folder)]


def test_a_project_known_by_name_only_is_the_first_folder_of_that_name(memory: Memory, made: Made) -> None:
    made.session()
    made.observation()
    take(memory, made.path)
    memory.remember("Later", project="/home/you/app")
    (project,) = memory.projects()
    assert (project.name, project.root, project.memories) == ("app", "/home/you/app", 2)
    take(memory, made.path)
    assert [project.memories for project in memory.projects()] == [2]


# ---------------------------------------------------------------------------------------------- forgotten, dry, not there
def test_what_was_forgotten_does_not_come_back(memory: Memory, made: Made) -> None:
    made.session()
    made.observation("One")
    made.observation("Two")
    take(memory, made.path)
    gone = next(one for one in all_of(memory) if one.title == "One")
    memory.forget([gone.id])
    with memory.database.write() as connection:
        connection.execute("INSERT OR IGNORE INTO tombstones VALUES ('memory', ?, 1)", (gone.uid,))
    assert outcomes(take(memory, made.path), "observations") == {"forgotten": 1, "known": 1}
    assert [one.title for one in all_of(memory)] == ["Two"]


def test_a_dry_run_says_what_a_real_one_does_and_changes_nothing(memory: Memory, made: Made) -> None:
    made.session()
    made.prompt()
    made.observation()
    made.observation()
    before = memory.database.own_changes()
    told = take(memory, made.path, dry_run=True).as_json()
    assert memory.database.own_changes() == before
    assert take(memory, made.path).as_json() == told


def test_what_is_no_database_of_the_original_is_said_to_be_none(memory: Memory, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(apsw.Connection(str(other))) as connection:
        connection.execute("CREATE TABLE mine(x)")
    with pytest.raises(StoreUnreadable, match="none of the tables"):
        take(memory, other)
    with pytest.raises(BadRequest, match="of this claude-mem"):
        take(memory, Path(memory.data_dir) / "claude-mem.db")
    with pytest.raises(NotFound, match="not there"):
        take(memory, tmp_path / "missing.db")
    (tmp_path / "torn.db").write_bytes(b"SQLite format 3\x00" + b"\x01" * 5000)
    with pytest.raises(StoreUnreadable, match="left as it is"):
        take(memory, tmp_path / "torn.db")


# ------------------------------------------------------------------------------------------------- the file and its log
def test_what_is_still_in_the_log_is_taken_too_and_nothing_of_the_file_changes(memory: Memory, made: Made) -> None:
    made.session()
    with closing(apsw.Connection(str(made.path))) as connection:
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
        connection.execute("PRAGMA wal_autocheckpoint=0").fetchall()
        connection.execute(
            "INSERT INTO observations(memory_session_id, project, type, title, created_at_epoch) "
            "VALUES ('mem-s1', 'app', 'x', 'New', 5)"
        )
        before = {name: about for name, about in digest(made.path).items() if not name.endswith("-shm")}
        assert f"{made.path.name}-wal" in before
        take(memory, made.path)
        assert {name: about for name, about in digest(made.path).items() if not name.endswith("-shm")} == before
    assert [one.title for one in all_of(memory)] == ["New"]
    assert not list(Path(memory.data_dir).glob("import-*"))


def test_copies_of_killed_imports_are_removed(memory: Memory, made: Made) -> None:
    made.session()
    left = Path(memory.data_dir) / "import-999999999"
    left.mkdir()
    (left / "claude-mem.db").write_bytes(b"private")
    take(memory, made.path)
    assert not left.exists()


def test_a_file_that_may_only_be_read_in_a_folder_that_may_only_be_read_is_read(memory: Memory, tmp_path: Path) -> None:
    folder = tmp_path / "readonly"
    folder.mkdir()
    made = Made(folder / "claude-mem.db")
    made.session()
    made.observation()
    made.path.chmod(0o400)
    folder.chmod(0o500)
    try:
        assert take(memory, made.path).total("new") == 2
        assert os.listdir(folder) == ["claude-mem.db"]  # noqa: PTH208  # names
    finally:
        folder.chmod(0o700)


def test_no_write_is_long_however_much_is_taken_over(
    memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter(range(1_000_000))
    monkeypatch.setattr(merging, "monotonic", lambda: next(now) / 1000)  # a millisecond for every record
    begun: list[str] = []
    made = many(tmp_path / "big.db", 3, 60)

    def traced(_cursor: Any, text: str, _values: Any) -> bool:
        begun.append(text)
        return True

    memory.database.connection().exec_trace = traced
    take(memory, made.path)
    rows = [text.split()[0] for text in begun if text.startswith("BEGIN") or "INTO memories(" in text]
    longest = max(len(part.split()) for part in " ".join(rows).split("BEGIN"))
    assert 1 <= longest <= 20


# --------------------------------------------------------------------------------------------- the place of our own file
def test_the_originals_file_in_our_place_is_set_aside_as_it_is(tmp_path: Path) -> None:
    made = Made(tmp_path / "claude-mem.db")
    made.session()
    made.path.with_name("claude-mem.db-wal").write_bytes(b"a log")
    before = digest(made.path)
    moved = transfer.set_aside(str(tmp_path))
    assert moved == tmp_path / "original" / "claude-mem.db"
    assert digest(moved) == before
    assert list(tmp_path.glob("claude-mem.db*")) == []
    assert transfer.default_source(str(tmp_path)) == moved
    again = Made(tmp_path / "claude-mem.db")  # the original was started once more
    assert transfer.default_source(str(tmp_path)) == again.path
    assert transfer.set_aside(str(tmp_path)) == tmp_path / "original-2" / "claude-mem.db"


@pytest.mark.parametrize("done", range(5))
def test_setting_aside_goes_on_where_it_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: int) -> None:
    made = Made(tmp_path / "claude-mem.db")
    log = made.path.with_name("claude-mem.db-wal")
    log.write_bytes(b"a log")
    before = digest(made.path)
    left = [done]

    def counted(verb: Any) -> Any:
        def broken(*arguments: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
            return verb(*arguments, **options)

        return broken

    with monkeypatch.context() as patched:
        patched.setattr(os, "link", counted(os.link))
        patched.setattr(os, "unlink", counted(os.unlink))
        with pytest.raises(KeyboardInterrupt):
            transfer.set_aside(str(tmp_path))
    aside = tmp_path / "original" / "claude-mem.db"
    whole = aside if aside.exists() else made.path
    assert digest(whole) == before
    if made.path.exists():
        assert digest(transfer.set_aside(str(tmp_path))) == before
    assert transfer.default_source(str(tmp_path)) == aside


def test_nothing_is_set_aside_while_the_original_runs_or_where_there_is_none(memory: Memory, tmp_path: Path) -> None:
    made = Made(tmp_path / "claude-mem.db")
    (tmp_path / "worker.pid").write_text(json.dumps({"pid": os.getpid(), "port": 37777}))
    with pytest.raises(BadRequest, match="is running"):
        transfer.set_aside(str(tmp_path))
    assert made.path.exists()
    with pytest.raises(ForeignDatabase, match="nothing was moved"):
        transfer.set_aside(memory.data_dir)


def test_backfill_leaves_out_what_the_imported_memories_of_a_session_cover(
    memories: Memories, tmp_path: Path, made: Made
) -> None:
    def line(kind: str, text: str, at: str, number: int) -> str:
        said = {"role": kind, "content": text if kind == "user" else [{"type": "text", "text": text}]}
        about = {
            "type": kind,
            "sessionId": "s1",
            "uuid": f"u{number}",
            "promptId": f"p{number // 2}",
            "cwd": "/home/you/app",
        }
        return json.dumps({**about, "timestamp": at, "message": said})

    transcript = tmp_path / "t" / "-home-you-app" / "s1.jsonl"
    transcript.parent.mkdir(parents=True)
    lines = [
        line("user", "Fix the parser", "2026-01-26T07:38:10.000Z", 0),
        line("assistant", "The parser works.", "2026-01-26T07:38:12.000Z", 1),
        line("user", "Now the lexer", "2026-01-27T07:38:10.000Z", 2),
        line("assistant", "The lexer works.", "2026-01-27T07:38:12.000Z", 3),
    ]
    transcript.write_text("\n".join(lines) + "\n")
    untouched = memories("untouched")
    list(untouched.backfill(transcript.parent.parent))
    assert untouched.stats()["counts"]["prompts"] == 2
    made.session()
    made.prompt(prompt_text="Fix the parser")
    made.observation()
    memory = memories()
    take(memory, made.path)
    list(memory.backfill(transcript.parent.parent))
    memory.observe_pending()
    assert memory.database.rows("SELECT number, text FROM prompts ORDER BY 1") == [
        (1, "Fix the parser"),
        (2, "Now the lexer"),
    ]
    assert [one.title for one in all_of(memory) if "parser" in one.title] == []
