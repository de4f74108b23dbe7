"""The user's own `claude` command as a provider, played by a script that shows what it was given."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from claudemem_lib import providers
from claudemem_lib.errors import AuthFailed, BadReply, ContextTooLong, ProviderDown, QuotaExhausted, RateLimited
from claudemem_lib.models import Prompt
from claudemem_lib.settings import Settings
from tests.lib import turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from claudemem_lib.models import Reply

SHOWS = """#!{python}
import json, os, sys
about = {{"argv": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd(), "files": os.listdir("."), "stdin": sys.stdin.read()}}
open({seen!r}, "w").write(json.dumps(about))
sys.stdout.write({printed!r})
sys.exit({status})
"""
RESULT = {
    "type": "result",
    "subtype": "success",
    "is_error": False,
    "result": "<nothing/>",
    "total_cost_usd": 0.01,
    "usage": {
        "input_tokens": 30,
        "output_tokens": 4,
        "cache_read_input_tokens": 5,
        "cache_creation_input_tokens": 6,
    },
}


class Command:
    """A stand-in for `claude` and what it saw."""

    def __init__(self, folder: Path) -> None:
        self.path, self._seen = folder / "claude", folder / "seen.json"

    def prints(self, printed: object, status: int = 0) -> None:
        text = printed if isinstance(printed, str) else json.dumps(printed)
        self.path.write_text(SHOWS.format(python=sys.executable, seen=str(self._seen), printed=text, status=status))
        self.path.chmod(0o755)

    @property
    def seen(self) -> dict[str, Any]:
        return dict(json.loads(self._seen.read_text()))

    def ask(self, **settings: Any) -> Reply:
        chosen = Settings(provider="claude", claude_auth_method="cli", claude_code_path=str(self.path), **settings)
        batch = turns.batch("Fix it", turns.bash("make"))
        prompt = Prompt(system="Be brief.", user="What happened?", batch=batch, types=("discovery",), concepts=())
        return providers.load("claude", chosen).complete(prompt)


@pytest.fixture
def command(tmp_path: Path) -> Command:
    made = Command(tmp_path)
    made.prints(RESULT)
    return made


def test_the_answer_and_its_tokens_are_read(command: Command) -> None:
    reply = command.ask()
    used = reply.usage
    assert reply.text == "<nothing/>"
    assert (used.input_tokens, used.output_tokens, used.cache_read_tokens, used.cache_write_tokens) == (30, 4, 5, 6)
    assert used.cost_micros == 0, "a subscription is not paid by the call"


def test_rank_16_it_gets_no_tools_no_settings_and_leaves_no_session(command: Command) -> None:
    command.ask(model="claude-haiku-4-5")
    argv = command.seen["argv"]
    for flag, value in (("--tools", ""), ("--setting-sources", ""), ("--model", "haiku"), ("--output-format", "json")):
        assert argv[argv.index(flag) + 1] == value
    assert {"-p", "--safe-mode", "--strict-mcp-config", "--no-session-persistence"} <= set(argv)
    assert argv[argv.index("--system-prompt") + 1] == "Be brief."


def test_the_record_is_on_standard_input_and_no_argument(command: Command) -> None:
    command.ask()
    assert command.seen["stdin"] == "What happened?"
    assert "What happened?" not in command.seen["argv"]


def test_it_runs_in_an_empty_folder_that_is_gone_afterwards(command: Command) -> None:
    command.ask()
    assert command.seen["files"] == []
    assert not Path(command.seen["cwd"]).exists()


def test_row_33_it_sees_nothing_of_the_project_and_knows_it_is_ours(
    command: Command, environment: Callable[[str, str], None]
) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "CLAUDE_PROJECT_DIR", "DATABASE_URL", "CLAUDE_MEM_MODE"):
        environment(name, "stray")
    command.ask()
    assert "stray" not in command.seen["env"].values()
    assert command.seen["env"]["CLAUDE_MEM_INTERNAL"] == "1"


def test_our_key_goes_only_with_our_own_address(command: Command) -> None:
    command.ask(claude_api_key="k")
    assert "ANTHROPIC_API_KEY" not in command.seen["env"]
    command.ask(claude_api_key="k", claude_base_url="http://127.0.0.1:9/v1")
    assert command.seen["env"]["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:9"
    assert command.seen["env"]["ANTHROPIC_API_KEY"] == "k"


@pytest.mark.parametrize(
    ("result", "status", "reason", "kind"),
    [
        ("API Error: 400 bad field", 400, "api_error", BadReply),
        ("Invalid API key · Please run /login", None, "api_error", AuthFailed),
        ("Failed to authenticate. API Error: 401", 401, "api_error", AuthFailed),
        ("Credit balance is too low", None, "api_error", QuotaExhausted),
        ("You've hit your session limit · resets 3pm", None, "api_error", QuotaExhausted),
        ("API Error: Request rejected (429) · slow down", 429, "api_error", RateLimited),
        ("API Error: 529 Overloaded", 529, "api_error", ProviderDown),
        ("Prompt is too long · 300000 tokens", 400, "prompt_too_long", ContextTooLong),
        ("There's an issue with the selected model", 404, "api_error", ProviderDown),
        ("Connection error.", None, "api_error", ProviderDown),
    ],
)
def test_what_it_complains_of_becomes_our_error(
    command: Command, result: str, status: int | None, reason: str, kind: type[Exception]
) -> None:
    failure = {"is_error": True, "result": result, "api_error_status": status, "terminal_reason": reason}
    command.prints({**RESULT, **failure}, status=1)
    with pytest.raises(kind) as caught:
        command.ask()
    assert type(caught.value) is kind


@pytest.mark.parametrize("printed", ["", "Segmentation fault", "{", "[]", "{}", '{"result": 5}'])
def test_something_that_is_no_result_is_a_provider_that_is_down(command: Command, printed: str) -> None:
    command.prints(printed, status=1)
    with pytest.raises(ProviderDown):
        command.ask()


def test_no_command_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(ProviderDown, match="CLAUDE_MEM_CLAUDE_CODE_PATH"):
        Command(tmp_path / "nowhere").ask()


def test_a_command_that_hangs_is_ended(command: Command) -> None:
    command.path.write_text("#!/bin/sh\nexec sleep 60\n")
    with pytest.raises(ProviderDown, match="TimeoutExpired"):
        command.ask(provider_timeout_seconds=1)
