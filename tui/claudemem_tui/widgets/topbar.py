"""The line above every screen: where one is, where one can go, and whether anything is being worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.app import ComposeResult

NARROW = 130


class Tab(Static):
    """One screen's name; a click goes there."""

    class Wanted(Message):
        """The person wants to see another screen."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, key: str, name: str, *, here: bool) -> None:
        super().__init__(
            Content.assemble((key, "dim"), f" {name.title()}"), markup=False, classes="-here" if here else ""
        )
        self.key, self.goal = key, name

    def shrink_to(self, *, narrow: bool) -> None:
        """Take less room on a narrow screen."""
        name = self.goal.title()
        self.update(Content.assemble((self.key, "dim"), name if narrow else f" {name}"))
        self.set_class(narrow, "-narrow")

    def on_click(self) -> None:
        """Go there."""
        self.post_message(self.Wanted(self.goal))


class TopBar(Horizontal):
    """Tabs, then the queue and the server."""

    DEFAULT_CSS = """
    TopBar { height: 1; background: $panel; dock: top; }
    TopBar Tab { width: auto; padding: 0 1; color: $text-muted; }
    TopBar Tab.-narrow { padding: 0 1 0 0; }
    TopBar Tab:hover { background: $boost; color: $text; }
    TopBar Tab.-here { background: $primary; color: $text; text-style: bold; }
    TopBar #activity { width: 1fr; text-align: right; color: $text-muted; padding: 0 1; }
    TopBar #activity.-narrow { padding: 0; }
    TopBar #activity.busy { color: $text-accent; }
    TopBar #activity.trouble { color: $text-error; }
    """

    def __init__(self, names: tuple[str, ...], here: str) -> None:
        super().__init__()
        self._names, self._here = names, here

    def compose(self) -> ComposeResult:
        """A tab a screen, and the activity."""
        for number, name in enumerate(self._names, 1):
            yield Tab(str(number % 10), name, here=name == self._here)
        yield Static("", id="activity", markup=False)

    def on_resize(self) -> None:
        """Shorter names where there is little room."""
        for tab in self.query(Tab):
            tab.shrink_to(narrow=self.app.size.width < NARROW)

    def tell(self, facts: dict[str, Any]) -> None:
        """Say what the queue and the server do, as briefly as there is room."""
        queue = facts.get("queue", {})
        waiting, parked = queue.get("pending", 0) + queue.get("claimed", 0), queue.get("parked", 0)
        narrow = self.app.size.width < NARROW
        parts = [f"▸{waiting}" if narrow else f"▸ {waiting} waiting"] if waiting else []
        parts += [f"!{parked}" if narrow else f"! {parked} parked"] if parked else []
        if not narrow:
            parts.append("● server" if facts.get("server") else "○ no server")
        elif not parts:
            parts.append("●" if facts.get("server") else "○")
        line = self.query_one("#activity", Static)
        line.update(Content((" " if narrow else "  ").join(parts)))
        line.set_class(narrow, "-narrow")
        line.set_class(bool(waiting), "busy")
        line.set_class(bool(parked), "trouble")
