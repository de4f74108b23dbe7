"""Logs: the server's log as it grows, by level and words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from attrs import frozen
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from claudemem_lib import paths, render
from claudemem_tui.loading import load
from claudemem_tui.screens.page import Page
from claudemem_tui.widgets.searchbox import SearchBox
from claudemem_tui.widgets.sources import FixedSource
from claudemem_tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from claudemem_lib.memory import Memory
    from claudemem_tui.widgets.columns import Cells

MOST_BYTES = 1_000_000
LOOK_S = 1.0
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
STYLES = {"DEBUG": "list--dim", "WARNING": "list--accent", "ERROR": "list--bad", "CRITICAL": "list--bad"}
_LEVEL = re.compile(r"^\S+ \S+ (DEBUG|INFO|WARNING|ERROR|CRITICAL) ")
EMPTY = "There is no log yet: the server writes one once it runs. S on the queue screen starts it."


@frozen(kw_only=True)
class Line:
    """One line of the log with its level; a line of a trace has that of the message before it."""

    text: str
    level: str


class LogsScreen(Page):
    """The last megabyte, followed."""

    NAME = "logs"
    CSS_PATH = ["home.tcss", "lists.tcss"]  # noqa: RUF012  # declared by Textual as it is
    BINDINGS: ClassVar[list[BindingType]] = [
        ("slash", "search", "Filter"),
        ("l", "level", "Level"),
        ("f", "follow", "Follow on/off"),
        ("escape", "back", "Back"),
    ]

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self.level, self.words, self.following = LEVELS[1], "", True
        self._state: tuple[float, int] | None = None
        self._lines: list[Line] = []

    def body(self) -> ComposeResult:
        """Words and level, the lines."""
        with Horizontal(id="log-row"):
            yield SearchBox("#log", "/ only lines with these words", id="log-text")
            yield Static("", id="log-state", markup=False)
        yield VirtualList(_cells, id="log")
        yield Static("", id="log-foot", classes="list-foot", markup=False)

    def on_mount(self) -> None:
        """Read, and look again every second."""
        self.query_one("#log").add_class("list-rows")
        self.query_one("#log").focus()
        self.reload()
        self.set_interval(LOOK_S, self._look)

    def _look(self) -> None:
        if self.following and self.is_current:
            self.reload()

    def reload(self) -> None:
        """Read the log again if it has changed."""
        path, seen = Path(self.memory.data_dir) / paths.LOGS / paths.LOG, self._state

        def read() -> tuple[tuple[float, int] | None, list[Line] | None]:
            try:
                about = path.stat()
            except FileNotFoundError:
                return None, []
            state = (about.st_mtime, about.st_size)
            return (state, None) if state == seen else (state, _read(path))

        def show(found: tuple[tuple[float, int] | None, list[Line] | None]) -> None:
            self._state, lines = found
            if lines is not None:
                self._lines = lines
                self._show()

        load(self, read, show)

    def _show(self) -> None:
        least, words = LEVELS.index(self.level), self.words.lower()
        shown = [
            line
            for line in self._lines
            if (line.level not in LEVELS or LEVELS.index(line.level) >= least) and words in line.text.lower()
        ]
        state = f"{self.level} and above · {len(shown):,} of {len(self._lines):,}"
        self.query_one("#log-state", Static).update(Content(state + (" · following" if self.following else " · still")))
        self.query_one("#log", VirtualList).show(FixedSource(shown), at_end=self.following)

    def on_virtual_list_highlighted(self, event: VirtualList.Highlighted) -> None:
        """The whole line."""
        text = event.entry.text if event.entry else EMPTY if not self._lines else "No line passes; l and / change that."
        self.query_one("#log-foot", Static).update(Content(render.safe(text)))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Only lines with these words."""
        self.words = event.value.strip()
        self._show()

    def action_search(self) -> None:
        """To the words."""
        self.set_focus(self.query_one("#log-text"))  # now: what is typed next belongs there

    def action_back(self) -> None:
        """Out of the box; then without words."""
        if self.focused is self.query_one("#log"):
            self.query_one("#log-text", Input).value = ""
        self.set_focus(self.query_one("#log"))

    def action_level(self) -> None:
        """The next level."""
        self.level = LEVELS[(LEVELS.index(self.level) + 1) % len(LEVELS)]
        self._show()

    def action_follow(self) -> None:
        """Stay at the end as it grows, or not."""
        self.following = not self.following
        self._show()


def _read(path: Path) -> list[Line]:
    """The last lines of the log; control characters taken out when they are drawn."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - MOST_BYTES))
        texts = file.read().decode("utf-8", "replace").splitlines()
    level, lines = "", []
    for text in texts:
        found = _LEVEL.match(text)
        level = found[1] if found else level
        lines.append(Line(text=text, level=level))
    return lines


def _cells(line: Line, width: int) -> Cells:
    del width
    return [(" " + line.text, 0, STYLES.get(line.level, "list--plain"))]
