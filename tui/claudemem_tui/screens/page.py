"""What every main screen shares: the bar above, the keys below, and showing what changed in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.screen import Screen

from claudemem_tui.loading import load
from claudemem_tui.pages import ABOUT
from claudemem_tui.widgets.bars import KeyBar, TopBar

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from claudemem_lib.memory import Memory

NAMES = tuple(ABOUT)


class Page(Screen[None]):
    """One of the main screens. Subclasses compose their body, and reload when the file has changed."""

    NAME: ClassVar[str] = ""

    memory: Memory  # from when it is open

    def __init__(self, memory: Memory | None) -> None:
        """Without a memory it is drawn empty until `opened`."""
        super().__init__()
        if memory is not None:
            self.memory = memory
        self._seen: Any = None

    def compose(self) -> ComposeResult:
        """The bar, the screen's own widgets, the keys."""
        yield TopBar(NAMES, self.NAME)
        yield from self.body()
        yield KeyBar()

    def body(self) -> ComposeResult:
        """The screen's own widgets."""
        yield from ()

    def opened(self, memory: Memory) -> None:
        """The memory is here now: show it."""
        self.memory = memory

    @property
    def is_complete(self) -> bool:
        """Whether its widgets are there."""
        return bool(self.query(KeyBar))

    def reload(self) -> None:
        """Read again what is shown."""

    def act(self, change: Callable[[], Any], said: str | Callable[[Any], str]) -> None:
        """Change something in a thread, say so and show it."""
        load(self, change, lambda found: self.say(said if isinstance(said, str) else said(found)), group="act")

    def say(self, done: str) -> None:
        """Tell what was done, and show it."""
        self.notify(done, markup=False)
        self.reload()

    def undo_last(self) -> None:
        """Undo what was changed last in the memory."""
        self.act(self.memory.curate.undo, lambda what: f"Undone: {what}.")

    def open_group(self, name: str) -> None:
        """Show one group of what it shows, where it has groups."""

    def unsaved(self) -> int:
        """How many changes would be lost by leaving."""
        return 0

    def changed(self, facts: dict[str, Any], version: object) -> None:
        """The facts are these now; where the file has changed since it was shown, read it again."""
        self.query_one(TopBar).tell(facts)
        if version != self._seen:
            first, self._seen = self._seen is None, version
            if not first:
                self.reload()
