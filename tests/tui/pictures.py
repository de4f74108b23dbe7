"""Pictures of every screen: `python -m tests.tui.pictures FOLDER [SIZE...]`, each in dark and light."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from claudemem_lib.memory import Memory
from claudemem_lib.settings import Settings
from claudemem_tui.app import DARK, LIGHT, MemoryApp
from tests.tui.sample import Running, fill

if TYPE_CHECKING:
    from textual.app import App

SIZES = ((80, 24), (140, 40))
SCENES: dict[str, tuple[str, ...]] = {
    "home": (),
    "search": ("slash", *"quotes"),
    "filter": ("f",),
    "edit": ("e",),
    "help": ("question_mark",),
    "sessions": ("2",),
    "context": ("3",),
    "settings": ("4", "right"),
}


def png(app: App[None]) -> bytes:
    """The screen as a picture, drawn with a font every machine has."""
    import resvg_py  # noqa: PLC0415  # for pictures alone

    svg = re.sub(r"@font-face\s*{.*?}", "", app.export_screenshot(), flags=re.DOTALL)
    svg = svg.replace("Fira Code", "DejaVu Sans Mono")
    made = resvg_py.svg_to_bytes(svg_string=svg, font_family="DejaVu Sans Mono", monospace_family="DejaVu Sans Mono")
    return bytes(made)


async def draw(memory: Memory, folder: Path, size: tuple[int, int], theme: str, only: tuple[str, ...]) -> None:
    """All scenes in one size and theme."""
    for name, keys in SCENES.items():
        if only and name not in only:
            continue
        app = MemoryApp(memory)
        async with app.run_test(size=size) as pilot:
            app.theme = theme
            tui = Running(app, pilot)
            await tui.quiet()
            await tui.press(*keys)
            shade = "dark" if theme == DARK else "light"
            (folder / f"{name}-{size[0]}x{size[1]}-{shade}.png").write_bytes(png(app))


def main() -> None:
    """Draw a sample memory."""
    folder = Path(sys.argv[1])
    sizes = [tuple(map(int, one.split("x"))) for one in sys.argv[2:] if re.fullmatch(r"\d+x\d+", one)] or SIZES
    only = tuple(one for one in sys.argv[2:] if not re.fullmatch(r"\d+x\d+|dark|light", one))
    themes = [theme for theme, name in ((DARK, "dark"), (LIGHT, "light")) if name in sys.argv[2:]] or [DARK, LIGHT]
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, Memory(data, Settings(provider="local")) as memory:
        fill(memory, 40, "shop")
        fill(memory, 8, "billing-service", "Invoices round half to even, part {}")
        memory.remember("Deploys go through the staging branch; production is read-only on Sundays", project="shop")
        for size in sizes:
            for theme in themes:
                asyncio.run(draw(memory, folder, (size[0], size[1]), theme, only))


if __name__ == "__main__":
    main()
