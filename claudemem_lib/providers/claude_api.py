"""Claude through Anthropic's API with a key."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import anthropic

from claudemem_lib import urls
from claudemem_lib.models import Reply, Usage
from claudemem_lib.providers import failures
from claudemem_lib.providers.deadline import within
from claudemem_lib.providers.keys import Key

if TYPE_CHECKING:
    from claudemem_lib.errors import ProviderError
    from claudemem_lib.models import Prompt
    from claudemem_lib.settings import Settings

ADDRESS = "https://api.anthropic.com"
ALIASES = {"haiku": "claude-haiku-4-5", "sonnet": "claude-sonnet-4-5", "opus": "claude-opus-4-5"}
_STOPS = {"max_tokens": "length", "refusal": "refusal"}


class Claude:
    """One message, one answer: no tools, no history, no retries of its own."""

    name = "claude"
    networked = True

    def __init__(self, settings: Settings) -> None:
        """Read what is needed of the settings."""
        self._key = Key(settings, self.name)
        self._settings = settings
        self._model = ALIASES.get(settings.model, settings.model)
        self._seconds = float(settings.provider_timeout_seconds)
        self._made: anthropic.Anthropic | None = None

    def complete(self, prompt: Prompt) -> Reply:
        """The model's answer to *prompt*."""
        client = self._client()
        try:
            answer = within(self._seconds, lambda: client.messages.create(**self._request(prompt)))
            return self._reply(answer)
        except anthropic.APIStatusError as error:
            raise self._refused(error.status_code, str(error.message), dict(error.response.headers)) from None
        except (anthropic.APIConnectionError, TimeoutError) as error:
            self._forget_client()
            raise failures.unreachable(self.name, error) from None
        except (json.JSONDecodeError, anthropic.APIResponseValidationError):
            raise failures.no_json(self.name) from None

    def _client(self) -> anthropic.Anthropic:
        """The connection for the key in force; making one costs a tenth of a second."""
        key = self._key.get()
        if self._made is None or self._made.api_key != key:
            self._forget_client()
            self._made = anthropic.Anthropic(
                api_key=key,
                base_url=urls.claude(self._settings.claude_base_url) or ADDRESS,
                timeout=self._seconds,
                max_retries=0,
                http_client=anthropic.DefaultHttpxClient(follow_redirects=False),
            )
            self._made.auth_token = None
            self._made._custom_headers = {}  # noqa: SLF001  # those of ANTHROPIC_CUSTOM_HEADERS, which a project may have set
        return self._made

    def _forget_client(self) -> None:
        made, self._made = self._made, None
        if made is not None:
            made.close()

    def _request(self, prompt: Prompt) -> dict[str, Any]:
        system = {"type": "text", "text": prompt.system, "cache_control": {"type": "ephemeral"}}
        return {
            "model": self._model,
            "max_tokens": self._settings.reply_max_tokens,
            "system": [system],
            "messages": [{"role": "user", "content": prompt.user}],
        }

    def _refused(self, status: int, said: str, headers: dict[str, str]) -> ProviderError:
        error = failures.refused(self.name, status, said, headers, time.time())
        self._key.forget()
        return error

    def _reply(self, answer: Any) -> Reply:
        """The text and what it cost; BadReply or ContextTooLong for an answer without any."""
        blocks = getattr(answer, "content", None)
        if not isinstance(blocks, list):
            raise failures.no_json(self.name)
        text = "".join(block.text for block in blocks if block.type == "text")
        stop = str(answer.stop_reason or "")
        if not text.strip() and stop != "end_turn":
            raise failures.no_text(self.name, stop)
        used = answer.usage
        usage = Usage(
            input_tokens=used.input_tokens or 0,
            output_tokens=used.output_tokens or 0,
            cache_read_tokens=used.cache_read_input_tokens or 0,
            cache_write_tokens=used.cache_creation_input_tokens or 0,
        )
        return Reply(text=text, model=self._model, usage=usage, stop=_STOPS.get(stop, "end"))
