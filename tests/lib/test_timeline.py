"""The timeline: so many items before and after a memory, a time, or the best hit of a question."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from claudemem_lib.errors import BadRequest, NotFound
from claudemem_lib.store import sql
from tests.lib.stored import ROOT, add_note, add_observation, add_summary

if TYPE_CHECKING:
    from claudemem_lib.memory import Memory
    from tests.conftest import Clock, Host


@pytest.fixture
def day(memory: Memory, clock: Clock) -> list[int]:
    """Nine observations, a minute apart."""
    return [add_observation(memory, f"step {n}", created_ms=clock.now_ms + n * 60_000) for n in range(9)]


def shown(memory: Memory, *given: Any, **options: Any) -> list[int]:
    return [moment.id for moment in memory.timeline(*given, **options)]


def test_a_prompt_is_an_anchor_by_its_name_and_as_the_best_hit(memory: Memory, host: Host) -> None:
    add_observation(memory, "Something else entirely")
    host.prompt("Where is the giraffe?")
    host.prompt("Where is the zebra?")
    memory.take_in()
    ways: tuple[dict[str, Any], ...] = ({"anchor": "P1"}, {"anchor": " p1 "}, {"query": "giraffe"})
    for given in ways:
        (moment,) = [moment for moment in memory.timeline(**given) if moment.anchor]
        assert (moment.handle, moment.title) == ("P1", "Where is the giraffe?")
    assert [moment.handle for moment in memory.timeline("P1", before=0, after=1)] == ["P1", "P2"]
    with pytest.raises(NotFound, match="there is no prompt P9"):
        memory.timeline("P9")


def test_shows_so_many_before_and_after_a_memory_oldest_first(memory: Memory, day: list[int]) -> None:
    assert shown(memory, day[4], before=2, after=3) == day[2:8]
    assert [moment.anchor for moment in memory.timeline(day[4], before=1, after=1)] == [False, True, False]
    assert shown(memory, day[4], before=0, after=0) == [day[4]]
    assert shown(memory, day[0], before=5, after=1) == day[:2]
    assert shown(memory, day[8], before=1, after=5) == day[7:]


@pytest.mark.parametrize("form", ["{}", "#{}", " {} ", "S{}", "#S{}", "#s{}"])
def test_an_anchor_may_be_written_as_people_and_the_original_write_it(
    memory: Memory, day: list[int], form: str
) -> None:
    assert shown(memory, form.format(day[4]), before=1, after=0) == day[3:5]


def test_shows_what_happened_around_a_time(memory: Memory, day: list[int], clock: Clock) -> None:
    at_ms = clock.now_ms + 4 * 60_000
    assert shown(memory, at_ms=at_ms, before=2, after=2) == day[2:6]
    assert shown(memory, at_ms=at_ms + 1, before=2, after=2) == day[3:7]
    assert not any(moment.anchor for moment in memory.timeline(at_ms=at_ms))


def test_shows_what_happened_around_the_best_hit_not_the_newest(memory: Memory, clock: Clock) -> None:
    best = add_observation(memory, "redis timeout", created_ms=clock.now_ms - 60_000)
    add_observation(memory, "other", narrative="a long text where redis stands with many others and a timeout")
    anchor = next(moment for moment in memory.timeline(query="redis timeout") if moment.anchor)
    assert anchor.id == best


def test_a_question_without_a_hit_says_so(memory: Memory) -> None:
    with pytest.raises(NotFound, match="nothing found for 'zebra'"):
        memory.timeline(query="zebra")


def test_an_unknown_anchor_is_named(memory: Memory) -> None:
    for anchor in (77, 2**80, -1):
        with pytest.raises(NotFound, match=f"there is no memory #{anchor}"):
            memory.timeline(anchor)


@pytest.mark.parametrize("given", ["", "abc", "1 OR 1=1", "12.5", "-3", "9" * 30])
def test_an_anchor_that_is_no_id_is_refused(memory: Memory, given: str) -> None:
    with pytest.raises(BadRequest, match="is no memory id"):
        memory.timeline(given)


@pytest.mark.parametrize("depth", ["10", "1 OR 1=1", -1, math.nan, 1.5, None])
def test_a_depth_that_is_no_number_is_refused(memory: Memory, day: list[int], depth: Any) -> None:
    for side in ("before", "after"):
        with pytest.raises(BadRequest, match=f"{side} must be a whole number"):
            memory.timeline(day[0], **{side: depth})


@pytest.mark.parametrize("given", [{}, {"anchor": 1, "at_ms": 5}, {"query": "x", "at_ms": 5}])
def test_exactly_one_anchor_is_asked_for(memory: Memory, given: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match="exactly one of anchor, at_ms and query"):
        memory.timeline(**given)


def test_all_kinds_and_the_prompts_stand_in_one_line_of_time(memory: Memory, host: Host, clock: Clock) -> None:
    host.prompt("Fix the login")
    clock.advance(seconds=10)
    memory.take_in()
    seen = add_observation(memory, "Found it", project=host.cwd)
    clock.advance(seconds=10)
    turn = add_summary(memory, "Fix the login", project=host.cwd)
    clock.advance(seconds=10)
    note = add_note(memory, "Remember the login", project=host.cwd)
    moments = memory.timeline(seen)
    assert [(moment.kind, moment.title) for moment in moments] == [
        ("prompt", "Fix the login"),
        ("observation", "Found it"),
        ("summary", "Fix the login"),
        ("note", "Remember the login"),
    ]
    assert [moment.id for moment in moments[1:]] == [seen, turn, note]


def test_a_prompt_in_the_millisecond_of_the_anchor_comes_before_it(memory: Memory, host: Host, clock: Clock) -> None:
    host.prompt("Do both")
    memory.take_in()
    seen = add_observation(memory, "Done", project=host.cwd, created_ms=clock.now_ms)
    later = add_observation(memory, "Done too", project=host.cwd, created_ms=clock.now_ms)
    assert [moment.kind for moment in memory.timeline(seen, before=1, after=0)] == ["prompt", "observation"]
    assert shown(memory, seen, before=0, after=1) == [seen, later]


def test_memories_of_one_millisecond_keep_the_order_of_their_ids(memory: Memory, clock: Clock) -> None:
    ids = [add_observation(memory, f"n{n}", created_ms=clock.now_ms) for n in range(6)]
    assert shown(memory, ids[3], before=2, after=1) == ids[1:5]


def test_only_one_project_where_it_is_named(memory: Memory, clock: Clock) -> None:
    here = [add_observation(memory, "here", created_ms=clock.now_ms + n) for n in range(0, 6, 2)]
    there = [add_observation(memory, "there", project="/x/other", created_ms=clock.now_ms + n) for n in range(1, 7, 2)]
    assert shown(memory, here[1]) == [one for pair in zip(here, there, strict=True) for one in pair]
    assert shown(memory, here[1], project=ROOT) == here
    assert shown(memory, here[1], project="other", before=1, after=1) == there[:2]


def test_a_project_is_read_from_its_own_index(memory: Memory) -> None:
    values = {"at": 0, "id": 0, "limit": 1, "project": 1}
    for text, clause, index in (
        (sql.MOMENTS_BEFORE, sql.MOMENTS_OF, "memories_by_project"),
        (sql.MOMENTS_AFTER, sql.MOMENTS_OF, "memories_by_project"),
        (sql.MOMENTS_BEFORE, "", "memories_by_time"),
        (sql.PROMPTS_AFTER, "", "prompts_by_time"),
    ):
        steps = " ".join(
            row[3] for row in memory.database.rows("EXPLAIN QUERY PLAN " + text.format(project=clause), values)
        )
        assert f"USING INDEX {index}" in steps
        assert "TEMP B-TREE FOR ORDER BY" not in steps
