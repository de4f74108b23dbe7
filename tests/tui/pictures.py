"""Pictures of every screen: `python -m tests.tui.pictures FOLDER [SIZE...]`, each in dark and light."""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from claudemem_lib.memory import Memory
from claudemem_lib.models import Reply, Usage
from claudemem_lib.settings import Settings
from claudemem_lib.store import usage
from claudemem_lib.store.usage import Call
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
    "queue": ("4",),
    "usage": ("5",),
    "settings": ("6", "right"),
    "projects": ("7",),
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


def _live(memory: Memory) -> None:
    """A queue with something parked, a ledger, a log."""
    for number in range(6):
        about = {"session_id": "s9", "cwd": "/home/you/shop", "hook_event_name": "PostToolUse", "tool_name": "Bash"}
        given = {"tool_input": {"command": f"make part{number}"}, "tool_response": "ok", "tool_use_id": f"u{number}"}
        memory.capture({**about, **given})
    memory.take_in()
    with memory.database.write() as connection:
        parked = "UPDATE events SET state='parked', attempts=3, error='ProviderDown: no answer in 120 s' WHERE id <= 2"
        connection.execute(parked)
    now = memory.clock()
    for back in range(20):
        used = Usage(input_tokens=9_000 + back * 1_700 % 12_000, output_tokens=1_400)
        call = Call(
            provider="claude",
            reply=Reply(text="", model="claude-haiku-4-5", usage=used),
            session_id=1,
            cost_micros=21_000,
        )
        with memory.database.write() as connection:
            usage.add(connection, call, now - back * 86_400_000)
    log = Path(memory.data_dir) / "logs" / "server.log"
    log.parent.mkdir(exist_ok=True)
    levels = (
        "INFO worker took in 3 events",
        "DEBUG claim nothing ready",
        "WARNING chain claude: no answer in 120 s",
        "ERROR worker batch failed",
    )
    log.write_text("\n".join(f"2026-11-22 10:{number:02}:00,000 {levels[number % 4]}" for number in range(60)) + "\n")


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
        _live(memory)
        for size in sizes:
            for theme in themes:
                asyncio.run(draw(memory, folder, (size[0], size[1]), theme, only))


if __name__ == "__main__":
    main()
