"""A search by the server that runs: by meaning too, and by the file alone where there is none."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from claudemem_lib import asked, link
from claudemem_lib.cli import main
from tests.lib.stored import add_observation

if TYPE_CHECKING:
    from claudemem_lib.memory import Memory


def served(monkeypatch: pytest.MonkeyPatch, told: dict[str, Any] | bytes) -> list[dict[str, Any]]:
    """A server that answers every request with *told*; gives what it is asked."""
    ours, theirs = socket.socketpair()
    heard: list[dict[str, Any]] = []

    def answer() -> None:
        with theirs, theirs.makefile("rwb") as lines:
            for line in lines:
                message = json.loads(line)
                heard.append(message)
                if "id" in message:
                    said = {"jsonrpc": "2.0", "id": message["id"], "result": {"structuredContent": told}}
                    lines.write(told if isinstance(told, bytes) else json.dumps(said).encode() + b"\n")
                    lines.flush()

    monkeypatch.setattr(link, "try_connect", lambda _: (ours, "secret"))
    threading.Thread(target=answer, daemon=True).start()
    return heard


def test_without_a_server_there_is_no_answer(memory: Memory) -> None:
    assert asked.search(memory.data_dir, "login") is None


def test_it_gives_the_servers_hits_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    hits = [{"id": 7, "engines": "text+vectors", "similar": [8]}, {"id": "P3", "engines": "text"}]
    heard = served(monkeypatch, {"hits": hits, "engines": ["text", "vectors"], "total": 9, "after": "P3"})
    found = asked.search("/nowhere", "login", project="app", limit=5, offset=0)
    assert found == ([(7, ("text", "vectors"), (8,)), (-3, ("text",), ())], 9, "P3")
    assert heard[0] == {"claude-mem": {"cwd": "", "token": "secret"}}
    assert heard[-1]["params"] == {"name": "search", "arguments": {"query": "login", "project": "app", "limit": 5}}


def test_a_server_without_vectors_says_no_more_than_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    served(monkeypatch, {"hits": [], "engines": ["text"]})
    assert asked.search("/nowhere", "login") is None


@pytest.mark.parametrize(
    "told",
    [
        b"no json\n",
        b'{"id": 1, "error": {}}\n',
        {"hits": [{"id": "x", "engines": "text"}], "engines": ["vectors"], "total": 1},
        {"hits": [], "engines": ["vectors"], "total": "many"},
        {"hits": [], "engines": ["vectors"]},
        {"hits": 3, "engines": ["vectors"]},
        {},
    ],
)
def test_an_answer_that_makes_no_sense_is_none(monkeypatch: pytest.MonkeyPatch, told: Any) -> None:
    served(monkeypatch, told)
    assert asked.search("/nowhere", "login") is None


def test_the_command_shows_what_the_server_found(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = add_observation(memory, "login"), add_observation(memory, "sign-in")
    memory.close()
    hits = [{"id": two, "engines": "vectors"}, {"id": one, "engines": "text"}]
    heard = served(monkeypatch, {"hits": hits, "engines": ["text", "vectors"], "total": 2})
    result = CliRunner().invoke(main, ["--data-dir", memory.data_dir, "search", "login", "--json"])
    assert [row["id"] for row in json.loads(result.stdout)["hits"]] == [two, one]
    assert heard[-1]["params"]["arguments"] == {"query": "login", "limit": 20, "orderBy": "relevance"}


def test_the_filters_of_the_command_reach_the_server(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    number = add_observation(memory, "login")
    memory.close()
    heard = served(monkeypatch, {"hits": [{"id": number, "engines": "vectors"}], "engines": ["vectors"], "total": 1})
    words = ["--data-dir", memory.data_dir, "search", "login", "--json", "--kind", "note,prompt", "--type", "bugfix"]
    words += ["--concept", "gotcha", "--file", "src/", "--since", "2026-01-01", "--after", "#4"]
    result = CliRunner().invoke(main, words)
    assert [row["engines"] for row in json.loads(result.stdout)["hits"]] == [["vectors"]]
    asked_for = heard[-1]["params"]["arguments"]
    assert asked_for.pop("dateStart") > 0
    assert asked_for == {
        "query": "login", "type": ["note", "prompt"], "obs_type": "bugfix", "concepts": "gotcha", "files": "src/",
        "after": "#4", "limit": 20, "orderBy": "relevance",
    }  # fmt: skip


def test_a_kind_there_is_not_is_refused_whether_a_server_runs_or_not(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.close()
    heard = served(monkeypatch, {"hits": [], "engines": ["vectors"], "total": 0})
    words = ["--data-dir", memory.data_dir, "search", "login", "--kind"]
    result = CliRunner().invoke(main, [*words, "foo"])
    assert (result.exit_code, heard) == (1, [])
    assert "kind must be one of observation, summary, note, prompt, not 'foo'" in result.stderr
    assert CliRunner().invoke(main, [*words, "Note"]).exit_code == 0
    assert heard[-1]["params"]["arguments"]["type"] == ["note"]


def test_nothing_found_says_what_may_have_been_meant(memory: Memory) -> None:
    add_observation(memory, "The parser fails on dates")
    memory.close()
    result = CliRunner().invoke(main, ["--data-dir", memory.data_dir, "search", "parsre"])
    assert result.stdout == "Nothing found. Did you mean: parser\n"
    result = CliRunner().invoke(main, ["--data-dir", memory.data_dir, "search", "parsre", "--json"])
    assert json.loads(result.stdout) == {"hits": [], "total": 0, "after": "", "suggestion": "parser"}


def test_silence_of_a_server_with_vectors_is_an_answer(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    add_observation(memory, "login")
    memory.close()
    served(monkeypatch, {"hits": [], "engines": ["text", "vectors"], "total": 0})
    result = CliRunner().invoke(main, ["--data-dir", memory.data_dir, "search", "login"])
    assert result.output == "Nothing found.\n"
