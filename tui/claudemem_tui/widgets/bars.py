"""The lines above and below every screen. Each is one widget: with a widget a word they took longer to draw than all else."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from textual.content import Content
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.screen import Screen

    Part = tuple[Content, Callable[[], object]]

NARROW = 130
LETTERS = (20, 4, 0)  # of the screens' names, as many as there is room for
KEY = "bold $text-accent"  # the toolkit's own colour for keys can hardly be read on the light bar


class Bar(Widget):
    """Words in a line; a click on one does something."""

    DEFAULT_CSS = "Bar { height: 1; background: $panel; text-wrap: nowrap; text-overflow: clip; }"

    def parts(self) -> list[Part]:
        """The words, and what a click on each does."""
        return []

    def render(self) -> Content:
        """The words beside each other."""
        return Content("").join(text for text, _ in self.parts())

    def on_click(self, event: events.Click) -> None:
        """Do what the word under the pointer stands for."""
        begins = 0
        for text, act in self.parts():
            if begins <= event.x < begins + text.cell_length:
                self.call_later(act)
            begins += text.cell_length


class TopBar(Bar):
    """Where one is, where one can go; then whether something is switched off, the queue and the server."""

    DEFAULT_CSS = "TopBar { dock: top; }"

    def __init__(self, names: tuple[str, ...], here: str) -> None:
        super().__init__()
        self._names, self._here = names, here
        self._facts: dict[str, Any] = {}

    @property
    def _narrow(self) -> bool:
        return self.app.size.width < NARROW

    def parts(self) -> list[Part]:
        """A word a screen: whole, else cut, else but the number of those one is not on."""
        room = self.size.width - self._activity().cell_length
        return next((found for letters in LETTERS if _width(found := self._words(letters)) <= room), self._words(0))

    def _words(self, letters: int) -> list[Part]:
        found: list[Part] = []
        for number, name in enumerate(self._names, 1):
            here = name == self._here
            style = "bold $text on $primary" if here else "$text-muted"
            space = "" if self._narrow else " "
            word = name.title() if here else name.title()[:letters]
            text = Content.assemble((f"{space}{number % 10}", "dim"), f"{space}{word} ").stylize_before(style)
            found.append((text, partial(self.app.run_action, f"app.go('{name}')")))
        return found

    def render(self) -> Content:
        """The screens to the left, the activity to the right."""
        words, said = super().render(), self._activity()
        room = max(0, self.size.width - words.cell_length - said.cell_length - (0 if self._narrow else 1))
        return words + Content(" " * room) + said

    def tell(self, facts: dict[str, Any]) -> None:
        """Show what the queue and the server do."""
        self._facts = facts
        self.refresh()

    def _activity(self) -> Content:
        """As briefly as there is room. That something is off comes before all else."""
        off = ["paused"] if self._facts.get("switched_off") else []
        queue = self._facts.get("queue", {})
        waiting, parked = queue.get("pending", 0) + queue.get("claimed", 0), queue.get("parked", 0)
        server = self._facts.get("server")
        if self._narrow:
            parts = off + ([f"▸{waiting}"] if waiting else []) + ([f"!{parked}"] if parked else [])
            parts += ["●" if server else "○"] if self._facts else []
            text = " ".join(parts)
        else:
            parts = (
                [f"‖ {one}" for one in off]
                + ([f"▸ {waiting} waiting"] if waiting else [])
                + ([f"! {parked} parked"] if parked else [])
            )
            parts += ["● server" if server else "○ no server"] if self._facts else []
            text = "  ".join(parts)
        return Content.styled(text, "$text-error" if parked or off else "$text-accent" if waiting else "$text-muted")


class KeyBar(Bar):
    """The keys of the screen in sight and of what is focused in it."""

    DEFAULT_CSS = "KeyBar { dock: bottom; color: $footer-description-foreground; background: $footer-background; }"

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[Part] = []

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, screen: Screen[Any]) -> None:
        self._parts, known = [], set()
        for active in screen.active_bindings.values():
            binding = active.binding
            if binding.show and binding.action not in known:
                known.add(binding.action)
                key = (self.app.get_key_display(binding), KEY)
                text = Content.assemble(key, f" {binding.description} ")
                act = partial(self.app.simulate_key, binding.key)
                self._parts.append((text if active.enabled else text.stylize("dim"), act))
        self.refresh()

    def parts(self) -> list[Part]:
        """A key and what it does; where there is no room for all, the last two, help and the way out, stay."""
        kept, last = self._parts[:-2], self._parts[-2:]
        while kept and _width(kept + last) - 1 > self.size.width:  # the last ends with a space
            kept.pop()
        return kept + last


def _width(parts: list[Part]) -> int:
    return sum(text.cell_length for text, _ in parts)
