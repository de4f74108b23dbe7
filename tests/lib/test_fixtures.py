"""The promises of conftest.py, so that a test that relies on them is not fooled."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from claudemem_lib import paths

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Clock


def test_a_test_cannot_reach_the_network() -> None:
    with socket.socket() as one, pytest.raises(AssertionError, match="no network"):
        one.connect(("192.0.2.1", 80))


def test_a_test_can_reach_its_own_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as one:
        one.connect(server.getsockname())
        assert one.getpeername() == server.getsockname()


def test_a_variable_reaches_our_code_and_the_processes_it_starts(environment: Callable[[str, str], None]) -> None:
    environment("CLAUDE_MEM_MODE", "other")
    assert paths.environment("CLAUDE_MEM_MODE") == "other"
    script = "import os; print(os.environ['CLAUDE_MEM_MODE'])"
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "other\n"


def test_time_stands_still_until_it_is_told_to_move(clock: Clock) -> None:
    before = clock()
    assert clock.advance(seconds=2) == clock() == before + 2_000
