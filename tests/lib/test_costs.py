"""What models cost, before and afterwards, and which there are: on the command line and in a session's context."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from claudemem_lib import budget, cli, prices, settings
from claudemem_lib.errors import AuthFailed, ProviderDown, SettingsError
from claudemem_lib.models import Reply, Usage
from claudemem_lib.providers import listing
from claudemem_lib.providers.fake import Fake
from claudemem_lib.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result
    from pytest_httpserver import HTTPServer

    from claudemem_lib.memory import Memory
    from tests.conftest import Clock, Host, Memories

FOUND = "<observation><type>discovery</type><title>Found</title></observation>"
HAIKU = Reply(text=FOUND, model="claude-haiku-4-5", usage=Usage(input_tokens=1_000, output_tokens=100))
STRANGER = Reply(text=FOUND, model="stranger", usage=Usage(input_tokens=5, output_tokens=5))


def run(memory: Memory, *arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(cli.main, ["--data-dir", memory.data_dir, *arguments], input=given)


@pytest.fixture
def spent(memories: Memories, hosts: Callable[..., Host], clock: Clock) -> Memory:
    """A memory in which two calls were made yesterday and one today."""
    memory = memories(provider=Fake([HAIKU, STRANGER, HAIKU], networked=True), settings=Settings())
    host = hosts(memory)
    for number in range(3):
        if number == 2:
            clock.advance(days=1)
        host.turn()
        memory.take_in()
        memory.observe_pending()
    return memory


# ----------------------------------------------------------------------------------------------------------- the ledger
def test_the_ledger_adds_up_by_day_provider_model_and_purpose(spent: Memory) -> None:
    rows = spent.costs.by_day(7)
    assert [(row.model, row.calls, row.input_tokens, row.cost_micros, row.unpriced) for row in rows] == [
        ("claude-haiku-4-5", 1, 1_000, 1_500, 0),
        ("claude-haiku-4-5", 1, 1_000, 1_500, 0),
        ("stranger", 1, 5, 0, 1),
    ]
    assert rows[0].day > rows[1].day
    assert {(row.provider, row.purpose) for row in rows} == {("fake", "observe")}


def test_only_the_days_that_were_asked_for_are_told(spent: Memory) -> None:
    assert len(spent.costs.by_day(1)) == 1


def test_usage_draws_a_bar_for_each_day_and_a_line_for_each_model(
    spent: Memory, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr("claudemem_lib.ids.now_ms", clock)
    shown = run(spent, "usage").stdout.splitlines()
    assert shown[0].count("█") == 29
    assert shown[1].count("█") == 30
    assert shown[3] == "fake claude-haiku-4-5, observe: 2 calls, 2,000 tokens in, 200 out, $0.0030"
    assert shown[4] == "fake stranger, observe: 1 calls, 5 tokens in, 5 out, $0.00 and 1 calls of unknown price"


def test_usage_as_json_has_the_rows(spent: Memory, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr("claudemem_lib.ids.now_ms", clock)
    found = json.loads(run(spent, "usage", "--json").stdout)
    assert [row["calls"] for row in found["rows"]] == [1, 1, 1]
    assert found["today"]["calls"] == 1


def test_usage_without_any_says_so(memory: Memory) -> None:
    assert run(memory, "usage").stdout == "No model was asked.\n"


def test_the_users_own_prices_go_first(tmp_path: Path) -> None:
    (tmp_path / "prices.json").write_text('{"prices": [{"model": "stranger*", "input": 2, "output": 4}]}')
    table, problem = prices.load(str(tmp_path))
    found = prices.of(table, "Stranger-2")
    assert problem == ""
    assert found is not None
    assert found.cost_micros(Usage(input_tokens=1_000_000, cache_read_tokens=1_000_000)) == 4_000_000
    assert prices.of(table, "claude-haiku-4-5") == prices.of(prices.load("/nowhere")[0], "claude-haiku-4-5")


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"prices": [{"model": "x"}]}', '{"prices": [{"model": "x", "input": "a"}]}']
)
def test_a_price_table_that_is_none_is_told_and_ours_is_used(memories: Memories, tmp_path: Path, text: str) -> None:
    memory = memories(settings=Settings())
    (tmp_path / "data" / "prices.json").write_text(text)
    assert "prices.json is no price table" in memory.stats()["problems"][0]
    assert memory.costs.chain.budget.prices == prices.load("/nowhere")[0]


@pytest.mark.parametrize("model", ["claude-haiku-4-5", "gemini-2.5-flash-lite", "xiaomi/mimo-v2-flash:free"])
def test_the_default_models_have_a_price(model: str) -> None:
    assert prices.of(prices.load("/nowhere")[0], model) is not None


# ----------------------------------------------------------------------------------------------- what people are told
@pytest.fixture
def paused(memories: Memories, hosts: Callable[..., Host]) -> Memory:
    """A memory that reached its limit of the day."""
    chosen = Settings(daily_token_limit=3_000)
    memory = memories(provider=Fake([HAIKU] * 9, networked=True), settings=chosen)
    host = hosts(memory)
    for _ in range(4):
        host.turn()
    memory.take_in()
    memory.observe_pending()
    assert memory.stats()["queue"]["pending"]
    return memory


def test_status_says_in_one_sentence_why_nobody_is_asked(paused: Memory) -> None:
    sentence = paused.stats()["waiting_for"]
    assert sentence.startswith("Paused until tomorrow: ")
    assert "CLAUDE_MEM_DAILY_TOKEN_LIMIT" in sentence


def test_a_session_start_says_so_too_and_no_longer_than_it_lasts(paused: Memory, clock: Clock) -> None:
    told = paused.context("/home/you/project")
    assert told.count("Paused until tomorrow") == 1
    assert len(told) <= paused.settings.context_tokens * 4
    clock.advance(ms=budget.day_end_ms(clock()) - clock())
    assert "Paused" not in paused.context("/home/you/project")


def test_status_names_who_observes_and_who_stands_in(memories: Memories) -> None:
    found = memories(settings=Settings(gemini_api_key="k", openai_api_key="k")).stats()
    assert (found["provider"], found["stand_ins"]) == ("gemini", ["openai", "local"])
    assert found["waiting_for"] == ""


# ------------------------------------------------------------------------------------------------------ the estimate
@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        (
            Settings(provider="claude", claude_api_key="k"),
            "About 63 calls of claude (claude-haiku-4-5), 378,350 tokens, about $0.49.",
        ),
        (
            Settings(provider="claude", claude_api_key="k", daily_token_limit=100_000),
            "About 63 calls of claude (claude-haiku-4-5), 378,350 tokens, about $0.49, spread over 4 days by your daily limits.",
        ),
        (
            Settings(provider="claude", claude_auth_method="cli", model="haiku"),
            "About 63 calls of claude (haiku), 378,350 tokens, about $0.00.",
        ),
        (
            Settings(provider="openai", openai_api_key="k", openai_model="stranger"),
            "About 63 calls of openai (stranger), 378,350 tokens, at an unknown price.",
        ),
    ],
)
def test_an_estimate_is_one_sentence(memories: Memories, chosen: Settings, sentence: str) -> None:
    estimate = memories(settings=chosen).costs.estimate(1_000)
    assert estimate is not None
    assert estimate.sentence() == sentence


def test_what_costs_nothing_is_not_estimated(memories: Memories) -> None:
    assert memories(settings=Settings()).costs.estimate(1_000) is None
    assert memories("other", settings=Settings(gemini_api_key="k")).costs.estimate(0) is None


TRANSCRIPT = [
    {"type": "user", "message": {"role": "user", "content": "Fix the parser"}},
    {"type": "assistant", "message": {"role": "assistant", "content": [{"type": "text", "text": "Done."}]}},
]


@pytest.fixture
def past(tmp_path: Path) -> Path:
    """A transcript of one turn."""
    about = {"sessionId": "s1", "cwd": "/home/you/project", "version": "2.1.0", "timestamp": "2026-11-01T10:00:00.000Z"}
    lines = [json.dumps({**about, "uuid": f"u{number}", **line}) for number, line in enumerate(TRANSCRIPT)]
    (tmp_path / "past").mkdir()
    (tmp_path / "past" / "s1.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path / "past"


def test_backfill_with_a_model_asks_first_and_a_no_stores_nothing(memory: Memory, past: Path) -> None:
    settings.save(memory.data_dir, {"provider": "gemini", "gemini_api_key": "k"})
    result = run(memory, "backfill", str(past), given="n\n")
    assert result.exit_code == 1
    assert "1 calls of gemini (gemini-2.5-flash-lite)" in result.stderr
    assert memory.stats()["counts"]["sessions"] == 0


def test_backfill_with_a_model_and_yes_asks_nothing(memory: Memory, past: Path, httpserver: HTTPServer) -> None:
    url = httpserver.url_for("").rstrip("/")
    settings.save(memory.data_dir, {"provider": "gemini", "gemini_api_key": "k", "gemini_base_url": url})
    result = run(memory, "backfill", str(past), "--yes")
    assert result.exit_code == 0
    assert "1 batches failed" in result.stdout
    assert "gemini answered" in result.stdout


def test_backfill_tells_the_estimate_without_doing_anything(memory: Memory, past: Path) -> None:
    settings.save(memory.data_dir, {"provider": "gemini", "gemini_api_key": "k"})
    assert "calls of gemini" in run(memory, "backfill", str(past), "--dry-run").stdout


def test_backfill_without_a_model_asks_nothing(memory: Memory, past: Path) -> None:
    assert run(memory, "backfill", str(past)).exit_code == 0
    assert memory.stats()["counts"]["sessions"] == 1


# ---------------------------------------------------------------------------------------------------------- the models
LISTS: tuple[Any, ...] = (
    {"data": [{"id": "b"}, {"id": "a"}]},
    {"data": [{"name": "b"}, {"name": "models/a"}]},
    {"models": ["b", "a"]},
    {"models": [{"name": "models/a"}, {"id": "b"}, {"other": 1}, None]},
    ["a", "b"],
)
PATHS = {"claude": "/v1/models", "gemini": "/v1beta/models", "openai": "/v1/models"}


def service(memories: Memories, server: HTTPServer, provider: str, name: str = "data") -> Memory:
    base: dict[str, Any] = {
        f"{provider}_base_url": server.url_for("").rstrip("/"),
        f"{provider}_api_key": "sk-secret-1",
    }
    return memories(name, settings=Settings(**{"provider": provider, **base}))


@pytest.mark.parametrize("listed", LISTS, ids=str)
@pytest.mark.parametrize("provider", PATHS)
def test_row_10_models_are_listed_from_every_form(
    memories: Memories, httpserver: HTTPServer, provider: str, listed: Any
) -> None:
    httpserver.expect_request(PATHS[provider]).respond_with_json(listed)
    memory = service(memories, httpserver, provider)
    assert memory.costs.models(provider) == ("a", "b")


def test_row_10_a_list_is_kept_for_a_day_and_asked_for_anew_with_another_key(
    memories: Memories, httpserver: HTTPServer, clock: Clock
) -> None:
    httpserver.expect_request("/v1/models").respond_with_json({"data": [{"id": "a"}]})
    memory = service(memories, httpserver, "openai")
    for _ in range(2):
        memory.costs.models("openai")
    assert len(httpserver.log) == 1
    clock.advance(days=1)
    memory.costs.models("openai")
    assert len(httpserver.log) == 2
    memory.settings = Settings(
        provider="openai", openai_base_url=memory.settings.openai_base_url, openai_api_key="other"
    )
    memory.costs.models("openai")
    assert len(httpserver.log) == 3


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [(401, "{}", AuthFailed), (404, "{}", ProviderDown), (500, "no", ProviderDown), (200, "<html>", ProviderDown)],
)
def test_row_10_no_error_names_the_key_or_the_address(
    memories: Memories, httpserver: HTTPServer, status: int, body: str, kind: type[Exception]
) -> None:
    httpserver.expect_request("/v1/models").respond_with_data(body, status=status)
    memory = service(memories, httpserver, "openai")
    with pytest.raises(kind) as caught:
        memory.costs.models("openai")
    assert "secret" not in str(caught.value)
    assert httpserver.url_for("") not in str(caught.value)


def test_row_10_a_redirect_gets_no_key(memories: Memories, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v1/models").respond_with_data(
        "", status=302, headers={"Location": httpserver.url_for("/elsewhere")}
    )
    with pytest.raises(ProviderDown):
        service(memories, httpserver, "openai").costs.models("openai")
    assert [request.path for request, _ in httpserver.log] == ["/v1/models"]


def test_the_command_has_a_fixed_list_and_others_have_none(memories: Memories) -> None:
    memory = memories(settings=Settings(provider="claude", claude_auth_method="cli"))
    assert memory.costs.models("claude") == ("haiku", "sonnet", "opus")
    with pytest.raises(SettingsError, match="local has no list"):
        memory.costs.models("local")


def test_models_are_printed_by_provider(memory: Memory, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v1/models").respond_with_json({"data": [{"id": "a"}]})
    url = httpserver.url_for("").rstrip("/")
    settings.save(memory.data_dir, {"openai_api_key": "k", "openai_base_url": url})
    assert run(memory, "models").stdout == "openai:\n  a\n"
    for arguments in (["openai", "--json"], ["--json", "openai"], ["list", "openai", "--json"], ["--json"]):
        assert json.loads(run(memory, "models", *arguments).stdout) == {"openai": ["a"]}
    assert run(memory, "models", "nonsense").exit_code == 2


def test_row_10_a_list_that_does_not_come_is_given_up(memories: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    assert listing.DEADLINE_S == 5
    monkeypatch.setattr(listing, "DEADLINE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        memory = memories(settings=Settings(provider="openai", openai_base_url=url, openai_api_key="k"))
        with pytest.raises(ProviderDown, match="cannot be reached within"):
            memory.costs.models("openai")
