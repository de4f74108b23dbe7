"""The interface on the terminal we are in: its first frame, and behind it the memory."""

from __future__ import annotations

import gc
from contextlib import ExitStack
from typing import TYPE_CHECKING

from claudemem_lib import lean, paths
from claudemem_tui.app import MemoryApp

if TYPE_CHECKING:
    from claudemem_lib.memory import Memory

THEME = "CLAUDE_MEM_TUI_THEME"
BRIEFLY = (
    5_000,
    20,
    100,
)  # 5,000 new objects are looked through in a few milliseconds, 200,000 in more than a frame takes


def run(data_dir: str) -> None:
    """Until the person leaves, or the memory cannot be opened: then raise why."""
    with ExitStack() as until_left:
        app = MemoryApp(lambda: until_left.enter_context(opened(data_dir)), theme(data_dir))
        app.run()
    if app.failure is not None:
        raise app.failure


def opened(data_dir: str) -> Memory:
    """The memory in *data_dir*; what the start has made is no garbage: from here on only what is new is looked through."""
    from claudemem_lib.memory import Memory  # noqa: PLC0415  # the library takes a fifth of the start: the frame comes first

    gc.freeze()
    gc.set_threshold(*BRIEFLY)
    return Memory(data_dir)


def theme(data_dir: str) -> str:
    """The theme of the first frame: what the settings will most likely say, read without them; "" where they say nothing."""
    if (name := paths.environment(THEME)) is not None:
        return name
    try:
        stored = lean.loads(lean.read_file(f"{data_dir}/{paths.SETTINGS}"))
    except (OSError, ValueError):
        return ""
    return str(stored.get(THEME, "")) if isinstance(stored, dict) else ""
