"""The panel that says what went wrong."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from claudemem_lib import render
from claudemem_lib.errors import ClaudeMemError
from claudemem_lib.link import NoServer

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType


class ErrorPanel(ModalScreen[None]):
    """One error: our own in its sentence, anything else with where it happened."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("escape,enter,q", "dismiss", "Close")]

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def compose(self) -> ComposeResult:
        """Title, sentence, and for what is no error of ours the trace."""
        ours = isinstance(self.error, ClaudeMemError | NoServer)
        with Vertical(classes="dialog error"):
            yield Static("That did not work" if ours else "Something broke", classes="dialog-title", markup=False)
            with VerticalScroll(classes="dialog-body"):
                yield Static(render.safe(str(self.error) or type(self.error).__name__), markup=False)
                if not ours:
                    yield Static(
                        render.safe("".join(traceback.format_exception(self.error))), markup=False, classes="dim"
                    )
            yield Button("Close", variant="primary", compact=True)

    def on_button_pressed(self) -> None:
        """Back to where the person was."""
        self.dismiss()
