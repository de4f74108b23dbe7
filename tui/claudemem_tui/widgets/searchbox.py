"""A line to type what is looked for; the keys below say how to get out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.widgets import Input

if TYPE_CHECKING:
    from textual import events
    from textual.binding import BindingType


class SearchBox(Input):
    """An Input that shows its way out, to the list of what is found."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "leave", "To what was found", key_display="enter"),
        Binding("escape", "screen.back", "Back"),
    ]

    def __init__(self, found: str, placeholder: str, *, id: str) -> None:  # noqa: A002  # Textual's word
        """*found* selects the list."""
        super().__init__(placeholder=placeholder, id=id, compact=True)
        self._found = found

    def action_leave(self) -> None:
        """To the list, now: the next key belongs there."""
        self.screen.set_focus(self.screen.query_one(self._found))

    async def _on_key(self, event: events.Key) -> None:
        """Out at once; what was typed so fast after that key that it still came here is for the list."""
        if self.screen.focused is not self:
            event.prevent_default()
        elif event.key in {"enter", "down"}:
            event.prevent_default()
            event.stop()
            self.action_leave()
