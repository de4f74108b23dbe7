"""Who is asked, with how much, how often and for how much a day; and what happens to events while nobody can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from claudemem_lib import budget, settings
from claudemem_lib.errors import (
    AuthFailed,
    BadReply,
    ContextTooLong,
    ProviderDown,
    QuotaExhausted,
    RateLimited,
    SettingsError,
)
from claudemem_lib.models import Observed, Reply, Usage
from claudemem_lib.providers.fake import Fake
from claudemem_lib.providers.local import Local
from claudemem_lib.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.budget import Budget
    from claudemem_lib.chain import Chain
    from claudemem_lib.memory import Memory
    from claudemem_lib.models import Prompt
    from tests.conftest import Clock, Host, Memories

FOUND = "<observation><type>discovery</type><title>Found</title></observation>"
HOUR_MS = 3_600_000


class Named(Fake):
    """A networked provider under another name."""

    def __init__(self, name: str, script: Any = (), gap_ms: int = 0) -> None:
        super().__init__(script, networked=True)
        self.name = name
        self.gap_ms = gap_ms


class Narrow(Fake):
    """A model whose context holds only so many characters."""

    def __init__(self, characters: int) -> None:
        super().__init__(networked=True)
        self.characters = characters

    def complete(self, prompt: Prompt) -> Reply:
        if len(prompt.system + prompt.user) > self.characters:
            self.prompts.append(prompt)
            message = "prompt is too long"
            raise ContextTooLong(message)
        return super().complete(prompt)


@pytest.fixture
def chained(memories: Memories, clock: Clock) -> Callable[..., Memory]:
    """A function that opens a memory over these providers, in this order; the digest stands in after *hours*."""

    def make(*providers: Fake, hours: int = 24, **more: Any) -> Memory:
        first, others = providers[0], tuple(one.name for one in providers[1:])
        chosen = Settings(provider=first.name, fallback_providers=others, fallback_local_hours=hours, **more)
        memory = memories(settings=chosen)
        by_name: dict[str, Any] = {one.name: one for one in providers} | {"local": Local()}
        waited: list[float] = []

        def wait(seconds: float) -> None:
            waited.append(seconds)
            clock.advance(ms=int(seconds * 1_000))

        observer = memory.observer
        chain = evolve(observer.asker.chain, load=lambda name, _settings: by_name[name])
        memory.__dict__["observer"] = evolve(observer, asker=evolve(observer.asker, chain=chain, wait=wait))
        memory.__dict__["waited"] = waited
        return memory

    return make


def one(networked: Any = (), **more: Any) -> Named:
    return Named("openai", networked, **more)


def observed(memory: Memory) -> Observed:
    memory.take_in()
    return memory.observe_pending()


# ------------------------------------------------------------------------------------------------------ how much at once
def test_row_32_a_turn_of_ten_events_is_one_request_with_its_summary(
    chained: Callable[..., Memory], hosts: Callable[..., Host]
) -> None:
    provider = one()
    memory = chained(provider)
    hosts(memory).turn(tools=9)
    assert observed(memory).events == 10
    assert len(provider.prompts) == 1
    batch = provider.prompts[0].batch
    assert [event.occurred_ms for event in batch.events] == sorted(event.occurred_ms for event in batch.events)
    assert batch.finished


def test_row_32_an_unfinished_turn_waits_until_a_batch_is_full_and_the_rest_comes_with_its_end(
    chained: Callable[..., Memory], hosts: Callable[..., Host]
) -> None:
    provider = one()
    memory = chained(provider, batch_max_size=5)
    host = hosts(memory)
    host.prompt("Go")
    for _ in range(4):
        host.tool()
    memory.take_in()
    assert memory.observe_pending(flush=False) == Observed()
    for _ in range(3):
        host.tool()
    memory.take_in()
    assert memory.observe_pending(flush=False).events == 5
    host.stop()
    memory.take_in()
    assert memory.observe_pending(flush=False).events == 3
    assert [len(prompt.batch.events) for prompt in provider.prompts] == [5, 3]


def test_row_32_without_batching_each_event_is_observed_as_it_comes(
    chained: Callable[..., Memory], hosts: Callable[..., Host]
) -> None:
    provider = one()
    memory = chained(provider, batching_enabled=False)
    host = hosts(memory)
    host.prompt("Go")
    host.tool()
    memory.take_in()
    assert memory.observe_pending(flush=False).events == 1


def test_row_3_no_request_holds_more_events_than_the_originals_limit(
    chained: Callable[..., Memory], hosts: Callable[..., Host]
) -> None:
    provider = one([FOUND] * 3)
    memory = chained(provider, batch_max_size=500, openai_max_context_messages=20)
    hosts(memory).turn("Fix the parser", tools=59)
    assert observed(memory).events == 60
    assert [len(prompt.batch.events) for prompt in provider.prompts] == [20, 20, 20]
    assert all(prompt.user.count("Fix the parser") == 1 for prompt in provider.prompts)
    assert [prompt.batch.finished for prompt in provider.prompts] == [False, False, True]


@pytest.mark.parametrize(
    ("chosen", "tokens"),
    [
        (Settings(), 24_000),
        (Settings(openai_max_tokens=10_000), 9_000),
        (Settings(openai_max_tokens=10_000, openai_truncation_enabled=False), 24_000),
        (Settings(request_max_tokens=5_000, openai_max_tokens=10_000), 5_000),
    ],
)
def test_row_3_the_originals_limits_only_lower_the_bound(chosen: Settings, tokens: int) -> None:
    assert budget.request_tokens(chosen, "openai") == tokens


def test_row_2_claudes_rollover_threshold_is_a_bound_of_one_request() -> None:
    assert budget.request_tokens(Settings(request_max_tokens=500_000), "claude") == 135_000
    off = Settings(request_max_tokens=500_000, claude_rollover_enabled=False)
    assert budget.request_tokens(off, "claude") == 500_000


def test_row_2_no_request_carries_what_an_earlier_one_said(
    chained: Callable[..., Memory], hosts: Callable[..., Host]
) -> None:
    huge = Usage(input_tokens=135_001, output_tokens=1)
    provider = one([Reply(text=f"{FOUND} and a long secret thought", model="m", usage=huge)])
    memory = chained(provider)
    host = hosts(memory)
    for number in range(3):
        host.turn(f"Turn {number}", answer=f"Answer {number}.")
    assert observed(memory).events == 6
    sizes = [len(prompt.user) for prompt in provider.prompts]
    assert max(sizes) - min(sizes) < 400, "requests do not grow with the session"
    assert all("secret thought" not in prompt.user for prompt in provider.prompts)
    assert {row.session for row in memory.get(hit.id for hit in memory.search())} == {"s1"}


@pytest.mark.parametrize("tools", [1, 20, 60])
def test_no_request_is_larger_than_its_bound(
    chained: Callable[..., Memory], hosts: Callable[..., Host], tools: int
) -> None:
    provider = one()
    memory = chained(provider, request_max_tokens=2_500)
    host = hosts(memory)
    host.prompt("Fix everything. " * 2_000)
    for number in range(tools):
        host.tool("Bash", {"stdout": f"line {number}\n" * 3_000}, command="make " + "x" * 3_000)
    host.stop("Done. " * 2_000)
    observed(memory)
    assert max(len(prompt.system + prompt.user) for prompt in provider.prompts) <= 10_000


def test_the_bound_follows_how_the_provider_counts(chained: Callable[..., Memory], hosts: Callable[..., Host]) -> None:
    class Dense(Named):
        def complete(self, prompt: Prompt) -> Reply:
            reply = super().complete(prompt)
            return evolve(reply, usage=Usage(input_tokens=len(prompt.system + prompt.user) // 2, output_tokens=1))

    provider = Dense("openai")
    memory = chained(provider, request_max_tokens=4_000)
    host = hosts(memory)
    for _ in range(3):
        host.prompt("Go")
        for number in range(10):
            host.tool("Bash", {"stdout": f"line {number}\n" * 3_000}, command="make")
        host.stop()
    observed(memory)
    first, *others = [len(prompt.system + prompt.user) for prompt in provider.prompts]
    assert first > 8_000
    assert max(others) <= 8_000


def test_row_3_an_overflow_is_halved_until_it_fits_and_nothing_is_left_out(
    chained: Callable[..., Memory], hosts: Callable[..., Host]
) -> None:
    provider = Narrow(8_000)
    memory = chained(provider)
    host = hosts(memory)
    host.prompt("Go")
    for number in range(12):
        host.tool("Bash", {"stdout": f"{number} " * 900}, command=f"make {number}")
    host.stop()
    assert observed(memory) == Observed(batches=1, events=13, memories=observations(provider) + 1)
    fitted = [prompt for prompt in provider.prompts if len(prompt.system + prompt.user) <= 8_000]
    assert sum(len(prompt.batch.events) for prompt in fitted) == 13
    assert [prompt.batch.finished for prompt in fitted] == [False] * (len(fitted) - 1) + [True]


def observations(provider: Narrow) -> int:
    return sum(len(prompt.system + prompt.user) <= provider.characters for prompt in provider.prompts)


def test_row_3_a_single_event_that_overflows_is_shortened(
    chained: Callable[..., Memory], hosts: Callable[..., Host]
) -> None:
    provider = Narrow(7_500)
    memory = chained(provider)
    host = hosts(memory)
    host.prompt("Go " * 4_000)
    host.tool("Bash", {"stdout": "x" * 60_000}, command="make")
    assert observed(memory).events == 1
    assert "characters left out" in provider.prompts[-1].user


def test_row_3_what_never_fits_is_parked_and_the_next_is_still_observed(
    chained: Callable[..., Memory], hosts: Callable[..., Host], clock: Clock
) -> None:
    memory = chained(Narrow(100))
    hosts(memory).turn("First")
    for _ in range(3):
        observed(memory)
        clock.advance(minutes=2)
    assert {row.state for row in memory.queue()} == {"parked"}
    memory.__dict__.pop("observer")
    memory._provider = Fake(networked=True)
    hosts(memory, session="s2").turn("Second")
    assert observed(memory).events == 2


def test_rank_3_nobody_is_asked_about_nothing(chained: Callable[..., Memory], hosts: Callable[..., Host]) -> None:
    provider = one()
    memory = chained(provider)
    host = hosts(memory)
    host.prompt("Go")
    host.stop("")
    assert observed(memory).events == 1
    assert provider.prompts == []


# ------------------------------------------------------------------------------------------------- what is no answer
def test_an_answer_in_no_form_is_asked_for_once_more(
    chained: Callable[..., Memory], hosts: Callable[..., Host]
) -> None:
    provider = one(["Sure! I had a look at it.", FOUND])
    memory = chained(provider)
    hosts(memory).turn()
    assert observed(memory) == Observed(batches=1, events=2, memories=1)
    first, second = provider.prompts
    assert second.user.startswith(first.user)
    assert "could not be read" in second.user


def test_an_answer_in_no_form_falls_to_the_next_provider(
    chained: Callable[..., Memory], hosts: Callable[..., Host]
) -> None:
    first, second = Named("openai", ["Sure!", "Of course!"]), Named("gemini", [FOUND])
    memory = chained(first, second)
    hosts(memory).turn()
    assert observed(memory).events == 2
    assert memory.get(hit.id for hit in memory.search())[0].provider == "gemini"


def test_a_refusal_falls_to_the_next_provider(chained: Callable[..., Memory], hosts: Callable[..., Host]) -> None:
    first, second = Named("openai", ["I cannot help with that."]), Named("gemini", [FOUND])
    memory = chained(first, second)
    hosts(memory).turn()
    assert observed(memory).events == 2
    assert len(first.prompts) == 1


def test_rank_3_what_nobody_understands_is_parked_and_not_deleted(
    chained: Callable[..., Memory], hosts: Callable[..., Host], clock: Clock
) -> None:
    memory = chained(one(["Sure!"] * 50))
    hosts(memory).turn()
    for _ in range(5):
        observed(memory)
        clock.advance(minutes=5)
    assert [row.state for row in memory.queue()] == ["parked"] * 2
    assert "no usable answer" in memory.queue()[0].error


@pytest.mark.parametrize(
    "prose",
    [
        "Credit balance is too low",
        "Your account has reached its spending limit.",
        "Invalid API key · Please run /login",
        "OAuth token has expired",
        "API Error: 529 Overloaded",
        "You've hit your session limit · resets 3pm",
    ],
)
def test_rank_18_an_error_told_as_an_answer_is_the_providers_and_parks_nothing(
    chained: Callable[..., Memory], hosts: Callable[..., Host], clock: Clock, prose: str
) -> None:
    memory = chained(one([prose] * 5), hours=0)
    hosts(memory).turn()
    for _ in range(5):
        observed(memory)
        clock.advance(minutes=61)
    assert [(row.state, row.attempts) for row in memory.queue()] == [("pending", 5)] * 2
    assert observed(memory).events == 2


def test_files_nobody_wrote_are_not_called_modified(chained: Callable[..., Memory], hosts: Callable[..., Host]) -> None:
    answer = (
        "<observation><type>change</type><title>T</title><files_modified><file>src/part0.py</file><file>notes.md</file>"
        "<file>made/up.py</file></files_modified></observation>"
    )
    memory = chained(one([answer]))
    host = hosts(memory)
    host.prompt("Go")
    host.tool("Read", {"file": {"content": "x"}}, file_path="/home/you/project/notes.md")
    host.tool("Edit", {}, file_path="/home/you/project/src/part0.py", old_string="a", new_string="b")
    host.stop()
    observed(memory)
    (stored,) = memory.get(hit.id for hit in memory.search())
    assert (stored.files_modified, stored.files_read) == (("src/part0.py",), ("notes.md",))


# ---------------------------------------------------------------------------------------------- waiting and standing in
def test_row_4_the_waits_grow_and_after_eleven_attempts_the_next_stands_in(
    chained: Callable[..., Memory], hosts: Callable[..., Host], clock: Clock
) -> None:
    first, second = Named("openai", [ProviderDown("503")] * 11), Named("gemini")
    memory = chained(first, second)
    hosts(memory).turn()
    memory.take_in()
    waits = []
    while not second.prompts:
        before, asked = clock(), len(first.prompts)
        while len(first.prompts) == asked:
            clock.advance(seconds=1)
            memory.observe_pending()
        waits.append((clock() - before) // 1_000)
    assert waits == [1, 3, 5, 10, 30, 60, 60, 60, 60, 60, 60]
    assert memory.get(hit.id for hit in memory.search())[0].provider == "gemini"


@pytest.mark.parametrize("error", [AuthFailed("401"), QuotaExhausted("402")])
def test_row_4_what_only_a_person_can_mend_is_not_tried_again_and_the_next_stands_in_at_once(
    chained: Callable[..., Memory], hosts: Callable[..., Host], error: Exception
) -> None:
    first, second = Named("openai", [error] * 3), Named("gemini")
    memory = chained(first, second)
    host = hosts(memory)
    for _ in range(3):
        host.turn()
    assert observed(memory).events == 6
    assert (len(first.prompts), len(second.prompts)) == (1, 3)


def test_row_4_a_wait_that_was_asked_for_is_kept_for_all_sessions(
    chained: Callable[..., Memory], hosts: Callable[..., Host], clock: Clock
) -> None:
    provider = one([RateLimited("slow down", 42_000)])
    memory = chained(provider)
    hosts(memory, session="s1").turn()
    hosts(memory, session="s2").turn()
    assert observed(memory).failed == 1
    clock.advance(ms=41_999)
    assert observed(memory) == Observed()
    assert len(provider.prompts) == 1, "the other session does not ask either"
    clock.advance(ms=1)
    assert observed(memory).events == 4


def test_row_5_an_outage_of_weeks_parks_nothing(
    chained: Callable[..., Memory], hosts: Callable[..., Host], clock: Clock
) -> None:
    memory = chained(one([ProviderDown("503")] * 60), hours=0)
    hosts(memory).turn()
    for _ in range(60):
        observed(memory)
        clock.advance(days=1)
    assert [row.state for row in memory.queue()] == ["pending"] * 2
    assert observed(memory).events == 2


def test_row_6_a_restart_forgets_no_wait_and_loses_nothing(
    memories: Memories, hosts: Callable[..., Host], clock: Clock
) -> None:
    provider = Fake([ProviderDown("503")], networked=True)
    memory = memories(provider=provider)
    hosts(memory).turn()
    assert observed(memory).failed == 1
    memory.close()
    again = memories(provider=provider)
    assert observed(again) == Observed()
    clock.advance(seconds=3)
    assert observed(again).events == 2


def test_a_retry_a_person_asks_for_asks_the_provider_at_once(
    chained: Callable[..., Memory], hosts: Callable[..., Host]
) -> None:
    memory = chained(one([AuthFailed("401")]))
    hosts(memory).turn()
    assert observed(memory).failed == 1
    assert observed(memory) == Observed()
    memory.retry()
    assert observed(memory).events == 2


def test_row_21_events_of_a_provider_that_is_gone_go_to_the_next_or_wait(
    chained: Callable[..., Memory], hosts: Callable[..., Host], clock: Clock
) -> None:
    first, second = Named("claude", [AuthFailed("gone")] * 9), Named("gemini", [AuthFailed("gone too")] * 9)
    memory = chained(first, second)
    hosts(memory).turn()
    assert observed(memory).failed == 1
    assert (len(first.prompts), len(second.prompts)) == (1, 1)
    assert [row.state for row in memory.queue()] == ["pending"] * 2
    clock.advance(ms=24 * HOUR_MS)
    assert observed(memory).events == 2
    assert {row.provider for row in memory.get(hit.id for hit in memory.search())} == {"local"}


def test_the_digest_stands_in_last_and_only_after_its_hours(
    chained: Callable[..., Memory], hosts: Callable[..., Host], clock: Clock
) -> None:
    memory = chained(one([ProviderDown("503")] * 100), hours=2)
    hosts(memory).turn()
    observed(memory)
    clock.advance(ms=2 * HOUR_MS - 1)
    assert observed(memory).events == 0
    clock.advance(minutes=2)
    assert observed(memory).events == 2


def test_a_provider_that_is_back_is_used_again(
    chained: Callable[..., Memory], hosts: Callable[..., Host], clock: Clock
) -> None:
    first, second = Named("openai", [AuthFailed("401")]), Named("gemini")
    memory = chained(first, second)
    host = hosts(memory)
    host.turn()
    observed(memory)
    clock.advance(minutes=10)
    host.turn()
    observed(memory)
    assert (len(first.prompts), len(second.prompts)) == (2, 1)


def test_row_27_the_session_of_a_memory_is_the_same_whoever_made_it(
    chained: Callable[..., Memory], hosts: Callable[..., Host]
) -> None:
    memory = chained(
        Named("openai", [FOUND, AuthFailed("401")]), Named("gemini", [FOUND.replace("Found", "Found too")])
    )
    host = hosts(memory)
    host.turn()
    observed(memory)
    host.turn()
    observed(memory)
    stored = memory.get(hit.id for hit in memory.search())
    assert {(row.session, row.provider) for row in stored} == {("s1", "openai"), ("s1", "gemini")}
    assert [one.host_id for one in memory.sessions()] == ["s1"]


def test_a_provider_that_breaks_is_told_and_costs_no_event(
    chained: Callable[..., Memory], hosts: Callable[..., Host]
) -> None:
    memory = chained(one([ZeroDivisionError("oops")]))
    hosts(memory).turn()
    assert observed(memory).failed == 1
    assert "ZeroDivisionError" in memory.queue()[0].error


def test_a_provider_whose_package_is_missing_is_one_that_cannot_be_asked(
    memories: Memories, hosts: Callable[..., Host]
) -> None:
    def load(_name: str, _settings: Settings) -> Any:
        message = "needs the package x"
        raise SettingsError(message)

    memory = memories(settings=Settings(provider="openai", openai_api_key="k"))
    observer = memory.observer
    chain = evolve(observer.asker.chain, load=load)
    memory.__dict__["observer"] = evolve(observer, asker=evolve(observer.asker, chain=chain))
    hosts(memory).turn()
    assert observed(memory) == Observed()
    assert chain.waiting_for().startswith("needs the package x")


# ----------------------------------------------------------------------------------------------------------- the pace
def test_requests_of_all_sessions_keep_the_gap(
    chained: Callable[..., Memory], hosts: Callable[..., Host], clock: Clock
) -> None:
    provider = Named("gemini", gap_ms=6_100)
    memory = chained(provider)
    for number in range(3):
        hosts(memory, session=f"s{number}").turn()
    assert observed(memory).batches == 1
    clock.advance(ms=6_099)
    assert observed(memory) == Observed()
    clock.advance(ms=1)
    assert observed(memory).batches == 1


def test_a_second_request_for_the_same_batch_waits_for_its_place(
    chained: Callable[..., Memory], hosts: Callable[..., Host]
) -> None:
    memory = chained(Named("gemini", ["Sure!", FOUND], gap_ms=6_100))
    hosts(memory).turn()
    assert observed(memory).events == 2
    assert memory.__dict__["waited"] == [6.1]


def test_a_clock_that_goes_back_does_not_stop_the_pace(
    chained: Callable[..., Memory], hosts: Callable[..., Host], clock: Clock
) -> None:
    memory = chained(Named("gemini", gap_ms=6_100))
    host = hosts(memory)
    host.turn()
    assert observed(memory).events == 2
    clock.advance(days=-1)
    host.turn()
    assert observed(memory).events == 2


# ------------------------------------------------------------------------------------------------------- a day's limits
def costly(tokens: int) -> list[Reply]:
    return [Reply(text=FOUND, model="claude-haiku-4-5", usage=Usage(input_tokens=tokens, output_tokens=0))] * 50


@pytest.mark.parametrize(
    "limits",
    [
        {"daily_token_limit": 800_000, "daily_cost_limit_cents": 0},
        {"daily_token_limit": 0, "daily_cost_limit_cents": 80},
    ],
)
def test_at_the_limit_calls_stop_events_wait_and_tomorrow_they_drain(
    chained: Callable[..., Memory], hosts: Callable[..., Host], clock: Clock, limits: dict[str, int]
) -> None:
    provider = one(costly(400_000))
    memory = chained(provider, **limits)
    host = hosts(memory)
    for _ in range(5):
        host.turn()
    for waiting in (6, 2):
        observed(memory)
        assert [row.state for row in memory.queue()] == ["pending"] * waiting
        assert memory.observer.asker.chain.waiting_for().startswith("Paused until tomorrow")
        clock.advance(ms=budget.day_end_ms(clock()) - clock() - 1)
        assert observed(memory) == Observed()
        clock.advance(ms=1)
    assert observed(memory).events == 2
    assert len(provider.prompts) == 5


def test_a_limit_is_not_overstepped_by_the_request_that_would_reach_it(
    chained: Callable[..., Memory], hosts: Callable[..., Host]
) -> None:
    provider = one()
    memory = chained(provider, daily_token_limit=100)
    hosts(memory).turn()
    observed(memory)
    assert provider.prompts == []
    assert [(row.state, row.attempts) for row in memory.queue()] == [("pending", 1)] * 2
    assert "DAILY_TOKEN_LIMIT" in memory.queue()[0].error


def test_a_raised_limit_takes_effect_at_once(memories: Memories, hosts: Callable[..., Host]) -> None:
    memory = memories(provider=Fake(networked=True))
    settings.save(memory.data_dir, {"daily_token_limit": 100})
    memory.reload()
    hosts(memory).turn()
    assert observed(memory).events == 0
    settings.save(memory.data_dir, {"daily_token_limit": 1_000_000})
    memory.reload()
    assert observed(memory).events == 2


def test_the_digest_has_no_limit(memories: Memories, hosts: Callable[..., Host]) -> None:
    memory = memories(settings=Settings(daily_token_limit=1))
    hosts(memory).turn()
    assert observed(memory).events == 2


def test_what_was_paid_counts_even_if_the_answer_is_of_no_use(
    chained: Callable[..., Memory], hosts: Callable[..., Host]
) -> None:
    useless = Reply(text="Sure!", model="claude-haiku-4-5", usage=Usage(input_tokens=1_000, output_tokens=10))
    memory = chained(one([useless, useless]))
    hosts(memory).turn()
    assert observed(memory).failed == 1
    rows = memory.database.rows("SELECT input_tokens, cost_micros FROM usage")
    assert rows == [(1_000, 1_050)] * 2


def test_a_day_ends_at_local_midnight(clock: Clock) -> None:
    start, end = budget.day_start_ms(clock()), budget.day_end_ms(clock())
    assert start <= clock() < end
    assert end - start in (23 * HOUR_MS, 24 * HOUR_MS, 25 * HOUR_MS)
    assert budget.day_start_ms(end) == end


# --------------------------------------------------------------------------------------------------------- who is meant
@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        (Settings(), ("local",)),
        (Settings(gemini_api_key="k"), ("gemini", "local")),
        (Settings(openai_api_key="k", claude_api_key="k"), ("claude", "openai", "local")),
        (Settings(provider="gemini", openai_api_key="k"), ("gemini", "openai", "local")),
        (Settings(provider="local", openai_api_key="k"), ("local",)),
        (Settings(provider="claude", claude_auth_method="cli"), ("claude", "local")),
        (Settings(claude_auth_method="cli"), ("local",)),
        (Settings(openai_base_url="http://localhost:11434/v1"), ("openai", "local")),
        (Settings(provider="openai", gemini_api_key="k", fallback_providers=(), fallback_local_hours=0), ("openai",)),
    ],
)
def test_auto_means_the_first_with_a_key_of_our_own(
    memories: Memories, chosen: Settings, names: tuple[str, ...]
) -> None:
    chain = memories(settings=chosen).observer.asker.chain
    assert chain.names == names


def test_a_changed_account_is_tried_at_once(memories: Memories) -> None:
    memory = memories(settings=Settings(provider="openai", openai_api_key="old"))
    chain: Chain = memory.observer.asker.chain
    chain.failed(Named("openai"), AuthFailed("401"))
    assert chain.ready() == ()
    changed = evolve(chain, settings=evolve(chain.settings, openai_api_key="new"))
    assert [provider.name for provider in changed.ready()] == ["openai"]


def test_answers_that_are_none_in_a_row_make_a_provider_wait(
    chained: Callable[..., Memory], hosts: Callable[..., Host]
) -> None:
    provider = one([BadReply("no")] * 9)
    memory = chained(provider)
    for number in range(9):
        hosts(memory, session=f"s{number}").turn()
    observed(memory)
    assert len(provider.prompts) == 3


def test_the_cost_of_a_call_is_what_the_provider_says_else_what_the_table_says(memories: Memories) -> None:
    counted: Budget = memories().observer.asker.budget
    used = Usage(input_tokens=1_000_000, output_tokens=1_000_000)
    assert counted.cost_micros("claude", Reply(text="", model="claude-haiku-4-5", usage=used)) == 6_000_000
    assert counted.cost_micros("claude", Reply(text="", model="unheard-of", usage=used)) is None
    told = evolve(used, cost_micros=7)
    assert counted.cost_micros("openai", Reply(text="", model="claude-haiku-4-5", usage=told)) == 7
    local = evolve(counted, settings=Settings(openai_base_url="http://127.0.0.1:1234/v1"))
    assert local.cost_micros("openai", Reply(text="", model="llama", usage=used)) == 0
