"""What was forgotten does not come in again, by whichever way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from claudemem_lib.store import tombstones
from claudemem_lib.store.tombstones import Tombstones, prompt_key, span_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.memory import Memory
    from tests.conftest import Clock, Host

KEY = "path:/home/you/project"


def put(memory: Memory, kind: str, key: str, at_ms: int = 0) -> None:
    with memory.database.write() as connection:
        tombstones.add(connection, [(kind, key, at_ms)])


def test_a_session_says_nothing_any_more_and_others_do(memory: Memory, hosts: Callable[..., Host]) -> None:
    put(memory, "session", "s1")
    hosts(memory, "s1").turn()
    hosts(memory, "s2").turn()
    taken = memory.take_in()
    assert (taken.events, taken.repeated) == (3, 3)
    assert [one.host_id for one in memory.sessions()] == ["s2"]
    assert memory.stats()["inbox"]["waiting"] == 0


@pytest.mark.parametrize("scope", [{}, {"project_key": KEY}, {"host_id": "s1"}])
def test_a_span_of_time_is_left_out(memory: Memory, host: Host, clock: Clock, scope: dict[str, str]) -> None:
    host.turn("Before")
    since_ms = clock() + 1
    host.turn("Within")
    put(memory, "span", span_key(since_ms, clock() + 1, **scope))
    host.turn("After")
    assert memory.take_in().events == 6
    assert [row[0] for row in memory.database.rows("SELECT text FROM prompts ORDER BY id")] == ["Before", "After"]


def test_a_project_is_recorded_again_from_when_it_was_forgotten(memory: Memory, host: Host, clock: Clock) -> None:
    host.turn("Before")
    put(memory, "project", KEY, clock() + 1)
    put(memory, "project", KEY, 7)
    host.turn("After")
    memory.take_in()
    assert [row[0] for row in memory.database.rows("SELECT text FROM prompts")] == ["After"]


def test_what_an_import_asks_about_is_answered(memory: Memory) -> None:
    put(memory, "memory", "uid")
    put(memory, "prompt", prompt_key("s1", 2))
    put(memory, "span", span_key(10, 20, host_id="a b"))
    with memory.database.write() as connection:
        found = Tombstones(connection)
        assert (found.memory("uid"), found.memory("other")) == (True, False)
        assert (found.prompt("s1", 2), found.prompt("s1", 1)) == (True, False)
        assert [found.moment(KEY, "a b", at_ms) for at_ms in (9, 10, 19, 20)] == [False, True, True, False]
        assert not found.moment(KEY, "a", 15)
