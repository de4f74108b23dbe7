"""One tiny question to a provider: what it says of the answer, what it writes down, what it never does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from claudemem_lib import cli
from claudemem_lib.errors import AuthFailed
from claudemem_lib.models import Reply, Usage
from claudemem_lib.providers.fake import Fake
from claudemem_lib.settings import Settings
from tests.lib.wire import NETWORKED, FakeApi

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer

    from claudemem_lib.memory import Memory
    from tests.conftest import Memories

READY = Reply(text="ready", model="claude-haiku-4-5", usage=Usage(input_tokens=30, output_tokens=3))


def command(memory: Memory, *arguments: str) -> Any:
    return CliRunner().invoke(cli.main, ["--data-dir", memory.data_dir, "test-provider", *arguments])


def test_an_answer_is_told_with_time_tokens_and_cost_and_is_in_the_ledger(memories: Memories) -> None:
    provider = Fake([READY], networked=True)
    memory = memories(provider=provider)
    found = memory.costs.try_provider()
    assert (found.ok, found.answer, found.model) == (True, "ready", "claude-haiku-4-5")
    assert found.sentence() == f"fake claude-haiku-4-5 answers in {found.took_ms / 1000:.1f} s: 33 tokens, $0.0000."
    (row,) = memory.costs.by_day(1)
    assert (row.purpose, row.calls, row.input_tokens, row.output_tokens) == ("test", 1, 30, 3)
    (prompt,) = provider.prompts
    assert len(prompt.system) + len(prompt.user) < 200


def test_an_error_is_its_sentence_and_costs_no_row(memories: Memories) -> None:
    memory = memories(provider=Fake([AuthFailed("the key is refused; set another one")], networked=True))
    found = memory.costs.try_provider()
    assert not found.ok
    assert "the key is refused; set another one" in found.sentence()
    assert memory.costs.by_day(1) == []


@pytest.mark.parametrize("item", ["", "  \n", ValueError("no [/] sense")])
def test_no_answer_is_never_taken_for_one(memories: Memories, item: str | Exception) -> None:
    memory = memories(provider=Fake([item], networked=True))
    assert not memory.costs.try_provider().ok


def test_nobody_is_asked_beyond_the_days_limit(memories: Memories) -> None:
    provider = Fake([READY, READY], networked=True)
    memory = memories(provider=provider, settings=Settings(daily_token_limit=33))
    assert memory.costs.try_provider().ok
    assert "Paused until tomorrow" in memory.costs.try_provider().error
    assert len(provider.prompts) == 1


def test_a_provider_that_answers_is_asked_again_by_the_queue_at_once(memories: Memories) -> None:
    memory = memories(provider=Fake([READY], networked=True))
    chain = memory.costs.chain
    chain.failed(Fake(networked=True), AuthFailed("refused"))
    assert memory.costs.chain.ready() == ()
    assert memory.costs.try_provider().ok
    assert memory.costs.chain.ready()


def test_the_digest_answers_without_a_model_and_without_cost(memories: Memories) -> None:
    memory = memories(settings=Settings(provider="local"))
    assert "no tokens, no cost" in memory.costs.try_provider("local").sentence()
    assert memory.costs.by_day(1) == []


@pytest.mark.parametrize("provider", NETWORKED)
def test_every_service_is_really_asked_once(memories: Memories, httpserver: HTTPServer, provider: str) -> None:
    api = FakeApi(httpserver, provider)
    api.answering = lambda _asked: "ready"
    given: dict[str, Any] = {
        "provider": provider,
        f"{provider}_base_url": api.url,
        f"{provider}_api_key": "sk-secret-1",
    }
    memory = memories(settings=Settings(**given))
    found = memory.costs.try_provider()
    assert (found.ok, found.provider, found.answer) == (True, provider, "ready")
    assert len(api.asked) == 1
    assert found.usage.prompt_tokens > 0


def test_a_provider_that_is_none_is_a_sentence(memories: Memories) -> None:
    found = memories(settings=Settings(provider="local")).costs.try_provider("nobody")
    assert "There is no provider 'nobody'" in found.error


def test_the_command_prints_the_sentence_or_json_and_fails_with_the_provider(memory: Memory) -> None:
    assert "answers in" in command(memory, "local").output
    told = json.loads(command(memory, "local", "--json").output)
    assert (told["ok"], told["provider"], told["cost_micros"]) == (True, "local", 0)
    failed = command(memory, "claude", "--json")
    assert failed.exit_code == 1
    assert "key" in json.loads(failed.output)["error"]
