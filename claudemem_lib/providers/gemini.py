"""Gemini through Google's API with a key. On the free tier requests are few a minute; *gap_ms* keeps to them."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import google.genai as genai  # noqa: PLR0402  # so that a missing package is named
import httpx2
from google.genai import errors, types

from claudemem_lib import urls
from claudemem_lib.models import Reply, Usage
from claudemem_lib.providers import failures
from claudemem_lib.providers.deadline import within
from claudemem_lib.providers.keys import Key

if TYPE_CHECKING:
    from claudemem_lib.errors import ProviderError
    from claudemem_lib.models import Prompt
    from claudemem_lib.settings import Settings

ADDRESS = "https://generativelanguage.googleapis.com"
FREE_PER_MINUTE = {
    "gemini-2.5-flash-lite": 10,
    "gemini-2.5-flash": 10,
    "gemini-2.5-pro": 5,
    "gemini-2.0-flash": 15,
    "gemini-2.0-flash-lite": 30,
    "gemini-3-flash": 5,
}
FREE_PER_MINUTE_OTHERS = 5
_STOPS = {"MAX_TOKENS": "length", "SAFETY": "refusal", "PROHIBITED_CONTENT": "refusal", "BLOCKLIST": "refusal"}
_DELAY = re.compile(r"""["']?retryDelay["']?\s*:\s*["'](\d+(?:\.\d+)?)s""")


class Gemini:
    """One message, one answer: no tools, no history, no retries of its own."""

    name = "gemini"
    networked = True

    def __init__(self, settings: Settings) -> None:
        """Read what is needed of the settings."""
        self._key = Key(settings, self.name)
        self._settings = settings
        self._model = settings.gemini_model.removeprefix("models/")
        self._seconds = float(settings.provider_timeout_seconds)
        self._made: genai.Client | None = None
        self._shown = ""
        self.gap_ms = _gap_ms(self._model) if settings.gemini_rate_limiting_enabled else 0

    def complete(self, prompt: Prompt) -> Reply:
        """The model's answer to *prompt*."""
        client = self._client()
        try:
            answer = within(self._seconds, lambda: client.models.generate_content(**self._request(prompt)))
            return self._reply(answer)
        except errors.APIError as error:
            raise self._refused(error) from None
        except (httpx2.HTTPError, httpx2.StreamError, TimeoutError) as error:
            self._forget_client()
            raise failures.unreachable(self.name, error) from None
        except (json.JSONDecodeError, errors.UnknownApiResponseError):
            raise failures.no_json(self.name) from None

    def _client(self) -> genai.Client:
        """The connection for the key in force; making one costs a tenth of a second."""
        key = self._key.get()
        if self._made is None or self._shown != key:
            self._forget_client()
            options = types.HttpOptions(
                base_url=urls.gemini(self._settings.gemini_base_url) or ADDRESS,
                api_version="v1beta",
                timeout=int(self._seconds * 1_000),
                client_args={"follow_redirects": False},
            )
            self._made, self._shown = genai.Client(api_key=key, vertexai=False, http_options=options), key
        return self._made

    def _forget_client(self) -> None:
        made, self._made = self._made, None
        if made is not None:
            made.close()

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        config = {
            "system_instruction": prompt.system,
            "temperature": 0.3,
            "max_output_tokens": self._settings.reply_max_tokens,
            "automatic_function_calling": {"disable": True},
        }
        return {"model": self._model, "contents": prompt.user, "config": config}

    def _refused(self, error: Any) -> ProviderError:
        """Google's error; its wait stands in the body."""
        self._key.forget()
        headers = dict(getattr(error.response, "headers", None) or {})
        said = f"{error.status or ''} {error.message or ''}"
        details = str(error.details)
        delay = _DELAY.search(details)
        if delay and "retry-after" not in {name.lower() for name in headers}:
            headers["retry-after"] = delay[1]
        if "API_KEY_INVALID" in details:
            said += " API_KEY_INVALID"
        return failures.refused(self.name, int(error.code or 500), said, headers, time.time())

    def _reply(self, answer: Any) -> Reply:
        """The text of the first candidate and what it cost."""
        candidate = (answer.candidates or [None])[0]
        parts = (candidate.content.parts if candidate and candidate.content else None) or []
        text = "".join(part.text for part in parts if part.text and not part.thought)
        reason = candidate.finish_reason if candidate else getattr(answer.prompt_feedback, "block_reason", None)
        stop = str(getattr(reason, "value", reason) or "")
        if not text.strip():
            raise failures.no_text(self.name, stop or "no candidates")
        return Reply(text=text, model=self._model, usage=_usage(answer.usage_metadata), stop=_STOPS.get(stop, "end"))


def _usage(used: Any) -> Usage:
    """The tokens, cached ones apart, thoughts as output."""
    if used is None:
        return Usage()
    cached = used.cached_content_token_count or 0
    return Usage(
        input_tokens=max(0, (used.prompt_token_count or 0) - cached),
        output_tokens=(used.candidates_token_count or 0) + (used.thoughts_token_count or 0),
        cache_read_tokens=cached,
    )


def _gap_ms(model: str) -> int:
    """The least time between two requests on the free tier."""
    return -(-60_000 // FREE_PER_MINUTE.get(model, FREE_PER_MINUTE_OTHERS)) + 100


def provider(settings: Settings) -> Gemini:
    """Google's service, or the one at GEMINI_BASE_URL."""
    return Gemini(settings)
