"""A line to type what is looked for; the keys below say how to get out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.widgets import Input

if TYPE_CHECKING:
    from textual.binding import BindingType


class SearchBox(Input):
    """An Input that shows its way out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "submit", "To what was found", key_display="enter"),
        Binding("escape", "screen.back", "Back"),
    ]
