"""Pictures of the screens: `python -m tests.tui.pictures FOLDER [all | SCENE... SIZE... dark|light]`."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from claudemem_lib.memory import Memory
from claudemem_tui.app import DARK, LIGHT, MemoryApp
from tests.tui import lifelike
from tests.tui.sample import Running

if TYPE_CHECKING:
    from textual.app import App

SIZES = ((80, 24), (140, 40), (200, 60))
DOCS = (
    ("home", (140, 40), DARK), ("why", (140, 40), DARK), ("sessions", (140, 40), LIGHT), ("usage", (80, 24), DARK),
    ("settings", (80, 24), LIGHT),
)  # fmt: skip
NOW_MS = 1_795_351_200_000  # 2026-11-22T12:40:00Z
SETTINGS = '{"CLAUDE_MEM_PROVIDER": "claude", "CLAUDE_MEM_BATCH_MAX_SIZE": 30, "SOMEBODY_ELSES": [1]}\n'
SCENES: dict[str, tuple[str, ...]] = {
    "home": ("j", "j", "j"),
    "reading": ("j", "j", "j", "enter"),
    "search": ("slash", *"checkout"),
    "filter": ("f",),
    "edit": ("j", "j", "j", "e"),
    "note": ("n",),
    "forget": ("j", "j", "d"),
    "palette": ("ctrl+p",),
    "help": ("question_mark",),
    "list": ("2",),
    "sessions": ("2", "j", "enter", "j"),
    "context": ("3",),
    "why": ("3", "w"),
    "queue": ("4",),
    "usage": ("5",),
    "settings": ("6", "right"),
    "unknown": ("6", *["right"] * 7),
    "projects": ("7",),
    "forgetproject": ("7", "F"),
    "logs": ("8",),
    "doctor": ("9",),
}


def png(app: App[None]) -> bytes:
    """The screen as a picture, drawn with a font every machine has."""
    import resvg_py  # noqa: PLC0415  # for pictures alone

    svg = re.sub(r"@font-face\s*{.*?}", "", app.export_screenshot(), flags=re.DOTALL)
    svg = svg.replace("Fira Code", "DejaVu Sans Mono")
    made = resvg_py.svg_to_bytes(svg_string=svg, font_family="DejaVu Sans Mono", monospace_family="DejaVu Sans Mono")
    return bytes(made)


def filled(memory: Memory) -> None:
    """What the pictures show."""
    lifelike.live(memory)
    lifelike.busy(memory)
    path = Path(memory.data_dir) / "logs" / "server.log"
    path.parent.mkdir(exist_ok=True)
    path.write_text(lifelike.log(memory))
    Path(memory.data_dir, "settings.json").write_text(SETTINGS)
    memory.reload()


async def draw(memory: Memory, folder: Path, size: tuple[int, int], theme: str, only: tuple[str, ...]) -> None:
    """All scenes in one size and theme."""
    for name, keys in SCENES.items():
        if only and name not in only:
            continue
        app = MemoryApp(lambda: memory)
        async with app.run_test(size=size) as pilot:
            tui = Running(app, pilot)
            await tui.quiet()
            app.theme = theme
            await tui.press(*keys)
            shade = "dark" if theme == DARK else "light"
            (folder / f"{name}-{size[0]}x{size[1]}-{shade}.png").write_bytes(png(app))


def main() -> None:
    """Draw a sample memory; `all`: every scene in every size and both themes, else what README and docs show."""
    folder, wanted = Path(sys.argv[1]), sys.argv[2:]
    sizes = [(int(w), int(h)) for w, _, h in (one.partition("x") for one in wanted) if w.isdigit() and h.isdigit()]
    only = tuple(one for one in wanted if one in SCENES)
    themes = [theme for theme, name in ((DARK, "dark"), (LIGHT, "light")) if name in wanted] or [DARK, LIGHT]
    folder.mkdir(parents=True, exist_ok=True)
    os.umask(0o077)
    os.environ["TZ"] = "UTC"
    time.tzset()
    with tempfile.TemporaryDirectory() as data, Memory(f"{data}/claude-mem", clock=lambda: NOW_MS) as memory:
        filled(memory)
        if not wanted:
            for name, size, theme in DOCS:
                asyncio.run(draw(memory, folder, size, theme, (name,)))
        for size in sizes or (SIZES if wanted else ()):
            for theme in themes:
                asyncio.run(draw(memory, folder, size, theme, only))


if __name__ == "__main__":
    main()
