"""Every way a service can answer, for every networked provider, over real sockets and in the real formats."""

from __future__ import annotations

import json
import socket
import sys
import threading
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from werkzeug import Response

from claudemem_lib import providers
from claudemem_lib.errors import (
    AuthFailed,
    BadReply,
    ContextTooLong,
    ProviderDown,
    ProviderError,
    QuotaExhausted,
    RateLimited,
)
from claudemem_lib.models import Prompt
from claudemem_lib.providers import failures
from claudemem_lib.settings import Settings
from tests.lib import turns, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_httpserver import HTTPServer

    from claudemem_lib.models import Reply

each_provider = pytest.mark.parametrize("provider", wire.NETWORKED)
TOO_LONG = {
    "claude": ("prompt is too long: 300000 tokens > 200000 maximum", "invalid_request_error"),
    "openai": ("This model's maximum context length is 8192 tokens", "context_length_exceeded"),
    "gemini": ("The input token count (1200000) exceeds the maximum number of tokens allowed", "INVALID_ARGUMENT"),
}
BAD_KEY = {
    "claude": ("invalid x-api-key", "authentication_error"),
    "openai": ("Incorrect API key provided", "invalid_api_key"),
    "gemini": ("API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT"),
}
STATUSES: tuple[tuple[int, str, type[ProviderError]], ...] = (
    (400, "temperature is not allowed", BadReply),
    (401, "who are you", AuthFailed),
    (402, "please pay", QuotaExhausted),
    (403, "not for you", AuthFailed),
    (404, "no such model", ProviderDown),
    (408, "too slow", ProviderDown),
    (413, "too large", ContextTooLong),
    (429, "slow down", RateLimited),
    (500, "oops", ProviderDown),
    (502, "bad gateway", ProviderDown),
    (503, "unavailable", ProviderDown),
    (504, "gateway timeout", ProviderDown),
    (529, "overloaded", ProviderDown),
)


@pytest.fixture
def serve(httpserver: HTTPServer) -> Callable[[str], wire.FakeApi]:
    return lambda provider: wire.FakeApi(httpserver, provider)


def ask(settings: dict[str, Any]) -> Reply:
    batch = turns.batch("Fix the parser", turns.bash("make"))
    prompt = Prompt(system="Be brief.", user="What happened?", batch=batch, types=("discovery",), concepts=())
    return providers.load(settings["provider"], Settings(**settings)).complete(prompt)


def fails(service: wire.FakeApi, response: Response, **settings: Any) -> ProviderError:
    service.answering = lambda _asked: response
    with pytest.raises(ProviderError) as caught:
        ask(service.settings(**settings))
    assert len(service.asked) == 1, "the package must not retry by itself"
    return caught.value


@each_provider
def test_an_answer_comes_with_its_text_and_tokens(provider: str, serve: Callable[[str], wire.FakeApi]) -> None:
    service = serve(provider)
    service.answering = lambda _asked: wire.answer(provider, "x" * 40)
    reply = ask(service.settings())
    assert (reply.text, reply.usage.input_tokens, reply.usage.output_tokens) == ("x" * 40, 1_000, 10)
    assert service.keys == ["key-1"]
    assert (service.asked[0].system, service.asked[0].user) == ("Be brief.", "What happened?")


@each_provider
def test_no_request_offers_tools_or_history(provider: str, serve: Callable[[str], wire.FakeApi]) -> None:
    service = serve(provider)
    ask(service.settings())
    body = service.asked[0].body
    assert not {"tools", "tool_choice", "toolConfig", "functions", "mcp_servers", "stream"} & set(body)
    assert len(body.get("contents") or [one for one in body["messages"] if one["role"] == "user"]) == 1


@pytest.mark.parametrize(("status", "said", "kind"), STATUSES, ids=lambda value: str(getattr(value, "__name__", value)))
@each_provider
def test_rank_18_a_status_means_the_same_everywhere(
    provider: str, status: int, said: str, kind: type[ProviderError], serve: Callable[[str], wire.FakeApi]
) -> None:
    error = fails(serve(provider), wire.refusal(provider, status, said))
    assert type(error) is kind
    assert provider in str(error)
    assert str(status) in str(error)


@each_provider
def test_a_context_that_overflows_is_told_apart_from_a_bad_request(
    provider: str, serve: Callable[[str], wire.FakeApi]
) -> None:
    assert type(fails(serve(provider), wire.refusal(provider, 400, *TOO_LONG[provider]))) is ContextTooLong


@each_provider
def test_a_refused_key_is_an_auth_error_whatever_the_status(
    provider: str, serve: Callable[[str], wire.FakeApi]
) -> None:
    assert type(fails(serve(provider), wire.refusal(provider, 400, *BAD_KEY[provider]))) is AuthFailed


@pytest.mark.parametrize(
    ("provider", "status", "said", "code"),
    [
        ("claude", 400, "Your credit balance is too low to access the Anthropic API", "invalid_request_error"),
        ("claude", 403, "spend limit reached", "permission_error"),
        ("openai", 429, "You exceeded your current quota, please check your plan", "insufficient_quota"),
        ("openai", 402, "Insufficient credits", "402"),
        ("gemini", 402, "billing disabled", "FAILED_PRECONDITION"),
    ],
)
def test_no_money_is_no_rate_limit(
    provider: str, status: int, said: str, code: str, serve: Callable[[str], wire.FakeApi]
) -> None:
    assert type(fails(serve(provider), wire.refusal(provider, status, said, code))) is QuotaExhausted


def test_row_3_a_gemini_quota_is_a_rate_limit_and_not_an_overflow(serve: Callable[[str], wire.FakeApi]) -> None:
    said = "You exceeded your current quota, please check your plan and billing details."
    error = fails(serve("gemini"), wire.refusal("gemini", 429, said, "RESOURCE_EXHAUSTED"))
    assert type(error) is RateLimited


def test_a_gemini_quota_that_speaks_of_context_is_an_overflow(serve: Callable[[str], wire.FakeApi]) -> None:
    said = "The request exceeds the model context window"
    assert type(fails(serve("gemini"), wire.refusal("gemini", 429, said, "RESOURCE_EXHAUSTED"))) is ContextTooLong


def test_gemini_says_its_wait_in_the_body(serve: Callable[[str], wire.FakeApi]) -> None:
    details = '{"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED", "details": [{"retryDelay": "37s"}]}}'
    response = Response(details, status=429, content_type="application/json")
    assert fails(serve("gemini"), response).retry_after_ms == 37_000


@pytest.mark.parametrize("status", [429, 503])
@each_provider
def test_rank_18_a_wait_in_seconds_is_kept(provider: str, status: int, serve: Callable[[str], wire.FakeApi]) -> None:
    error = fails(serve(provider), wire.refusal(provider, status, "later", retry_after="17"))
    assert error.retry_after_ms == 17_000


@each_provider
def test_a_wait_until_a_date_is_kept_and_capped(provider: str, serve: Callable[[str], wire.FakeApi]) -> None:
    error = fails(
        serve(provider), wire.refusal(provider, 429, "later", retry_after=formatdate(4_000_000_000, usegmt=True))
    )
    assert error.retry_after_ms == failures.LONGEST_WAIT_MS


@pytest.mark.parametrize(
    ("said", "wait_ms"),
    [
        ("5", 5_000),
        ("1.5", 1_500),
        ("0", 0),
        ("-3", None),
        ("999999999999", failures.LONGEST_WAIT_MS),
        ("soon", None),
        ("", None),
        ("Sun, 22 Nov 2026 06:00:30 GMT", 30_000),
        ("Sun, 22 Nov 2026 05:00:00 GMT", 0),
    ],
)
def test_a_retry_after_is_seconds_or_a_date(said: str, wait_ms: int | None) -> None:
    assert failures.retry_after_ms({"Retry-After": said}, 1_795_327_200) == wait_ms


@each_provider
def test_a_body_that_is_no_json_is_not_the_batchs_fault(provider: str, serve: Callable[[str], wire.FakeApi]) -> None:
    page = Response("<html>Log in to the hotel's network</html>", content_type="application/json")
    assert type(fails(serve(provider), page)) is ProviderDown


@each_provider
def test_a_page_is_no_answer(provider: str, serve: Callable[[str], wire.FakeApi]) -> None:
    page = Response("<html>Log in to the hotel's network</html>", content_type="text/html")
    assert type(fails(serve(provider), page)) is ProviderDown


@pytest.mark.parametrize("status", [429, 500])
@each_provider
def test_an_error_that_is_no_json_keeps_its_meaning(
    provider: str, status: int, serve: Callable[[str], wire.FakeApi]
) -> None:
    error = fails(serve(provider), Response("<html>no</html>", status=status))
    assert type(error) is (RateLimited if status == 429 else ProviderDown)


@each_provider
def test_an_answer_without_text_is_a_bad_reply(provider: str, serve: Callable[[str], wire.FakeApi]) -> None:
    assert type(fails(serve(provider), wire.answer(provider, "", stop=_LENGTH[provider]))) is BadReply


_LENGTH = {"claude": "max_tokens", "openai": "length", "gemini": "MAX_TOKENS"}


@each_provider
def test_an_answer_that_was_cut_says_so(provider: str, serve: Callable[[str], wire.FakeApi]) -> None:
    service = serve(provider)
    service.answering = lambda _asked: wire.answer(provider, "<observation>", stop=_LENGTH[provider])
    assert ask(service.settings()).stop == "length"


@each_provider
def test_nobody_listening_is_a_provider_that_is_down(provider: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings = {"provider": provider, f"{provider}_base_url": f"http://127.0.0.1:{taken.getsockname()[1]}"}
        with pytest.raises(ProviderDown):
            ask({**settings, f"{provider}_api_key": "k"})


@pytest.fixture
def speaking() -> Iterator[Callable[[bytes], str]]:
    """A function that starts a listener which answers any request with these bytes; gives its address."""
    opened: list[socket.socket] = []

    def start(data: bytes, *, hold: bool = False) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        opened.append(listener)

        def run() -> None:
            connection, _ = listener.accept()
            opened.append(connection)
            connection.recv(65_536)
            connection.sendall(data)
            if not hold:
                connection.close()

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for one in opened:
        one.close()


BROKEN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{"


@each_provider
def test_a_stream_that_breaks_is_a_provider_that_is_down(provider: str, speaking: Callable[..., str]) -> None:
    settings = {"provider": provider, f"{provider}_base_url": speaking(BROKEN), f"{provider}_api_key": "k"}
    with pytest.raises(ProviderDown):
        ask(settings)


@each_provider
def test_a_call_has_a_deadline(provider: str, speaking: Callable[..., str]) -> None:
    address = speaking(BROKEN, hold=True)
    settings = {"provider": provider, f"{provider}_base_url": address, f"{provider}_api_key": "k"}
    with pytest.raises(ProviderDown):
        ask({**settings, "provider_timeout_seconds": 1})


@each_provider
def test_a_redirect_is_not_followed_with_the_key(
    provider: str, serve: Callable[[str], wire.FakeApi], speaking: Callable[..., str]
) -> None:
    elsewhere = Response("", status=307, headers={"Location": speaking(b"")})
    error = fails(serve(provider), elsewhere)
    assert isinstance(error, ProviderError)


@each_provider
def test_nothing_of_the_environment_reaches_a_service(
    provider: str, serve: Callable[[str], wire.FakeApi], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.setenv(name, "stray-key")
    for name in ("ANTHROPIC_BASE_URL", "OPENAI_BASE_URL", "GOOGLE_GEMINI_BASE_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_ORG_ID", "stray-organisation")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Stray: stray-header")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Stray: stray-header")
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    service = serve(provider)
    ask(service.settings())
    assert "stray" not in str(service.asked[0].headers)


@each_provider
def test_no_error_tells_the_key_or_the_address(provider: str, serve: Callable[[str], wire.FakeApi]) -> None:
    service = serve(provider)
    said = f"key sk-abcdefgh at {service.url}/v1?key=abc is wrong"
    error = fails(service, wire.refusal(provider, 400, said), **{f"{provider}_api_key": "sk-abcdefgh"})
    assert "abcdefgh" not in str(error)
    assert service.url not in str(error)


def test_a_service_says_who_asks(serve: Callable[[str], wire.FakeApi]) -> None:
    service = serve("openai")
    ask(service.settings(openai_site_url="https://example.org", openai_app_name="mine"))
    headers = service.asked[0].headers
    assert (headers["HTTP-Referer"], headers["X-Title"]) == ("https://example.org", "mine")


def test_an_error_inside_an_answer_with_status_200_is_an_error(serve: Callable[[str], wire.FakeApi]) -> None:
    inside = Response('{"error": {"code": 429, "message": "slow down"}}', content_type="application/json")
    assert type(fails(serve("openai"), inside)) is RateLimited


def test_the_service_may_tell_what_it_cost(serve: Callable[[str], wire.FakeApi]) -> None:
    service = serve("openai")
    body = wire.answer("openai", "x").get_json() | {
        "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12, "cost": 0.00042}
    }
    service.answering = lambda _asked: Response(json.dumps(body), content_type="application/json")
    assert ask(service.settings()).usage.cost_micros == 420


def test_a_service_on_this_machine_needs_no_key(serve: Callable[[str], wire.FakeApi]) -> None:
    service = serve("openai")
    ask(service.settings(openai_api_key=""))
    assert service.keys == ["none"]


@each_provider
def test_without_a_key_nothing_is_asked(provider: str) -> None:
    with pytest.raises(AuthFailed, match=r"\.env"):
        ask({"provider": provider, f"{provider}_base_url": "https://example.org"})


def test_a_missing_package_is_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "claudemem_lib.providers.openai", raising=False)
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(Exception, match="claudemem\\[openai\\]"):
        providers.load("openai", attrs.evolve(Settings(), openai_api_key="k"))
