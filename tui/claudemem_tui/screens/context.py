"""Context: exactly what the next session of a project would be told, changing live with the settings beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Container, Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from claudemem_lib import render, settings_form
from claudemem_tui.forms import SettingRow
from claudemem_tui.loading import draw, load
from claudemem_tui.screens.dialogs import Ask, Pick
from claudemem_tui.screens.page import Page

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from claudemem_lib.memory import Memory
    from claudemem_lib.settings_form import Field

TYPING_S = 0.2
PER_TOKEN = 4
EMPTY = """This session would be told nothing: nothing is remembered of this project yet.

`c` chooses a project, `d` a folder of it."""
WHY = """

──
In this order, until the budget is used up: the last turn's summary; what is pinned, and notes; the newest observations, those
near the folder and on its branch first, the best of them with their text; earlier requests. Superseded memories are left out."""


class ContextScreen(Page):
    """The text for one folder on one side, the settings that shape it on the other."""

    NAME = "context"
    CSS_PATH = "context.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        ("c", "project", "Project"),
        ("d", "folder", "Folder"),
        Binding("ctrl+s", "save", "Save", priority=True),
        ("ctrl+z", "undo", "Undo changes"),
        Binding("escape", "leave", "Out of the field", show=False),
    ]

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self.folder = ""
        self.changes: dict[str, str] = {}
        self.wrong: dict[str, str] = {}

    def body(self) -> ComposeResult:
        """Where, how much; the text; the settings."""
        with Horizontal(id="context-top"):
            yield Static("", id="context-place", markup=False)
            yield Static("", id="context-size", markup=False)
        with Container(id="context-panes"):
            with VerticalScroll(id="context-view"):
                yield Static("", id="context-text", markup=False)
            yield VerticalScroll(id="context-form", can_focus=False)

    def on_mount(self) -> None:
        """Begin with the project that was worked on last."""
        self.query_one("#context-view").focus()
        self._fields()

        def begin(root: str) -> None:
            self.folder = root
            self.reload()

        load(self, lambda: next((row.root for row in self.memory.projects() if row.root), "."), begin, group="begin")

    def _fields(self) -> None:
        folder = self.memory.data_dir

        def show(found: tuple[list[Field], dict[str, str], tuple[str, ...]]) -> None:
            rows = [
                SettingRow(field, self.changes.get(field.name))
                for field in found[0]
                if field.about["group"] == "context"
            ]
            draw(self, lambda: self._replace(rows))

        load(self, lambda: settings_form.fields(folder), show, group="fields")

    async def _replace(self, rows: list[SettingRow]) -> None:
        form = self.query_one("#context-form", VerticalScroll)
        async with self.batch():
            await form.remove_children()
            await form.mount_all(rows)

    def reload(self) -> None:
        """Ask again with the settings as they stand in the form."""
        memory, folder = self.memory, self.folder
        usable = {name: text for name, text in self.changes.items() if name not in self.wrong}

        def read() -> str:
            return memory.context(folder, given=settings_form.applied(memory.settings, usable))

        load(self, read, self._show, delay=TYPING_S)

    def _show(self, text: str) -> None:
        place = self.query_one("#context-place", Static)
        place.update(Content(render.line(self.folder) + ("   changed, not saved" if self.changes else "")))
        tokens = -(-len(text) // PER_TOKEN)
        self.query_one("#context-size", Static).update(Content(f"~{tokens:,} tokens, {len(text):,} characters"))
        lines = render.safe(text) + WHY if text else EMPTY
        self.query_one("#context-text", Static).update(Content(lines))

    def on_setting_row_edited(self, event: SettingRow.Edited) -> None:
        """Show what the change would do."""
        self.changes.pop(event.name, None)
        self.wrong.pop(event.name, None)
        if event.text is not None:
            self.changes[event.name] = event.text
        if event.wrong:
            self.wrong[event.name] = event.wrong
        self.reload()

    # ------------------------------------------------------------------------------------------------------------- keys
    def action_leave(self) -> None:
        """To the text."""
        self.query_one("#context-view").focus()

    def action_project(self) -> None:
        """Choose a project."""

        def ask(found: list[tuple[str, str]]) -> None:
            def chosen(index: int | None) -> None:
                if index is not None:
                    self._go(found[index][1])

            self.app.push_screen(Pick("Which project?", [f"{name}  {root}" for name, root in found]), chosen)

        load(self, lambda: [(row.name, row.root) for row in self.memory.projects() if row.root], ask, group="ask")

    def action_folder(self) -> None:
        """Choose a folder."""
        self.app.push_screen(Ask("A session started in which folder?", self.folder), lambda text: self._go(text or ""))

    def _go(self, folder: str) -> None:
        if folder.strip():
            self.folder = folder.strip()
            self.reload()

    def action_save(self) -> None:
        """Write the changed settings."""
        if self.wrong:
            self.notify("One of the values cannot be used.", severity="error", markup=False)
        elif self.changes:
            folder, changes = self.memory.data_dir, dict(self.changes)

            def done(_before: object) -> None:
                self.changes.clear()
                self.notify("Saved. " + settings_form.WHEN["context"], markup=False)
                load(self, self.memory.reload, lambda _problems: self._again(), group="use")

            load(self, lambda: settings_form.save(folder, changes), done, group="save")

    def action_undo(self) -> None:
        """Back to the settings in force."""
        self.changes.clear()
        self.wrong.clear()
        self._again()

    def _again(self) -> None:
        self._fields()
        self.reload()
