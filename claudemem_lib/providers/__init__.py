"""Who turns a prompt into a reply. One verb, one module per provider, loaded by name and only when chosen.

A provider knows nothing of the store or the queue. It raises one of the ProviderError family; waiting and trying again
is the queue's business. Providers of other distributions register a callable `settings -> Provider` in the entry-point
group `claudemem.providers`.
"""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING, Protocol

from claudemem_lib.errors import SettingsError

if TYPE_CHECKING:
    from claudemem_lib.models import Prompt, Reply
    from claudemem_lib.settings import Settings

GROUP = "claudemem.providers"
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Provider(Protocol):
    """Something that answers prompts. *name* is what is stored with each memory it made."""

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
    except ModuleNotFoundError as error:
        if error.name != module_name:
            message = f"The provider {name} needs the package {error.name}: pip install 'claudemem[{name}]'"
            raise SettingsError(message) from error
        return _installed(name, settings)
    if not hasattr(module, "provider"):
        return _installed(name, settings)
    made: Provider = module.provider(settings)
    return made


def _installed(name: str, settings: Settings) -> Provider:
    """The provider another distribution registered."""
    from importlib.metadata import entry_points  # noqa: PLC0415  # 20 ms, and only for providers that are not ours

    for entry in entry_points(group=GROUP, name=name):
        made: Provider = entry.load()(settings)
        return made
    message = f"There is no provider {name!r}: CLAUDE_MEM_PROVIDER names one that is built in or installed"
    raise SettingsError(message)
