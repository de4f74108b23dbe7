"""The main way in a real terminal: open, search, read, pin, forget, undo, change a setting, see the context change."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from claudemem_lib.memory import Memory
from tests.tui import lifelike, walk

if TYPE_CHECKING:
    from pathlib import Path


def tokens(pane: str) -> int:
    return int(re.findall(r"~([\d,]+) tokens", pane)[0].replace(",", ""))


@pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux")
def test_the_main_way_through_a_real_terminal(tmp_path: Path) -> None:
    data_dir = str(tmp_path / "data")
    seen: dict[str, str] = {}
    with Memory(data_dir) as memory:
        lifelike.live(memory)
        lifelike.busy(memory)
    terminal = walk.Terminal(tmp_path)
    try:
        walk.walk(data_dir, terminal, seen.__setitem__)
    finally:
        terminal.end()
    before, after = (tokens(seen[name]) for name in ("context", "save"))
    assert after <= 300 < before
    with Memory(data_dir) as memory:
        assert memory.settings.context_tokens == 300
        assert memory.get([17])
        assert memory.browse.origin(17)["pinned"]
        assert len(memory.context("/home/you/shop")) <= 4 * 300
