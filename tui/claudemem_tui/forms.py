"""A form over the settings, drawn from what the library declares about each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Checkbox, Input, Select, Static

from claudemem_lib import render, settings_form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.dom import DOMNode
    from textual.widget import Widget

    from claudemem_lib.settings_form import Field

MASK = "********"


class Drafts:
    """Values a person changed and did not save: *texts* by setting, and of some why they cannot be used."""

    def __init__(self) -> None:
        """Nothing is changed."""
        self.texts: dict[str, str] = {}
        self.wrong: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, event: SettingRow.Edited) -> None:
        """Keep, or let go of, what a row says."""
        self.drop(event.name)
        if event.text is not None:
            self.texts[event.name] = event.text
        if event.wrong:
            self.wrong[event.name] = event.wrong

    def drop(self, name: str) -> None:
        """As if it had not been changed."""
        self.texts.pop(name, None)
        self.wrong.pop(name, None)

    def clear(self) -> None:
        """As if nothing had been changed."""
        self.texts.clear()
        self.wrong.clear()

    @property
    def usable(self) -> dict[str, str]:
        """Those that can be saved."""
        return {name: text for name, text in self.texts.items() if name not in self.wrong}


async def refill(place: Widget, made: Sequence[Widget]) -> None:
    """Let *place* hold other widgets, without a frame in between; who stands on a setting stays on it, or at its place."""
    row = row_of(place.screen.focused)
    at = place.children.index(row) if row is not None and row in place.children else None
    async with place.batch():
        await place.remove_children()
        await place.mount_all(made)
    rows = [one for one in made if isinstance(one, SettingRow)]
    if at is not None and row is not None and rows:
        same = next((one for one in rows if one.id == row.id), rows[min(at, len(rows) - 1)])
        same.control.focus()


def row_of(node: DOMNode | None) -> SettingRow | None:
    """The setting a widget belongs to."""
    return next((one for one in node.ancestors if isinstance(one, SettingRow)), None) if node is not None else None


class SettingRow(Vertical):
    """One setting: label, value, source; below, what it means or what is wrong with the value."""

    DEFAULT_CSS = """
    SettingRow { height: auto; padding: 0 1; margin-bottom: 1; }
    SettingRow:focus-within { background: $boost; }
    SettingRow Horizontal { height: 1; }
    SettingRow .setting-label { width: 26; max-width: 45%; padding-right: 1; text-style: bold; }
    SettingRow Input { width: 1fr; background: $panel; }
    SettingRow Select { width: 1fr; }
    SettingRow Checkbox { width: 1fr; }
    SettingRow .setting-source { width: 13; max-width: 25%; text-align: right; color: $text-muted; }
    SettingRow .setting-help { color: $text-muted; }
    SettingRow.-changed .setting-label { color: $text-warning; }
    SettingRow.-wrong .setting-help { color: $text-error; }
    """

    class Edited(Message):
        """The person changed a value; *text* is None where it is what it was, *wrong* says why it cannot be used."""

        def __init__(self, name: str, text: str | None, wrong: str) -> None:
            super().__init__()
            self.name, self.text, self.wrong = name, text, wrong

    def __init__(self, field: Field, text: str | None = None) -> None:
        """*text* is a value that was changed before and not saved."""
        super().__init__(id=f"set-{field.name}")
        self.field, self.text = field, field.value if text is None else text

    def compose(self) -> ComposeResult:
        """Label, control, source, help."""
        with Horizontal():
            yield Static(self.field.about["label"], classes="setting-label", markup=False)
            control = self._control()
            control.disabled = self.locked
            yield control
            yield Static(self._source(), classes="setting-source", markup=False)
        yield Static(self._help(), classes="setting-help", markup=False)

    def _control(self) -> Checkbox | Select[str] | Input:
        if self.field.is_switch:
            return Checkbox("on" if self.text == "true" else "off", self.text == "true", compact=True)
        choices = list(self.field.about["choices"])
        if choices:
            choices += [self.text] if self.text not in choices else []
            options = [(Content(render.line(one)), one) for one in choices]
            return Select(options, value=self.text, allow_blank=False, compact=True)
        secret = self.field.about["secret"]
        hint = MASK if secret and self.field.is_set else "empty"
        return Input(render.safe(self.text), password=secret, placeholder=hint, compact=True)

    @property
    def locked(self) -> bool:
        """Whether changing it here would change nothing."""
        return self.field.source == "environment"

    def _source(self) -> Content:
        changed = self.text != self.field.value
        return Content("not saved" if changed else self.field.source)

    def _help(self, wrong: str = "") -> Content:
        if wrong:
            return Content(render.line(f"✗ {wrong}"))
        default = "" if self.field.about["secret"] else f" Default: {self.field.default or 'empty'}."
        told = f" Locked: {self.field.key} is set in the environment, which wins over the file." if self.locked else ""
        return Content(f"{self.field.about['help']}{default}{told}")

    def on_mount(self) -> None:
        """Show a value that waits to be saved as such."""
        self._mark()

    def on_checkbox_changed(self, event: Checkbox.Changed) -> None:
        """A switch."""
        event.stop()
        event.checkbox.label = "on" if event.value else "off"
        self._edited("true" if event.value else "false")

    def on_select_changed(self, event: Select.Changed) -> None:
        """A choice."""
        event.stop()
        self._edited(str(event.value))

    def on_input_changed(self, event: Input.Changed) -> None:
        """A text."""
        event.stop()
        self._edited(event.value)

    @property
    def control(self) -> Widget:
        """What the value is typed or chosen in."""
        return self.query("Input, Select, Checkbox").first()

    def put(self, text: str) -> None:
        """Set the value as if the person had typed it."""
        control = self.control
        if isinstance(control, Checkbox):
            control.value = text == "true"
        elif isinstance(control, Select | Input):
            control.value = text

    def _edited(self, text: str) -> None:
        if text != self.text:
            self.text = text
            wrong = self._mark()
            self.post_message(self.Edited(self.field.name, None if text == self.field.value else text, wrong))

    def _mark(self) -> str:
        changed = self.text != self.field.value
        wrong = settings_form.problem(self.field.name, self.text) if changed else ""
        self.set_class(changed, "-changed")
        self.set_class(bool(wrong), "-wrong")
        self.query_one(".setting-help", Static).update(self._help(wrong))
        self.query_one(".setting-source", Static).update(self._source())
        return wrong
