"""The key a provider shows: the one in the settings, or what a command of the user's prints."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING

from claudemem_lib.errors import AuthFailed
from claudemem_lib.providers.child import environment

if TYPE_CHECKING:
    from claudemem_lib.settings import Settings

COMMAND_SECONDS = 30
_FIELDS = {"claude": "claude_api_key", "gemini": "gemini_api_key", "openai": "openai_api_key"}


class Key:
    """One provider's key. A command is run when first needed and again after forget()."""

    def __init__(self, settings: Settings, provider: str) -> None:
        """The settings' key of *provider*; the command only for the one that was chosen by name."""
        self.provider = provider
        self._given = getattr(settings, _FIELDS[provider])
        self._command = settings.auth_command if settings.provider == provider else ""
        self._printed = ""

    def get(self) -> str:
        """The key; AuthFailed if there is none."""
        if self._given:
            return str(self._given)
        if self._command and not self._printed:
            self._printed = _output(self._command)
        if not self._printed:
            message = (
                f"{self.provider} has no key: put it into .env in the data folder, or set "
                f"CLAUDE_MEM_{_FIELDS[self.provider].upper()} or CLAUDE_MEM_AUTH_COMMAND"
            )
            raise AuthFailed(message)
        return self._printed

    def forget(self) -> None:
        """The key was refused: ask the command again next time."""
        self._printed = ""


def known(settings: Settings, provider: str) -> bool:
    """Whether our own files hold a key of *provider*."""
    return bool(getattr(settings, _FIELDS[provider]))


def _output(command: str) -> str:
    """What *command* prints, without a shell and without this process's variables."""
    try:
        done = subprocess.run(  # noqa: S603  # the user's own setting, which the environment cannot change
            shlex.split(command),
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=True,
            stdin=subprocess.DEVNULL,
            env=environment(),
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        message = f"CLAUDE_MEM_AUTH_COMMAND gave no key ({type(error).__name__}); run it by hand to see why"
        raise AuthFailed(message) from None
    return done.stdout.strip()
