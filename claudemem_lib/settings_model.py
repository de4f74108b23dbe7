"""The settings of providers and the queue: which model, at what address, with how much at once and for how much a day."""

from __future__ import annotations

import re

from attrs import frozen

from claudemem_lib import urls
from claudemem_lib.setting import setting

PROVIDERS = ("auto", "local", "claude", "gemini", "openai", "fake")
OPENROUTER = "https://openrouter.ai/api/v1"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TIGHTENS = "Requests carry no growing conversation here; this only lowers the bound of a single request."


def _provider_name(name: str) -> str:
    return "" if _NAME.fullmatch(name) else f"must be one of {', '.join(PROVIDERS)} or an installed one, not {name!r}"


@frozen(kw_only=True, eq=False, repr=False, slots=False)  # a part of Settings, never made alone
class ModelSettings:
    """Which provider is asked, how, and within which bounds. Keys live here or in the data folder's `.env`, nowhere else."""

    provider: str = setting(
        "auto",
        group="model",
        label="Provider",
        help="What turns events into memories. auto: the first with a key in our own files (claude, gemini, openai), else local, "
        "which needs no model, key or network.",
        choices=PROVIDERS,
        check=_provider_name,
    )
    mode: str = setting(
        "code", group="model", label="Mode", help="Which kinds of observations are made: a mode file's name."
    )
    model: str = setting(
        "claude-haiku-4-5",
        group="model",
        label="Claude model",
        help="The model of the provider claude; haiku, sonnet and opus too.",
    )
    claude_auth_method: str = setting(
        "api",
        group="model",
        label="Claude login",
        help="api: an API key. cli: your own logged-in `claude` command, so that your subscription pays.",
        choices=("api", "cli"),
    )
    claude_api_key: str = setting(
        "",
        group="model",
        label="Claude key",
        help="The API key; or ANTHROPIC_API_KEY in .env in the data folder.",
        secret=True,
    )
    claude_base_url: str = setting(
        "",
        group="model",
        label="Claude address",
        help="Another address than Anthropic's own.",
        own_file_only=True,
        check=urls.problem,
    )
    claude_code_path: str = setting(
        "",
        group="model",
        label="claude command",
        help="Where the claude command is, for the login cli; empty: found on PATH.",
        own_file_only=True,
    )
    claude_max_tokens: int = setting(
        150_000,
        group="model",
        label="Claude context",
        help=f"A request stays below 90 % of this many tokens. {_TIGHTENS}",
        at_least=1_000,
        at_most=1_000_000,
    )
    claude_rollover_enabled: bool = setting(
        True,  # noqa: FBT003  # a default
        group="model",
        label="Claude bound",
        help=f"Whether CLAUDE_MAX_TOKENS counts. {_TIGHTENS}",
    )
    gemini_api_key: str = setting(
        "",
        group="model",
        label="Gemini key",
        help="The API key; or GEMINI_API_KEY in .env in the data folder.",
        secret=True,
    )
    gemini_model: str = setting(
        "gemini-2.5-flash-lite", group="model", label="Gemini model", help="The model of the provider gemini."
    )
    gemini_base_url: str = setting(
        "",
        group="model",
        label="Gemini address",
        help="Another address than Google's own; a host is enough.",
        own_file_only=True,
        check=urls.problem,
    )
    gemini_rate_limiting_enabled: bool = setting(
        True,  # noqa: FBT003  # a default
        group="model",
        label="Gemini pacing",
        help="Keep to the free tier's requests per minute, all sessions together. Switch off with a paid plan.",
    )
    gemini_max_context_messages: int = setting(
        20,
        group="model",
        label="Gemini events per request",
        help=f"At most this many events in a request. {_TIGHTENS}",
        at_least=1,
        at_most=100,
    )
    gemini_max_tokens: int = setting(
        100_000,
        group="model",
        label="Gemini context",
        help=f"A request stays below 90 % of this many tokens. {_TIGHTENS}",
        at_least=1_000,
        at_most=1_000_000,
    )
    gemini_truncation_enabled: bool = setting(
        True,  # noqa: FBT003  # a default
        group="model",
        label="Gemini bound",
        help=f"Whether GEMINI_MAX_TOKENS and GEMINI_MAX_CONTEXT_MESSAGES count. {_TIGHTENS}",
    )
    openai_api_key: str = setting(
        "",
        group="model",
        label="OpenAI key",
        help="The API key of the service at OPENAI_BASE_URL; or OPENAI_API_KEY or OPENROUTER_API_KEY in .env in the data folder.",
        secret=True,
    )
    openai_model: str = setting(
        "xiaomi/mimo-v2-flash:free", group="model", label="OpenAI model", help="The model of the provider openai."
    )
    openai_base_url: str = setting(
        OPENROUTER,
        group="model",
        label="OpenAI address",
        help="Any service that speaks OpenAI's chat completions: OpenRouter, Ollama, LM Studio, vLLM, a gateway.",
        own_file_only=True,
        check=urls.problem,
    )
    openai_site_url: str = setting(
        "",
        group="model",
        label="Site",
        help="Sent as HTTP-Referer, for services that list who asks.",
        check=urls.problem,
    )
    openai_app_name: str = setting(
        "claude-mem", group="model", label="App name", help="Sent as X-Title, for services that list who asks."
    )
    openai_max_context_messages: int = setting(
        20,
        group="model",
        label="OpenAI events per request",
        help=f"At most this many events in a request. {_TIGHTENS}",
        at_least=1,
        at_most=100,
    )
    openai_max_tokens: int = setting(
        100_000,
        group="model",
        label="OpenAI context",
        help=f"A request stays below 90 % of this many tokens. {_TIGHTENS}",
        at_least=1_000,
        at_most=1_000_000,
    )
    openai_truncation_enabled: bool = setting(
        True,  # noqa: FBT003  # a default
        group="model",
        label="OpenAI bound",
        help=f"Whether OPENAI_MAX_TOKENS and OPENAI_MAX_CONTEXT_MESSAGES count. {_TIGHTENS}",
    )
    auth_command: str = setting(
        "",
        group="model",
        label="Key command",
        help="A command whose output is the key of the chosen provider, such as `pass show anthropic`. Run again when the key "
        "is refused.",
        own_file_only=True,
    )
    request_max_tokens: int = setting(
        24_000,
        group="model",
        label="Tokens per request",
        help="The most a single request may hold; longer batches are shortened, event by event.",
        at_least=2_000,
        at_most=500_000,
    )
    reply_max_tokens: int = setting(
        4_096, group="model", label="Tokens per reply", help="The most a reply may hold.", at_least=256, at_most=64_000
    )
    provider_timeout_seconds: int = setting(
        120,
        group="model",
        label="Deadline",
        help="A call that takes longer is given up and tried again.",
        at_least=1,
        at_most=3_600,
    )
    fallback_providers: tuple[str, ...] = setting(
        ("auto",),
        group="model",
        label="Fallback",
        help="Who is asked while the chosen provider cannot answer, in this order; auto: all others with a key. Empty: nobody.",
    )
    fallback_local_hours: int = setting(
        24,
        group="model",
        label="Hours until local",
        help="After so many hours in which no model could be reached, events are digested without one. 0: never, they wait.",
        at_least=0,
    )
    daily_token_limit: int = setting(
        2_000_000,
        group="model",
        label="Tokens a day",
        help="After so many tokens of input and output no model is called until tomorrow; events wait. 0: no limit.",
        at_least=0,
    )
    daily_cost_limit_cents: int = setting(
        100,
        group="model",
        label="Cents a day",
        help="After so many US cents no model is called until tomorrow; events wait. 0: no limit.",
        at_least=0,
    )
    batching_enabled: bool = setting(
        True,  # noqa: FBT003  # a default
        group="queue",
        label="Batching",
        help="Events wait for their turn's end, or until enough of them wait. Off: each is observed as it comes, which costs more.",
    )
    batch_max_size: int = setting(
        20,
        group="queue",
        label="Events per batch",
        help="An unfinished turn is observed once this many of its events wait.",
        at_least=1,
        at_most=500,
    )
    batch_max_age_seconds: int = setting(
        60,
        group="queue",
        label="Longest wait",
        help="An unfinished turn is observed once its oldest waiting event is this old.",
        at_least=1,
    )
    lease_seconds: int = setting(
        300,
        group="queue",
        label="Lease",
        help="A batch whose worker was not heard of for this long is given to another.",
        at_least=5,
    )
    retry_limit: int = setting(
        3,
        group="queue",
        label="Retries",
        help="Events whose observation failed this often are parked: kept, shown, and tried again on request.",
        at_least=1,
    )
    periodic_recovery_interval: int = setting(
        300_000,
        group="queue",
        label="Recovery interval",
        help="So often, in milliseconds, the server looks for work that nothing announced.",
        at_least=60_000,
    )
