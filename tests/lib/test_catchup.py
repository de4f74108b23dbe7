"""What was done last is there at once: without a server and without a model, whoever asks first does the work."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from click.testing import CliRunner

import claudemem_lib
from claudemem_lib import capture, link
from claudemem_lib.catchup import catch_up
from claudemem_lib.cli import main
from claudemem_lib.settings import Settings

if TYPE_CHECKING:
    import pytest

    from claudemem_lib.memory import Memory
    from tests.conftest import Host


def work(host: Host, *, stop: bool = True) -> None:
    """A turn that changes the login."""
    host.prompt("Fix the flaky login test")
    host.tool("Edit", file_path=f"{host.cwd}/login.py", old_string="a", new_string="b")
    if stop:
        host.stop("The login waits for the token now.")


def command(memory: Memory, *words: str) -> str:
    """What a command prints."""
    return CliRunner().invoke(main, ["--data-dir", memory.data_dir, *words]).output


def test_a_search_right_after_a_session_finds_what_it_did(memory: Memory, host: Host) -> None:
    work(host)
    assert "login" in command(memory, "search", "login")


def test_a_running_turn_stays_whole(memory: Memory, host: Host) -> None:
    work(host, stop=False)
    assert command(memory, "search", "login", "--kind", "observation,summary").startswith("Nothing ")
    assert "P1 " in command(memory, "search", "login")
    assert memory.stats()["queue"]["pending"] == 1


def test_a_named_session_is_observed_as_it_stands(memory: Memory, host: Host) -> None:
    work(host, stop=False)
    assert catch_up(memory, 5.0, host.session).memories >= 1


def test_a_server_is_left_its_work(memory: Memory, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "holder", lambda _data_dir: 7)
    work(host)
    assert catch_up(memory, 5.0).batches == 0
    assert memory.stats()["queue"]["pending"] == 2


def test_nobody_who_asks_waits_for_a_model(memory: Memory, host: Host) -> None:
    work(host)
    memory.close()
    asking = claudemem_lib.open(memory.data_dir, settings=Settings(provider="openai", openai_api_key="k"))
    with asking:
        assert catch_up(asking, 5.0).batches == 0
        assert asking.stats()["queue"]["pending"] == 2


def test_no_time_means_no_work(memory: Memory, host: Host) -> None:
    work(host)
    assert catch_up(memory, 0.0).batches == 0


def test_a_program_that_asked_for_json_gets_its_errors_as_json(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["--data-dir", memory.data_dir, "timeline", "99", "--json"]
    monkeypatch.setattr("sys.argv", ["claude-mem", *words])
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 1
    assert json.loads(done.stdout) == {"error": "there is no memory #99"}


def test_a_private_turn_leaves_nothing_through_the_library_either(memory: Memory, host: Host) -> None:
    host.prompt("<private>the code name is Heron</private>")
    host.tool("Bash", command="echo Heron")
    host.stop("Heron it is.")
    assert memory.take_in().events == 0


def test_the_branch_is_the_one_of_the_time_not_of_the_taking_in(memory: Memory) -> None:
    event = {"kind": "prompt", "session": "s1", "text": "Go", "cwd": "/gone", "project_dir": "/gone"}
    told = {**event, "place": ["path:/gone", "app", "/gone"], "branch": "topic"}
    capture.write(told, f"{memory.data_dir}/inbox", memory.clock())
    memory.take_in()
    (session,) = memory.sessions()
    assert (session.branch, session.project) == ("topic", "app")


def test_a_memory_of_a_newer_release_is_read_and_not_changed(memory: Memory) -> None:
    memory.remember("Deploys go through staging")
    with memory.database.write() as connection:
        connection.execute("PRAGMA user_version = 99")
    memory.close()
    with claudemem_lib.open(memory.data_dir) as newer:
        assert "newer" in newer.problems[0]
        assert [hit.title for hit in newer.search("deploys")] == ["Deploys go through staging"]
        assert newer.observe_pending().batches == 0
    assert "for reading only" in command(memory, "remember", "x")
