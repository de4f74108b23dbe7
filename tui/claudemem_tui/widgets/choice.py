"""One of a list on one line. Textual's Select is six widgets: a form with four of them took too long to open."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import set_cell_size
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from claudemem_lib import render
from claudemem_tui import pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.binding import BindingType

ANY = "any"


class Choice(Widget, can_focus=True):
    """What is chosen, "" for any; Enter or a click offers the list."""

    DEFAULT_CSS = """
    Choice { height: 1; width: 1fr; padding-right: 1; background: $surface; text-wrap: nowrap; }
    Choice:focus { background: $boost; }
    Choice:hover { background: $boost; }
    Choice.-any { color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("enter,space,down,up", "offer", "Choose")]
    value: reactive[str] = reactive("")

    def __init__(self, question: str, values: Sequence[str], value: str, *, id: str) -> None:  # noqa: A002  # Textual's word
        super().__init__(id=id, classes="" if value else "-any")
        self.question, self.values = question, values
        self.set_reactive(Choice.value, value)

    def render(self) -> Content:
        """What is chosen, and that there is a list."""
        room = max(0, self.content_size.width - 2)
        return Content(set_cell_size(render.line(self.value) or ANY, room) + " ▼")

    def watch_value(self, value: str) -> None:
        """Any is said more quietly."""
        self.set_class(not value, "-any")

    def action_offer(self) -> None:
        """Any, what there is, and what is chosen now even if there is none of it any more."""
        gone = [self.value] if self.value and self.value not in self.values else []
        offered = ["", *self.values, *gone]

        def take(place: int | None) -> None:
            if place is not None:
                self.value = offered[place]

        lines = [ANY, *offered[1:]]
        self.app.push_screen(pages.dialog("dialogs", "Pick")(self.question, lines, offered.index(self.value)), take)

    def on_click(self) -> None:
        """As Enter."""
        self.action_offer()
