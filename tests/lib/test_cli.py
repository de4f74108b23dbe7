"""The command line: what each command prints, as text and as JSON, how it ends, and what it leaves alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw
import pytest
from click.testing import CliRunner

import claudemem_lib
from claudemem_lib import cli, demo, settings
from tests.lib.stored import add_observation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import click
    from click.testing import Result

    from claudemem_lib.memory import Memory
    from tests.conftest import Host

WITHOUT_JSON = {"serve", "restart", "logs", "tui", "export-session"}
SAMPLE = Path(claudemem_lib.__file__).parent / "sample"
MEMORY_COMMANDS = (
    ["search"], ["timeline", "1"], ["show", "1"], ["context", "."], ["remember", "x"], ["sessions"], ["projects"], ["status"],
    ["queue", "list"], ["queue", "retry"], ["queue", "discard", "--yes"], ["drain"], ["backfill", "/nothing/here"],
)  # fmt: skip
HIT_FIELDS = {
    "id", "uid", "kind", "type", "title", "score", "engines", "project", "created_ms", "read_tokens", "file",
    "pinned", "superseded_by", "similar",
}  # fmt: skip


# ------------------------------------------------------------------------------------------------------ everywhere
def commands() -> Iterator[tuple[list[str], click.Command]]:
    """Every command with its path, groups included."""
    for name, command in cli.main.commands.items():
        yield [name], command
        for inner, sub in getattr(command, "commands", {}).items():
            yield [name, inner], sub


def test_the_commands_are_those_of_the_manual() -> None:
    assert list(cli.main.commands) == [
        "demo", "tui", "search", "timeline", "show", "context", "remember", "file",
        "concept", "decisions", "changes", "how-it-works", "prompts", "prune", "reindex",
        "edit", "pin", "unpin", "supersede",
        "forget", "undo", "export-session", "project", "sessions", "projects", "status", "queue", "drain",
        "backfill", "import", "export", "pause", "resume", "folder-context", "usage", "models", "test-provider", "serve",
        "start", "stop", "restart", "logs", "doctor", "recover",
        "settings", "install", "uninstall",
    ]  # fmt: skip


@pytest.mark.parametrize("path", [path for path, _ in commands()], ids=" ".join)
def test_every_help_says_what_the_command_does_and_gives_an_example(
    run: Callable[..., Result], path: list[str]
) -> None:
    result = run(*path, "--help")
    assert result.exit_code == 0
    assert re.search(r"^  [A-Z].*", result.output, re.MULTILINE)
    assert f"  claude-mem {' '.join(path)}" in result.output


@pytest.mark.parametrize(
    "path",
    [
        path
        for path, _ in commands()
        if path[0] not in WITHOUT_JSON and path not in (["queue"], ["project"], ["folder-context"], ["models"])
    ],
    ids=" ".join,
)
def test_every_command_that_tells_something_has_json(run: Callable[..., Result], path: list[str]) -> None:
    assert "--json" in run(*path, "--help").output


def test_the_version_is_printed(run: Callable[..., Result]) -> None:
    assert run("--version").output == f"claude-mem, version {claudemem_lib.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"], ["search", "--limit", "0"], ["search", "--limit", "1 OR 1=1"], ["search", "--offset", "-1"],
        ["search", "--order", "random"], ["timeline", "1", "--before", "x"], ["show"], ["remember"], ["queue", "retry", "x"],
        ["context", "--source", "teatime"], ["search", "--nonsense"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_ends_with_two(run: Callable[..., Result], data: Path, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage:" in result.stderr
    assert not data.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["search", "--project", "nope", "x"], "no project is called 'nope'; known projects: blog, shop"),
        (["search", "--since", "soon"], "'soon' is no time; write 2026-11-22"),
        (["search", "--kind", "bugfix"], "kind must be one of observation, summary, note"),
        (["timeline", "99"], "there is no memory #99"),
        (["timeline", "x"], "'x' is no memory id"),
        (["timeline", "--query", "zebra"], "nothing found for 'zebra'"),
        (["show", "x"], "'x' is no memory id"),
        (["show", "98", "99"], "there is no memory #98, #99"),
        (["remember", "  "], "there is no text to remember"),
        (["remember", "<private>x</private>"], "wholly private"),
        (["settings", "NO_SUCH_KEY"], "NO_SUCH_KEY is no setting"),
        (["settings", "CLAUDE_MEM_CONTEXT_TOKENS", "many"], "CLAUDE_MEM_CONTEXT_TOKENS must be a whole number"),
        (["backfill", "/nothing/here"], "/nothing/here"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.usefixtures("filled")
def test_what_cannot_be_done_is_one_sentence_on_standard_error(
    run: Callable[..., Result], arguments: list[str], said: str
) -> None:
    for more in ([], ["--json"]):
        result = run(*arguments, *more)
        assert result.exit_code == 1
        assert result.stderr.startswith("Error: ")
        assert said in result.stderr
        assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", MEMORY_COMMANDS, ids=" ".join)
def test_a_data_folder_that_cannot_be_used_is_one_sentence(
    run: Callable[..., Result], data: Path, command: list[str]
) -> None:
    data.write_text("a file")
    result = run(*command)
    assert result.exit_code == 1
    assert str(data) in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_file_of_another_program_is_left_alone(run: Callable[..., Result], data: Path) -> None:
    data.mkdir()
    file = data / "claude-mem.db"
    file.write_bytes(b"not a database, but somebody's")
    result = run("search", "x")
    assert result.exit_code == 1
    assert "is not a claude-mem memory file; it is left as it is" in result.stderr
    assert file.read_bytes() == b"not a database, but somebody's"


def test_a_setting_that_cannot_be_used_is_told_and_stops_nothing(run: Callable[..., Result], data: Path) -> None:
    data.mkdir()
    (data / "settings.json").write_text('{"CLAUDE_MEM_CONTEXT_TOKENS": "lots"}')
    result = run("search")
    assert result.exit_code == 0
    assert "Note: settings.json: CLAUDE_MEM_CONTEXT_TOKENS must be a whole number" in result.stderr
    assert result.stdout.startswith("Nothing is remembered yet.")


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(("word", "said"), [("zebra", "Nothing found.\n"), ("logni", "Did you mean: login")])
def test_a_search_without_hits_writes_nothing(run: Callable[..., Result], data: Path, word: str, said: str) -> None:
    connection = apsw.Connection(str(data / "claude-mem.db"))
    connection.execute("PRAGMA user_version=99")
    connection.close()
    result = run("search", word)
    assert result.exit_code == 0, result.output
    assert said in result.stdout


# ---------------------------------------------------------------------------------------------------- search and show
@pytest.mark.usefixtures("filled")
def test_search_prints_an_index(run: Callable[..., Result], says: Callable[..., Any]) -> None:
    text = run("search", "login").stdout
    assert re.search(
        r"^#1 \d{4}-\d\d-\d\d \d\d:\d\d bugfix: Cached the login · src/auth.py \(~\d+ tokens, text\)$",
        text,
        re.MULTILINE,
    )
    page = says("search", "login")
    hits = page["hits"]
    assert {hit["id"] for hit in hits} == {1, 2}
    assert (page["total"], page["after"]) == (2, "")
    assert all(set(hit) == HIT_FIELDS for hit in hits)
    assert hits[0]["engines"] == ["text"]
    assert run("search", "zebra").stdout == "Nothing found.\n"


@pytest.mark.usefixtures("filled")
def test_search_takes_all_filters_and_operators(says: Callable[..., Any]) -> None:
    for arguments in (
        ["--kind", "observation", "--project", "shop"], ["--type", "bugfix,decision"], ["--concept", "gotcha"],
        ["--file", "auth.py"], ["--until", "1780000000001"], ["--since", "2020-01-01", "--project", "/w/shop", "--offset", "1"],
        ["login", "NOT", "fast"], ['"cached the login"'], ["cach*"], ["--order", "date_asc", "--limit", "1"],
    ):  # fmt: skip
        assert [hit["id"] for hit in says("search", *arguments)["hits"]] == [1], arguments


@pytest.mark.usefixtures("filled")
def test_timeline_shows_what_happened_around(run: Callable[..., Result], says: Callable[..., Any]) -> None:
    moments = says("timeline", "#1", "--after", "1")
    assert [(moment["id"], moment["anchor"]) for moment in moments] == [(1, True), (2, False)]
    assert set(moments[0]) == {
        "id", "kind", "type", "title", "project", "session", "created_ms", "read_tokens", "file", "anchor",
        "pinned", "superseded_by", "similar",
    }  # fmt: skip
    assert "<- anchor" in run("timeline", "--query", "another").stdout
    assert len(says("timeline", "--at", "2026-06-01", "--before", "2", "--after", "0")) == 2


@pytest.mark.usefixtures("filled")
def test_show_prints_memories_in_full_in_the_order_asked(run: Callable[..., Result], says: Callable[..., Any]) -> None:
    assert [one["id"] for one in says("show", "3", "#1")] == [3, 1]
    one = says("show", "1")[0]
    assert one["narrative"] == "It was slow."
    assert (one["files_modified"], one["concepts"]) == (["src/auth.py"], ["gotcha"])
    assert "It was slow.\n\nModified: src/auth.py\n\nConcepts: gotcha" in run("show", "1").stdout


@pytest.mark.usefixtures("filled")
def test_show_prints_what_there_is_and_names_what_is_missing(run: Callable[..., Result]) -> None:
    result = run("show", "1", "77")
    assert result.exit_code == 1
    assert "Cached the login" in result.stdout
    assert result.stderr == "Error: there is no memory #77\n"


@pytest.mark.usefixtures("filled")
def test_context_prints_exactly_what_a_session_would_be_told(
    run: Callable[..., Result], says: Callable[..., Any], filled: Memory
) -> None:
    found = says("context", "/w/shop")
    assert found["text"].splitlines()[2:] == filled.context("/w/shop").splitlines()[2:]
    assert found["characters"] == len(found["text"])
    assert found["tokens"] == -(-found["characters"] // 4)
    assert run("context", "/w/unknown").stdout == "Nothing is remembered of this project yet.\n"
    assert "# This session so far" in run("context", "/w/shop", "--source", "compact", "--session", "s1").stdout


def test_context_reads_a_folder_as_a_shell_user_writes_it(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    run("remember", "Tilde works", "--project", str(tmp_path / "home"))
    assert "Tilde works" in run("context", "~").stdout


# ------------------------------------------------------------------------------------------------------- remember
def test_remember_saves_a_note_with_all_that_is_given(says: Callable[..., Any]) -> None:
    number = says(
        "remember", "Never on Fridays", "--title", "Deploys", "--project", "shop", "--new-project", "--file", "a.py", "--file",
        "b.py", "--concept", "gotcha",
    )["id"]  # fmt: skip
    one = says("show", str(number))[0]
    assert (one["kind"], one["title"], one["narrative"], one["project"]) == (
        "note",
        "Deploys",
        "Never on Fridays",
        "shop",
    )
    assert (one["files_modified"], one["concepts"]) == (["a.py", "b.py"], ["gotcha"])


def test_a_notes_title_ends_with_a_whole_word_and_a_mark(says: Callable[..., Any]) -> None:
    for text, title in (
        ("wordy " * 20, "wordy " * 12 + "wordy…"),
        ("w" * 75 + " four five", "w" * 75 + "…"),
        ("w" * 90, "w" * 79 + "…"),
        ("w" * 75 + " four", "w" * 75 + " four"),
    ):
        assert says("show", str(says("remember", text)["id"]))[0]["title"] == title


def test_remember_reads_standard_input_for_a_dash(run: Callable[..., Result], says: Callable[..., Any]) -> None:
    assert run("remember", "-", text="First line\nsecond line\n").stdout == "Saved as #1.\n"
    assert says("show", "1")[0]["narrative"] == "First line\nsecond line"
    assert run("remember", "-", text="").exit_code == 1


# ------------------------------------------------------------------------------------------------------------ lists
@pytest.mark.usefixtures("filled")
def test_sessions_and_projects_are_listed(run: Callable[..., Result], says: Callable[..., Any]) -> None:
    assert [row["name"] for row in says("projects")] == ["blog", "shop"]
    assert "shop  1 session, 2 memories  /w/shop" in run("projects").stdout
    sessions = says("sessions", "--project", "shop")
    assert [(row["host_id"], row["memories"]) for row in sessions] == [("s1", 2)]
    assert "2 memories  shop: (no prompt)" in run("sessions").stdout
    assert says("sessions", "--offset", "1") == []


def test_empty_lists_say_so(run: Callable[..., Result]) -> None:
    assert run("sessions").stdout == "No sessions yet.\n"
    assert run("projects").stdout == "No projects yet.\n"
    assert run("queue", "list").stdout == "Nothing waits.\n"
    assert run("search").stdout.startswith("Nothing is remembered yet.")


@pytest.mark.usefixtures("filled")
def test_status_counts_what_there_is(run: Callable[..., Result], says: Callable[..., Any], data: Path) -> None:
    (data / "inbox" / "bad").mkdir(parents=True)
    (data / "inbox" / "bad" / "x.reason").write_text("why")
    found = says("status")
    assert found["counts"] == {
        "projects": 2, "sessions": 1, "prompts": 0, "observations": 2, "summaries": 1, "notes": 0,
    }  # fmt: skip
    assert {"data_dir", "queue", "file_bytes", "inbox", "provider", "mode", "problems"} <= set(found)
    text = run("status").stdout
    assert "2 observations, 1 summary, 0 notes of 1 session in 2 projects" in text
    assert str(data) in text


# ------------------------------------------------------------------------------------------------- queue, drain, backfill
def events(data: Path, count: int = 3) -> None:
    """Put one unfinished turn into the inbox, as hooks do."""
    about = {"session_id": "s1", "cwd": "/w/shop"}
    with claudemem_lib.open(data) as memory:
        at_ms = memory.clock()
        prompt = {**about, "hook_event_name": "UserPromptSubmit", "prompt": "Fix the parser"}
        memory.capture(prompt, at_ms=at_ms - count)
        for number in range(count):
            path = f"/w/shop/p{number}.py"
            used = {
                "hook_event_name": "PostToolUse", "tool_name": "Edit", "tool_use_id": f"u{number}",
                "tool_input": {"file_path": path, "old_string": "a", "new_string": "b"}, "tool_response": {"filePath": path},
            }  # fmt: skip
            memory.capture({**about, **used}, at_ms=at_ms - count + number + 1)


def park(data: Path) -> None:
    with claudemem_lib.open(data) as memory, memory.database.write() as connection:
        connection.execute(
            "UPDATE events SET state = 'parked', error = 'no answer', attempts = 3 WHERE state = 'pending'"
        )


@pytest.fixture
def local(data: Path) -> None:
    data.mkdir(parents=True)
    settings.save(str(data), {"provider": "local"})


@pytest.mark.usefixtures("local")
def test_drain_observes_all_that_waits(data: Path, run: Callable[..., Result], says: Callable[..., Any]) -> None:
    events(data)
    assert len(says("queue", "list")) >= 3
    found = says("drain")
    assert found["events"] >= 3
    assert found["memories"] >= 1
    assert (found["failed"], found["parked"]) == (0, 0)
    assert run("queue", "list").stdout == "Nothing waits.\n"
    assert run("drain").stdout == "0 events became 0 memories.\n"


@pytest.mark.usefixtures("local")
def test_drain_counts_what_it_takes_in_itself(data: Path, says: Callable[..., Any]) -> None:
    events(data)
    with claudemem_lib.open(data) as memory:
        stop = {"session_id": "s1", "cwd": "/w/shop", "hook_event_name": "Stop", "last_assistant_message": "Fixed it."}
        memory.capture(stop, at_ms=memory.clock())
    found = says("drain")
    assert found["events"] >= 3
    assert found["memories"] >= 1


@pytest.mark.usefixtures("filled")
def test_forgetting_what_is_not_there_or_an_impossible_time_is_refused(run: Callable[..., Result]) -> None:
    unknown = run("forget", "99999", "P7")
    assert unknown.exit_code == 1
    assert "there is no #99999, P7" in unknown.stderr
    reversed_ = run("forget", "--since", "2026-11-03", "--until", "2026-11-01", "--yes")
    assert reversed_.exit_code == 1
    assert "ends before it begins" in reversed_.stderr


@pytest.mark.usefixtures("local")
def test_drain_can_leave_turns_that_are_not_finished(data: Path, says: Callable[..., Any]) -> None:
    events(data)
    assert says("drain", "--ready-only")["events"] == 0


@pytest.mark.usefixtures("local")
def test_parked_events_are_shown_tried_again_and_deleted(
    data: Path, run: Callable[..., Result], says: Callable[..., Any]
) -> None:
    events(data)
    park(data)
    rows = says("queue", "list")
    assert {row["state"] for row in rows} == {"parked"}
    assert "3 failures: no answer" in run("queue", "list").stdout
    number = str(rows[0]["id"])
    assert says("queue", "retry", number) == {"retried": 1}
    park(data)
    assert says("queue", "discard", "--dry-run") == {"would_discard": len(rows)}
    assert says("queue", "discard", number, "--dry-run") == {"would_discard": 1}
    assert len(says("queue", "list")) == len(rows)
    assert run("queue", "discard", text="n\n").exit_code == 1
    assert len(says("queue", "list")) == len(rows)
    assert says("queue", "discard", number, "--yes") == {"discarded": 1}
    assert run("queue", "discard", text="y\n").exit_code == 0
    assert says("queue", "list") == []


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("verb", ["retry", "discard"])
def test_an_event_that_is_not_parked_is_named_and_nothing_is_done(
    data: Path, run: Callable[..., Result], says: Callable[..., Any], verb: str
) -> None:
    events(data)
    waiting = says("queue", "list")
    for number, why in ((999, "is not in the queue"), (waiting[0]["id"], "waits and is not parked")):
        result = run("queue", verb, str(number))
        assert result.exit_code == 1
        assert f"event {number} {why}" in result.stderr
    assert says("queue", "list") == waiting


def test_bad_files_are_listed_put_back_and_deleted(
    data: Path, run: Callable[..., Result], says: Callable[..., Any]
) -> None:
    assert run("queue", "bad").stdout == "No bad files.\n"
    (data / "inbox" / "2.json").mkdir(parents=True)
    (data / "inbox" / "1.json").write_text("garbage")
    says("status")
    assert next((row["name"], row["reason"][:8]) for row in says("queue", "bad")) == ("1.json", "not JSON")
    assert says("queue", "bad", "--retry", "--dry-run") == {"would_be_retried": 2}
    assert says("queue", "bad", "--retry") == {"retried": 2}
    assert says("queue", "bad") == []
    assert says("status")["inbox"] == {"waiting": 0, "bad": 2}
    assert run("queue", "bad", "--clear", text="n\n").exit_code == 1
    assert says("queue", "bad", "--clear", "--yes") == {"cleared": 2}
    assert list((data / "inbox" / "bad").iterdir()) == []


def test_status_tells_a_problem_once(data: Path, run: Callable[..., Result]) -> None:
    data.mkdir()
    (data / "settings.json").write_text("{broken")
    result = run("status")
    assert (result.stdout + result.stderr).count("settings.json cannot be read") == 1
    assert "settings.json cannot be read" in run("search").stderr


def test_what_a_broken_settings_file_is_mended_with_mends_it(data: Path, run: Callable[..., Result]) -> None:
    data.mkdir()
    (data / "settings.json").write_text("{broken")
    result = run("settings", "CLAUDE_MEM_CONTEXT_TOKENS", "700")
    assert result.exit_code == 0
    assert "set aside as settings.json.broken-" in result.stdout
    assert "cannot be read" not in run("status").output


@pytest.mark.usefixtures("local")
def test_backfill_counts_first_then_stores_then_repeats_nothing(
    run: Callable[..., Result], says: Callable[..., Any]
) -> None:
    dry = says("backfill", str(SAMPLE), "--dry-run")
    assert dry["dry_run"]
    assert dry["files"] == len(list(SAMPLE.glob("*.jsonl")))
    assert not any(says("status")["counts"].values())
    assert "Nothing was stored." in run("backfill", str(SAMPLE), "--dry-run").stdout
    first = says("backfill", str(SAMPLE))
    assert first["events"] == first["new"] == dry["events"] > 0
    assert first["memories"] > 0
    counts = says("status")["counts"]
    again = says("backfill", str(SAMPLE))
    assert (again["files"], again["new"], again["memories"]) == (first["files"], 0, 0)
    assert says("status")["counts"] == counts


# ----------------------------------------------------------------------------------------------------------- settings
def test_settings_are_listed_shown_and_changed(
    run: Callable[..., Result], says: Callable[..., Any], data: Path
) -> None:
    rows = says("settings")
    assert {row["key"] for row in rows} == {key for key, _, _ in settings.described()}
    assert all(set(row) == {"key", "value", "default", "help"} for row in rows)
    assert not data.exists()
    assert says("settings", "context_tokens", "1500")[0]["value"] == 1500
    assert "CLAUDE_MEM_CONTEXT_TOKENS = 1500\n" in run("settings", "CLAUDE_MEM_CONTEXT_TOKENS").stdout
    assert json.loads((data / "settings.json").read_text()) == {"CLAUDE_MEM_CONTEXT_TOKENS": 1500}
    assert says("settings", "SKIP_TOOLS", "Read, Grep")[0]["value"] == ["Read", "Grep"]


def test_a_secret_setting_is_never_printed(run: Callable[..., Result]) -> None:
    secret = [key for key, _, about in settings.described() if about["secret"]]
    for key in secret:
        for arguments in ([key, "sk-very-secret"], [key], [key, "--json"], [], ["--json"]):
            result = run("settings", *arguments)
            assert result.exit_code == 0, result.output
            assert "very-secret" not in result.output


# ---------------------------------------------------------------------------------------------------------- install
def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_install_and_uninstall_show_their_changes_first_and_leave_no_trace(
    run: Callable[..., Result], says: Callable[..., Any], tmp_path: Path
) -> None:
    host = tmp_path / "host"
    host.mkdir()
    (host / "settings.json").write_text('{\n  "model": "opus"\n}\n')
    before = snapshot(host)
    dry = says("install", "--dry-run")
    assert "SessionStart" in dry["diff"]
    assert not dry["applied"]
    assert "Nothing was changed" in run("install", "--dry-run").stdout
    assert snapshot(host) == before
    assert says("install")["applied"]
    assert "SessionStart" in (host / "settings.json").read_text()
    installed = snapshot(host)
    assert says("uninstall", "--dry-run")["diff"]
    assert snapshot(host) == installed
    assert says("uninstall")["applied"]
    assert snapshot(host)["settings.json"] == before["settings.json"]
    assert "Nothing would change." in run("uninstall", "--dry-run").stdout


# ------------------------------------------------------------------------------------------------------------ demo
def test_the_demo_shows_the_sample_where_there_are_no_transcripts(
    run: Callable[..., Result], says: Callable[..., Any], tmp_path: Path, environment: Callable[[str, str], None]
) -> None:
    environment("CLAUDE_CONFIG_DIR", str(tmp_path / "host"))
    found = says("demo")
    assert found["source"] == "the sample that comes with claude-mem"
    assert found["counts"]["observations"] >= 1
    assert found["hits"]
    assert found["context"].startswith("<claude-mem-context>")
    text = run("demo").stdout
    for part in ("1. Remembered from", "2. claude-mem search ", "3. What the next session in ", "Nothing was kept."):
        assert part in text


def test_the_demo_prefers_the_users_own_transcripts_and_leaves_them_alone(
    says: Callable[..., Any], tmp_path: Path, environment: Callable[[str, str], None]
) -> None:
    environment("CLAUDE_CONFIG_DIR", str(tmp_path / "host"))
    folder = tmp_path / "host" / "projects" / "-w-shop"
    folder.mkdir(parents=True)
    for file in SAMPLE.glob("*.jsonl"):
        shutil.copy(file, folder)
    before = snapshot(tmp_path)
    found = says("demo")
    assert found["source"] == str(tmp_path / "host" / "projects")
    assert found["counts"]["observations"] >= 1
    assert snapshot(tmp_path) == before


def test_the_demo_takes_only_the_newest_and_not_too_much(
    tmp_path: Path, environment: Callable[[str, str], None]
) -> None:
    environment("CLAUDE_CONFIG_DIR", str(tmp_path))
    folder = tmp_path / "projects" / "p"
    folder.mkdir(parents=True)
    for number in range(9):
        (folder / f"{number}.jsonl").write_text("{}\n")
        os.utime(folder / f"{number}.jsonl", (number, number))
    assert [file.name for file in demo.own_transcripts()] == ["8.jsonl", "7.jsonl", "6.jsonl", "5.jsonl", "4.jsonl"]
    (folder / "9.jsonl").write_text("x" * (demo.MOST_BYTES + 1))
    assert [file.name for file in demo.own_transcripts()] == ["8.jsonl", "7.jsonl", "6.jsonl", "5.jsonl", "4.jsonl"]


def test_the_demo_says_so_where_nothing_can_be_remembered(
    run: Callable[..., Result], tmp_path: Path, environment: Callable[[str, str], None]
) -> None:
    environment("CLAUDE_CONFIG_DIR", str(tmp_path / "host"))
    folder = tmp_path / "host" / "projects" / "p"
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_text('{"type": "summary"}\n')
    result = run("demo")
    assert result.exit_code == 0
    assert "the sample that comes with claude-mem" in result.stdout


def test_the_demo_in_a_fresh_home_ends_in_ten_seconds_and_leaves_nothing(tmp_path: Path) -> None:
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    start = time.monotonic()
    result = subprocess.run(
        [sys.executable, "-m", "claudemem_lib.cli", "demo"], capture_output=True, text=True, check=False, cwd=home,
        env=environment_of(home, TMPDIR=str(temporary)),
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "bugfix" in result.stdout or "feature" in result.stdout or "change" in result.stdout
    assert time.monotonic() - start < 10
    assert snapshot(home) == snapshot(temporary) == {}
    assert list(home.iterdir()) == list(temporary.iterdir()) == []


# -------------------------------------------------------------------------------------------------- as real processes
def environment_of(home: Path, **more: str) -> dict[str, str]:
    """As little as a process needs."""
    return {"HOME": str(home), "PATH": "/usr/bin:/bin", "PYTHONPATH": os.pathsep.join(sys.path), **more}


def process(data: Path, *arguments: str, given: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "claudemem_lib.cli", "--data-dir", str(data), *arguments], input=given, capture_output=True,
        check=False, env=environment_of(data.parent, **environment),
    )  # fmt: skip


def test_as_a_process_it_ends_with_zero_one_and_two(data: Path) -> None:
    assert process(data, "status").returncode == 0
    failed = process(data, "show", "9")
    assert (failed.returncode, failed.stdout, failed.stderr) == (1, b"", b"Error: there is no memory #9\n")
    assert process(data, "--nonsense").returncode == 2


def test_the_data_folder_comes_from_the_environment(data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    found = subprocess.run(
        [sys.executable, "-m", "claudemem_lib.cli", "status", "--json"], capture_output=True, check=True,
        env=environment_of(tmp_path, CLAUDE_MEM_DATA_DIR=str(other)),
    )  # fmt: skip
    assert json.loads(found.stdout)["data_dir"] == str(other)
    assert not data.exists()


def test_bytes_that_are_no_text_stop_nothing(data: Path) -> None:
    result = process(data, "search", os.fsdecode(b"caf\xe9 x"), "--project", os.fsdecode(b"\xff"), PYTHONUTF8="1")
    assert result.returncode == 1
    assert b"no project is called" in result.stderr
    assert process(data, "remember", "-", given=b"caf\xe9 au lait").returncode == 0
    assert b"au lait" in process(data, "search", "lait").stdout


def test_a_pipe_that_closes_early_is_no_error(data: Path) -> None:
    with claudemem_lib.open(data) as memory:
        for number in range(300):
            add_observation(memory, f"A title that is long enough to fill a pipe, number {number} " + "x" * 60)
    command = f"{sys.executable} -m claudemem_lib.cli --data-dir {data} search --limit 300 --json | head -1"
    result = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, check=False, env=environment_of(data.parent)
    )  # fmt: skip
    assert (result.stdout, result.stderr) == (b"{\n", b"")


def test_the_commands_import_neither_models_nor_sdks(data: Path) -> None:
    script = (
        "import sys; from claudemem_lib.cli import main; "
        f"main(['--data-dir', {str(data)!r}, 'search'], standalone_mode=False); "
        "print(sorted({'mcp', 'textual', 'anthropic', 'openai', 'torch', 'numpy', 'pydantic'} & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True,
        env=environment_of(data.parent),
    )  # fmt: skip
    assert found.stdout.splitlines()[-1] == "[]"


def test_the_queue_is_processed_on_request_and_running_turns_are_left(memory: Memory, host: Host) -> None:
    host.turn()
    host.prompt("Go on")
    host.tool("Edit", file_path="/home/you/project/b.py", old_string="a", new_string="b")
    done = json.loads(
        CliRunner().invoke(cli.main, ["--data-dir", memory.data_dir, "queue", "process", "--json"]).stdout
    )
    assert set(done) >= {"events", "memories"}
    assert memory.stats()["queue"]["pending"] == 1
