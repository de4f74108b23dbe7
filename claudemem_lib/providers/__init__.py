"""Who turns a prompt into a reply. One verb, one module per provider, loaded by name and only when chosen.

A provider knows nothing of the store or the queue. It raises one of the ProviderError family; waiting and trying again
is the queue's business. Providers of other distributions register a callable `settings -> Provider` in the entry-point
group `claudemem.providers`.
"""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Protocol

from claudemem_lib import urls
from claudemem_lib.errors import SettingsError
from claudemem_lib.providers import keys

if TYPE_CHECKING:
    from claudemem_lib.models import Prompt, Reply
    from claudemem_lib.settings import Settings

GROUP = "claudemem.providers"
KEYED = ("claude", "gemini", "openai")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Provider(Protocol):
    """Something that answers prompts. *name* is what is stored with each memory it made.

    *networked* providers (those without the attribute are not) cost tokens: they get bounded batches, are paced, counted
    against the daily limits, and replaced by others while they cannot answer. The rest sees a whole turn at once.
    """

    @property
    def name(self) -> str:
        """The provider's name, as in the settings."""

    def complete(self, prompt: Prompt) -> Reply:
        """The answer to *prompt*; a ProviderError if there is none."""


def load(name: str, settings: Settings) -> Provider:
    """The provider called *name*: one of ours, else an installed one. SettingsError if there is none."""
    if not _NAME.fullmatch(name):
        message = f"{name!r} is no provider name: small letters, digits and underscores only"
        raise SettingsError(message)
    module_name = f"{__name__}.{name}"
    try:
        module = importlib.import_module(module_name)
        made: Provider | None = module.provider(settings) if hasattr(module, "provider") else None
    except ModuleNotFoundError as error:
        if error.name != module_name:
            message = f"The provider {name} needs the package {error.name}: pip install 'claudemem[{name}]'"
            raise SettingsError(message) from error
        made = None
    return made or _installed(name, settings)


def networked(provider: Provider) -> bool:
    """Whether asking *provider* costs something."""
    return bool(getattr(provider, "networked", False))


def with_credentials(settings: Settings) -> tuple[str, ...]:
    """The providers with a key in our own files, in the order they are tried; a service on this machine needs none."""
    local_service = urls.is_local(settings.openai_base_url)
    return tuple(name for name in KEYED if keys.known(settings, name) or (name == "openai" and local_service))


def chosen(settings: Settings) -> str:
    """The provider the settings mean: with `auto` the first with credentials, else `local`."""
    return next(iter(with_credentials(settings)), "local") if settings.provider == "auto" else settings.provider


def _installed(name: str, settings: Settings) -> Provider:
    """The provider another distribution registered."""
    from importlib.metadata import entry_points  # noqa: PLC0415  # 20 ms, and only for providers that are not ours

    for entry in entry_points(group=GROUP, name=name):
        made: Provider = entry.load()(settings)
        return made
    message = f"There is no provider {name!r}: CLAUDE_MEM_PROVIDER names one that is built in or installed"
    raise SettingsError(message)
