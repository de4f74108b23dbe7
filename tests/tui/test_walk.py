"""The main way in a real terminal: open, search, read, pin, forget, undo, change a setting, see the context change."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from claudemem_lib import settings
from claudemem_lib.browse import Wanted
from tests.tui import lifelike
from tests.tui.walk import STEPS, Terminal, walk

if TYPE_CHECKING:
    from tests.conftest import Memories


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed: it is the terminal walked in")
def test_a_person_gets_from_the_feed_to_a_changed_context_in_a_terminal(memories: Memories) -> None:
    memory = memories(clock=lambda: time.time_ns() // 1_000_000)  # as that of the interface, a process of its own
    lifelike.live(memory)
    lifelike.busy(memory)
    count, seen = memory.count(), dict[str, str]()
    with tempfile.TemporaryDirectory() as short:  # a socket's path may not be long
        terminal = Terminal(Path(short))
        try:
            walk(memory.data_dir, terminal, seen.__setitem__)
        finally:
            terminal.end()
    assert list(seen) == [name for _, _, name in STEPS]
    assert memory.count() == count
    pinned = [entry.title for entry in memory.browse.feed(Wanted(), limit=30) if entry.pinned]
    assert pinned[0] == "The checkout test fails every third run. Find out why."
    assert settings.load(memory.data_dir)[0].context_tokens == 300
    assert told(seen["context"]) > told(seen["change"]) > 0


def told(pane: str) -> int:
    """How many memories the context screen says a session is told."""
    return int(pane.splitlines()[1].split(" memories")[0].split()[-1])
