"""Claude through the user's own logged-in `claude` command, so that a subscription pays. Used only when chosen.

The command gets no tools, no settings, no plugins and no session file, runs in an empty folder with a scrubbed
environment, and carries a marker our hooks know, so that it never records itself.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from typing import TYPE_CHECKING, Any

from claudemem_lib import paths, urls
from claudemem_lib.errors import AuthFailed, ContextTooLong, ProviderDown
from claudemem_lib.models import Reply, Usage
from claudemem_lib.providers import failures
from claudemem_lib.providers.child import environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claudemem_lib.errors import ProviderError
    from claudemem_lib.models import Prompt
    from claudemem_lib.settings import Settings

MARKER = "CLAUDE_MEM_INTERNAL"
DEAREST_CALL_DOLLARS = "1"
_SHORT = {"claude-haiku-4-5": "haiku", "claude-sonnet-4-5": "sonnet", "claude-opus-4-5": "opus"}


class ClaudeCommand:
    """`claude -p`: one prompt on standard input, one JSON object on standard output."""

    name = "claude"
    networked = True

    def __init__(self, settings: Settings) -> None:
        """Read what is needed; the command is looked for with the first call."""
        self._settings = settings

    def complete(self, prompt: Prompt) -> Reply:
        """The model's answer to *prompt*."""
        with tempfile.TemporaryDirectory(prefix="claude-mem-") as folder:
            try:
                done = subprocess.run(  # noqa: S603  # the user's own command; nothing of the prompt is an argument
                    self._arguments(prompt.system),
                    input=prompt.user,
                    capture_output=True,
                    text=True,
                    encoding="utf-8",
                    errors="replace",
                    timeout=self._settings.provider_timeout_seconds,
                    check=False,
                    cwd=folder,
                    env=self._environment(),
                )
            except subprocess.TimeoutExpired as error:
                raise failures.unreachable(self.name, error) from None
            except OSError as error:
                message = (
                    f"the claude command cannot be started ({error}); CLAUDE_MEM_CLAUDE_CODE_PATH says where it is"
                )
                raise ProviderDown(message) from error
        return self._reply(done.stdout, done.stderr)

    def _arguments(self, system: str) -> list[str]:
        model = _SHORT.get(self._settings.model, self._settings.model)
        return [
            self._command(),
            "-p",
            "--output-format",
            "json",
            "--system-prompt",
            system,
            "--tools",
            "",
            "--safe-mode",
            "--setting-sources",
            "",
            "--strict-mcp-config",
            "--no-session-persistence",
            "--model",
            model,
            "--max-budget-usd",
            DEAREST_CALL_DOLLARS,
        ]

    def _command(self) -> str:
        """Where the command is; ProviderDown if nowhere."""
        given = self._settings.claude_code_path
        found = shutil.which(given or "claude", path=paths.environment("PATH"))
        if found is None:
            message = f"there is no command {given or 'claude'}; install Claude Code or set CLAUDE_MEM_CLAUDE_CODE_PATH"
            raise ProviderDown(message)
        return found

    def _environment(self) -> dict[str, str]:
        """No variable of a project; the key only together with the address it belongs to."""
        more = {MARKER: "1", "CLAUDE_CODE_MAX_RETRIES": "0", "DISABLE_AUTOUPDATER": "1"}
        if self._settings.claude_base_url:
            more["ANTHROPIC_BASE_URL"] = urls.claude(self._settings.claude_base_url)
            if self._settings.claude_api_key:
                more["ANTHROPIC_API_KEY"] = self._settings.claude_api_key
        return environment() | more

    def _reply(self, printed: str, complaint: str) -> Reply:
        try:
            found = json.loads(printed)
        except ValueError:
            said = (printed or complaint).strip()
            raise failures.from_prose(self.name, said) or failures.no_json(self.name) from None
        if isinstance(found, list):  # every message of the run, the result last
            found = found[-1] if found else {}
        if not isinstance(found, dict) or not isinstance(found.get("result"), str):
            raise failures.no_json(self.name)
        if found.get("is_error"):
            raise _failure(found)
        return Reply(text=found["result"], model=self._settings.model, usage=_usage(found.get("usage")))


def _failure(found: Mapping[str, Any]) -> ProviderError:
    """The error the command tells of; the text decides where there is no status."""
    said, status = str(found["result"]), found.get("api_error_status")
    if found.get("terminal_reason") == "prompt_too_long":
        return ContextTooLong(f"claude answered: {failures.words(said)}")
    if isinstance(status, int):
        return failures.refused("claude", status, said, {}, 0)
    if "/login" in said:
        return AuthFailed(f"claude answered: {failures.words(said)}. Run `claude` and log in.")
    return failures.from_prose("claude", said) or ProviderDown(f"claude answered: {failures.words(said)}")


def _usage(used: Any) -> Usage:
    """The tokens; a subscription is not paid by the call."""
    counts = used if isinstance(used, dict) else {}

    def count(name: str) -> int:
        value = counts.get(name)
        return value if isinstance(value, int) else 0

    return Usage(
        input_tokens=count("input_tokens"),
        output_tokens=count("output_tokens"),
        cache_read_tokens=count("cache_read_input_tokens"),
        cache_write_tokens=count("cache_creation_input_tokens"),
        cost_micros=0,
    )
