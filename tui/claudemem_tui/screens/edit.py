"""Changing the words of a memory, and writing a note."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static, TextArea

from claudemem_lib import render
from claudemem_tui.loading import load
from claudemem_tui.screens.dialogs import Confirm

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from claudemem_lib.models import StoredMemory

LINES = ("type", "title", "subtitle", "concepts", "files_modified", "files_read")
LISTS = ("concepts", "files_modified", "files_read")
FIELDS = {
    "observation": ("title", "type", "subtitle", "narrative", "facts", "concepts", "files_modified", "files_read"),
    "summary": ("title", "investigated", "learned", "completed", "next_steps", "notes"),
    "note": ("title", "narrative", "concepts", "files_modified"),
}
LABELS = {
    "facts": "Facts, a line each",
    "concepts": "Concepts",
    "files_modified": "Files changed",
    "files_read": "Files read",
    "next_steps": "Next steps",
}


class Edit(ModalScreen[bool]):
    """A form over one memory; gives whether it was changed."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "Cancel"), ("ctrl+s", "save", "Save")]

    def __init__(self, one: StoredMemory, save: Callable[[dict[str, Any]], None]) -> None:
        """*save* keeps the fields that were changed; called in a thread. What it refuses stays in the form."""
        super().__init__()
        self._save = save
        self.names = FIELDS[one.kind]
        self.head = f"Edit #{one.id}"
        self.before = {name: _text(name, getattr(one, name)) for name in self.names}

    def compose(self) -> ComposeResult:
        """A field for every word that can be changed."""
        with Vertical(classes="dialog wide"):
            yield Static(self.head, classes="dialog-title", markup=False)
            with VerticalScroll(classes="dialog-body", can_focus=False):
                for name in self.names:
                    with Horizontal(classes="dialog-field"):
                        label = LABELS.get(name, name.replace("_", " ").capitalize())
                        yield Static(label, classes="dialog-label", markup=False)
                        if name in LINES:
                            yield Input(
                                self.before[name], id=name, compact=True, select_on_focus=False
                            )  # a letter adds
                        else:
                            yield TextArea(self.before[name], id=name, compact=True)
            with Horizontal(classes="dialog-buttons"):
                yield Button("Cancel (Esc)", id="cancel", compact=True)
                yield Button("Save (Ctrl+S)", id="save", variant="primary", compact=True)

    def _changes(self) -> dict[str, Any]:
        found = {}
        for name in self.names:
            widget = self.query_one(f"#{name}")
            text = widget.text if isinstance(widget, TextArea) else widget.value if isinstance(widget, Input) else ""
            if text != self.before[name]:
                found[name] = _value(name, text)
        return found

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Save or leave."""
        if event.button.id == "save":
            self.action_save()
        else:
            self.action_leave()

    def action_save(self) -> None:
        """Keep what was changed."""
        changes = self._changes()
        if changes:
            load(self, lambda: self._save(changes), lambda _none: self.dismiss(result=True), group="save")
        else:
            self.dismiss(result=False)

    def action_leave(self) -> None:
        """Leave; ask first if something was written."""
        if not self._changes():
            self.dismiss(result=False)
        else:
            leave(self, "Leave without saving your changes?")


def leave(form: ModalScreen[bool], question: str) -> None:
    """Leave a form with what was written in it, if the person says so."""
    form.app.push_screen(Confirm(question, "Leave"), lambda yes: yes and form.dismiss(result=False))


def _text(name: str, value: Any) -> str:
    return render.safe(", ".join(value) if name in LISTS else "\n".join(value) if name == "facts" else str(value))


def _value(name: str, text: str) -> Any:
    if name in LISTS:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text.splitlines() if name == "facts" else text


class Note(ModalScreen[bool]):
    """Writing a note; gives whether it was saved."""

    CSS_PATH = "dialogs.tcss"
    AUTO_FOCUS = "TextArea"
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "Cancel"), ("ctrl+s", "save", "Save")]

    def __init__(self, project: str, save: Callable[[dict[str, Any]], None]) -> None:
        """*save* takes what `Memory.remember` does; called in a thread. What it refuses stays in the form."""
        super().__init__()
        self._save = save
        self.project = project

    def compose(self) -> ComposeResult:
        """Text, title, project, concepts."""
        with Vertical(classes="dialog wide"):
            yield Static("A note every new session of the project is told", classes="dialog-title", markup=False)
            for name, label in (("title", "Title"), ("project", "Project"), ("concepts", "Concepts")):
                with Horizontal(classes="dialog-field"):
                    yield Static(label, classes="dialog-label", markup=False)
                    value = render.safe(self.project) if name == "project" else ""
                    hint = {"title": "optional: the first line", "concepts": "optional: gotcha, how-it-works"}.get(
                        name, ""
                    )
                    yield Input(value, placeholder=hint, id=name, compact=True)
            with Horizontal(classes="dialog-field"):
                yield Static("Text", classes="dialog-label", markup=False)
                yield TextArea(id="text", classes="tall", compact=True)
            with Horizontal(classes="dialog-buttons"):
                yield Button("Cancel (Esc)", id="cancel", compact=True)
                yield Button("Save (Ctrl+S)", id="save", variant="primary", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Save or leave."""
        if event.button.id == "save":
            self.action_save()
        else:
            self.action_leave()

    def action_save(self) -> None:
        """Keep the note, if there is one."""
        text = self.query_one(TextArea).text
        if not text.strip():
            self.notify("There is no text to remember.", severity="warning", markup=False)
            return
        values = {name: self.query_one(f"#{name}", Input).value.strip() for name in ("title", "project", "concepts")}
        concepts = _value("concepts", values["concepts"])
        if values["project"] == render.safe(self.project):
            values["project"] = self.project
        given = {"text": text, "title": values["title"] or None, "project": values["project"] or None}
        given |= {"concepts": concepts}
        load(self, lambda: self._save(given), lambda _none: self.dismiss(result=True), group="save")

    def action_leave(self) -> None:
        """Leave; ask first if something was written."""
        if self.query_one(TextArea).text.strip():
            leave(self, "Leave without saving the note?")
        else:
            self.dismiss(result=False)
