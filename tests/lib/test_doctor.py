"""The doctor: each thing that can be wrong is told with its cause and remedy, what is safe mended; a report gives nothing away."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw
import pytest
from click.testing import CliRunner

import claudemem_lib
from claudemem_lib import cli, doctor, install, link, paths, settings
from claudemem_lib.doctor import folder, programs
from claudemem_lib.doctor.probe import WORD, probe
from claudemem_lib.errors import StoreCorrupt
from claudemem_lib.store import checkup, status
from tests.lib.stored import add_note, add_observation

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.memory import Memory
    from tests.conftest import Host

SECRET = "sk-ant-" + "api03-" + "A1b2" * 20
HOST = """#!/bin/sh
echo "{version} (Claude Code)"
"""


@pytest.fixture
def home(tmp_path: Path, environment: Callable[[str, str], None]) -> Path:
    """A home with a host that calls our hooks, found where the doctor looks."""
    top = tmp_path / "home"
    (top / "bin").mkdir(parents=True)
    program = top / "bin" / "claude"
    program.write_text(HOST.format(version="2.1.330"))
    program.chmod(0o755)
    environment("HOME", str(top))
    environment("CLAUDE_CONFIG_DIR", str(top / ".claude"))
    environment("PATH", f"{top / 'bin'}:{os.environ['PATH']}")
    return top


@pytest.fixture
def data(home: Path, memory: Memory, host: Host) -> Path:
    """A data folder where all is well: hooks installed, a turn recorded and observed."""
    top = Path(memory.data_dir)
    install.apply(install.plan(home / ".claude", top))
    host.turn("Fix the parser")
    memory.take_in()
    memory.observe_pending()
    for path in (top, *top.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return top


def found(top: Path, **how: Any) -> dict[str, doctor.Check]:
    return {check.name: check for check in doctor.examine(str(top), **how)}


def fixed(top: Path) -> dict[str, doctor.Check]:
    """What is found after everything that is safe was mended."""
    doctor.mend(str(top))
    return found(top)


def host_settings(home: Path) -> Path:
    return home / ".claude" / "settings.json"


# -------------------------------------------------------------------------------------------------------------- well
def test_where_all_is_well_every_check_is_ok_and_nothing_is_changed(data: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*.json")}
    checks = doctor.examine(str(data), full=True)
    assert [check for check in checks if check.state != doctor.OK] == []
    assert doctor.worst(checks) == doctor.OK
    assert doctor.mend(str(data)) == []
    assert {path: path.stat().st_mtime_ns for path in data.rglob("*.json")} == before


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path, home: Path) -> None:
    checks = found(tmp_path / "none")
    assert checks["Memory file"].state == doctor.WARNING
    assert "claude-mem install" in checks["Memory file"].remedy
    assert not (tmp_path / "none").exists()
    assert home.exists()


def test_a_check_that_breaks_down_is_told_and_stops_no_other(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_patient: doctor.Patient) -> doctor.Check:
        raise LookupError(WORD)

    monkeypatch.setattr(doctor, "CHECKS", (broken, folder.inbox))
    checks = found(data)
    assert checks["broken"].state == doctor.FAILED
    assert f"LookupError: {WORD}" in checks["broken"].found
    assert checks["Inbox"].state == doctor.OK


# ------------------------------------------------------------------------------------------------------------ folder
def test_files_that_others_can_read_are_told_and_closed(data: Path) -> None:
    data.chmod(0o755)
    (data / "claude-mem.db").chmod(0o644)
    check = found(data)["Permissions"]
    assert check.state == doctor.FAILED
    assert "2 files or folders can be read by others" in check.found
    assert fixed(data)["Permissions"].state == doctor.OK
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "claude-mem.db").stat().st_mode) == 0o600


@pytest.mark.parametrize("text", [None, "{}", "garbage"])
def test_rules_of_hooks_that_are_not_the_settings_are_written_anew(data: Path, text: str | None) -> None:
    rules = data / paths.HOOK_RULES
    wanted = rules.read_text()
    rules.unlink() if text is None else rules.write_text(text)
    assert found(data)["Rules of hooks"].state == doctor.WARNING
    rules.unlink(missing_ok=True)
    assert fixed(data)["Rules of hooks"].state == doctor.OK
    assert rules.read_text() == wanted


def test_settings_that_cannot_be_used_are_told(data: Path) -> None:
    (data / paths.SETTINGS).write_text("{broken")
    assert "settings.json cannot be read" in found(data)["Settings"].found
    (data / paths.SETTINGS).unlink()
    (data / "claude-mem.db").unlink()
    (data / paths.SETTINGS).write_text('{"CLAUDE_MEM_CONTEXT_TOKENS": "many"}')
    assert "CLAUDE_MEM_CONTEXT_TOKENS" in found(data)["Settings"].found
    (data / paths.SETTINGS).write_text('{"CLAUDE_MEM_EXCLUDE_PROJECTS": ["/x"]}')
    assert "CLAUDE_MEM_EXCLUDED_PROJECTS" in found(data)["Settings"].found
    assert found(data)["Settings"].state == doctor.WARNING


@pytest.mark.parametrize(("free", "state"), [(10_000_000, doctor.FAILED), (300_000_000, doctor.WARNING)])
def test_a_disk_that_is_nearly_full_is_told(data: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    usage = shutil.disk_usage(data)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=free))
    assert found(data)["Disk"].state == state


def test_a_backlog_in_the_inbox_is_told_with_what_takes_it_in(data: Path) -> None:
    file = data / "inbox" / "1.json"
    file.write_text("{}")
    assert found(data)["Inbox"].state == doctor.OK
    os.utime(file, (1_000_000, 1_000_000))
    check = found(data)["Inbox"]
    assert check.state == doctor.WARNING
    assert "Nothing is lost" in check.remedy
    assert file.exists()


def test_bad_files_are_told(data: Path) -> None:
    (data / "inbox" / "bad").mkdir()
    (data / "inbox" / "bad" / "1.json.reason").write_text("not JSON")
    assert "not JSON" in found(data)["Bad files"].found
    assert "claude-mem queue bad" in found(data)["Bad files"].remedy


def test_what_a_killed_server_left_is_removed_but_not_beside_a_living_one(data: Path) -> None:
    (data / paths.SERVER).write_text('{"pid": 1}')
    (data / paths.SOCKET).write_text("")
    (data / ".trial").mkdir()
    held = link.lock(str(data))
    assert held is not None
    assert "Leftovers" not in found(data)
    assert not any("Removed" in text for text in doctor.mend(str(data)))
    assert (data / paths.SERVER).exists()
    os.close(held)
    assert "Leftovers" not in fixed(data)
    assert not (data / paths.SERVER).exists()
    assert not (data / paths.SOCKET).exists()
    assert not (data / ".trial").exists()


# ------------------------------------------------------------------------------------------------------- memory file
def test_a_damaged_file_is_told_with_the_way_to_save_it(data: Path, memory: Memory) -> None:
    memory.close()
    with (data / "claude-mem.db").open("r+b") as file:
        file.write(b"\xa5" * 4096)
    check = found(data)["Memory file"]
    assert check.state == doctor.FAILED
    assert "claude-mem recover" in check.remedy
    assert check.mend is None


def test_damage_inside_the_file_is_found_though_it_opens(data: Path, memory: Memory) -> None:
    for number in range(100):
        add_observation(memory, f"Memory {number}", narrative="words " * 400)
    memory.close()
    with (data / "claude-mem.db").open("r+b") as file:
        file.seek(-4096 * 20, os.SEEK_END)
        file.write(b"\xa5" * 4096 * 10)
    check = found(data)["Memory file"]
    assert check.state == doctor.FAILED
    assert "claude-mem recover" in check.remedy


def test_a_full_text_that_lacks_rows_is_made_anew(data: Path, memory: Memory) -> None:
    note = add_note(memory, "the unfindable one")
    with memory.database.write() as connection:
        connection.execute("DELETE FROM memories_fts_docsize WHERE id = ?", (note,))
    check = found(data)["Full text"]
    assert check.state == doctor.FAILED
    assert "memories and" in check.found
    assert fixed(data)["Full text"].state == doctor.OK
    assert [hit.id for hit in memory.search("unfindable")] == [note]


def break_fulltext(data: Path, text: str) -> None:
    connection = apsw.Connection(str(data / paths.DATABASE))
    connection.execute(text).fetchall()
    connection.close()


@pytest.mark.parametrize(
    "how", ["DELETE FROM memories_fts_data WHERE id > 20", "DROP TABLE memories_fts", "DROP TABLE prompts_fts"]
)
def test_what_a_search_sends_to_the_doctor_the_doctor_mends(data: Path, memory: Memory, how: str) -> None:
    add_note(memory, "the unfindable one")
    memory.close()
    break_fulltext(data, how)
    told = CliRunner().invoke(cli.main, ["--data-dir", str(data), "search", "unfindable"])
    assert told.exit_code == 1
    assert "`claude-mem doctor --fix` makes it anew" in told.output
    check = found(data)["Full text"]
    assert check.state == doctor.FAILED
    assert "doctor --fix" in check.remedy
    done = command(data, "--fix")
    assert done.exit_code == 0, done.output
    assert "Mended: Made the full text anew." in done.output
    assert "unfindable" in CliRunner().invoke(cli.main, ["--data-dir", str(data), "search", "unfindable"]).output
    assert found(data, full=True)["Full text"].state == doctor.OK


@pytest.mark.parametrize("arguments", [["search", "parser"], ["drain"], ["forget", "1"], ["status"]])
def test_a_missing_table_is_one_sentence_and_recovered(data: Path, memory: Memory, arguments: list[str]) -> None:
    wanted = len(memory.search("parser"))
    memory.close()
    break_fulltext(data, "DROP TABLE undo")
    told = CliRunner().invoke(cli.main, ["--data-dir", str(data), *arguments])
    assert told.exception is None or isinstance(told.exception, SystemExit), told.exception
    check = found(data)["Memory file"]
    assert check.state == doctor.FAILED
    assert "there is no table undo" in check.found
    assert "claude-mem recover" in check.remedy
    assert CliRunner().invoke(cli.main, ["--data-dir", str(data), "recover"]).exit_code == 0
    assert found(data, full=True)["Memory file"].state == doctor.OK
    with claudemem_lib.open(data) as again:
        assert len(again.search("parser")) == wanted


def test_a_missing_index_is_named_and_made_anew(data: Path, memory: Memory) -> None:
    names = [
        row[0] for row in memory.database.rows("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql <> ''")
    ]
    memory.close()
    assert found(data)["Indexes"].state == doctor.OK
    for name in names:
        break_fulltext(data, f"DROP INDEX {name}")
    check = found(data)["Indexes"]
    assert check.state == doctor.WARNING
    assert all(name in check.found for name in names)
    assert found(data)["Memory file"].state == doctor.OK
    done = command(data, "--fix")
    assert "Mended: Made the index" in done.output
    assert found(data)["Indexes"].state == doctor.OK


def test_vectors_without_a_memory_are_removed(data: Path, memory: Memory) -> None:
    with memory.database.write() as connection:
        connection.execute("INSERT INTO vectors(memory_id, project_id, v) VALUES (999, 1, x'00')")
        connection.execute("INSERT INTO vector_signs(project_id, memory_id, b) VALUES (1, 998, x'00')")
    assert "2 vectors" in found(data)["Vectors"].found
    assert fixed(data)["Vectors"].state == doctor.OK


def test_claims_of_a_worker_that_is_gone_are_given_back(data: Path, memory: Memory, host: Host) -> None:
    host.turn("Another turn")
    memory.take_in()
    assert memory.observer.claim() is not None
    assert found(data)["Claims"].state == doctor.WARNING
    checks = fixed(data)
    assert "Claims" not in checks
    assert memory.stats()["queue"]["pending"] == 2


def test_parked_events_are_told_with_the_last_error(data: Path, memory: Memory, host: Host) -> None:
    host.turn("Another turn")
    memory.take_in()
    with memory.database.write() as connection:
        connection.execute("UPDATE events SET state = 'parked', error = 'no answer' WHERE state = 'pending'")
    check = found(data)["Queue"]
    assert check.state == doctor.FAILED
    assert "no answer" in check.found


# ------------------------------------------------------------------------------------------------------------- hooks
def test_hooks_that_are_not_installed_are_told(data: Path, home: Path) -> None:
    host_settings(home).write_text("{}")
    assert "does not call our hooks" in found(data)["Hooks"].found
    host_settings(home).write_text('{"enabledPlugins": {"claudemem@x": true}}')
    assert found(data)["Hooks"].state == doctor.OK
    host_settings(home).write_text('{"enabledPlugins": {"claudemem@x": true}, "disableAllHooks": true}')
    assert found(data)["Hooks"].state == doctor.FAILED


@pytest.mark.parametrize(
    ("what", "gone"), [(sys.executable, "/gone/python"), ("run.py", "gone/claudemem_hooks/run.py")]
)
def test_a_hook_that_names_what_is_gone_is_told(data: Path, home: Path, what: str, gone: str) -> None:
    text = host_settings(home).read_text()
    gone = gone if what == sys.executable else "run.py"
    if what == "run.py":
        text = text.replace("/claudemem_hooks/run.py", "/gone/claudemem_hooks/run.py")
    host_settings(home).write_text(text.replace(what, gone))
    check = found(data)["Hooks"]
    assert check.state == doctor.FAILED
    assert "which is not there: no hook runs" in check.found


def test_who_uses_another_host_alone_is_not_told_that_nothing_is_recorded(data: Path, home: Path) -> None:
    host_settings(home).write_text("{}")
    (home / ".codex").mkdir()
    install.apply(install.plan_host("codex", data, {"HOME": str(home)}))
    check = found(data)["Hooks"]
    assert check.state == doctor.OK
    assert "Codex" in check.found


def test_other_hosts_whose_interpreter_is_gone_are_a_failure_that_names_them_all(data: Path, home: Path) -> None:
    for name in ("codex", "cursor"):
        install.apply(install.plan_host(name, data, {"HOME": str(home)}, interpreter="/gone/python"))
    check = found(data)["Other hosts"]
    assert check.state == doctor.FAILED
    assert "/gone/python, which is not there" in check.found
    assert check.remedy == "`claude-mem install codex cursor`"


def test_a_damaged_file_is_no_fault_of_the_hooks_to_be_reported(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(_database: object) -> int:
        message = "the file is damaged. Run `claude-mem recover`"
        raise StoreCorrupt(message)

    monkeypatch.setattr(status, "last_event_ms", damaged)
    monkeypatch.setattr(checkup, "stray_vectors", damaged)
    checks = found(data)
    assert "Hooks called" not in checks
    assert "called" not in checks
    assert checks["Vectors fit"].found == "the file is damaged. Run `claude-mem recover`"
    assert [check for check in checks.values() if "Report this" in check.remedy] == []


def test_a_new_data_folder_has_no_rules_to_be_warned_of(tmp_path: Path, home: Path) -> None:
    top = tmp_path / "new"
    top.mkdir(mode=0o700)
    assert home.exists()
    assert found(top)["Rules of hooks"].state == doctor.OK


def test_hooks_that_record_elsewhere_are_told(data: Path, home: Path) -> None:
    host_settings(home).write_text(host_settings(home).read_text().replace(str(data), "/somewhere/else"))
    assert "/somewhere/else" in found(data)["Hooks"].found


def test_hooks_that_are_not_called_while_sessions_go_on_are_told(data: Path, home: Path) -> None:
    transcript = home / ".claude" / "projects" / "-home-you" / "1.jsonl"
    transcript.parent.mkdir(parents=True)
    transcript.write_text("{}\n")
    os.utime(transcript, (1_000_000, 1_000_000))
    assert found(data)["Hooks called"].state == doctor.OK
    with claudemem_lib.open(data) as memory, memory.database.write() as connection:
        connection.execute("UPDATE events SET occurred_ms = 1000000000000")
    os.utime(transcript, None)
    check = found(data)["Hooks called"]
    assert check.state == doctor.WARNING
    assert "but a session went on" in check.found
    (data / "inbox" / "1.json").write_text("{}")
    assert found(data)["Hooks called"].state == doctor.OK


# ---------------------------------------------------------------------------------------------------------- programs
@pytest.mark.parametrize(
    ("version", "state"), [("2.1.330", doctor.OK), ("2.0.9", doctor.FAILED), ("nothing", doctor.WARNING)]
)
def test_the_hosts_version_is_judged(data: Path, home: Path, version: str, state: str) -> None:
    (home / "bin" / "claude").write_text(HOST.format(version=version))
    assert found(data)["Claude Code"].state == state


def test_versions_that_differ_are_told_one_by_one(data: Path, home: Path) -> None:
    known = home / ".claude" / "plugins" / "installed_plugins.json"
    known.parent.mkdir(parents=True)
    known.write_text(json.dumps({"plugins": {"claudemem@x": [{"version": "0.0.1"}]}}))
    check = found(data)["Versions"]
    assert check.state == doctor.WARNING
    assert "plugin claudemem@x 0.0.1" in check.found
    assert f"code {claudemem_lib.__version__}" in check.found


def test_a_server_that_ended_at_once_is_told_with_its_reason(data: Path) -> None:
    (data / paths.LOGS).mkdir(exist_ok=True)
    (data / paths.LOGS / link.REASON).write_text("claude-mem serve: the port is taken\n")
    check = found(data)["Server"]
    assert check.state == doctor.FAILED
    assert "the port is taken" in check.found


def test_a_server_that_holds_the_lock_and_does_not_answer_is_told(data: Path) -> None:
    held = link.lock(str(data))
    assert held is not None
    assert "does not answer" in found(data)["Server"].found
    os.close(held)


def test_missing_packages_of_the_server_are_named(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "SERVER_PACKAGES", ("a_package_there_is_not",))
    assert "pip install 'claudemem[server]'" in found(data)["Server"].remedy


# ------------------------------------------------------------------------------------------------------------- probe
def test_the_probe_goes_the_whole_way_and_leaves_no_trace(data: Path, memory: Memory) -> None:
    before, listing = memory.stats(), sorted(data.rglob("*"))
    check = probe(doctor.Patient(str(data)))
    assert (check.state, check.found[:44]) == (doctor.OK, "A session went from hook to search result in")
    assert memory.stats() == before
    assert sorted(data.rglob("*")) == listing
    assert memory.search(WORD) == []


def test_a_hook_that_does_not_run_fails_the_probe(data: Path, home: Path) -> None:
    broken = home / "python"
    broken.write_text("#!/bin/sh\necho no such luck >&2\nexit 3\n")
    broken.chmod(0o755)
    host_settings(home).write_text(host_settings(home).read_text().replace(sys.executable, str(broken)))
    check = probe(doctor.Patient(str(data)))
    assert check.state == doctor.FAILED
    assert "status 3: no such luck" in check.found
    assert not list(data.glob(".probe-*"))


def test_a_provider_is_asked_only_when_wanted(data: Path, memory: Memory) -> None:
    assert "Provider asked" not in found(data)
    asked = json.loads(command(data, "--provider", "--json").stdout)["checks"][-1]
    assert (asked["name"], asked["state"]) == ("Provider asked", "ok")
    settings.save(
        str(data), {"provider": "openai", "openai_api_key": SECRET, "openai_base_url": "http://127.0.0.1:9/v1"}
    )
    checks = doctor.on_request(str(data), probe=False, provider=True)
    assert [(check.name, check.state) for check in checks] == [("Provider asked", doctor.FAILED)]
    assert SECRET not in checks[0].found
    assert memory.search(WORD) == []


# ----------------------------------------------------------------------------------------------------------- command
def command(top: Path, *arguments: str) -> Any:
    return CliRunner().invoke(cli.main, ["--data-dir", str(top), "doctor", *arguments])


def test_the_command_ends_with_0_unless_something_failed(data: Path) -> None:
    well = command(data)
    assert well.exit_code == 0
    assert "ok       Memory file" in well.output
    (data / "inbox" / "bad").mkdir(mode=0o700)
    assert command(data).exit_code == 0
    data.chmod(0o755)
    failed = command(data)
    assert failed.exit_code == 1
    assert "-> `claude-mem doctor --fix`" in failed.output


def test_the_command_says_what_it_would_mend_then_mends_it(data: Path) -> None:
    data.chmod(0o755)
    tried = command(data, "--fix", "--dry-run")
    assert "Would take others' rights from 1 files or folders." in tried.output
    assert stat.S_IMODE(data.stat().st_mode) == 0o755
    done = json.loads(command(data, "--fix", "--json").stdout)
    assert done["fixed"] == ["Took others' rights from 1 files or folders."]
    assert done["state"] == "ok"


def test_the_report_gives_nothing_away(data: Path, memory: Memory, tmp_path: Path, home: Path) -> None:
    add_note(memory, "FORBIDDENWORD in a note", project="/home/you/FORBIDDENPROJECT")
    settings.save(
        str(data), {"openai_api_key": SECRET, "excluded_projects": ("/home/FORBIDDENFOLDER",), "context_tokens": 1500}
    )
    (data / paths.LOGS).mkdir(exist_ok=True)
    (data / paths.LOGS / paths.LOG).write_text(f"2026-01-01 INFO opened {home}/x with {SECRET}\n")
    target = tmp_path / "report.json"
    with memory.database.write() as connection:
        connection.execute(
            "UPDATE events SET state = 'parked', error = 'openai gave no usable answer: FORBIDDENANSWER' WHERE id = 1"
        )
    command(data, "--fix")
    command(data, "--report", str(target))
    text = target.read_text()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    for secret in ("FORBIDDEN", SECRET, str(home), "Fix the parser"):
        assert secret not in text
    found = json.loads(text)
    assert found["settings"] == {
        "CLAUDE_MEM_OPENAI_API_KEY": "(set)", "CLAUDE_MEM_EXCLUDED_PROJECTS": "(set)", "CLAUDE_MEM_CONTEXT_TOKENS": 1500,
    }  # fmt: skip
    assert found["version"] == claudemem_lib.__version__
    assert found["log"][0].startswith("2026-01-01 INFO opened ~/x with ")
    assert {"checks", "packages", "sizes", "python", "system"} <= set(found)
    again = command(data, "--report", str(target))
    assert again.exit_code == 1
    assert "is there already" in again.output
