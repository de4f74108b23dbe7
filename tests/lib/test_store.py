"""The one file: made, opened, migrated, shared, and left alone where it is somebody else's."""

from __future__ import annotations

import os
import random
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw
import pytest

import claudemem_lib
from claudemem_lib import lean
from claudemem_lib.errors import ForeignDatabase, NewerSchema, StoreBusy, StoreUnreadable
from claudemem_lib.models import Observation
from claudemem_lib.store import connection as connections
from claudemem_lib.store import memories as rows
from claudemem_lib.store import migrations, sessions, sql
from claudemem_lib.store.database import Database
from claudemem_lib.store.migrations import MIGRATIONS, Migration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from claudemem_lib.memory import Memory
    from tests.conftest import Host, Memories

ORIGINALS = Path(__file__).resolve().parents[3] / "shared" / "data" / "databases"
ONE_MORE = Migration(2, "a table more", lambda connection: connection.execute("CREATE TABLE more(x)"))
BROKEN = Migration(
    3, "broken", lambda connection: connection.execute("CREATE TABLE half(x); SELECT no_such()").fetchall()
)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "data.db")


@pytest.fixture
def opened() -> Iterator[Callable[..., Database]]:
    """Opens databases and closes them after the test."""
    found: list[Database] = []

    def open_one(path: str, **options: Any) -> Database:
        found.append(Database(path, **options))
        return found[-1]

    yield open_one
    for database in found:
        database.close()


def mode(path: str | Path) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)  # noqa: PTH116


def value(path: str | Path, text: str) -> Any:
    """The first value of a statement, by a connection of another program."""
    connection = apsw.Connection(str(path))
    try:
        return next(iter(connection.execute(text).fetchall()), (None,))[0]
    finally:
        connection.close()


def tables(database: Database) -> set[str]:
    return {row[0] for row in database.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def in_a_process(script: str, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


# --------------------------------------------------------------------------------------------------------- the file
def test_a_new_memory_is_the_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    script = (
        "import os, sys, claudemem_lib; os.umask(0)\n"
        "with claudemem_lib.open(sys.argv[1]) as memory: memory.remember('x'); input()"
    )
    with in_a_process(script, str(tmp_path / "a" / "data"), stdin=subprocess.PIPE) as process:
        while not (tmp_path / "a" / "data" / "claude-mem.db-shm").exists():
            assert process.poll() is None
        folder = tmp_path / "a" / "data"
        assert {mode(tmp_path / "a"), mode(folder)} == {0o700}
        assert {mode(file) for file in folder.glob("claude-mem.db*")} == {0o600}
        process.communicate("\n", timeout=20)
    assert process.returncode == 0


def test_the_file_says_whose_it_is_and_uses_a_write_ahead_log(memory: Memory) -> None:
    database = memory.database
    assert database.row("PRAGMA application_id")[0] == sql.APPLICATION_ID
    assert database.row("PRAGMA journal_mode")[0] == "wal"
    assert database.row("PRAGMA user_version")[0] == connections.SCHEMA_VERSION
    assert database.row("PRAGMA auto_vacuum")[0] == 2
    assert database.rows("SELECT version, name FROM migrations") == [(1, "first schema")]


def test_an_empty_file_becomes_a_memory(path: str, opened: Callable[..., Database]) -> None:
    Path(path).touch()
    assert "memories" in tables(opened(path))


def test_rank_13_twenty_processes_can_open_a_new_memory_at_once(tmp_path: Path) -> None:
    script = "import sys, claudemem_lib\nwith claudemem_lib.open(sys.argv[1]) as memory: memory.remember(sys.argv[2])"
    started = [in_a_process(script, str(tmp_path / "data"), f"note {number}") for number in range(20)]
    outcomes = [(process.communicate(timeout=100)[1], process.returncode) for process in started]
    assert outcomes == [("", 0)] * 20
    with claudemem_lib.open(tmp_path / "data") as memory:
        assert memory.stats()["counts"]["notes"] == 20
        assert memory.database.rows(sql.INTEGRITY) == [("ok",)]


def test_closing_twice_is_closing_once(memories: Memories) -> None:
    memory = memories()
    memory.close()
    memory.close()
    with pytest.raises(RuntimeError, match="closed"):
        memory.stats()


def test_closing_closes_the_connections_of_other_threads_too(path: str, opened: Callable[..., Database]) -> None:
    database = opened(path)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(database.rows, "SELECT 1").result()
        database.close()
        tried = pool.submit(database.rows, "SELECT 1")
    with pytest.raises(RuntimeError, match="closed"):
        tried.result()
    assert not [one for one in apsw.connections() if one.db_filename("main") == path]


def test_another_program_that_reads_the_file_takes_no_write_away(memory: Memory) -> None:
    """A file opened and closed by hand would lose this process's locks, and whoever closes last would delete the log."""
    memory.remember("before", project="app")
    reader = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM memories').fetchall(); c.close()"
    for number in range(3):
        thread = threading.Thread(target=lambda: memory.search("before"))  # a connection of its own
        thread.start()
        thread.join()
        with claudemem_lib.open(memory.data_dir) as other:
            other.count()
        subprocess.run([sys.executable, "-c", reader, memory.database.path], check=True)
        memory.remember(f"after {number}", project="app")
    count = "import claudemem_lib, sys; print(claudemem_lib.open(sys.argv[1]).count())"
    seen = subprocess.run([sys.executable, "-c", count, memory.data_dir], capture_output=True, text=True, check=True)
    assert seen.stdout == "4\n"


def test_a_thread_that_is_gone_leaves_no_connection_behind(path: str, opened: Callable[..., Database]) -> None:
    database = opened(path)
    for _ in range(20):
        thread = threading.Thread(target=database.rows, args=("SELECT 1",))
        thread.start()
        thread.join()
    assert len([one for one in apsw.connections() if one.db_filename("main") == path]) == 1


def test_a_database_closed_while_a_thread_opens_it_stays_closed(
    path: str, opened: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = opened(path)
    open_writer = connections.open_writer

    def slow(*arguments: Any) -> apsw.Connection:
        found = open_writer(*arguments)
        database.close()
        return found

    monkeypatch.setattr("claudemem_lib.store.database.open_writer", slow)
    with ThreadPoolExecutor(1) as pool:
        tried = pool.submit(database.rows, "SELECT 1")
    with pytest.raises(RuntimeError, match="closed"):
        tried.result()
    assert not [one for one in apsw.connections() if one.db_filename("main") == path]


def test_a_transaction_that_fails_leaves_nothing(path: str, opened: Callable[..., Database]) -> None:
    database = opened(path)

    def add(root: str | None) -> None:
        with database.write() as connection:
            sessions.project_id(connection, ("k", "n", "r"), 1)
            sessions.project_id(connection, ("l", "m", root or ""), 1 if root else 1 // 0)

    with pytest.raises(ZeroDivisionError):
        add(None)
    assert database.rows("SELECT * FROM projects") == []
    add("s")
    assert len(database.rows("SELECT * FROM projects")) == 2


def test_a_change_by_another_connection_can_be_noticed(path: str, opened: Callable[..., Database]) -> None:
    database, other = opened(path), opened(path)
    before = database.data_version()
    assert database.data_version() == before
    with other.write() as connection:
        connection.execute("INSERT INTO projects(key, name, root, created_ms) VALUES ('k', 'n', 'r', 1)")
    assert database.data_version() != before


def test_a_file_put_in_the_place_of_the_open_one_is_read_by_every_thread_once_it_is_followed(
    path: str, opened: Callable[..., Database], tmp_path: Path
) -> None:
    database, other = opened(path), opened(str(tmp_path / "other.db"))
    with other.write() as connection:
        connection.execute("INSERT INTO projects(key, name, root, created_ms) VALUES ('k', 'other', 'r', 1)")
    with ThreadPoolExecutor(1) as elsewhere:
        assert elsewhere.submit(database.rows, "SELECT name FROM projects").result() == []
        database.follow()
        other.close()
        Path(path + "-wal").unlink(missing_ok=True)
        (tmp_path / "other.db").replace(path)
        assert database.rows("SELECT name FROM projects") == []
        elsewhere.submit(database.follow).result()
        assert database.rows("SELECT name FROM projects") == [("other",)]
        assert elsewhere.submit(database.rows, "SELECT name FROM projects").result() == [("other",)]
    with database.write() as connection:
        Path(path).rename(tmp_path / "away.db")
        connection.execute("UPDATE projects SET name = 'mine'")
        assert database.rows("SELECT name FROM projects") == [("mine",)]
    with pytest.raises(StoreUnreadable, match="taken away"):
        database.follow()


# ------------------------------------------------------------------------------------------------------------ reader
def test_a_reader_reads_and_never_writes(memory: Memory, opened: Callable[..., Database]) -> None:
    memory.remember("Hello")
    reader = opened(memory.database.path, read_only=True)
    assert reader.row("SELECT count(*) FROM memories")[0] == 1
    with pytest.raises(StoreUnreadable, match="for reading only"), reader.write():
        pass


@pytest.mark.parametrize("kind", ["missing", "empty", "another program's"])
def test_a_reader_makes_no_file(path: str, kind: str) -> None:
    if kind == "another program's":
        Path(path).write_bytes(b"hello")
    elif kind == "empty":
        Path(path).touch()
    before = Path(path).exists() and Path(path).read_bytes()
    with pytest.raises(StoreUnreadable, match="no memory file"):
        Database(path, read_only=True)
    assert (Path(path).exists() and Path(path).read_bytes()) == before


# ----------------------------------------------------------------------------------------------------- other people's
def listing(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("name", ["made here", "seed-fork-0.2.1.db", "upstream-13.15.3.db", "upstream-13.25.3.db"])
def test_a_file_of_the_original_is_refused_and_left_as_it_is(tmp_path: Path, name: str) -> None:
    file = tmp_path / "data" / "claude-mem.db"
    file.parent.mkdir()
    if name != "made here":
        if not (ORIGINALS / name).exists():
            pytest.skip(f"{name} of the test data is not here")
        file.write_bytes((ORIGINALS / name).read_bytes())
    else:
        value(file, "CREATE TABLE sdk_sessions(id INTEGER PRIMARY KEY)")
    before = listing(file.parent)
    with pytest.raises(ForeignDatabase, match=r"original claude-mem.*`claude-mem import") as caught:
        claudemem_lib.open(file.parent)
    assert str(file) in str(caught.value)
    assert listing(file.parent) == before


@pytest.mark.parametrize("content", ["sqlite", "text", "header only", "cut short", "one byte"])
def test_a_file_of_another_program_is_refused_and_left_as_it_is(tmp_path: Path, content: str) -> None:
    file = tmp_path / "data" / "claude-mem.db"
    file.parent.mkdir()
    if content == "sqlite":
        value(file, "CREATE TABLE bookmarks(url)")
    else:
        header = b"SQLite format 3\x00" + b"\x10\x00\x01\x01\x00\x40\x20\x20"
        data = {"text": b"Dear diary", "header only": header.ljust(100, b"\0"), "cut short": header, "one byte": b"S"}
        file.write_bytes(data[content])
    before = listing(file.parent)
    with pytest.raises(ForeignDatabase, match="not a claude-mem memory file"):
        claudemem_lib.open(file.parent)
    assert listing(file.parent) == before


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "data" / "claude-mem.db").mkdir(parents=True)
    with pytest.raises(StoreUnreadable, match="cannot be used"):
        claudemem_lib.open(tmp_path / "data")


# --------------------------------------------------------------------------------------------------------- migrations
def migrated(path: str, *steps: Migration) -> tuple[int, ...]:
    """Open the file as a release would whose schema has these further steps."""
    connection = connections.open_writer(path)
    with pytest.MonkeyPatch.context() as later:
        later.setattr(connections, "SCHEMA_VERSION", 9)
        try:
            return migrations.migrate(connection, path, (*MIGRATIONS, *steps))
        finally:
            connection.close()


def test_the_schema_a_reader_expects_is_the_last_steps() -> None:
    assert MIGRATIONS[-1].version == connections.SCHEMA_VERSION
    assert [step.version for step in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


def backups(path: str) -> list[Path]:
    return sorted((Path(path).parent / "backups").glob("*"))


def test_a_new_file_needs_no_backup(path: str) -> None:
    assert migrated(path) == (1,)
    assert migrated(path) == ()
    assert backups(path) == []


def test_a_new_step_is_taken_after_a_backup_that_opens(path: str, opened: Callable[..., Database]) -> None:
    opened(path).close()
    assert migrated(path, ONE_MORE) == (2,)
    assert migrated(path, ONE_MORE) == ()
    (copy,) = backups(path)
    assert (mode(copy), mode(copy.parent)) == (0o600, 0o700)
    assert value(path, "PRAGMA user_version") == 2
    assert value(path, "SELECT group_concat(version) FROM migrations") == "1,2"
    assert value(copy, "PRAGMA user_version") == 1
    assert value(copy, "PRAGMA application_id") == sql.APPLICATION_ID
    assert opened(str(copy)).row("SELECT count(*) FROM memories") == (0,)


def test_only_the_newest_three_backups_are_kept(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    migrated(path)
    made = []
    for number in range(2, 7):
        monkeypatch.setattr(migrations, "now_ms", lambda number=number: 1_000 + number)
        assert migrated(path, Migration(number, "nothing", lambda _: None)) == (number,)
        made.append(f"schema-{number - 1}-{1_000 + number}.db")
    assert [file.name for file in backups(path)] == made[-3:]


def test_a_step_that_fails_leaves_the_file_as_it_was_and_usable(path: str, opened: Callable[..., Database]) -> None:
    opened(path).close()
    with pytest.raises(apsw.SQLError):
        migrated(path, ONE_MORE, BROKEN)
    assert value(path, "PRAGMA user_version") == 2
    assert value(path, "SELECT group_concat(name) FROM sqlite_schema WHERE name IN ('more', 'half')") == "more"
    with pytest.raises(NewerSchema):
        opened(path)


def test_a_first_step_that_fails_leaves_a_file_that_opens(path: str, opened: Callable[..., Database]) -> None:
    opened(path).close()
    with pytest.raises(apsw.SQLError):
        migrated(path, Migration(2, "broken", BROKEN.apply))
    assert "memories" in tables(opened(path))


def test_a_step_that_ends_its_own_transaction_and_fails_is_told_as_it_is(
    path: str, opened: Callable[..., Database]
) -> None:
    def step(connection: apsw.Connection) -> None:
        connection.execute("ROLLBACK")
        raise KeyError

    opened(path).close()
    with pytest.raises(KeyError):
        migrated(path, Migration(2, "odd", step))
    assert "memories" in tables(opened(path))


def test_a_step_another_process_has_taken_meanwhile_is_not_taken_again(
    path: str, opened: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(path).close()
    backup = migrations.backup

    def slow(*arguments: Any) -> None:
        backup(*arguments)
        monkeypatch.setattr(migrations, "backup", backup)
        assert migrated(path, ONE_MORE) == (2,)

    monkeypatch.setattr(migrations, "backup", slow)
    assert migrated(path, ONE_MORE) == ()


def test_a_backup_of_what_another_process_has_migrated_meanwhile_displaces_no_real_one(
    path: str, opened: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(path).close()
    late = connections.open_writer(path)
    check = connections.check_version

    def slow(*arguments: Any) -> int:
        version = check(*arguments)
        monkeypatch.setattr(migrations, "check_version", check)
        migrated(path, ONE_MORE)
        return version

    monkeypatch.setattr(migrations, "check_version", slow)
    assert migrations.migrate(late, path, (*MIGRATIONS, ONE_MORE)) == ()
    late.close()
    (copy,) = backups(path)
    assert value(copy, "PRAGMA user_version") == 1


def test_a_file_of_a_newer_release_is_not_written(path: str, opened: Callable[..., Database]) -> None:
    opened(path).close()
    migrated(path, ONE_MORE)
    before = Path(path).read_bytes()
    with pytest.raises(NewerSchema, match=r"schema 2.*Update claude-mem"):
        opened(path)
    assert Path(path).read_bytes() == before
    assert opened(path, read_only=True).row("SELECT count(*) FROM memories") == (0,)


# --------------------------------------------------------------------------------------------------------- full text
def check_index(database: Database) -> None:
    with database.write() as connection:
        connection.execute("INSERT INTO memories_fts(memories_fts, rank) VALUES ('integrity-check', 1)")


def test_the_full_text_follows_every_change_of_a_row(memory: Memory) -> None:
    one, other = memory.remember("alpha wolf"), memory.remember("beta fish")
    check_index(memory.database)
    with memory.database.write() as connection:
        connection.execute("UPDATE memories SET narrative = 'gamma ray', title = 'gamma' WHERE id = ?", (one,))
    check_index(memory.database)
    assert [hit.id for hit in memory.search("gamma")] == [one]
    assert memory.search("alpha") == []
    with memory.database.write() as connection:
        connection.execute("DELETE FROM memories WHERE id = ?", (other,))
    check_index(memory.database)
    assert memory.search("fish") == []


def test_the_full_text_survives_any_order_of_changes(memory: Memory) -> None:
    chance = random.Random(7)
    words = ["alpha", "beta", "gamma", "parseHTTPResponse", "全文検索", "naïve"]
    with memory.database.write() as connection:
        for _ in range(300):
            text = " ".join(chance.choices(words, k=3))
            if chance.random() < 0.5:
                origin = rows.Origin(project_id=_project(connection), created_ms=1)
                rows.add_observation(connection, Observation(type="change", title=text, facts=(text,)), origin)
            elif chance.random() < 0.6:
                connection.execute("UPDATE memories SET title = ? WHERE id = ?", (text, chance.randrange(200)))
            else:
                connection.execute("DELETE FROM memories WHERE id = ?", (chance.randrange(200),))
    check_index(memory.database)


def _project(connection: apsw.Connection) -> int:
    return sessions.project_id(connection, ("k", "n", "r"), 1)


def test_deleting_a_memory_deletes_its_files_and_concepts(memory: Memory) -> None:
    one = memory.remember("x", files=["a.py"], concepts=["how-it-works"])
    with memory.database.write() as connection:
        connection.execute("DELETE FROM memories WHERE id = ?", (one,))
    assert memory.database.row(
        "SELECT (SELECT count(*) FROM memory_files), (SELECT count(*) FROM memory_concepts)"
    ) == (0, 0)


def test_text_that_sqlite_cannot_hold_is_stored_without_it(memory: Memory) -> None:
    odd = "a\x00b \ud800 c"
    one = memory.remember(odd, title=odd, files=[odd], concepts=[odd])
    found = memory.get([one])[0]
    assert found.title == found.narrative == found.files_modified[0] == found.concepts[0] == "a\ufffdb ? c"


# ------------------------------------------------------------------------------------------------------------ threads
def test_threads_share_a_memory(memory: Memory, hosts: Callable[..., Host]) -> None:
    def work(number: int) -> int:
        host = hosts(memory, f"s{number}")
        for turn in range(3):
            host.turn(f"Task {turn} of worker{number}")
            memory.remember(f"worker{number} note {turn}", project="shared")
            memory.take_in()
            memory.observe_pending()
        return len(memory.search(f"worker{number}", kind="note"))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [3] * 8
    memory.observe_pending()
    found = memory.stats()
    assert (found["counts"]["sessions"], found["counts"]["prompts"], found["counts"]["notes"]) == (8, 24, 24)
    assert (found["queue"]["pending"], found["queue"]["finished"]) == (0, 72)
    assert memory.database.rows(sql.INTEGRITY) == [("ok",)]
    check_index(memory.database)


# -------------------------------------------------------------------------------------------------------------- plans
def plan(database: Database, text: str, values: Any) -> str:
    return "\n".join(row[3] for row in database.rows(f"EXPLAIN QUERY PLAN {text}", values))


CLAIM_VALUES = {"now": 1, "token": "t", "until": 2, "flush": 0, "enough": 20, "age": 1, "most": 5, "session": None}


def test_a_claim_reads_waiting_events_only(memory: Memory) -> None:
    found = plan(memory.database, sql.CLAIM, CLAIM_VALUES)
    assert "SCAN events USING COVERING INDEX events_waiting" in found
    assert "SCAN events\n" not in found + "\n"


@pytest.mark.parametrize(
    ("name", "values", "index"),
    [
        ("PARK_TIRED", {"limit": 3, "claims": 20, "now": 1, "cause": "x"}, "events_waiting"),
        ("EXPIRED", (1, 500), "events_finished"),
        ("QUEUE_OLDEST", (), "events_waiting"),
    ],
)
def test_the_queues_upkeep_does_not_read_finished_events(memory: Memory, name: str, values: Any, index: str) -> None:
    assert index in plan(memory.database, getattr(sql, name), values)


# ----------------------------------------------------------------------------------------------------------- failures
def test_a_writer_waits_for_another_and_then_says_so(path: str, opened: Callable[..., Database]) -> None:
    database, other = opened(path), opened(path, busy_ms=50)
    with database.write(), pytest.raises(StoreBusy, match="locked by another process"), other.write():
        pass
    with other.write():
        pass


def test_a_reader_is_not_held_up_by_a_writer(path: str, opened: Callable[..., Database]) -> None:
    database, other = opened(path), opened(path, busy_ms=0)
    with database.write():
        assert other.row("SELECT count(*) FROM memories") == (0,)


def test_a_new_file_locked_by_another_process_is_busy(path: str) -> None:
    other = apsw.Connection(path)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreBusy):
        Database(path, busy_ms=50)
    other.close()


def test_a_file_system_without_write_ahead_logs_is_told(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "WAL", "PRAGMA journal_mode=DELETE")
    with pytest.raises(StoreUnreadable, match="local disk"):
        Database(path)


@pytest.mark.parametrize("damage", ["middle", "end", "all but the header"])
def test_a_corrupt_file_is_told_and_not_made_worse(tmp_path: Path, damage: str) -> None:
    with claudemem_lib.open(tmp_path / "data") as memory:
        for number in range(200):
            memory.remember(f"note {number} " + "words " * 50)
    file = tmp_path / "data" / "claude-mem.db"
    data = bytearray(file.read_bytes())
    if damage == "end":
        data = data[: len(data) // 3]
    else:
        start = 100 if damage == "all but the header" else len(data) // 4
        data[start:] = random.Random(1).randbytes(len(data) - start)
    file.write_bytes(data)
    with pytest.raises(StoreUnreadable, match="is damaged"):
        _use(tmp_path / "data")


def _use(folder: Path) -> None:
    with claudemem_lib.open(folder) as memory:
        memory.search("note 7")
        memory.get(range(1, 201))
        memory.remember("one more")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (apsw.FullError("full"), StoreUnreadable),
        (apsw.IOError("disk I/O error"), StoreUnreadable),
        (apsw.ReadOnlyError("readonly"), StoreUnreadable),
        (apsw.CorruptError("malformed"), StoreUnreadable),
        (apsw.NotADBError("not a db"), StoreUnreadable),
        (apsw.CantOpenError("unable to open"), StoreUnreadable),
        (apsw.PermissionsError("no"), StoreUnreadable),
        (apsw.BusyError("busy"), StoreBusy),
        (apsw.LockedError("locked"), StoreBusy),
        (apsw.ProtocolError("locking protocol"), StoreBusy),
    ],
)
def test_errors_of_the_file_are_told_in_our_words(
    path: str, opened: Callable[..., Database], error: apsw.Error, told: type[Exception]
) -> None:
    with pytest.raises(told, match=r"data\.db"), opened(path).write():
        raise error


def test_a_file_that_may_not_be_opened_is_told(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(lean.system, "open", refuse)
    with pytest.raises(StoreUnreadable, match="Permission denied"):
        Database(path)


@pytest.mark.parametrize("opener", [connections.open_reader, connections.open_writer])
def test_a_file_sqlite_cannot_open_is_told(
    path: str,
    opened: Callable[..., Database],
    monkeypatch: pytest.MonkeyPatch,
    opener: Callable[[str], apsw.Connection],
) -> None:
    def refuse(*_arguments: object, **_options: object) -> apsw.Connection:
        message = "unable to open database file"
        raise apsw.CantOpenError(message)

    opened(path).close()
    monkeypatch.setattr(apsw, "Connection", refuse)
    with pytest.raises(StoreUnreadable, match="unable to open"):
        opener(path)
