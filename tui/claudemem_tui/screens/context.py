"""Context: exactly what the next session of a project would be told, changing live with the settings beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding
from textual.containers import Container, Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from claudemem_lib import render, rules, settings_form
from claudemem_tui.forms import Drafts, SettingRow, refill
from claudemem_tui.loading import draw, load
from claudemem_tui.screens.dialogs import Ask, Pick
from claudemem_tui.screens.page import Page

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from claudemem_lib.memory import Memory
    from claudemem_lib.reasons import Told
    from claudemem_lib.settings_form import Field

TYPING_S = 0.2
PER_TOKEN = 4
EMPTY = """This session would be told nothing: nothing is remembered of this project yet.

`c` chooses a project, `d` a folder of it."""


class ContextScreen(Page):
    """The text for one folder on one side, the settings that shape it on the other."""

    NAME = "context"
    CSS_PATH = "context.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        ("w", "why", "Text/why"),
        ("c", "project", "Project"),
        ("d", "folder", "Folder"),
        Binding("ctrl+s", "save", "Save", priority=True),
        ("ctrl+z", "undo", "Undo changes"),
        Binding("escape", "leave", "Out of the field", show=False),
    ]

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self.folder = ""
        self.drafts = Drafts()
        self.why = False
        self._told: Told | None = None
        self._drawn_of: object = None

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
        folder, self._drawn_of = self.memory.data_dir, self.memory.settings
        form = self.query_one("#context-form", VerticalScroll)

        def show(found: tuple[list[Field], dict[str, str], tuple[str, ...]]) -> None:
            rows = [
                SettingRow(field, self.drafts.texts.get(field.name))
                for field in found[0]
                if field.name in rules.DEFAULTS and field.about["group"] == "context"
            ]
            draw(self, lambda: refill(form, rows))

        load(self, lambda: settings_form.fields(folder), show, group="fields")

    def reload(self) -> None:
        """Ask again with the settings as they stand in the form."""
        memory, folder, usable = self.memory, self.folder, self.drafts.usable
        if memory.settings is not self._drawn_of and not self.drafts:  # others wrote them
            self._fields()

        def read() -> Told:
            return memory.told(folder, given=settings_form.applied(memory.settings, usable))

        def show(told: Told) -> None:
            self._told = told
            self._show()

        load(self, read, show, delay=TYPING_S)

    def _show(self) -> None:
        told = self._told
        if told is None:
            return
        place = self.query_one("#context-place", Static)
        place.update(Content(render.line(self.folder) + ("   changed, not saved" if self.drafts else "")))
        tokens = -(-len(told.text) // PER_TOKEN)
        memories = render.counted(len(told.reasons), "memory", "memories")
        size = f"{memories}, ~{tokens:,} tokens, {len(told.text):,} characters"
        self.query_one("#context-size", Static).update(Content(size))
        shown = self.query_one("#context-text", Static)
        if not told.text:
            shown.update(Content(EMPTY))
        else:
            shown.update(_reasons(told) if self.why else Content(render.safe(told.text)))

    def on_setting_row_edited(self, event: SettingRow.Edited) -> None:
        """Show what the change would do."""
        self.drafts.take(event)
        self.reload()

    def unsaved(self) -> int:
        """The values changed and not saved."""
        return len(self.drafts)

    # ------------------------------------------------------------------------------------------------------------- keys
    def action_leave(self) -> None:
        """To the text."""
        self.query_one("#context-view").focus()

    def action_why(self) -> None:
        """What brought each memory into the text, or the text again."""
        self.why = not self.why
        self._show()
        self.query_one("#context-view").scroll_home(animate=False)

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
        if self.drafts.wrong:
            self.notify("One of the values cannot be used.", severity="error", markup=False)
        elif self.drafts:
            folder, changes = self.memory.data_dir, dict(self.drafts.texts)

            def done(_before: object) -> None:
                self.drafts.clear()
                self.notify("Saved. " + settings_form.WHEN["context"], markup=False)
                load(self, self.memory.reload, lambda _problems: self._again(), group="use")

            load(self, lambda: settings_form.save(folder, changes), done, group="save")

    def action_undo(self) -> None:
        """Back to the settings in force."""
        self.drafts.clear()
        self._again()

    def _again(self) -> None:
        self._fields()
        self.reload()


def _reasons(told: Told) -> Content:
    """Each memory of the text in the order of choice, with what brought it there."""
    lines: list[Any] = []
    for one in told.reasons:
        title = render.line(one.title, 200) or "Untitled"
        lines += [
            (f"#{one.id} {one.label} ", "$text-secondary"),
            (f"{title}\n", "bold"),
            (f"    {one.why}\n", "dim"),
        ]
    if told.left_out:
        many = render.counted(told.left_out, "more observation")
        lines.append((f"\n{many} passed the filters but did not fit into the budget.\n", "$text-accent"))
    lines.append(("\nSuperseded memories are left out. w: the text itself.", "dim"))
    return Content.assemble(*lines)
