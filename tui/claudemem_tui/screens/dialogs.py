"""Small questions: yes or no, one line of text, one of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from claudemem_lib import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType


class Confirm(ModalScreen[bool]):
    """Asks before data goes away; the answer that keeps it has the focus."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("escape,n", "answer(False)", "No"), ("y", "answer(True)", "Yes")]

    def __init__(self, question: str, yes: str = "Yes") -> None:
        super().__init__()
        self.question, self.yes = question, yes

    def compose(self) -> ComposeResult:
        """The question and two buttons."""
        with Vertical(classes="dialog"):
            yield Static(render.safe(self.question), markup=False, classes="dialog-body")
            with Horizontal(classes="dialog-buttons"):
                yield Button("No (n)", id="no", compact=True)
                yield Button(Content(f"{self.yes} (y)"), id="yes", variant="error", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The answer of a click."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:  # noqa: FBT001  # Textual passes actions their values in order
        """The answer of a key."""
        self.dismiss(answer)


class Ask(ModalScreen[str | None]):
    """Asks for one line; None if the person leaves."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "Cancel")]

    def __init__(self, question: str, value: str = "", placeholder: str = "") -> None:
        super().__init__()
        self.question, self.value, self.placeholder = question, value, placeholder

    def compose(self) -> ComposeResult:
        """The question and a line to write on."""
        with Vertical(classes="dialog"):
            yield Static(render.safe(self.question), markup=False, classes="dialog-body")
            yield Input(render.safe(self.value), placeholder=self.placeholder)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The answer."""
        self.dismiss(event.value)


class Pick(ModalScreen[int | None]):
    """Offers a list (up to some hundred lines) and gives the place of the one chosen; None if the person leaves."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "Cancel")]

    def __init__(self, question: str, choices: Sequence[str], at: int = 0) -> None:
        """*at* is the place the cursor stands on first."""
        super().__init__()
        self.question, self.choices, self.at = question, choices, at

    def compose(self) -> ComposeResult:
        """The question and the list."""
        with Vertical(classes="dialog"):
            yield Static(render.safe(self.question), markup=False, classes="dialog-title")
            yield OptionList(*(Option(Content(render.line(one, 200))) for one in self.choices))

    def on_mount(self) -> None:
        """Stand on what is chosen now."""
        self.query_one(OptionList).highlighted = self.at if self.choices else None

    def on_key(self, event: events.Key) -> None:
        """A letter leads to the next line that begins with it."""
        offered, letter = self.query_one(OptionList), (event.character or "").casefold()
        here, count = offered.highlighted or 0, len(self.choices)
        for place in (*range(here + 1, count), *range(here)):
            if event.is_printable and self.choices[place].casefold().startswith(letter):
                offered.highlighted = place
                return

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """The one chosen."""
        self.dismiss(event.option_index)
