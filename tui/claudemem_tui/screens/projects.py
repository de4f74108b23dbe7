"""Projects: how much is known of each; rename, merge, exclude, forget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding

from claudemem_lib import pauses, render
from claudemem_tui.loading import load
from claudemem_tui.screens.dialogs import Ask, Confirm, Pick
from claudemem_tui.screens.listpage import ListPage

if TYPE_CHECKING:
    from textual.binding import BindingType

    from claudemem_lib.forget import Forgotten
    from claudemem_lib.memory import Memory
    from claudemem_lib.store.status import ProjectRow
    from claudemem_tui.widgets.columns import Cells

WIDE = 90
EMPTY = "No project yet. `claude-mem backfill` remembers the sessions you had before."


class ProjectsScreen(ListPage):
    """The list, and what can be done to a project."""

    NAME = "projects"
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
        self._pauses: list[dict[str, Any]] = []

    def _excluded(self, row: ProjectRow) -> bool:
        return bool(row.root) and row.root in self.memory.settings.excluded_projects

    def _paused(self, row: ProjectRow) -> str:
        """What of it is switched off by a pause, and until when."""
        mine = [one for one in self._pauses if not one["session"] and (not one["keys"] or one["root"] == row.root)]
        return "; ".join(pauses.sentence(one) for one in mine)

    def head(self, width: int) -> Cells:
        """As line()."""
        names: Cells = [(" last active", 18, ""), ("project", 24, ""), (f"{'memories':>9}", 10, "")]
        names.append((f"{'sessions':>9}", 11, ""))
        return [*names, ("folder" if width >= WIDE else "", 0, "")]

    def line(self, row: ProjectRow, width: int) -> Cells:
        """When, name, how much, where."""
        when = f"{render.day(row.last_ms)} {render.clock(row.last_ms)}" if row.last_ms else ""
        out = self._excluded(row)
        cells: Cells = [(f" {when}", 18, "list--dim")]
        cells.append((render.line(row.name, 23), 24, "list--done" if out else "list--plain"))
        cells += [(f"{row.memories:>9,}", 10, "list--accent"), (f"{row.sessions:>9,}", 11, "list--dim")]
        where = ("excluded  " if out else "") + (render.line(row.root) if width >= WIDE else "")
        return [*cells, (where, 0, "list--bad" if out else "list--dim")]

    def below(self, row: ProjectRow | None) -> str:
        """Folder and state."""
        if row is None:
            return EMPTY
        state = "excluded: nothing new of it is recorded" if self._excluded(row) else "recorded"
        return f"{row.name} · {row.root or 'no folder'} · {self._paused(row) or state}"

    def reload(self) -> None:
        """Read again, staying where one is."""

        def show(found: tuple[list[ProjectRow], list[dict[str, Any]]]) -> None:
            rows, self._pauses = found
            self.rows = rows
            self.say_above(render.counted(len(rows), "project"))
            self.listed.put(rows)

        load(self, lambda: (self.memory.projects(), self.memory.pauses.in_force()), show)

    # ------------------------------------------------------------------------------------------------------------- keys
    def action_rename(self) -> None:
        """Another name."""
        if row := self.here:

            def rename(name: str | None) -> None:
                if name and name.strip() != row.name:
                    self.act(lambda: self.memory.curate.rename_project(row.name, name), "Renamed. u: undo")

            self.app.push_screen(Ask(f"What is {row.name} called from now on?", row.name), rename)

    def action_merge(self) -> None:
        """Let another project have everything of it."""
        row = self.here
        others = [one for one in self.rows if row and one.id != row.id]
        if row is None or not others:
            self.notify("It takes two projects to merge.", severity="warning", markup=False)
            return

        def merge(index: int | None) -> None:
            if index is not None:
                into = others[index].name
                said = f"{row.name} is part of {into}. u: undo"
                self.act(lambda: self.memory.curate.merge_projects(row.name, into), said)

        self.app.push_screen(Pick(f"Merge {row.name} into", [f"{one.name}  {one.root}" for one in others]), merge)

    def action_exclude(self) -> None:
        """Record nothing of its folder, or again."""
        if row := self.here:
            out = self._excluded(row)

            def change() -> None:
                self.memory.curate.exclude_project(row.name, on=not out)
                self.memory.reload()

            nothing_new = f"Nothing new of {row.name} is recorded; what is remembered stays."
            self.act(change, f"{row.name} is recorded again." if out else nothing_new)

    def action_forget(self) -> None:
        """Delete it with everything; it can be undone for a while."""
        if row := self.here:

            def ask(found: Forgotten) -> None:
                def forget(yes: Any) -> None:
                    if yes:
                        said = f"{row.name} is forgotten. u brings it back for ten minutes."
                        self.act(lambda: self.memory.forget(project=row.name), said)

                again = (
                    f" New sessions in {row.root} are recorded again; exclude it to record nothing." if row.root else ""
                )
                question = f"Forget {found.counted()}?\n\nIt can be undone for ten minutes.{again}"
                self.app.push_screen(Confirm(question, "Forget"), forget)

            load(self, lambda: self.memory.forget(project=row.name, dry_run=True), ask, group="ask")

    def action_undo(self) -> None:
        """Take the last change back."""
        self.undo_last()
