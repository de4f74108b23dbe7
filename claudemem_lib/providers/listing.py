"""Which models a service offers, asked directly: no package is needed for one small request. Errors name no address and no key."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from claudemem_lib import urls
from claudemem_lib.errors import AuthFailed, ProviderDown, SettingsError
from claudemem_lib.providers.keys import Key
from claudemem_lib.settings_model import OPENROUTER

if TYPE_CHECKING:
    from claudemem_lib.settings import Settings

DEADLINE_S = 5.0
MOST_BYTES = 8_000_000
COMMAND_MODELS = ("haiku", "sonnet", "opus")
_REFUSED = (401, 403)


class _Stay(urllib.request.HTTPRedirectHandler):
    """Keys go to the address that was set and to no other."""

    def redirect_request(self, *_arguments: Any) -> None:
        """Follow nothing."""


def models(settings: Settings, provider: str) -> tuple[str, ...]:
    """The ids of the models *provider* offers, sorted. ProviderDown or AuthFailed if it does not say."""
    if provider == "claude" and settings.claude_auth_method == "cli":
        return COMMAND_MODELS
    if provider not in _REQUESTS:
        message = f"{provider} has no list of models; {', '.join(_REQUESTS)} have"
        raise SettingsError(message)
    url, headers = _REQUESTS[provider](settings)
    return _names(_get(provider, url, headers))


def _claude(settings: Settings) -> tuple[str, dict[str, str]]:
    base = urls.claude(settings.claude_base_url) or "https://api.anthropic.com"
    headers = {"x-api-key": Key(settings, "claude").get(), "anthropic-version": "2023-06-01"}
    return f"{base}/v1/models?limit=1000", headers


def _gemini(settings: Settings) -> tuple[str, dict[str, str]]:
    base = urls.gemini(settings.gemini_base_url) or "https://generativelanguage.googleapis.com"
    return f"{base}/v1beta/models?pageSize=1000", {"x-goog-api-key": Key(settings, "gemini").get()}


def _openai(settings: Settings) -> tuple[str, dict[str, str]]:
    base = urls.openai(settings.openai_base_url or OPENROUTER)
    local = urls.is_local(base) and not settings.openai_api_key
    return f"{base}/models", {} if local else {"Authorization": f"Bearer {Key(settings, 'openai').get()}"}


_REQUESTS = {"claude": _claude, "gemini": _gemini, "openai": _openai}


def _get(provider: str, url: str, headers: dict[str, str]) -> Any:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  # the setting admits http and https alone
    opener = urllib.request.build_opener(_Stay)
    try:
        with opener.open(request, timeout=DEADLINE_S) as answer:
            return json.loads(answer.read(MOST_BYTES))
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in _REFUSED:
            message = f"{provider} refused the key ({error.code})"
            raise AuthFailed(message) from None
        message = f"{provider} does not list its models (it answered {error.code})"
        raise ProviderDown(message) from None
    except OSError as error:
        message = f"{provider} cannot be reached within {DEADLINE_S:g} seconds ({type(error).__name__})"
        raise ProviderDown(message) from None
    except ValueError:
        message = f"{provider} answered with something that is no list of models"
        raise ProviderDown(message) from None


def _names(found: Any) -> tuple[str, ...]:
    """The ids in any of the forms services use: data[] or models[], of texts or of objects with id or name."""
    rows = found.get("data", found.get("models")) if isinstance(found, dict) else found
    names = (row if isinstance(row, str) else _name(row) for row in rows or ()) if isinstance(rows, list) else ()
    return tuple(sorted({name.removeprefix("models/") for name in names if name}))


def _name(row: Any) -> str:
    value = (row.get("id") or row.get("name")) if isinstance(row, dict) else ""
    return value if isinstance(value, str) else ""
