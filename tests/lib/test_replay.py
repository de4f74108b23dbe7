"""A heavy recorded day through each networked provider: everything is observed once, within bounds, whatever goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from claudemem_lib import budget, settings
from claudemem_lib.settings import Settings
from claudemem_lib.store import events, usage
from tests.lib import replay, wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_httpserver import HTTPServer

    from claudemem_lib.memory import Memory
    from tests.conftest import Clock, Memories

pytestmark = pytest.mark.skipif(not replay.DAY[0].exists(), reason=f"the recorded day is not there: {replay.DAY[0]}")
each_provider = pytest.mark.parametrize("provider", wire.NETWORKED)
UNLIMITED = {"daily_token_limit": 0, "daily_cost_limit_cents": 0, "gemini_rate_limiting_enabled": False}


@pytest.fixture
def through(httpserver: HTTPServer, memories: Memories) -> Callable[..., tuple[Memory, wire.FakeApi]]:
    """A function that opens a memory over a scripted service."""

    def make(provider: str, **more: object) -> tuple[Memory, wire.FakeApi]:
        service = wire.FakeApi(httpserver, provider)
        service.answering = replay.answer
        memory = memories(provider, settings=Settings())
        chosen = service.settings(fallback_local_hours=0, **UNLIMITED | more)
        settings.save(memory.data_dir, chosen)
        memory.reload()
        return memory, service

    return make


@pytest.fixture
def by_the_digest(memories: Memories, clock: Clock) -> int:
    """How many events the provider without a model finishes."""
    memory = memories("digest")
    replay.give_day(memory)
    return replay.drain(memory, clock).events


@each_provider
def test_rank_5_the_same_events_are_finished_as_without_a_model_and_no_request_is_above_the_bound(
    provider: str, through: Callable[..., tuple[Memory, wire.FakeApi]], by_the_digest: int, clock: Clock
) -> None:
    memory, service = through(provider)
    waiting = replay.give_day(memory)
    assert replay.drain(memory, clock).events == waiting == by_the_digest
    assert max(asked.tokens for asked in service.asked) <= Settings().request_max_tokens
    assert max(replay.titles(memory).values()) == 1
    counted = usage.spent(memory.database, 0)
    assert counted.calls == len(service.asked)
    assert counted.tokens >= sum(asked.tokens for asked in service.asked)
    assert len(service.asked) * 8 < waiting, "tool calls per model call"
    half = len(service.asked) // 2
    early, late = ([asked.tokens for asked in part] for part in (service.asked[:half], service.asked[half:]))
    assert sum(late) / len(late) < 2 * sum(early) / len(early), "input grows with the events, not with the session"


@each_provider
def test_rank_2_of_a_third_of_failing_calls_nothing_is_lost_and_nothing_doubled(
    provider: str, through: Callable[..., tuple[Memory, wire.FakeApi]], clock: Clock
) -> None:
    memory, service = through(provider)
    service.answering = replay.unreliable(provider, 0.3)
    waiting = replay.give_day(memory)
    finished = replay.drain(memory, clock, minutes=61).events
    parked = memory.retry()
    service.answering = replay.answer
    finished += replay.drain(memory, clock, minutes=61).events
    assert finished == waiting, f"{parked} were parked meanwhile"
    counts = events.counts(memory.database)
    assert (counts["pending"], counts["claimed"], counts["parked"]) == (0, 0, 0)
    assert max(replay.titles(memory).values()) == 1
    twice = "SELECT 1 FROM memories WHERE kind = 'summary' GROUP BY session_id, prompt_number HAVING count(*) > 1"
    assert memory.database.rows(twice) == []


@each_provider
def test_row_11_a_key_changed_on_the_way_is_used_without_a_restart(
    provider: str, through: Callable[..., tuple[Memory, wire.FakeApi]], clock: Clock
) -> None:
    memory, service = through(provider)
    accepted = ["key-1"]

    def with_a_key(asked: wire.Asked) -> object:
        good = service.keys[-1] in accepted
        return replay.answer(asked) if good else wire.refusal(provider, 401, "no")

    service.answering = with_a_key  # type: ignore[assignment]  # text or a response
    waiting = replay.give_day(memory)
    finished = sum(memory.observe_pending(most=1).events for _ in range(10))
    accepted[:] = ["key-2"]
    assert memory.observe_pending().failed == 1
    assert memory.observe_pending().batches == 0
    settings.save(memory.data_dir, {f"{provider}_api_key": "key-2"})
    memory.reload()
    finished += replay.drain(memory, clock).events
    assert finished == waiting
    assert set(service.keys) == {"key-1", "key-2"}


@each_provider
def test_rank_5_at_the_days_limit_calls_stop_and_the_rest_follows_on_the_next_days(
    provider: str, through: Callable[..., tuple[Memory, wire.FakeApi]], clock: Clock
) -> None:
    memory, service = through(provider, daily_token_limit=60_000)
    waiting = replay.give_day(memory)
    finished, days = 0, 0
    while finished < waiting:
        before = len(service.asked)
        finished += replay.drain(memory, clock).events
        assert sum(asked.tokens for asked in service.asked[before:]) <= 60_000
        clock.advance(ms=budget.day_end_ms(clock()) - clock())
        days += 1
    assert 2 <= days <= 10
    assert max(replay.titles(memory).values()) == 1
