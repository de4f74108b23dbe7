"""What can be done to the memory under the cursor, the same on every screen that shows memories."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import SuspendNotSupported
from textual.binding import Binding

from claudemem_lib import render
from claudemem_lib.errors import BadRequest
from claudemem_tui import pages
from claudemem_tui.screens.dialogs import Ask, Confirm, Pick
from claudemem_tui.screens.page import Page

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.binding import BindingType

    from claudemem_lib.models import StoredMemory
    from claudemem_tui.widgets.detail import Detail


class ActingPage(Page):
    """A screen with a memory in its detail pane: edit, pin, supersede, forget, undo, copy, open a file, write a note."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("e", "edit", "Edit"),
        ("p", "pin", "Pin"),
        Binding("s", "supersede", "Superseded by", show=False),
        ("d,delete", "forget", "Forget"),
        ("u", "undo", "Undo"),
        Binding("y", "copy", "Copy", show=False),
        Binding("o", "open_file", "Open a file of it", show=False),
        ("n", "note", "Note"),
    ]

    def pane(self) -> Detail:
        """The pane that shows the memory meant."""
        raise NotImplementedError

    def under_cursor(self) -> Any:
        """The entry the person stands on."""
        raise NotImplementedError

    def project_here(self) -> str:
        """The project a new note is for."""
        one = self.pane().one
        return one.project if one else ""

    def _with_one(self, act: Callable[[StoredMemory, dict[str, Any]], None]) -> None:
        """Call *act* with the memory under the cursor and its origin, as soon as they are read."""

        def checked(one: StoredMemory | None, origin: dict[str, Any]) -> None:
            if one is None:
                self.notify("Choose an observation, summary or note first.", severity="warning", markup=False)
            else:
                act(one, origin)

        self.pane().with_one(self.under_cursor(), checked)

    def action_edit(self) -> None:
        """Change its words."""

        def edit(one: StoredMemory, _origin: dict[str, Any]) -> None:
            def save(changes: dict[str, Any]) -> None:
                self.memory.curate.edit(one.id, **changes)

            form = pages.dialog("edit", "Edit")(one, save)
            self.app.push_screen(form, lambda saved: self.say(f"#{one.id} is changed. u: undo") if saved else None)

        self._with_one(edit)

    def action_pin(self) -> None:
        """Pin it, or no longer."""

        def pin(one: StoredMemory, origin: dict[str, Any]) -> None:
            on = not origin["pinned"]
            said = f"#{one.id} is told to every new session." if on else f"#{one.id} is no longer pinned."
            self.act(lambda: self.memory.curate.pin(one.id, on=on), said)

        self._with_one(pin)

    def action_supersede(self) -> None:
        """Say which memory replaces it, or that none does."""
        self._with_one(self._supersede)

    def _supersede(self, one: StoredMemory, origin: dict[str, Any]) -> None:
        number = one.id
        if origin["superseded_by"]:
            self.act(lambda: self.memory.curate.supersede(number, None), f"#{number} is current again.")
            return

        def mark(text: str | None) -> None:
            if text and text.strip():
                from claudemem_lib import timeline  # noqa: PLC0415  # the first frame does not wait for it

                try:
                    other = timeline.anchor_of(text)
                except BadRequest as error:
                    self.notify(str(error), severity="error", markup=False)
                    return
                self.act(lambda: self.memory.curate.supersede(number, other), f"#{number} is superseded by #{other}.")

        self.app.push_screen(Ask(f"Which memory replaces #{number}?", placeholder="its id, such as 57"), mark)

    def action_forget(self) -> None:
        """Delete it; it can be undone for a while."""

        def ask(one: StoredMemory, _origin: dict[str, Any]) -> None:
            def forget(yes: object) -> None:
                if yes:
                    said = f"#{one.id} is forgotten. u brings it back for ten minutes."
                    self.act(lambda: self.memory.forget([one.id]), said)

            self.app.push_screen(Confirm(f"Forget #{one.id} “{render.line(one.title, 80)}”?", "Forget"), forget)

        self._with_one(ask)

    def action_undo(self) -> None:
        """Undo what was changed last."""
        self.undo_last()

    def action_copy(self) -> None:
        """Its text into the clipboard."""
        one, text = self.pane().one, self.pane().text
        if one or text:
            self.app.copy_to_clipboard(render.memory(one) if one else render.safe(text))
            self.notify(f"#{one.id} is copied." if one else "The prompt is copied.", markup=False)

    def action_open_file(self) -> None:
        """One of its files in $EDITOR."""
        self._with_one(self._open_file)

    def _open_file(self, one: StoredMemory, origin: dict[str, Any]) -> None:
        files = list(dict.fromkeys((*one.files_modified, *one.files_read)))
        root = Path(origin["root"] or ".")

        def chosen(index: int | None) -> None:
            if index is not None:
                self.open_in_editor(root / files[index])

        if len(files) > 1:
            self.app.push_screen(Pick("Which file?", files), chosen)
        elif files:
            chosen(0)
        else:
            self.notify("No file belongs to it.", severity="warning", markup=False)

    def open_in_editor(self, path: Path, *, to_read: bool = False) -> None:
        """Leave the screen to the person's editor, or what is only *to_read* to the pager where no editor is set, until it ends."""
        chosen = os.environ.get("VISUAL") or os.environ.get("EDITOR")
        pager = (os.environ.get("PAGER") or shutil.which("less") or "") if to_read else ""
        editor = shlex.split(chosen or pager or "vi")
        if not path.exists():
            self.notify(f"{path} is not there any more.", severity="warning", markup=False)
            return
        try:
            with self.app.suspend():
                subprocess.run([*editor, str(path)], check=False)  # noqa: S603  # the person's own editor
        except SuspendNotSupported:
            self.notify(f"A browser has no editor of yours; the file is {path}", severity="warning", markup=False)
        except (OSError, RuntimeError) as error:
            self.notify(f"{editor[0]} could not be started: {error}", severity="error", markup=False)

    def action_note(self) -> None:
        """Write a note."""

        def save(given: dict[str, Any]) -> None:
            self.memory.remember(**given)

        form = pages.dialog("edit", "Note")(self.project_here(), save)
        self.app.push_screen(form, lambda saved: self.say("The note is saved.") if saved else None)
