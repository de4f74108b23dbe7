"""Every screen looks as it did: text, colours and places, from the picture Textual exports, without its random names.

`make snapshots` writes them anew; look at what changed before keeping it.
"""

from __future__ import annotations

import html
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from textual.widgets import Input, TextArea

from claudemem_lib import doctor
from claudemem_lib.doctor import Check
from claudemem_tui.app import LIGHT
from claudemem_tui.screens import welcome
from tests.tui import lifelike

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from claudemem_lib.memory import Memory

KEPT = Path(__file__).with_name("snapshots")
SCENES: dict[str, tuple[str, ...]] = {
    "list": ("2",), "home": ("j", "j", "j"), "reading": ("j", "j", "j", "enter"), "filter": ("f",),
    "forget": ("j", "j", "d"), "sessions": ("2", "j", "enter", "j"), "context": ("3",), "why": ("3", "w"), "queue": ("4",),
    "usage": ("5",), "settings": ("6", "right"), "projects": ("7",), "forget-project": ("7", "F"), "logs": ("8",),
    "edit": ("j", "j", "j", "e"), "help": ("question_mark",), "palette": ("ctrl+p", *"goto"), "doctor": ("9",),
}  # fmt: skip
CHECKS = [
    Check(name="Python", state="ok", found="Python 3.12.4, /home/you/.venv/bin/python"),
    Check(name="Queue", state="failed", found="2 parked: no answer in 120 s", remedy="`claude-mem queue retry` tries again."),
    Check(name="Hooks", state="warning", found="They are not called.", remedy="`claude-mem install` connects Claude Code."),
]  # fmt: skip
LINE = 24.4  # a line's height in the exported picture
_CLASS = re.compile(r"\.terminal-\d+-(r\d+) \{ ([^}]*) \}")
_TEXT = re.compile(r'<text class="terminal-\d+-(r\d+)" x="([\d.]+)" y="[\d.]+"[^>]*line-(\d+)\)">(.*?)</text>')
_RECT = re.compile(r'<rect fill="([^"]+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="[\d.]+" shape')
_COLUMN = 12.2


def normalised(svg: str) -> str:
    """What can be seen: the lines of text, then for each line its pieces with their colours and the backgrounds."""
    looks = {name: css.strip().rstrip(";").replace("fill: ", "") for name, css in _CLASS.findall(svg)}
    texts: dict[int, dict[int, str]] = {}
    styles: dict[int, list[str]] = {}
    for name, x, line, text in _TEXT.findall(svg):
        column = round(float(x) / _COLUMN)
        texts.setdefault(int(line), {})[column] = html.unescape(text).replace("\xa0", " ")
        styles.setdefault(int(line), []).append(f"{column}={looks[name]}")
    for colour, x, y, width in _RECT.findall(svg):
        place, length = round(float(x) / _COLUMN), round(float(width) / _COLUMN)
        styles.setdefault(int(float(y) / LINE), []).append(f"{place}+{length} on {colour}")
    shown = []
    for line in range(max(texts, default=0) + 1):
        row = ""
        for column, text in sorted(texts.get(line, {}).items()):
            row = row.ljust(column) + text
        shown.append(row.rstrip())
    looked = [f"{line:>2} {'; '.join(styles.get(line, []))}" for line in range(len(shown))]
    return re.sub(r"\d[\d.,]* MB", "# MB", "\n".join([*shown, "-" * 80, *looked]) + "\n")


@pytest.fixture
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day are told in one zone wherever this runs."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def lived(memory: Memory, _utc: None) -> Memory:  # the zone holds for what is stored too
    """A week's memory, a session at work, a log."""
    lifelike.live(memory)
    lifelike.busy(memory)
    path = Path(memory.data_dir) / "logs" / "server.log"
    path.parent.mkdir(exist_ok=True)
    path.write_text(lifelike.log(memory))
    return memory


async def compare(tui: Any, name: str) -> None:
    for box in (*tui.app.screen.query(Input), *tui.app.screen.query(TextArea)):
        box.cursor_blink = False
    await tui.quiet()
    path = KEPT / f"{name}.txt"
    seen = normalised(tui.app.export_screenshot(simplify=True))
    if os.environ.get("RENEW_SNAPSHOTS"):
        KEPT.mkdir(exist_ok=True)
        path.write_text(seen, "utf-8")
    assert seen == path.read_text("utf-8"), f"{name} looks different; if it should: make snapshots"


@pytest.mark.parametrize("scene", SCENES)
async def test_a_screen_looks_as_it_did(
    lived: Memory, running: Callable[..., Any], scene: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "examine", lambda *_about: CHECKS)  # what it finds is this machine
    async with running(lived, size=(80, 24)) as tui:
        await tui.press(*SCENES[scene])
        await compare(tui, scene)


@pytest.mark.usefixtures("_utc")
async def test_the_welcome_looks_as_it_did(
    memory: Memory, running: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(welcome, "TEXT", welcome.TEXT.format(folder="/home/you/.claude-mem"))
    async with running(memory, size=(80, 24), welcome=True) as tui:
        await compare(tui, "welcome")


async def test_a_pause_looks_as_it_did(lived: Memory, running: Callable[..., Any]) -> None:
    lived.pauses.begin(project="shop", for_ms=7_200_000)
    async with running(lived, size=(80, 24), screen="queue") as tui:
        await tui.until(lambda: "paused" in tui.text.splitlines()[0])
        await tui.quiet()
        await compare(tui, "paused")


async def test_the_wide_and_the_light_look_as_they_did(lived: Memory, running: Callable[..., Any]) -> None:
    async with running(lived, size=(140, 40)) as tui:
        tui.app.theme = LIGHT
        await tui.press("j", "j", "j")
        await compare(tui, "home-wide-light")
