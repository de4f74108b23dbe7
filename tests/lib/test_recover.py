"""A damaged memory file: told in one sentence, set aside untouched, what can be read saved, the inbox taken in."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

import claudemem_lib
from claudemem_lib import cli, doctor, lean, link, paths
from claudemem_lib.errors import ForeignDatabase, NotFound, StoreCorrupt, StoreUnreadable
from claudemem_lib.recover import recover
from claudemem_lib.store import checkup, sql
from claudemem_lib.store.pages import DEFAULT_PAGE_BYTES as PAGE
from tests.lib.stored import add_note, add_observation, add_summary

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.memory import Memory
    from tests.conftest import Host, Memories

TEXT = "words of every kind and length, said once more "


@pytest.fixture
def damaged(memories: Memories, hosts: Callable[..., Host]) -> Path:
    """A data folder, closed: three projects' memories, long and short, a forgotten one, two sessions and a waiting inbox."""
    memory = memories("damaged")
    for number in range(120):
        project = f"/home/you/p{number % 3}"
        add_observation(
            memory, f"Memory {number:03d}", narrative=TEXT * (1 + number % 7 * 20), project=project, session="s0",
            files_modified=(f"src/f{number}.py",), concepts=("gotcha",),
        )  # fmt: skip
    add_summary(memory, "A summary", completed="all", session="s0")
    add_note(memory, "A note kept for ever")
    secret = add_note(memory, "FORGETMENOT " * 50)
    memory.forget([secret], now=True)
    hosts(memory).turn("Fix the parser", tools=3)
    memory.take_in()
    memory.observe_pending()
    hosts(memory, "s2").turn("Not observed yet", tools=3)
    memory.take_in()
    hosts(memory, "s3").turn("Still in the inbox")
    memory.close()
    return Path(memory.data_dir)


def database(folder: Path) -> Path:
    return folder / paths.DATABASE


def contents(folder: Path) -> dict[str, Any]:
    """Everything the file holds, and whether it is sound."""
    with claudemem_lib.open(folder) as memory:
        rows = memory.database.rows
        assert checkup.damage(memory.database, full=True) == ""
        assert checkup.fulltext(memory.database, full=True) == ""
        assert rows(sql.DANGLING) == []
        return {
            "memories": {row[0]: row[1:] for row in rows("SELECT id, title, narrative, project_id FROM memories")},
            "files": set(rows("SELECT memory_id, path FROM memory_files")),
            "events": {row[0]: row[1] for row in rows("SELECT uid, payload FROM events")},
            "prompts": set(rows("SELECT text FROM prompts")),
            "sessions": {row[0] for row in rows("SELECT host_id FROM sessions")},
            "projects": {row[0] for row in rows("SELECT name FROM projects")},
            "inbox": memory.stats()["inbox"]["waiting"],
        }


def copy(folder: Path, name: str) -> Path:
    return Path(shutil.copytree(folder, folder.with_name(name)))


def zero(file: Path, *pages: int) -> None:
    with file.open("r+b") as opened:
        for page in pages:
            opened.seek((page - 1) * PAGE)
            opened.write(bytes(PAGE))


def inbox(folder: Path) -> list[str]:
    return sorted(name for name in os.listdir(folder / "inbox") if name.endswith(".json"))  # noqa: PTH208


# --------------------------------------------------------------------------------------------------------- all of it
def header(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.write(b"\xa5" * 100)


def first_page(file: Path) -> None:
    zero(file, 1)


def whole_schema(file: Path) -> None:
    data = file.read_bytes()
    pages = [at // PAGE + 1 for at in range(0, len(data), PAGE) if b"CREATE T" in data[at : at + PAGE]]
    assert len(pages) > 2
    zero(file, 1, *pages)


def inner_pages(file: Path) -> None:
    data = file.read_bytes()
    zero(file, *[at // PAGE + 1 for at in range(PAGE, len(data), PAGE) if data[at] == 5])


@pytest.mark.parametrize("how", [header, first_page, whole_schema, inner_pages])
def test_what_leads_to_the_rows_may_be_gone_and_no_row_is_lost(damaged: Path, how: Callable[[Path], None]) -> None:
    whole = contents(copy(damaged, "whole"))
    how(database(damaged))
    before = database(damaged).read_bytes()
    found = recover(str(damaged))
    assert found.wrong
    assert found.lost == 0
    assert contents(damaged) == whole
    assert found.taken_in == 3
    assert (Path(found.set_aside) / paths.DATABASE).read_bytes() == before


@pytest.mark.parametrize("how", [header, first_page])
def test_damage_is_told_at_open_and_hooks_go_on(damaged: Path, hosts: Callable[..., Host], how: Any) -> None:
    with claudemem_lib.open(damaged) as memory:
        pass
    how(database(damaged))
    before = database(damaged).read_bytes()
    with pytest.raises(StoreCorrupt, match=r"is damaged: .*`claude-mem recover`.*waiting in the inbox"):
        claudemem_lib.open(damaged)
    hosts(memory).prompt("said meanwhile")
    assert len(inbox(damaged)) == 1
    assert database(damaged).read_bytes() == before
    assert recover(str(damaged)).taken_in == 1
    assert "said meanwhile" in str(contents(damaged)["prompts"])


def test_forgotten_words_stay_forgotten(damaged: Path) -> None:
    first_page(database(damaged))
    recover(str(damaged))
    assert b"FORGETMENOT" not in database(damaged).read_bytes()


# ------------------------------------------------------------------------------------------------------ a part of it
def test_zeroed_pages_cost_their_own_rows_only_and_the_report_names_them(damaged: Path) -> None:
    whole = contents(copy(damaged, "whole"))
    count = database(damaged).stat().st_size // PAGE
    for seed in range(12):
        folder = copy(damaged, f"try{seed}")
        zero(database(folder), *random.Random(seed).sample(range(1, count + 1), 6))
        found = recover(str(folder))
        mended = contents(folder)
        lost = {table.table: table for table in found.tables}
        assert mended["memories"].items() <= whole["memories"].items()
        assert mended["events"].items() <= whole["events"].items()
        gone = set(whole["memories"]) - set(mended["memories"])
        assert len(gone) < len(whole["memories"]) / 2
        assert set(lost["memories"].lost_ids) <= gone


@pytest.mark.parametrize("how", ["bytes", "noise", "short", "mixed up", "hole"])
def test_whatever_was_done_to_the_file_the_new_one_is_sound(damaged: Path, how: str) -> None:
    whole = database(damaged).read_bytes()
    pages = len(whole) // PAGE
    for seed in range(6):
        rng = random.Random(f"{how}{seed}")
        data = bytearray(whole)
        spans = [page * PAGE for page in rng.choices(range(pages), k=rng.choice((1, 5, 30)))]
        if how == "short":
            del data[rng.randrange(1, len(data)) :]
        for at in spans if how != "short" else ():
            if how == "bytes":
                data[at + rng.randrange(PAGE)] = rng.randrange(256)
            elif how == "hole":
                data[at : at + PAGE * 3] = bytes(len(data[at : at + PAGE * 3]))
            else:
                other = rng.choice(spans)
                data[at : at + PAGE] = rng.randbytes(PAGE) if how == "noise" else whole[other : other + PAGE]
        folder = copy(damaged, f"{how}{seed}")
        database(folder).write_bytes(data)
        recover(str(folder))
        assert contents(folder)["inbox"] == 0


def test_a_file_cut_short_keeps_what_is_left(damaged: Path) -> None:
    whole = contents(copy(damaged, "whole"))
    size = database(damaged).stat().st_size // PAGE
    os.truncate(database(damaged), size // 2 * PAGE + 100)
    found = recover(str(damaged))
    mended = contents(damaged)
    assert mended["memories"]
    assert mended["memories"].items() <= whole["memories"].items()
    assert found.taken_in == 3
    assert found.rows


def test_rows_whose_project_and_session_are_lost_are_kept_under_a_new_name(damaged: Path) -> None:
    with claudemem_lib.open(damaged) as memory:
        roots = dict(memory.database.rows("SELECT name, rootpage FROM sqlite_schema"))
    zero(database(damaged), roots["projects"], roots["sessions"])
    recover(str(damaged))
    found = contents(damaged)
    assert len(found["memories"]) >= 122
    assert any(name.startswith("recovered-") for name in found["projects"])


@pytest.mark.parametrize("content", [b"", b"\xa5" * 50_000, b"Dear diary"])
def test_a_file_of_which_nothing_is_left_is_set_aside_and_a_new_one_begun(damaged: Path, content: bytes) -> None:
    database(damaged).write_bytes(content)
    if not content:
        with pytest.raises(NotFound, match="nothing to recover"):
            recover(str(damaged))
        return
    with pytest.raises(ForeignDatabase, match="claude-mem recover"):
        claudemem_lib.open(damaged)
    found = recover(str(damaged))
    assert found.rows == 0
    assert (Path(found.set_aside) / paths.DATABASE).read_bytes() == content
    assert contents(damaged)["prompts"] == {("Still in the inbox",)}


# ------------------------------------------------------------------------------------------------- log and full text
def with_log(memories: Memories, name: str) -> tuple[Memory, Path]:
    """A memory that is open, whose newest rows are in its log only, and a copy of its folder as it lies there."""
    memory = memories(name)
    for number in range(5):
        add_note(memory, f"in the file {number}")
    memory.database.rows(sql.CHECKPOINT)
    for number in range(5):
        add_note(memory, f"in the log {number}")
    return memory, copy(Path(memory.data_dir), f"{name}-copy")


def notes(folder: Path) -> list[str]:
    with claudemem_lib.open(folder) as memory:
        return sorted(row[0] for row in memory.database.rows("SELECT title FROM memories"))


def test_what_only_the_log_holds_is_saved_too(memories: Memories) -> None:
    _, folder = with_log(memories, "log")
    header(database(folder))
    assert recover(str(folder)).lost == 0
    assert len(notes(folder)) == 10


@pytest.mark.parametrize("where", ["header", "middle", "all"])
def test_a_damaged_log_costs_no_more_than_itself(memories: Memories, where: str) -> None:
    _, folder = with_log(memories, "log")
    log = folder / f"{paths.DATABASE}-wal"
    data = bytearray(log.read_bytes())
    spans = {"header": (0, 32), "middle": (len(data) // 2, len(data) // 2 + 40), "all": (0, len(data))}
    start, end = spans[where]
    data[start:end] = b"\xa5" * (end - start)
    log.write_bytes(data)
    header(database(folder))
    recover(str(folder))
    assert {f"in the file {number}" for number in range(5)} <= set(notes(folder))


def test_a_full_text_that_does_not_fit_its_rows_is_made_anew_in_its_place(damaged: Path) -> None:
    with claudemem_lib.open(damaged) as memory, memory.database.write() as connection:
        connection.execute("DELETE FROM memories_fts_docsize WHERE id < 50")
        connection.execute("UPDATE memories_fts_data SET block = zeroblob(20) WHERE id > 10")
    found = recover(str(damaged))
    assert found.rebuilt
    assert not found.set_aside
    assert contents(damaged)["memories"]
    with claudemem_lib.open(damaged) as memory:
        assert next(hit.title for hit in memory.search("Memory 007")) == "Memory 007"


def test_a_damaged_full_text_is_told_as_what_it_is_and_mended_under_an_open_memory(
    damaged: Path, hosts: Callable[..., Host]
) -> None:
    with claudemem_lib.open(damaged) as memory:
        with memory.database.write() as connection:
            connection.execute("UPDATE memories_fts_data SET block = zeroblob(20) WHERE id > 10")
            connection.execute("UPDATE prompts_fts_data SET block = zeroblob(20) WHERE id > 10")
        with claudemem_lib.open(damaged) as other, pytest.raises(StoreUnreadable, match="claude-mem doctor --fix"):
            other.search("Memory 007")
        with pytest.raises(StoreUnreadable, match="claude-mem doctor --fix"):
            memory.search("Memory 007")
        hosts(memory, "s4").prompt("said meanwhile")
        assert "Made the full text anew." in doctor.mend(str(damaged), full=True)
        assert next(hit.title for hit in memory.search("Memory 007")) == "Memory 007"
        assert memory.take_in().events == 1


# ----------------------------------------------------------------------------------------------------------- the verb
def test_a_sound_file_is_left_alone(damaged: Path) -> None:
    contents(damaged)
    before = database(damaged).read_bytes()
    assert recover(str(damaged)).wrong == ""
    assert database(damaged).read_bytes() == before


def test_a_dry_run_tells_the_same_and_changes_nothing(damaged: Path) -> None:
    zero(database(damaged), *range(20, 40))
    listing = {path: path.read_bytes() for path in damaged.rglob("*") if path.is_file()}
    tried = recover(str(damaged), dry_run=True)
    after = {path: path.read_bytes() for path in damaged.rglob("*") if path.is_file()}
    assert after == listing
    assert tried.dry_run
    assert tried.tables == recover(str(damaged)).tables


def test_a_recovery_broken_off_anywhere_goes_on_the_next_time(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = contents(copy(damaged, "whole"))
    header(database(damaged))
    before = database(damaged).read_bytes()

    def broken(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    for verb in ("os.link", "claudemem_lib.lean.write_whole", "claudemem_lib.store.salvage.into", "os.fsync"):
        with monkeypatch.context() as patch:
            patch.setattr(verb, broken)
            with pytest.raises(KeyboardInterrupt):
                recover(str(damaged))
        with pytest.raises(StoreCorrupt):
            claudemem_lib.open(damaged)
    found = recover(str(damaged))
    assert (Path(found.set_aside) / paths.DATABASE).read_bytes() == before
    assert contents(damaged) == whole


def test_a_full_disk_is_told_before_anything_is_changed(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header(database(damaged))
    before = database(damaged).read_bytes()
    usage = shutil.disk_usage(damaged)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=1_000))
    with pytest.raises(StoreUnreadable, match=r"make room and try again\. Nothing was changed"):
        recover(str(damaged))
    assert database(damaged).read_bytes() == before
    assert not (damaged / "damaged").exists()


def test_another_copy_can_be_asked_for(damaged: Path) -> None:
    whole = contents(copy(damaged, "whole"))
    database(damaged).write_bytes(b"\xa5" * 50_000)
    found = recover(str(damaged), source=str(damaged.with_name("whole") / paths.DATABASE))
    assert found.rows
    assert contents(damaged)["memories"] == whole["memories"]
    with pytest.raises(NotFound, match="there is no file"):
        recover(str(damaged), source="/nothing/here")


def test_no_server_starts_while_a_file_is_recovered(damaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header(database(damaged))
    seen = []
    monkeypatch.setattr(os, "fsync", lambda _file: seen.append(link.lock(str(damaged))))
    recover(str(damaged))
    assert seen == [None]
    assert link.holder(str(damaged)) is None


# ------------------------------------------------------------------------------------------------ a memory that is open
def test_once_damage_is_seen_nothing_more_is_written(memories: Memories, hosts: Callable[..., Host]) -> None:
    memory = memories("open")
    for number in range(200):
        add_observation(memory, f"Memory {number}", narrative=TEXT * 10)
    memory.close()
    with claudemem_lib.open(memory.data_dir) as opened:
        root = opened.database.row("SELECT rootpage FROM sqlite_schema WHERE name = 'memories'")[0]
    zero(database(Path(memory.data_dir)), root)
    opened = memories("open")
    with pytest.raises(StoreCorrupt):
        opened.get(range(1, 200))
    hosts(opened).prompt("meanwhile")
    with pytest.raises(StoreCorrupt, match="claude-mem recover"):
        opened.take_in()
    assert len(inbox(Path(memory.data_dir))) == 1


def test_an_open_memory_writes_into_the_file_that_took_the_place_of_its_own(damaged: Path) -> None:
    with claudemem_lib.open(damaged) as memory:
        header(database(damaged))
        recover(str(damaged))
        note = memory.remember("written afterwards", project="/home/you/p0")
        assert [one.title for one in memory.get([note])] == ["written afterwards"]
    assert "written afterwards" in str(contents(damaged)["memories"])


def test_a_file_that_was_taken_away_is_not_made_anew_behind_the_back(memory: Memory) -> None:
    lean.make_folder(memory.data_dir)
    for part in ("", "-wal", "-shm"):
        Path(f"{memory.database.path}{part}").unlink(missing_ok=True)
    with pytest.raises(StoreUnreadable, match="taken away"):
        memory.remember("x", project="/home/you/p0")
    assert not Path(memory.database.path).exists()


def test_what_is_damaged_where_nobody_looked_is_found_by_a_check(damaged: Path) -> None:
    with claudemem_lib.open(damaged) as memory:
        memory.check()
        root = memory.database.row("SELECT rootpage FROM sqlite_schema WHERE name = 'usage'")[0]
    zero(database(damaged), root)
    with claudemem_lib.open(damaged) as memory:
        with pytest.raises(StoreCorrupt, match="claude-mem recover"):
            memory.check()
        with pytest.raises(StoreCorrupt):
            memory.remember("x", project="/home/you/p0")


def test_a_text_that_is_no_text_any_more_is_found_and_its_memory_kept(damaged: Path) -> None:
    data = database(damaged).read_bytes()
    at = data.index(b"words of every kind and length")
    database(damaged).write_bytes(data[:at] + b"w\xf9rds" + data[at + 5 :])
    with claudemem_lib.open(damaged) as memory, pytest.raises(StoreCorrupt, match="no UTF-8"):
        memory.get(range(1, 200))
    found = recover(str(damaged))
    assert "no UTF-8" in found.wrong
    assert found.lost == 0
    assert "w\ufffdrds of every kind" in str(contents(damaged)["memories"])


# -------------------------------------------------------------------------------------------------------- the command
def command(folder: Path, *arguments: str) -> Any:
    return CliRunner().invoke(cli.main, ["--data-dir", str(folder), "recover", *arguments])


def test_the_command_says_what_was_saved_what_was_lost_and_where_the_old_file_is(damaged: Path) -> None:
    with claudemem_lib.open(damaged) as memory:
        root = memory.database.row("SELECT rootpage FROM sqlite_schema WHERE name = 'memories'")[0]
    data = database(damaged).read_bytes()
    first = int.from_bytes(data[(root - 1) * PAGE + 8 :][:4], "big")
    leaf = next(
        page
        for page in range(2, len(data) // PAGE)
        if data[(page - 1) * PAGE] == 13 and page != first and b"Memory 03" in data[(page - 1) * PAGE : page * PAGE]
    )
    zero(database(damaged), root, leaf)
    tried = command(damaged, "--dry-run").output
    assert "Nothing was changed" in tried
    said = command(damaged).output
    assert "memories" in said.splitlines()[1]
    assert re.search(r"^Lost        \d+ memories \(#\d+", said, re.MULTILINE)
    assert str(damaged / "damaged") in said
    assert "claude-mem backfill" in said
    assert command(damaged).output == "The memory file is sound; nothing was changed.\n"


def test_transcripts_are_read_again_after_a_recovery(damaged: Path) -> None:
    with claudemem_lib.open(damaged) as memory, memory.database.write() as connection:
        connection.execute("INSERT INTO transcripts VALUES ('/t/1.jsonl', 1, 1, 1)")
    header(database(damaged))
    recover(str(damaged))
    with claudemem_lib.open(damaged) as memory:
        assert memory.database.rows("SELECT path FROM transcripts") == []


def test_the_command_tells_programs_the_same(damaged: Path) -> None:
    header(database(damaged))
    found = json.loads(command(damaged, "--json").stdout)
    assert (found["lost"], found["taken_in"]) == (0, 3)
    assert {table["table"] for table in found["tables"]} >= {"memories", "events", "sessions", "projects"}
    assert json.loads(command(damaged, "--json").stdout)["wrong"] == ""


def test_the_command_without_a_file_says_so(tmp_path: Path) -> None:
    result = command(tmp_path / "nothing")
    assert result.exit_code == 1
    assert "nothing to recover" in result.output


def test_a_sound_file_is_set_aside_for_a_copy_only_when_told_and_what_was_forgotten_stays_so(memory: Memory) -> None:
    secret = add_note(memory, "The walrus is secret")
    add_note(memory, "The parser is kept")
    backups = Path(memory.data_dir) / paths.BACKUPS
    backups.mkdir(exist_ok=True)
    copy = backups / "schema-1-1.db"
    memory.database.connection().execute("VACUUM INTO ?", (str(copy),))
    memory.forget([secret], now=True)
    add_note(memory, "Newer than the copy")
    folder = memory.data_dir
    memory.close()
    command = ["--data-dir", folder, "recover", "--from", str(copy)]
    refused = CliRunner().invoke(cli.main, command)
    assert refused.exit_code == 1
    assert "is sound" in str(refused.output)
    done = CliRunner().invoke(cli.main, [*command, "--yes"])
    assert done.exit_code == 0, done.output
    assert "recover --from" not in done.output
    with claudemem_lib.open(folder) as found:
        assert [hit.title for hit in found.search("parser walrus newer", limit=9)] == ["The parser is kept"]
        assert found.database.rows("SELECT kind FROM tombstones") == [("memory",)]
