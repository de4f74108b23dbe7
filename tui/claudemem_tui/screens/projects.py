"""Projects: how much is known of each; rename, merge, exclude, forget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding
from textual.content import Content
from textual.widgets import Static

from claudemem_lib import render
from claudemem_tui.loading import load
from claudemem_tui.screens.dialogs import Ask, Confirm, Pick
from claudemem_tui.screens.page import Page
from claudemem_tui.widgets.lines import counted
from claudemem_tui.widgets.sources import FixedSource
from claudemem_tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from claudemem_lib.memory import Memory
    from claudemem_lib.store.status import ProjectRow
    from claudemem_tui.widgets.virtual_list import Cells

WIDE = 90
EMPTY = "No project yet. `claude-mem backfill` remembers the sessions you had before."


class ProjectsScreen(Page):
    """The list, and what can be done to a project."""

    NAME = "projects"
    CSS_PATH = ["home.tcss", "lists.tcss"]  # noqa: RUF012  # declared by Textual as it is
    BINDINGS: ClassVar[list[BindingType]] = [
        ("r", "rename", "Rename"),
        ("m", "merge", "Merge into"),
        ("x", "exclude", "Exclude/record"),
        Binding("F", "forget", "Forget", key_display="F"),
        ("u", "undo", "Undo"),
    ]

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self.rows: list[ProjectRow] = []

    def body(self) -> ComposeResult:
        """The list, and the folder of the one under the cursor."""
        yield VirtualList(self._line, id="projects")
        yield Static("", id="projects-foot", classes="list-foot", markup=False)

    def on_mount(self) -> None:
        """Show them."""
        self.query_one("#projects").add_class("list-rows")
        self.query_one("#projects").focus()
        self.reload()

    def _excluded(self, row: ProjectRow) -> bool:
        return bool(row.root) and row.root in self.memory.settings.excluded_projects

    def _line(self, row: ProjectRow, width: int) -> Cells:
        when = f"{render.day(row.last_ms)} {render.clock(row.last_ms)}" if row.last_ms else ""
        out = self._excluded(row)
        cells: Cells = [
            (f" {when}", 18, "list--dim"),
            (render.line(row.name), 24, "list--done" if out else "list--plain"),
        ]
        cells.append((f"{row.memories:>8,} memories", 18, "list--accent"))
        cells.append((f"{row.sessions:>6,} sessions", 16, "list--dim"))
        if width >= WIDE:
            cells.append(
                (("excluded  " if out else "") + render.line(row.root), 0, "list--bad" if out else "list--dim")
            )
        return cells

    def reload(self) -> None:
        """Read again, staying where one is."""

        def show(rows: list[ProjectRow]) -> None:
            self.rows = rows
            listed = self.query_one("#projects", VirtualList)
            if listed.source is None:
                listed.show(FixedSource(rows))
            else:
                listed.source = FixedSource(rows)
                listed.renew()

        load(self, self.memory.projects, show)

    def on_virtual_list_highlighted(self, event: VirtualList.Highlighted) -> None:
        """Folder and state of the project under the cursor."""
        row: ProjectRow | None = event.entry
        text = EMPTY
        if row is not None:
            state = "excluded: nothing new of it is recorded" if self._excluded(row) else "recorded"
            text = f"{row.name} · {row.root or 'no folder'} · {state}"
        self.query_one("#projects-foot", Static).update(Content(render.safe(text)))

    # ------------------------------------------------------------------------------------------------------------- keys
    def _here(self) -> ProjectRow | None:
        row: ProjectRow | None = self.query_one("#projects", VirtualList).current
        return row

    def _do(self, act: Callable[[], Any], said: str) -> None:
        def done(_found: object) -> None:
            self.notify(said, markup=False)
            self.reload()

        load(self, act, done, group="act")

    def action_rename(self) -> None:
        """Another name."""
        if row := self._here():

            def rename(name: str | None) -> None:
                if name and name.strip() != row.name:
                    self._do(lambda: self.memory.curate.rename_project(row.name, name), "Renamed. u: undo")

            self.app.push_screen(Ask(f"What is {row.name} called from now on?", row.name), rename)

    def action_merge(self) -> None:
        """Let another project have everything of it."""
        row = self._here()
        others = [one for one in self.rows if row and one.id != row.id]
        if row is None or not others:
            self.notify("It takes two projects to merge.", severity="warning", markup=False)
            return

        def merge(index: int | None) -> None:
            if index is not None:
                into = others[index].name
                self._do(
                    lambda: self.memory.curate.merge_projects(row.name, into), f"{row.name} is part of {into}. u: undo"
                )

        self.app.push_screen(Pick(f"Merge {row.name} into", [f"{one.name}  {one.root}" for one in others]), merge)

    def action_exclude(self) -> None:
        """Record nothing of its folder, or again."""
        if row := self._here():
            out = self._excluded(row)

            def act() -> None:
                self.memory.curate.exclude_project(row.name, on=not out)
                self.memory.reload()

            said = (
                f"{row.name} is recorded again."
                if out
                else f"Nothing new of {row.name} is recorded; what is remembered stays."
            )
            self._do(act, said)

    def action_forget(self) -> None:
        """Delete it with everything."""
        if row := self._here():
            many = f"{counted(row.sessions, 'session')} and {counted(row.memories, 'memory', 'memories')}"

            def forget(yes: object) -> None:
                if yes:
                    self._do(lambda: self.memory.curate.forget_project(row.name), f"{row.name} is forgotten.")

            question = f"Delete {row.name}, {many}, for good? This cannot be undone."
            self.app.push_screen(Confirm(question, "Delete"), forget)

    def action_undo(self) -> None:
        """Take the last change back."""

        def done(what: str) -> None:
            self.notify(f"Undone: {what}.", markup=False)
            self.reload()

        load(self, self.memory.curate.undo, done, group="act")
