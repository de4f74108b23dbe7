"""The queue: what is ready, who gets it, and that everything ends exactly once whatever happens on the way."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from claudemem_lib import intake
from claudemem_lib.errors import (
    AuthFailed,
    BadReply,
    ProviderDown,
    QuotaExhausted,
    RateLimited,
    StoreBusy,
)
from claudemem_lib.models import Observed, Reply, Usage
from claudemem_lib.providers.fake import Fake, default_answer
from claudemem_lib.settings import Settings
from claudemem_lib.store import events, memories
from tests.conftest import Clock, Host, Memories

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.memory import Memory
    from claudemem_lib.models import Batch, Prompt
    from claudemem_lib.observer import Observer

OBSERVATION = "<observation><type>change</type><title>Something</title></observation>"
SUMMARY = "<summary><request>Fix it</request><completed>Fixed</completed></summary>"


class Calls:
    """A provider that answers as the fake does, after doing something else."""

    name = "calls"

    def __init__(self, before: Callable[[Prompt], object]) -> None:
        self.before = before

    def complete(self, prompt: Prompt) -> Reply:
        self.before(prompt)
        return Reply(text=default_answer(prompt), model="calls-1")


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
def memory(memories: Memories, fake: Fake) -> Memory:
    return memories(provider=fake)


@pytest.fixture
def worker(memory: Memory) -> Callable[[Any], Memory]:
    """Makes the memory observe with another provider."""

    def use(provider: Any) -> Memory:
        memory._provider = provider
        memory.__dict__.pop("observer", None)
        return memory

    return use


def states(memory: Memory) -> dict[str, int]:
    counts = memory.stats()["queue"]
    return {name: counts[name] for name in ("pending", "claimed", "parked") if counts[name]}


def observed(memory: Memory, *, flush: bool = False) -> int:
    """Take in, observe what is ready; how many events that were."""
    memory.take_in()
    return memory.observe_pending(flush=flush).events


def claimed(memory: Memory, *, flush: bool = True) -> Batch:
    batch = memory.observer.claim(flush=flush)
    assert batch is not None
    return batch


# --------------------------------------------------------------------------------------------------- what is ready
def test_nothing_is_observed_where_nothing_waits(memory: Memory) -> None:
    assert memory.observe_pending() == Observed()


def test_a_turn_is_observed_once_it_is_over_and_whole(memory: Memory, host: Host, fake: Fake) -> None:
    host.prompt("Fix it")
    host.tool()
    host.tool()
    assert observed(memory) == 0
    host.stop()
    assert observed(memory) == 3
    (prompt,) = fake.prompts
    assert [event.kind for event in prompt.batch.events] == ["tool", "tool", "stop"]
    assert (prompt.batch.request, prompt.batch.finished) == ("Fix it", True)
    assert states(memory) == {}


def test_a_long_turn_is_observed_in_parts(memories: Memories, hosts: Callable[..., Host]) -> None:
    memory = memories(provider=Fake(), settings=Settings(batch_max_size=4))
    host = hosts(memory)
    host.prompt("Long work")
    for _ in range(3):
        host.tool()
    assert observed(memory) == 0
    host.tool()
    assert observed(memory) == 4


def test_a_turn_that_waits_long_enough_is_observed(memory: Memory, host: Host, clock: Clock) -> None:
    host.prompt("Slow work")
    host.tool()
    assert observed(memory) == 0
    clock.advance(seconds=58)
    host.tool()
    assert observed(memory) == 0
    clock.advance(seconds=1)
    assert observed(memory) == 2


def test_a_turn_is_over_when_the_next_prompt_comes(memory: Memory, host: Host) -> None:
    host.prompt("First")
    host.tool()
    host.prompt("Second")
    host.tool()
    assert observed(memory) == 1
    assert [row.prompt_number for row in memory.queue()] == [2]


def test_a_turn_is_over_when_the_session_ends(memory: Memory, host: Host) -> None:
    host.prompt("First")
    host.tool()
    host.end()
    assert observed(memory) == 1


def test_a_flush_waits_for_nothing(memory: Memory, host: Host) -> None:
    host.prompt("First")
    host.tool()
    assert observed(memory, flush=True) == 1


def test_what_happened_before_any_prompt_is_observed_too(memory: Memory, host: Host) -> None:
    host.tool()
    host.prompt("First")
    assert observed(memory) == 1


def test_as_many_batches_are_observed_as_were_asked_for(memory: Memory, hosts: Callable[..., Host]) -> None:
    for number in range(4):
        hosts(memory, f"s{number}").turn()
    memory.take_in()
    assert memory.observe_pending(most=3).batches == 3
    assert memory.observe_pending(until=lambda: True).batches == 0
    assert memory.observe_pending().batches == 1


# -------------------------------------------------------------------------------------------------- order, fairness
def test_turns_of_a_session_keep_their_order(memory: Memory, host: Host, fake: Fake) -> None:
    for number in range(4):
        host.turn(f"Task {number}")
    observed(memory)
    assert [prompt.batch.request for prompt in fake.prompts] == [f"Task {number}" for number in range(4)]


def test_sessions_take_turns_by_who_waits_longest(memory: Memory, hosts: Callable[..., Host], fake: Fake) -> None:
    for number in range(3):
        for session in ("s1", "s2", "s3"):
            hosts(memory, session).turn(f"{session} task {number}")
    observed(memory)
    assert [prompt.batch.host_id for prompt in fake.prompts] == ["s1", "s2", "s3"] * 3


def test_two_workers_never_work_on_one_session_at_once(memory: Memory, hosts: Callable[..., Host]) -> None:
    one, other = hosts(memory, "s1"), hosts(memory, "s2")
    for host in (one, one, other):
        host.turn()
    memory.take_in()
    first, second = claimed(memory), claimed(memory)
    assert (first.host_id, second.host_id) == ("s1", "s2")
    assert memory.observer.claim(flush=True) is None
    memory.observer.observe(first)
    assert claimed(memory).prompt_number == 2


def test_a_turn_that_fails_holds_up_its_session_only(
    memory: Memory, hosts: Callable[..., Host], worker: Callable[[Any], Memory]
) -> None:
    def break_one(prompt: Prompt) -> None:
        if prompt.batch.host_id == "s1":
            message = "no"
            raise RecursionError(message)

    worker(Calls(break_one))
    for session in ("s1", "s1", "s2", "s3"):
        hosts(memory, session).turn()
    memory.take_in()
    done = memory.observe_pending()
    assert (done.batches, done.failed, done.events) == (3, 1, 4)
    assert {row.session for row in memory.queue()} == {"s1"}
    assert "RecursionError: no" in memory.stats()["queue"]["last_error"]


def test_a_turn_of_more_events_than_a_batch_holds_is_summarised_at_its_end(
    memory: Memory, host: Host, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claudemem_lib.asking.WHOLE_TURN", 3)
    host.turn(tools=7)
    observed(memory)
    assert [(len(prompt.batch.events), prompt.batch.finished) for prompt in fake.prompts] == [
        (3, False),
        (3, False),
        (2, True),
    ]
    assert [len(prompt.batch.earlier) for prompt in fake.prompts] == [0, 3, 6]
    assert [len(prompt.batch.recap) for prompt in fake.prompts] == [0, 1, 2]


# ------------------------------------------------------------------------------------------------------ what is kept
def test_a_memory_has_the_time_of_what_happened(memory: Memory, host: Host, clock: Clock) -> None:
    host.turn()
    happened = clock()
    clock.advance(days=2)
    observed(memory)
    assert {hit.created_ms for hit in memory.search()} == {happened}


def test_what_was_spent_is_written_down_with_what_was_made(
    memory: Memory, host: Host, worker: Callable[[Any], Memory]
) -> None:
    usage = Usage(input_tokens=10, output_tokens=3, cache_read_tokens=2, cache_write_tokens=1)
    worker(Fake([Reply(text=OBSERVATION, model="m", usage=usage)]))
    host.turn()
    observed(memory)
    rows = memory.database.rows("SELECT provider, model, purpose, input_tokens, output_tokens FROM usage")
    assert rows == [("fake", "m", "observe", 10, 3)]


def test_a_provider_without_a_model_costs_nothing(memories: Memories, hosts: Callable[..., Host]) -> None:
    memory = memories()
    hosts(memory).turn()
    observed(memory)
    assert memory.database.rows("SELECT * FROM usage") == []


def test_a_reply_of_nothing_ends_the_batch(memory: Memory, host: Host, worker: Callable[[Any], Memory]) -> None:
    worker(Fake(["<nothing/>"]))
    host.turn()
    assert observed(memory) == 2
    assert memory.search() == []


def test_a_turn_has_one_summary_however_late_events_come(memory: Memory, host: Host, fake: Fake) -> None:
    host.turn("Fix it", "p1")
    observed(memory)
    host.prompt_id = "p1"
    host.say("SubagentStop", agent_id="a1", agent_type="explorer", last_assistant_message="Found it.")
    host.stop("Done again, really.")
    assert observed(memory) == 2
    assert [prompt.batch.finished for prompt in fake.prompts] == [True, False]
    assert memory.stats()["counts"] | {"summaries": 1} == memory.stats()["counts"]


def test_a_provider_that_summarises_too_early_or_twice_is_not_believed(
    memory: Memory, host: Host, worker: Callable[[Any], Memory]
) -> None:
    worker(Fake([OBSERVATION + SUMMARY] * 3))
    host.prompt("Fix it")
    for _ in range(2):
        host.tool()
        observed(memory, flush=True)
    assert memory.stats()["counts"]["summaries"] == 0
    host.stop()
    observed(memory)
    assert memory.stats()["counts"]["summaries"] == 1


def test_a_project_known_while_a_batch_is_out_is_the_one_stored(memory: Memory, hosts: Callable[..., Host]) -> None:
    host = hosts(memory, cwd="")
    host.turn()
    memory.take_in()
    batch = claimed(memory)
    host.cwd = "/home/you/found"
    host.tool()
    memory.take_in()
    memory.observer.observe(batch)
    assert {hit.project for hit in memory.search()} == {"found"}


# ------------------------------------------------------------------------------------------------- leases and fences
def test_a_batch_whose_worker_is_gone_goes_to_another_after_its_lease(memory: Memory, host: Host, clock: Clock) -> None:
    host.turn()
    memory.take_in()
    lost = claimed(memory)
    clock.advance(ms=memory.settings.lease_seconds * 1_000 - 1)
    assert memory.observer.claim(flush=True) is None
    clock.advance(ms=1)
    assert [event.uid for event in claimed(memory).events] == [event.uid for event in lost.events]


def test_a_worker_that_lost_its_lease_stores_nothing(memory: Memory, host: Host, clock: Clock) -> None:
    host.turn()
    memory.take_in()
    lost = claimed(memory)
    clock.advance(seconds=memory.settings.lease_seconds)
    taken = claimed(memory)
    assert memory.observer.observe(lost) == Observed(batches=1, failed=1)
    assert memory.search() == []
    assert memory.database.rows("SELECT * FROM usage") == []
    assert memory.observer.observe(taken).memories == 2
    assert memory.observer.observe(lost) == Observed(batches=1, failed=1)
    assert memory.observer.observe(taken) == Observed(batches=1, failed=1)
    assert len(memory.search()) == 2


def test_a_worker_that_is_late_but_was_not_replaced_may_finish(memory: Memory, host: Host, clock: Clock) -> None:
    host.turn()
    memory.take_in()
    late = claimed(memory)
    clock.advance(days=1)
    assert memory.observer.observe(late).memories == 2


def test_events_that_arrive_while_a_batch_is_out_are_not_finished_with_it(memory: Memory, host: Host) -> None:
    host.turn("Fix it", "p1")
    memory.take_in()
    batch = claimed(memory)
    host.prompt_id = "p1"
    host.tool()
    memory.take_in()
    memory.observer.observe(batch)
    assert states(memory) == {"pending": 1}


def test_a_worker_that_comes_back_gives_back_what_it_had(memory: Memory, host: Host) -> None:
    host.turn()
    memory.take_in()
    claimed(memory)
    assert memory.release() == 2
    assert observed(memory) == 2


def test_clean_stops_never_park_a_batch_and_lost_workers_do(memory: Memory, host: Host) -> None:
    host.turn()
    memory.take_in()
    for _ in range(3 * events.CLAIM_LIMIT):
        claimed(memory)
        assert memory.hand_back() == 2
    assert states(memory) == {"pending": 2}
    for _ in range(events.CLAIM_LIMIT):
        claimed(memory)
        memory.release()
    assert memory.observe_pending().parked == 2


@pytest.mark.parametrize("how", [KeyboardInterrupt, SystemExit])
def test_a_worker_told_to_stop_gives_its_batch_back_at_once(
    memory: Memory, host: Host, worker: Callable[[Any], Memory], how: type[BaseException]
) -> None:
    def stop(_prompt: Prompt) -> None:
        raise how

    worker(Calls(stop))
    host.turn()
    memory.take_in()
    for _ in range(events.CLAIM_LIMIT + 1):
        with pytest.raises(how):
            memory.observe_pending()
    worker(Fake())
    assert observed(memory) == 2


def test_a_batch_that_keeps_killing_its_worker_is_parked_and_says_why(
    memory: Memory, host: Host, hosts: Callable[..., Host], clock: Clock
) -> None:
    host.turn()
    hosts(memory, "s2").turn()
    memory.take_in()
    memory.observe_pending(most=0)
    for _ in range(events.CLAIM_LIMIT):
        assert claimed(memory).host_id == "s1"
        clock.advance(seconds=memory.settings.lease_seconds)
    done = memory.observe_pending()
    assert (done.parked, done.events) == (2, 2)
    assert {(row.session, row.state) for row in memory.queue()} == {("s1", "parked")}
    assert "did not come back" in memory.queue()[0].error


def test_finishing_is_all_or_nothing(memory: Memory, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> int:
        message = "the disk is on fire"
        raise OSError(message)

    host.turn()
    memory.take_in()
    with monkeypatch.context() as broken:
        broken.setattr(memories, "add_summary", fail)
        assert memory.observe_pending().failed == 1
    assert memory.search() == []
    assert states(memory) == {"pending": 2}
    assert memory.database.rows("SELECT * FROM usage") == []
    assert "on fire" in memory.queue()[0].error


def test_a_store_that_cannot_be_written_is_no_failure_of_the_batch(
    memory: Memory, host: Host, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> int:
        message = "locked"
        raise StoreBusy(message)

    host.turn()
    memory.take_in()
    with monkeypatch.context() as broken:
        broken.setattr(memories, "add_summary", fail)
        with pytest.raises(StoreBusy):
            memory.observe_pending()
    assert [row.attempts for row in memory.queue()] == [0, 0]
    clock.advance(seconds=memory.settings.lease_seconds)
    assert observed(memory) == 2


# --------------------------------------------------------------------------------------------------------- failures
def test_the_wait_grows_with_every_failure(memories: Memories, hosts: Callable[..., Host], clock: Clock) -> None:
    memory = memories(provider=Fake([BadReply("no")] * 7), settings=Settings(retry_limit=8))
    hosts(memory).turn()
    memory.take_in()
    waits = []
    for _ in range(7):
        assert memory.observe_pending().failed == 1
        assert memory.observe_pending() == Observed()
        waits.append(memory.queue()[0].not_before_ms - clock())
        clock.advance(ms=waits[-1] - 1)
        assert memory.observe_pending() == Observed()
        clock.advance(ms=1)
    assert waits == [3_000, 5_000, 10_000, 30_000, 60_000, 60_000, 60_000]
    assert observed(memory) == 2
    assert memory.stats()["queue"]["last_error"] == ""


@pytest.mark.parametrize(("asked", "waited"), [(42_000, 42_000), (0, 0), (-5, 0), (10**30, 86_400_000), (None, 3_000)])
def test_a_provider_may_say_when_to_come_back(
    memories: Memories, hosts: Callable[..., Host], clock: Clock, asked: int | None, waited: int
) -> None:
    memory = memories(provider=Fake([RateLimited("slow down", asked)]))
    hosts(memory).turn()
    memory.take_in()
    assert memory.observe_pending(most=1).failed == 1
    assert {row.not_before_ms - clock() for row in memory.queue()} == {waited}


@pytest.mark.parametrize("text", ["I cannot help with that.", "complete nonsense"])
def test_a_reply_that_is_no_answer_is_a_failure(
    memory: Memory, host: Host, worker: Callable[[Any], Memory], text: str
) -> None:
    worker(Fake([text]))
    host.turn()
    memory.take_in()
    assert memory.observe_pending().failed == 1
    assert "no usable answer" in memory.stats()["queue"]["last_error"]


def failing(memory: Memory, clock: Clock, times: int) -> Observed:
    done = Observed()
    for _ in range(times):
        done = memory.observe_pending()
        clock.advance(minutes=2)
    return done


def test_a_batch_that_fails_too_often_is_parked_and_comes_back_on_request(
    memory: Memory, host: Host, clock: Clock, worker: Callable[[Any], Memory]
) -> None:
    worker(Fake([BadReply("no")] * 3))
    host.turn()
    memory.take_in()
    assert failing(memory, clock, 3).parked == 2
    assert states(memory) == {"parked": 2}
    assert [(row.error, row.attempts) for row in memory.queue()] == [("no", 3)] * 2
    assert memory.observe_pending() == Observed()
    assert memory.retry() == 2
    assert observed(memory) == 2
    assert len(memory.search()) == 2


def test_a_parked_turn_does_not_hold_up_the_next(
    memory: Memory, host: Host, clock: Clock, worker: Callable[[Any], Memory]
) -> None:
    worker(Fake([BadReply("no")] * 3))
    host.turn("First")
    host.turn("Second")
    memory.take_in()
    failing(memory, clock, 3)
    assert observed(memory) == 0
    assert {row.prompt_number for row in memory.queue()} == {1}


@pytest.mark.parametrize("error", [ProviderDown("x"), RateLimited("x"), AuthFailed("x"), QuotaExhausted("x")])
def test_an_outage_of_the_provider_parks_nothing(
    memory: Memory, host: Host, clock: Clock, worker: Callable[[Any], Memory], error: Exception
) -> None:
    worker(Fake([error] * 50))
    host.turn()
    memory.take_in()
    failing(memory, clock, 50)
    assert states(memory) == {"pending": 2}
    assert memory.queue()[0].error == "x"
    assert observed(memory) == 2


def test_one_parked_event_can_be_retried_or_discarded(
    memory: Memory, host: Host, clock: Clock, worker: Callable[[Any], Memory]
) -> None:
    worker(Fake([BadReply("no")] * 3))
    host.turn(tools=2)
    memory.take_in()
    failing(memory, clock, 3)
    one, other, last = (row.id for row in memory.queue())
    assert memory.retry(one) == 1
    assert memory.retry(one) == 0
    assert memory.discard(other) == 1
    assert states(memory) == {"pending": 1, "parked": 1}
    assert memory.discard() == 1
    assert [row.id for row in memory.queue()] == [one]
    assert last != one


def test_a_retry_ends_every_wait(memory: Memory, host: Host, worker: Callable[[Any], Memory]) -> None:
    worker(Fake([ProviderDown("x")]))
    host.turn()
    memory.take_in()
    memory.observe_pending()
    assert memory.retry() == 0
    assert observed(memory) == 2


def test_the_reason_of_a_failure_is_short_clean_and_storable(
    memory: Memory, host: Host, worker: Callable[[Any], Memory]
) -> None:
    secret = "sk-ant-api03-" + "a1B2c3D4" * 10
    worker(Fake([ProviderDown(f"\ud800\x00 {secret} " + "long " * 10_000)]))
    host.turn()
    memory.take_in()
    assert memory.observe_pending().failed == 1
    error = memory.queue()[0].error
    assert 0 < len(error) < 2_000
    assert secret not in error


def test_a_failure_without_words_is_named(memory: Memory, host: Host, worker: Callable[[Any], Memory]) -> None:
    worker(Fake([ProviderDown("")]))
    host.turn()
    memory.take_in()
    memory.observe_pending()
    assert memory.queue()[0].error == "ProviderDown"


# -------------------------------------------------------------------------------------------------------- retention
def test_what_an_event_said_leaves_a_while_after_it_was_observed(memory: Memory, host: Host, clock: Clock) -> None:
    def payloads() -> int:
        return int(memory.database.row("SELECT count(*) FROM events WHERE payload <> ''")[0])

    host.turn()
    observed(memory)
    clock.advance(days=memory.settings.event_retention_days)
    assert memory.expire() == 0
    assert payloads() == 3
    host.tool()
    memory.take_in()
    clock.advance(ms=1)
    assert memory.expire() == 3
    assert memory.expire() == 0
    assert payloads() == 1
    assert len(memory.search()) == 2


# ------------------------------------------------------------------------------------------------- any interleaving
def asking(observer: Observer, provider: Fake) -> Observer:
    """The same observer over another provider."""
    asker = observer.asker
    return evolve(observer, asker=evolve(asker, chain=evolve(asker.chain, given=provider)))


class AnyInterleaving(RuleBasedStateMachine):
    """Hosts, workers and time in any order. Each event is in one place, and its memory is made once."""

    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.memories = Memories(Path(tempfile.mkdtemp(dir=self.folder)), self.clock)
        self.provider = Fake()
        self.memory = self.memories(provider=self.provider, settings=Settings(retry_limit=3, batch_max_size=3))
        self.hosts = [Host(self.memory, self.clock, f"s{number}") for number in range(2)]
        self.captured: list[str] = []
        self.out: list[Batch] = []

    def teardown(self) -> None:
        self.memory.retry()
        for _ in range(200):
            self.memory.take_in()
            self.memory.retry()
            self.clock.advance(minutes=10)
            if self.memory.observe_pending() == Observed():
                break
        assert states(self.memory) == {}
        self.each_event_is_in_one_place()
        self.memories.close()

    @rule(host=st.integers(0, 1), what=st.sampled_from(["prompt", "tool", "tool", "failure", "stop", "start", "end"]))
    def happens(self, host: int, what: str) -> None:
        one = self.hosts[host]
        given = {"prompt": "go", "stop": f"Done {len(self.captured)}.", "start": "resume"}.get(what)
        self.captured.append(getattr(one, what)(*([given] if given else [])))

    @rule()
    def taken_in(self) -> None:
        self.memory.take_in()

    @rule(flush=st.booleans())
    def claims(self, flush: bool) -> None:  # noqa: FBT001  # hypothesis passes rules their values by name
        batch = self.memory.observer.claim(flush=flush)
        if batch is not None:
            self.out.append(batch)

    @precondition(lambda self: self.out)
    @rule(data=st.data(), how=st.sampled_from(["finish", "finish", "fail", "outage", "crash", "twice"]))
    def ends(self, data: st.DataObject, how: str) -> None:
        batch = self.out.pop(data.draw(st.integers(0, len(self.out) - 1)))
        errors: dict[str, Exception] = {"fail": BadReply("no"), "outage": ProviderDown("no")}
        observer = asking(self.memory.observer, Fake([errors[how]] if how in errors else []))
        for _ in range({"crash": 0, "twice": 2}.get(how, 1)):
            observer.observe(batch)

    @rule(seconds=st.sampled_from([1, 4, 61, 400]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)

    @rule()
    def upkeep(self) -> None:
        self.memory.observe_pending(most=1)

    @invariant()
    def each_event_is_in_one_place(self) -> None:
        database = self.memory.database
        stored = [row[0] for row in database.rows("SELECT uid FROM events")]
        waiting = [name.removesuffix(".json") for name in intake.waiting(self.memory.data_dir)]
        assert Counter(stored + waiting) == Counter(self.captured)
        finished = database.rows("SELECT DISTINCT batch FROM events WHERE state = 'finished' AND batch IS NOT NULL")
        made = database.rows("SELECT batch FROM memories WHERE kind = 'observation'")
        assert sorted(finished) == sorted(made)
        twice = "SELECT 1 FROM memories WHERE kind = 'summary' GROUP BY session_id, prompt_number HAVING count(*) > 1"
        assert database.rows(twice) == []


def test_any_interleaving_ends_with_each_event_observed_once(tmp_path: Path) -> None:
    AnyInterleaving.folder = tmp_path
    run_state_machine_as_test(
        AnyInterleaving, settings=hypothesis_settings(max_examples=60, stateful_step_count=50, deadline=None)
    )
