"""Claude: through the API with a key, or, where the settings say so, through the user's own logged-in command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claudemem_lib.providers.claude_cli import ClaudeCommand

if TYPE_CHECKING:
    from claudemem_lib.providers import Provider
    from claudemem_lib.settings import Settings


def provider(settings: Settings) -> Provider:
    """The one CLAUDE_AUTH_METHOD means."""
    if settings.claude_auth_method == "cli":
        return ClaudeCommand(settings)
    from claudemem_lib.providers.claude_api import Claude  # noqa: PLC0415  # its package takes a second, the command needs none

    return Claude(settings)
