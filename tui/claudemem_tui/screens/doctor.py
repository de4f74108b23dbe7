"""Doctor: what is well, what is not, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from claudemem_lib import doctor, render
from claudemem_tui.loading import draw, load
from claudemem_tui.screens.page import Page

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType


MARKS = {"failed": ("✗", "$text-error"), "warning": ("•", "$text-warning"), "ok": ("✓", "$text-success")}  # worst first


class DoctorScreen(Page):
    """A line a check."""

    NAME = "doctor"
    CSS_PATH = "lists.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("r", "reload", "Check again")]

    def body(self) -> ComposeResult:
        """The checks."""
        with VerticalScroll(id="doctor-body"):
            yield Static("Looking …", markup=False)

    def on_mount(self) -> None:
        """Check."""
        self.query_one("#doctor-body").focus()
        self.reload()

    def action_reload(self) -> None:
        """Check again."""
        self.reload()

    def reload(self) -> None:
        """Look at everything in a thread."""
        load(self, lambda: doctor.examine(self.memory.data_dir, self.memory), self._show)

    def _show(self, found: list[doctor.Check]) -> None:
        rows = []
        for check in sorted(found, key=lambda check: list(MARKS).index(check.state)):
            mark, colour = MARKS[check.state]
            name = Static(
                Content.assemble((f"{mark} ", colour), (check.name, "bold")), markup=False, classes="check-name"
            )
            todo = (f"\n→ {render.safe(check.remedy)}", "$text-accent") if check.remedy else ""
            text = Static(Content.assemble(render.safe(check.found), todo), markup=False, classes="check-text")
            rows.append(Horizontal(name, text))
        draw(self, lambda: self._replace(rows))

    async def _replace(self, rows: list[Horizontal]) -> None:
        body = self.query_one("#doctor-body", VerticalScroll)
        async with self.batch():
            await body.remove_children()
            await body.mount_all(rows)
