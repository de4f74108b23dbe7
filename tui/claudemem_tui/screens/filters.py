"""The filters of the feed as one form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Select, Static

from claudemem_lib import ids, render
from claudemem_lib.errors import BadRequest
from claudemem_tui.chosen import Chosen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

KINDS = ("observation", "summary", "note", "prompt")


class Filters(ModalScreen[Chosen | None]):
    """Project, kind, type, concept, dates; gives the choice, None if the person leaves."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "Cancel"), ("ctrl+s", "apply", "Apply")]

    def __init__(self, now: Chosen, projects: Sequence[tuple[str, int]], known: dict[str, list[str]]) -> None:
        super().__init__()
        self.now, self.projects, self.known = now, dict(projects), known

    def compose(self) -> ComposeResult:
        """A line a filter."""
        with Vertical(classes="dialog"):
            yield Static("Show only", classes="dialog-title", markup=False)
            yield from self._choice("project", "Project", list(self.projects))
            yield from self._choice("kind", "Kind", KINDS)
            yield from self._choice("type", "Type", self.known["types"])
            yield from self._choice("concept", "Concept", self.known["concepts"])
            for name, hint in (
                ("since", "2026-11-22, or 7d for the last week"),
                ("until", "2026-11-22, that day included"),
            ):
                with Horizontal(classes="dialog-field"):
                    yield Static(name.capitalize(), classes="dialog-label", markup=False)
                    yield Input(getattr(self.now, name), placeholder=hint, id=name, compact=True)
            with Horizontal(classes="dialog-buttons"):
                yield Button("Clear", id="clear", compact=True)
                yield Button("Apply (Ctrl+S)", id="apply", variant="primary", compact=True)

    def _choice(self, name: str, label: str, values: Sequence[str]) -> ComposeResult:
        now = getattr(self.now, name)
        options = [(Content(render.line(value, 60)), value) for value in values]
        options += [(Content(render.line(now, 60)), now)] if now and now not in values else []
        with Horizontal(classes="dialog-field"):
            yield Static(label, classes="dialog-label", markup=False)
            yield Select(options, prompt="any", value=now or Select.NULL, id=name, compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Apply or clear."""
        if event.button.id == "clear":
            self.dismiss(Chosen())
        else:
            self.action_apply()

    def on_input_submitted(self) -> None:
        """Enter applies."""
        self.action_apply()

    def action_apply(self) -> None:
        """Give the choice, if it can be used."""
        values: dict[str, Any] = {}
        for name in ("project", "kind", "type", "concept"):
            value = self.query_one(f"#{name}", Select).value
            values[name] = "" if value is Select.NULL else str(value)
        for name in ("since", "until"):
            values[name] = self.query_one(f"#{name}", Input).value.strip()
        chosen = Chosen(**values, project_id=self.projects.get(values["project"]))
        try:
            chosen.wanted(ids.now_ms())
        except BadRequest as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.dismiss(chosen)
