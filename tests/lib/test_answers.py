"""What a command or verb says leads on: ids it shows can be given back, mistakes are named in the words they were made in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import claudemem_lib
from claudemem_lib.errors import BadRequest, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from claudemem_lib.memory import Memory
    from tests.conftest import Host

SESSIONS = ("5d1c0b9a-1111-4222-8333-444455556666", "5d1c0b9a-9999-4222-8333-444455556666")


@pytest.fixture
def two_sessions(data: Path, hosts: Callable[..., Host], tmp_path: Path) -> Path:
    """The folder of two sessions whose ids begin alike."""
    folder = tmp_path / "shop"
    folder.mkdir()
    with claudemem_lib.open(data) as memory:
        for session in SESSIONS:
            host = hosts(memory, session, cwd=str(folder))
            host.turn(f"Ask in {session[9:13]}")
        memory.take_in()
        memory.observe_pending()
    return folder


# --------------------------------------------------------------------------------------------------------- sessions
@pytest.mark.usefixtures("two_sessions")
def test_sessions_are_listed_with_the_ids_that_other_commands_take(run: Callable[..., Result]) -> None:
    listed = run("sessions").stdout
    for session in SESSIONS:
        assert session in listed
        assert f"Ask in {session[9:13]}" in run("export-session", session).stdout


def test_the_unique_beginning_of_a_session_id_is_enough(run: Callable[..., Result], two_sessions: Path) -> None:
    assert "Ask in 9999" in run("export-session", "5d1c0b9a-9").stdout
    told = run("context", str(two_sessions), "--source", "compact", "--session", "5d1c0b9a-1").stdout
    assert "# This session so far" in told
    assert "Ask in 1111" in told


@pytest.mark.usefixtures("two_sessions")
def test_an_ambiguous_beginning_names_the_sessions_it_could_be(run: Callable[..., Result]) -> None:
    result = run("export-session", "5d1c")
    assert result.exit_code == 1
    assert all(session in result.stderr for session in SESSIONS)


@pytest.mark.usefixtures("two_sessions")
@pytest.mark.parametrize("command", [["export-session", "5d_c"], ["context", ".", "--session", "zzz"]], ids=" ".join)
def test_a_session_that_is_not_there_is_named(run: Callable[..., Result], command: list[str]) -> None:
    result = run(*command)
    assert result.exit_code == 1
    assert f"there is no session {command[-1]!r}; `claude-mem sessions` lists them" in result.stderr


# ---------------------------------------------------------------------------------------------------------- prompts
@pytest.mark.usefixtures("two_sessions")
def test_a_prompt_of_the_timeline_can_be_shown(run: Callable[..., Result], says: Callable[..., Any]) -> None:
    prompt = says("prompts", "Ask", "1111")["hits"][0]
    name = prompt["id"]
    assert name[0] == "P"
    assert name in run("prompts", "Ask").stdout
    shown = run("show", name).stdout
    assert "Ask in 1111" in shown
    assert SESSIONS[0] in shown
    (value,) = says("show", name.lower())
    assert (value["kind"], value["id"], value["text"]) == ("prompt", prompt["id"], "Ask in 1111")


@pytest.mark.usefixtures("two_sessions")
def test_prompts_and_memories_are_shown_in_the_order_asked_and_the_missing_named(run: Callable[..., Result]) -> None:
    result = run("show", "P1", "1", "P77", "88")
    assert result.stdout.index("P1 ") < result.stdout.index("#1 ")
    assert result.exit_code == 1
    assert result.stderr == "Error: there is no P77, #88\n"


# --------------------------------------------------------------------------------------------------------- timeline
@pytest.mark.parametrize(
    "given", [["timeline"], ["timeline", "1", "--at", "7d"], ["timeline", "--query", "x", "--at", "7d"]]
)
def test_the_timeline_asks_for_its_options_by_their_names(run: Callable[..., Result], given: list[str]) -> None:
    result = run(*given)
    assert result.exit_code == 2
    assert "give exactly one of ID, --query and --at" in result.stderr


def test_context_knows_every_way_a_session_can_start(run: Callable[..., Result]) -> None:
    for source in ("startup", "resume", "fork", "clear", "compact"):
        assert run("context", ".", "--source", source).exit_code == 0


# --------------------------------------------------------------------------------------------------------- remember
def test_a_note_for_a_project_nobody_knows_is_not_filed_away_silently(
    run: Callable[..., Result], says: Callable[..., Any]
) -> None:
    assert (
        run("remember", "First", "--project", "shop", "--new-project").stdout
        == "Saved as #1 in the new project shop.\n"
    )
    result = run("remember", "Second", "--project", "shpo")
    assert result.exit_code == 1
    assert "no project is called 'shpo'; known projects: shop" in result.stderr
    assert "--new-project" in result.stderr
    assert run("remember", "Third", "--project", "SHOP").stdout == "Saved as #2.\n"
    assert [row["name"] for row in says("projects")] == ["shop"]


def test_a_note_for_a_folder_that_is_not_there_asks_first(run: Callable[..., Result], tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    assert "--new-project" in run("remember", "Text", "--project", gone).stderr
    assert run("remember", "Text", "--project", gone, "--new-project").exit_code == 0
    assert run("remember", "More", "--project", gone).exit_code == 0
    (tmp_path / "there").mkdir()
    assert run("remember", "Text", "--project", str(tmp_path / "there")).exit_code == 0


def test_a_note_that_is_too_long_is_refused_and_not_cut(run: Callable[..., Result], says: Callable[..., Any]) -> None:
    result = run("remember", "-", text="x" * 20_001)
    assert result.exit_code == 1
    assert "20,000 characters" in result.stderr
    assert "20,001" in result.stderr
    assert says("search")["hits"] == []
    assert run("remember", "-", text="x" * 20_000).exit_code == 0
    edited = run("edit", "1", "narrative", "y" * 20_001)
    assert edited.exit_code == 1
    assert "20,000 characters" in edited.stderr


# ---------------------------------------------------------------------------------------------------------- library
@pytest.mark.parametrize(
    ("verb", "given", "options"),
    [
        ("remember", [None], {}), ("remember", [5], {}), ("remember", ["x"], {"files": [1]}), ("remember", ["x"], {"files": 5}),
        ("remember", ["x"], {"concepts": [None]}), ("remember", ["x"], {"title": 5}),
        ("remember", ["x"], {"project": 5}), ("remember", ["x"], {"created_ms": "now"}), ("get", [5], {}), ("get", ["12"], {}),
        ("get", [None], {}), ("forget", [5], {}), ("search", [5], {}), ("search", [None], {}), ("search", ["x"], {"files": [1]}),
        ("search", ["x"], {"kind": 5}), ("search", ["x"], {"project": 5}), ("timeline", [1.5], {}), ("timeline", [], {"query": 5}),
        ("sessions", [5], {}), ("context", [5], {}),
    ],
    ids=str,
)  # fmt: skip
def test_a_value_of_the_wrong_type_is_a_bad_request_with_a_sentence(
    memory: Memory, verb: str, given: list[Any], options: dict[str, Any]
) -> None:
    memory.remember("x", project="known")
    with pytest.raises(BadRequest, match=" ") as raised:
        getattr(memory, verb)(*given, **options)
    assert (
        "must be" in str(raised.value)
        or "is a whole number" in str(raised.value)
        or "no memory id" in str(raised.value)
    )


def test_numbers_that_are_truths_are_no_ids(memory: Memory) -> None:
    with pytest.raises(BadRequest):
        memory.get([True])
    with pytest.raises(NotFound):
        memory.timeline(7)
