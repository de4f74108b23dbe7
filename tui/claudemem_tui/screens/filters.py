"""The filters of the feed as one form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from claudemem_lib import ids
from claudemem_lib.errors import BadRequest
from claudemem_tui.chosen import Chosen
from claudemem_tui.loading import load
from claudemem_tui.widgets.choice import Choice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    Known = tuple[Sequence[tuple[str, int]], dict[str, list[str]]]

KINDS = ("observation", "summary", "note", "prompt")


class Filters(ModalScreen[Chosen | None]):
    """Project, kind, type, concept, dates; gives the choice, None if the person leaves."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "Cancel"), ("ctrl+s", "apply", "Apply")]

    def __init__(self, now: Chosen, read: Callable[[], Known]) -> None:
        """*read* gives the projects with their ids, and what types and concepts there are; called in a thread."""
        super().__init__()
        self.now, self._read = now, read
        self.projects = {now.project: now.project_id} if now.project else {}

    def compose(self) -> ComposeResult:
        """A line a filter."""
        with Vertical(classes="dialog"):
            yield Static("Show only", classes="dialog-title", markup=False)
            yield from self._choice("project", "Project", list(self.projects))
            yield from self._choice("kind", "Kind", KINDS)
            yield from self._choice("type", "Type", ())
            yield from self._choice("concept", "Concept", ())
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
        with Horizontal(classes="dialog-field"):
            yield Static(label, classes="dialog-label", markup=False)
            yield Choice(label, values, getattr(self.now, name), id=name)

    def on_mount(self) -> None:
        """Offer what there is as soon as it is known."""
        load(self, self._read, self._offer)

    def _offer(self, found: Known) -> None:
        self.projects = dict(found[0])
        for name, values in (
            ("project", list(self.projects)),
            ("type", found[1]["types"]),
            ("concept", found[1]["concepts"]),
        ):
            self.query_one(f"#{name}", Choice).values = values

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
        values: dict[str, Any] = {str(one.id): one.value for one in self.query(Choice)}
        for name in ("since", "until"):
            values[name] = self.query_one(f"#{name}", Input).value.strip()
        chosen = Chosen(**values, project_id=self.projects.get(values["project"]))
        try:
            chosen.wanted(ids.now_ms())
        except BadRequest as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.dismiss(chosen)
