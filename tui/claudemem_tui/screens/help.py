"""The keys of the screen in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from claudemem_tui.screens.page import NAMES

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.screen import Screen

TOOLKIT = {
    "Scroll Left",
    "Scroll Right",
    "Page Left",
    "Page Right",
    "Focus Previous",
    "Focus Next",
    "Copy selected text",
}
BAR = "\nIn the bar: ▸ events that wait, ! parked ones, ● a server runs, ○ none does"
NAMED = {"question_mark": "?", "slash": "/", "full_stop": ".", "comma": ","}


class Help(ModalScreen[None]):
    """What the keys do, generated from the bindings in force where it was asked for."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("escape,q,question_mark,enter", "dismiss", "Close")]

    def __init__(self, about: Screen[Any]) -> None:
        super().__init__()
        self.about = about

    def compose(self) -> ComposeResult:
        """Two columns: key, meaning."""
        keys: dict[str, str] = {}
        for key, active in self.about.active_bindings.items():
            what = active.binding.description
            if what and what not in TOOLKIT and not active.binding.action.startswith(("go(", "app.go(")):
                keys[what] = f"{keys[what]} {NAMED.get(key, key)}" if what in keys else NAMED.get(key, key)
        lines: list[Any] = []
        for what, key in keys.items():
            lines += [(f"{key:>22}  ", "bold $text-accent"), f"{what}\n"]
        goals = ", ".join(f"{number} {name}" for number, name in enumerate(NAMES, 1))
        with Vertical(classes="dialog"):
            yield Static("Keys on this screen", classes="dialog-title", markup=False)
            with VerticalScroll(classes="dialog-body"):
                yield Static(
                    Content.assemble(*lines, ("\nScreens: ", "dim"), (goals, "dim"), (BAR, "dim")), markup=False
                )
            yield Static(
                "Everything here is also a `claude-mem` command: `claude-mem --help`.", markup=False, classes="dim"
            )
