"""The user's own `claude` command as a provider, with the real client: one bounded request, and no trace of it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import util
from typing import TYPE_CHECKING, Any

import pytest

from claudemem_lib import providers
from claudemem_lib.errors import AuthFailed, ContextTooLong, ProviderDown, ProviderError, RateLimited
from claudemem_lib.models import Prompt
from claudemem_lib.settings import Settings
from tests.lib import turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from claudemem_lib.models import Reply

pytestmark = pytest.mark.host
FOUND = "<observation><type>discovery</type><title>Found</title></observation>"


class FakeApi:
    """Anthropic's API on loopback, played by the harness, and what it was asked."""

    def __init__(self, harness: Path, folder: Path) -> None:
        about = util.spec_from_file_location("mock_anthropic", harness / "mock_anthropic.py")
        assert about is not None
        assert about.loader is not None
        self.played: Any = util.module_from_spec(about)
        sys.modules["mock_anthropic"] = self.played
        about.loader.exec_module(self.played)
        self._log = folder / "requests.jsonl"
        self.server, self.url = self.played.serve({}, self._log)

    def answers(self, reply: dict[str, Any]) -> None:
        self.server.scenario = self.played.Scenario({"default": reply})

    def asked(self) -> list[dict[str, Any]]:
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        requests = [json.loads(line) for line in lines]
        return [one["body"] for one in requests if "/v1/messages" in one["path"] and "count" not in one["path"]]


@pytest.fixture
def service(harness: Path, tmp_path: Path) -> Iterator[FakeApi]:
    made = FakeApi(harness, tmp_path)
    yield made
    made.server.shutdown()
    made.server.server_close()
    made.server.log_file.close()


@pytest.fixture
def ask(
    service: FakeApi, harness: Path, tmp_path: Path, environment: Callable[[str, str], None]
) -> Callable[[], Reply]:
    """A function that asks the real command, in a home of its own."""
    found = subprocess.run(
        [sys.executable, str(harness / "run_claude.py"), "--install-only"], capture_output=True, text=True, check=True
    )
    command = found.stdout.split()[-1]
    (tmp_path / "home").mkdir()
    environment("HOME", str(tmp_path / "home"))
    environment("CLAUDE_CONFIG_DIR", str(tmp_path / "home" / ".claude"))

    def run() -> Reply:
        chosen = Settings(
            provider="claude",
            claude_auth_method="cli",
            claude_code_path=command,
            claude_base_url=service.url,
            claude_api_key="test-key",
            model="haiku",
        )
        batch = turns.batch("Fix it", turns.bash("make"))
        prompt = Prompt(
            system="You keep the memory.", user="What happened?", batch=batch, types=("discovery",), concepts=()
        )
        return providers.load("claude", chosen).complete(prompt)

    return run


def test_the_real_command_answers_with_text_and_tokens(service: FakeApi, ask: Callable[[], Reply]) -> None:
    service.answers({"content": [{"type": "text", "text": FOUND}]})
    reply = ask()
    assert reply.text == FOUND
    assert reply.usage.output_tokens > 0


def test_the_real_command_offers_the_model_no_tool_and_says_what_we_say(
    service: FakeApi, ask: Callable[[], Reply]
) -> None:
    service.answers({"content": [{"type": "text", "text": FOUND}]})
    ask()
    (body,) = service.asked()
    assert not body.get("tools")
    assert "You keep the memory." in json.dumps(body["system"])
    assert "What happened?" in json.dumps(body["messages"])
    assert len(json.dumps(body)) < 8_000


def test_the_real_command_leaves_no_session_behind(service: FakeApi, ask: Callable[[], Reply], tmp_path: Path) -> None:
    service.answers({"content": [{"type": "text", "text": FOUND}]})
    ask()
    assert list((tmp_path / "home").rglob("*.jsonl")) == []


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (401, "invalid x-api-key", AuthFailed),
        (429, "slow down", RateLimited),
        (529, "Overloaded", ProviderDown),
        (400, "prompt is too long: 300000 tokens > 200000 maximum", ContextTooLong),
    ],
)
def test_what_the_real_command_complains_of_becomes_our_error(
    service: FakeApi, ask: Callable[[], Reply], status: int, said: str, kind: type[ProviderError]
) -> None:
    service.answers({"status": status, "error": {"type": "api_error", "message": said}})
    with pytest.raises(ProviderError) as caught:
        ask()
    assert type(caught.value) is kind
