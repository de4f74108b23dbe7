"""What every test may rely on: no network, no settings from outside, a clock that stands still, memories in tmp_path."""

from __future__ import annotations

import itertools
import os
import socket
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

import claudemem_lib
from claudemem_lib.lean import system
from claudemem_lib.providers.local import Local

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from claudemem_lib.embedders import Embedder
    from claudemem_lib.memory import Memory
    from claudemem_lib.providers import Provider
    from claudemem_lib.settings import Settings

# How long an example takes says something of the machine, not of the code; and the same examples are tried at every run, so that
# a run that fails fails again. CLAUDE_MEM_EXPLORE=1 draws new ones.
hypothesis_settings.register_profile(
    "any machine",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="CLAUDE_MEM_EXPLORE" not in os.environ,
)
hypothesis_settings.load_profile("any machine")

NOW_MS = 1_795_327_200_000  # 2026-11-22T06:00:00Z
_LOOPBACK = {"127.0.0.1", "::1", "localhost", "0.0.0.0", "::"}
_VARIABLES = ("CLAUDE_MEM_", "CLAUDE_CONFIG_DIR", "CLAUDE_PROJECT_DIR")


class Clock:
    """Milliseconds UTC that move only when told to."""

    def __init__(self, now_ms: int = NOW_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms

    def advance(self, *, ms: int = 0, seconds: int = 0, minutes: int = 0, days: int = 0) -> int:
        """Let time pass; gives the new time."""
        self.now_ms += ms + 1_000 * (seconds + 60 * minutes + 86_400 * days)
        return self.now_ms


class Host:
    """Says what the host's hooks would say of one session, into a memory's inbox; every event a second after the last."""

    def __init__(self, memory: Memory, clock: Clock, session: str = "s1", cwd: str = "/home/you/project") -> None:
        self.memory, self.clock, self.session, self.cwd = memory, clock, session, cwd
        self.prompt_id = ""
        self._uses = itertools.count(1)

    def say(self, name: str, **fields: Any) -> str | None:
        """Capture one payload as it is; gives the event's uid."""
        self.clock.advance(seconds=1)
        named = {"prompt_id": self.prompt_id} if self.prompt_id else {}
        payload = {"hook_event_name": name, "session_id": self.session, "cwd": self.cwd, **named, **fields}
        return self.memory.capture(payload)

    def start(self, source: str = "startup") -> str | None:
        return self.say("SessionStart", source=source)

    def prompt(self, text: str, prompt_id: str = "") -> str | None:
        self.prompt_id = prompt_id
        return self.say("UserPromptSubmit", prompt=text)

    def tool(self, tool: str = "Bash", output: object = "ok", use: str = "", **given: Any) -> str | None:
        use = use or f"{self.session}-use-{next(self._uses)}"
        return self.say("PostToolUse", tool_name=tool, tool_use_id=use, tool_input=given, tool_response=output)

    def failure(self, tool: str = "Bash", error: str = "Exit code 1", use: str = "", **given: Any) -> str | None:
        use = use or f"{self.session}-use-{next(self._uses)}"
        return self.say("PostToolUseFailure", tool_name=tool, tool_use_id=use, tool_input=given, error=error)

    def stop(self, text: str = "Done.") -> str | None:
        return self.say("Stop", last_assistant_message=text)

    def end(self, reason: str = "exit") -> str | None:
        return self.say("SessionEnd", reason=reason)

    def turn(self, text: str = "Fix the parser", prompt_id: str = "", tools: int = 1, answer: str = "Done.") -> None:
        """A whole turn: the prompt, *tools* edits and the answer."""
        self.prompt(text, prompt_id)
        for number in range(tools):
            path = f"{self.cwd}/src/part{number}.py"
            self.tool("Edit", {"filePath": path}, file_path=path, old_string="a", new_string=f"b{number}")
        self.stop(answer)


class Memories:
    """Opens memories in folders below tmp_path and closes them after the test; observed without a model unless told."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder, self.clock = folder, clock
        self._opened: list[Memory] = []

    def __call__(
        self,
        name: str = "data",
        *,
        settings: Settings | None = None,
        provider: Provider | None = None,
        embedder: Embedder | None = None,
        clock: Callable[[], int] | None = None,
    ) -> Memory:
        if provider is None and settings is None:
            provider = Local()
        given: dict[str, Any] = {"settings": settings, "provider": provider, "embedder": embedder}
        memory = claudemem_lib.open(self.folder / name, clock=clock or self.clock, **given)
        self._opened.append(memory)
        return memory

    def close(self) -> None:
        for memory in self._opened:
            memory.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memories(tmp_path: Path, clock: Clock) -> Iterator[Memories]:
    """A function that opens a memory: `memories("name", settings=..., provider=...)`."""
    made = Memories(tmp_path, clock)
    yield made
    made.close()


@pytest.fixture
def memory(memories: Memories) -> Memory:
    """An empty memory with the default settings and the test's clock."""
    return memories()


@pytest.fixture
def host(memory: Memory, clock: Clock) -> Host:
    """A session of the host that is captured into `memory`."""
    return Host(memory, clock)


@pytest.fixture
def hosts(clock: Clock) -> Callable[..., Host]:
    """A function that makes a session: `hosts(memory, session="s2", cwd=...)`."""

    def make(memory: Memory, session: str = "s1", cwd: str = "/home/you/project") -> Host:
        return Host(memory, clock, session, cwd)

    return make


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """A function that sets a variable for this process, where our code reads it, and for the processes it starts."""

    def set_variable(name: str, value: str) -> None:
        monkeypatch.setenv(name, value)
        monkeypatch.setitem(system.environ, os.fsencode(name), os.fsencode(value))

    return set_variable


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the person who runs the tests has set for the product must not reach it here."""
    for name in list(os.environ):
        if name.startswith(_VARIABLES):
            monkeypatch.delenv(name)
            monkeypatch.delitem(system.environ, os.fsencode(name), raising=False)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets reach this machine only."""
    for verb in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, verb, _only_here(getattr(socket.socket, verb)))


def _only_here(connect: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
    def checked(self: socket.socket, address: Any) -> Any:
        if self.family != getattr(socket, "AF_UNIX", None) and address[0] not in _LOOPBACK:
            message = f"a test tried to reach {address}; tests use no network"
            raise AssertionError(message)
        return connect(self, address)

    return checked
