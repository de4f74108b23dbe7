"""What commands say of what they found: how each hit stands, how many there are in all, and how to get the next page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from claudemem_lib import cli
from claudemem_lib.store import memories as stored
from tests.lib.stored import add_note, add_observation

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    from claudemem_lib.memory import Memory
    from tests.conftest import Host

PAGED = (
    ["search", "login"], ["search"], ["search", "login", "--order", "date_asc"], ["file", "src/a.py"], ["concept", "gotcha"],
    ["decisions"], ["changes", "login"], ["changes"], ["how-it-works"], ["prompts"], ["prompts", "login"],
    ["search", "login", "--kind", "prompt,note"],
)  # fmt: skip


def run(memory: Memory, *arguments: str) -> Result:
    result = CliRunner().invoke(cli.main, ["--data-dir", memory.data_dir, *arguments])
    assert result.exit_code == 0, result.output
    return result


def says(memory: Memory, *arguments: str) -> Any:
    return json.loads(run(memory, *arguments, "--json").stdout)


@pytest.fixture
def shelf(memory: Memory, host: Host) -> Memory:
    """Seven of everything that can be listed."""
    for number in range(7):
        host.turn(f"Look at the login, number {number}")
        for type_ in ("decision", "bugfix"):
            add_observation(
                memory,
                f"Login {type_} {number}",
                type=type_,
                files_read=("src/a.py",),
                concepts=("gotcha", "how-it-works"),
            )
        add_note(memory, f"A note of the login {number}")
    memory.take_in()
    return memory


def test_a_hit_says_that_it_is_pinned_superseded_or_one_of_several(memory: Memory) -> None:
    old, new, again = (add_observation(memory, f"Deploys run on {day}") for day in ("Friday", "Monday", "Mondays"))
    memory.curate.pin(new)
    memory.curate.supersede(old, new)
    stored.link(memory.database, again, new, "similar", 1)
    lines = {
        line.split()[0]: line.partition(" · ")[2]
        for line in run(memory, "search", "deploys Monday").stdout.splitlines()
    }
    assert set(lines) in ({f"#{new}", f"#{old}"}, {f"#{again}", f"#{old}"})
    assert lines[f"#{old}"] == f"superseded by #{new}"
    assert lines.get(f"#{new}", "") in ("", f"pinned · and 1 like it: #{again}")
    hits = {hit["id"]: hit for hit in says(memory, "search")["hits"]}
    assert [hits[new][name] for name in ("pinned", "superseded_by", "similar")] == [True, [], [again]]
    assert [hits[old][name] for name in ("pinned", "superseded_by", "similar")] == [False, [new], []]
    for command in (["show", str(new)], ["timeline", str(new)]):
        assert f"pinned · and 1 like it: #{again}" in run(memory, *command).stdout
        assert {"pinned": True, "superseded_by": [], "similar": [again]}.items() <= next(
            one for one in says(memory, *command) if one["id"] == new
        ).items()
    assert f"superseded by #{new}" in run(memory, "show", str(old)).stdout


@pytest.mark.parametrize("command", PAGED, ids=" ".join)
def test_every_listing_says_how_many_there_are_and_how_to_go_on_to_the_last(shelf: Memory, command: list[str]) -> None:
    whole = says(shelf, *command, "--limit", "100")
    assert (len(whole["hits"]), whole["after"]) == (whole["total"], "")
    assert len(whole["hits"]) >= 7
    found: list[Any] = []
    after: list[str] = []
    while True:
        page = says(shelf, *command, "--limit", "3", *after)
        found += [hit["id"] for hit in page["hits"]]
        assert page["total"] == whole["total"]
        shown = run(shelf, *command, "--limit", "3", *after)
        if not page["after"]:
            assert shown.stderr == f"{whole['total']} in all\n"
            break
        name = page["after"].lstrip("#")
        assert shown.stderr == f"{whole['total']} in all; the next page: the same with --after {name}\n"
        after = ["--after", name]
    assert found == [hit["id"] for hit in whole["hits"]]


def test_sessions_and_the_queue_say_how_many_there_are(
    memory: Memory, hosts: Callable[..., Host], tmp_path: Path
) -> None:
    for number in range(5):
        hosts(memory, f"session-{number}", cwd=str(tmp_path / ("one" if number else "two"))).prompt("Begin")
    memory.take_in()
    assert run(memory, "sessions", "--limit", "2").stderr == "5 in all; the next page: the same with --offset 2\n"
    assert run(memory, "sessions", "--limit", "2", "--offset", "4").stderr == "5 in all\n"
    assert run(memory, "sessions", "--project", str(tmp_path / "one")).stderr == "4 in all\n"
    assert run(memory, "sessions", "--project", "two").stderr == "1 in all\n"
    assert "    1 prompt     " in run(memory, "sessions", "--project", "two").stdout
    Path(memory.data_dir, "settings.json").write_text('{"CLAUDE_MEM_PROVIDER": "gemini"}')  # nobody observes meanwhile
    host = hosts(memory, "session-9", cwd=str(tmp_path))
    for number in range(3):
        host.tool(command=f"make {number}")
    memory.take_in()
    assert run(memory, "queue", "list", "--limit", "2").stderr == "3 in all; all of them with --limit 3\n"
    assert run(memory, "queue", "list").stderr == ""


def test_a_prompt_is_called_the_same_everywhere_and_its_bare_number_is_refused(shelf: Memory) -> None:
    first = says(shelf, "prompts", "--limit", "2")["hits"][-1]["id"]
    assert first[0] == "P"
    assert first in run(shelf, "prompts", "--limit", "2").stdout
    assert [one["id"] for one in says(shelf, "show", first)] == [first]
    assert {one["id"] for one in says(shelf, "timeline", "1") if one["kind"] == "prompt"} >= {"P1"}
    result = CliRunner().invoke(cli.main, ["--data-dir", shelf.data_dir, "prompts", "--after", first[1:]])
    assert result.exit_code == 1
    assert f"search again from the start (if a prompt is meant, it is {first})" in result.stderr


def test_a_query_of_operators_alone_says_what_to_do(shelf: Memory) -> None:
    for query in ("NOT login", "OR", "*", '"'):
        for command in (["search", query], ["decisions", query], ["file", "src/a.py", query]):
            assert "There is no word to look for" in run(shelf, *command).stdout
            assert ("NOT only takes away" in says(shelf, *command)["hint"]) is ("NOT" in query)
    assert "There is no word to look for" in run(shelf, "search", "--", "-login").stdout


def test_nothing_found_counts_nothing(memory: Memory) -> None:
    add_observation(memory, "Login")
    result = run(memory, "search", "zebra")
    assert (result.stdout, result.stderr) == ("Nothing found.\n", "")
    assert says(memory, "search", "zebra") == {"hits": [], "total": 0, "after": ""}
