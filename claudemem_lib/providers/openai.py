"""Any service that speaks OpenAI's chat completions: OpenRouter, Ollama, LM Studio, vLLM, gateways, OpenAI."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import openai

from claudemem_lib import urls
from claudemem_lib.models import Reply, Usage
from claudemem_lib.providers import failures
from claudemem_lib.providers.deadline import within
from claudemem_lib.providers.keys import Key
from claudemem_lib.settings_model import OPENROUTER

if TYPE_CHECKING:
    from claudemem_lib.errors import ProviderError
    from claudemem_lib.models import Prompt
    from claudemem_lib.settings import Settings

NO_KEY = "none"
_STOPS = {"length": "length", "content_filter": "refusal"}
_MICROS = 1_000_000


class OpenAI:
    """One message, one answer: no tools, no history, no retries of its own."""

    name = "openai"
    networked = True

    def __init__(self, settings: Settings) -> None:
        """Read what is needed of the settings."""
        self._key = Key(settings, self.name)
        self._settings = settings
        self._seconds = float(settings.provider_timeout_seconds)
        self._made: openai.OpenAI | None = None
        self._address = urls.openai(settings.openai_base_url or OPENROUTER)

    def complete(self, prompt: Prompt) -> Reply:
        """The model's answer to *prompt*."""
        client = self._client()
        try:
            answer = within(self._seconds, lambda: client.chat.completions.create(**self._request(prompt)))
            return self._reply(answer)
        except openai.APIStatusError as error:
            said = f"{error.code or ''} {error.message}"
            raise self._refused(error.status_code, said, dict(error.response.headers)) from None
        except (openai.APIConnectionError, TimeoutError) as error:
            self._forget_client()
            raise failures.unreachable(self.name, error) from None
        except (json.JSONDecodeError, openai.APIResponseValidationError):
            raise failures.no_json(self.name) from None

    def _client(self) -> openai.OpenAI:
        """The connection for the key in force; making one costs a tenth of a second."""
        key = self._bearer()
        if self._made is None or self._made.api_key != key:
            self._forget_client()
            self._made = openai.OpenAI(
                api_key=key,
                base_url=self._address,
                timeout=self._seconds,
                max_retries=0,
                http_client=openai.DefaultHttpxClient(follow_redirects=False),
            )
            self._made.organization = self._made.project = None
            self._made._custom_headers = self._headers()  # noqa: SLF001  # not those of OPENAI_CUSTOM_HEADERS
        return self._made

    def _forget_client(self) -> None:
        made, self._made = self._made, None
        if made is not None:
            made.close()

    def _bearer(self) -> str:
        """The key; a service on this machine may go without."""
        return NO_KEY if urls.is_local(self._address) and not self._settings.openai_api_key else self._key.get()

    def _headers(self) -> dict[str, str]:
        """Who asks, where the user wants that told."""
        told = {"HTTP-Referer": self._settings.openai_site_url, "X-Title": self._settings.openai_app_name}
        return {name: value for name, value in told.items() if value}

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        messages = [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]
        return {
            "model": self._settings.openai_model,
            "messages": messages,
            "max_tokens": self._settings.reply_max_tokens,
        }

    def _refused(self, status: int, said: str, headers: dict[str, str]) -> ProviderError:
        self._key.forget()
        return failures.refused(self.name, status, said, headers, time.time())

    def _reply(self, answer: Any) -> Reply:
        """The text and what it cost. Some services put an error into an answer with status 200."""
        if isinstance(answer, str):
            raise failures.no_json(self.name)
        error = getattr(answer, "error", None)
        if isinstance(error, dict):
            status = error.get("code")
            raise self._refused(status if isinstance(status, int) else 400, f"{status} {error.get('message', '')}", {})
        choices = getattr(answer, "choices", None) or []
        message = choices[0].message if choices else None
        text = (getattr(message, "content", None) or "") if message else ""
        stop = str(choices[0].finish_reason or "") if choices else "no choices"
        if not text.strip():
            raise failures.no_text(self.name, stop)
        model = str(getattr(answer, "model", "") or self._settings.openai_model)
        return Reply(text=text, model=model, usage=_usage(answer.usage), stop=_STOPS.get(stop, "end"))


def _usage(used: Any) -> Usage:
    """The tokens, cached ones apart, and the money where the service tells it."""
    if used is None:
        return Usage()
    details = used.prompt_tokens_details
    cached = min((details.cached_tokens or 0) if details else 0, used.prompt_tokens or 0)
    cost = getattr(used, "cost", None)
    return Usage(
        input_tokens=(used.prompt_tokens or 0) - cached,
        output_tokens=used.completion_tokens or 0,
        cache_read_tokens=cached,
        cost_micros=round(cost * _MICROS) if isinstance(cost, int | float) else None,
    )


def provider(settings: Settings) -> OpenAI:
    """The service at OPENAI_BASE_URL."""
    return OpenAI(settings)
