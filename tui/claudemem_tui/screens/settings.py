"""Settings: every one with its value, source and help; checked while one types; saved, undone, reset."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static, Tab, Tabs

from claudemem_lib import render, settings, settings_form
from claudemem_tui.forms import Drafts, SettingRow, refill, row_of
from claudemem_tui.loading import draw, load
from claudemem_tui.screens.dialogs import Confirm, Pick
from claudemem_tui.screens.page import Page

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from claudemem_lib.memory import Memory
    from claudemem_lib.settings_form import Field
    from claudemem_lib.trial import Trial

OTHER = "other keys"
PROVIDERS = {"model": "claude", "gemini_model": "gemini", "openai_model": "openai"}


class SettingsScreen(Page):
    """The form, group by group."""

    NAME = "settings"
    CSS_PATH = "settings.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save", priority=True),
        ("ctrl+z", "undo", "Undo"),
        ("ctrl+r", "reset", "Default"),
        ("ctrl+l", "models", "Models"),
        ("ctrl+g", "test", "Test provider"),
        Binding("escape", "groups", "To the groups", show=False),
    ]

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self.group = settings.GROUPS[0]
        self.found: dict[str, Field] = {}
        self.other: dict[str, str] = {}
        self.drafts = Drafts()
        self.before: dict[str, str | None] = {}
        self._told = ""

    def body(self) -> ComposeResult:
        """Groups, rows, what is not saved."""
        yield Tabs(*(Tab(name.capitalize(), id=name.replace(" ", "-")) for name in (*settings.GROUPS, OTHER)))
        yield VerticalScroll(id="setting-rows", can_focus=False)
        yield Static("", id="settings-status", markup=False)

    def on_mount(self) -> None:
        """Show the first group."""
        self.query_one(Tabs).focus()
        self._read()

    def reload(self) -> None:
        """Read what others wrote meanwhile, unless something is typed."""
        if not self.drafts:
            self._read(again=True)

    def open_group(self, name: str) -> None:
        """Show one group of settings."""
        self.query_one(Tabs).active = name

    def _read(self, *, again: bool = False) -> None:
        folder = self.memory.data_dir

        def show(found: tuple[list[Field], dict[str, str], tuple[str, ...]]) -> None:
            if again and (self.drafts or (list(self.found.values()), self.other) == found[:2]):
                return
            self.found, self.other = {field.name: field for field in found[0]}, found[1]
            for problem in found[2]:
                self.notify(problem, severity="warning", markup=False)
            self._draw()

        load(self, lambda: settings_form.fields(folder), show, group="again" if again else "load")

    def _draw(self) -> None:
        """The rows of the group chosen."""
        rows = self.query_one("#setting-rows", VerticalScroll)
        if self.group == OTHER:
            lines = [f"{key} = {value}" for key, value in self.other.items()] or ["settings.json has no keys but ours."]
            head = "Keys of settings.json that are no settings of this release; they are kept as they are.\n"
            made = [Static(Content(render.safe("\n".join([head, *lines]))), markup=False, classes="unknown")]
            draw(self, lambda: refill(rows, made))
        else:
            shown = [field for field in self.found.values() if field.about["group"] == self.group]
            made_rows = [SettingRow(field, self.drafts.texts.get(field.name)) for field in shown]
            draw(self, lambda: refill(rows, made_rows))
        self._tell()

    def _tell(self) -> None:
        line = self.query_one("#settings-status", Static)
        count = len(self.drafts)
        if self.drafts.wrong:
            text = f"{count} changed, {len(self.drafts.wrong)} cannot be used"
        elif count:
            text = f"{count} changed and not saved. Ctrl+S saves, Ctrl+Z takes the last back"
        else:
            text = settings_form.WHEN.get(self.group, "")
        told = f"\n{render.safe(self._told)}" if self._told and self.group == "model" else ""
        line.update(Content(text + told))
        line.set_class(bool(count), "changed")

    def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        """Another group."""
        name = (event.tab.id or "").replace("-", " ")
        if name != self.group:
            self.group = name
            self._draw()

    def on_setting_row_edited(self, event: SettingRow.Edited) -> None:
        """Keep what is changed until it is saved."""
        self.drafts.take(event)
        self._tell()

    def unsaved(self) -> int:
        """The values changed and not saved."""
        return len(self.drafts)

    # ------------------------------------------------------------------------------------------------------------- keys
    def action_groups(self) -> None:
        """Back to the groups."""
        self.query_one(Tabs).focus()

    def action_save(self) -> None:
        """Write what is changed."""
        if self.drafts.wrong:
            name, why = next(iter(self.drafts.wrong.items()))
            self.notify(f"{self.found[name].about['label']} {why}", severity="error", markup=False)
        elif self.drafts:
            folder, changes = self.memory.data_dir, dict(self.drafts.texts)
            load(self, lambda: settings_form.save(folder, changes), self._saved, group="save")

    def _saved(self, before: dict[str, str | None]) -> None:
        groups = {self.found[name].about["group"] for name in before}
        self.before = before
        self.drafts.clear()
        self.notify("Saved. " + " ".join(settings_form.WHEN[group] for group in sorted(groups)), markup=False)
        self._use()

    def _use(self) -> None:
        """Let the open memory have the new values, and show them."""
        load(self, self.memory.reload, lambda _problems: self._read(), group="use")

    def action_undo(self) -> None:
        """Take the last unsaved change back; where there is none, what was saved last."""
        if self.drafts:
            self.drafts.drop(list(self.drafts.texts)[-1])
            self._draw()
        elif self.before:
            folder, before = self.memory.data_dir, self.before
            self.before = {}
            load(self, lambda: settings_form.undo(folder, before), lambda _none: self._use(), group="save")
            self.notify("What was saved last is taken back.", markup=False)
        else:
            self.notify("There is nothing to undo.", severity="warning", markup=False)

    def action_reset(self) -> None:
        """The default again for the setting one stands on."""
        row = row_of(self.focused)
        if row is None:
            self.notify("Move to a setting first.", severity="warning", markup=False)
            return
        name, folder = row.field.name, self.memory.data_dir
        self.drafts.drop(name)

        def done(before: dict[str, str | None]) -> None:
            self.before = before
            self._use()

        load(self, lambda: settings_form.reset(folder, [name]), done, group="save")

    def action_test(self) -> None:
        """Ask the provider in force one tiny question: a real call, which costs some tokens."""
        if self.drafts:
            self.notify("Save first (Ctrl+S): the provider in force is asked.", severity="warning", markup=False)
            return
        provider = self.memory.costs.chain.names[0]

        def ask(yes: object) -> None:
            if yes:
                self._told = f"Asking {provider} …"
                self._tell()
                load(self, self.memory.costs.try_provider, self._tested, group="test")

        question = f"Ask {provider} one tiny question now? It is a real call: some 50 tokens, which count for today."
        self.app.push_screen(Confirm(question, "Ask"), ask)

    def _tested(self, trial: Trial) -> None:
        self._told = ("✓ " if trial.ok else "✗ ") + trial.sentence()
        self._tell()
        self.notify(trial.sentence(), severity="information" if trial.ok else "error", markup=False)

    def action_models(self) -> None:
        """Offer the provider's own list for the model one stands on."""
        row = row_of(self.focused)
        provider = PROVIDERS.get(row.field.name) if row else None
        if row is None or provider is None:
            self.notify("Move to Claude model, Gemini model or OpenAI model first.", severity="warning", markup=False)
            return

        def ask(names: tuple[str, ...]) -> None:
            def chosen(index: int | None) -> None:
                if index is not None:
                    row.query_one(Input).value = names[index]

            self.app.push_screen(Pick(f"Models of {provider}", names), chosen)

        load(self, lambda: self.memory.costs.models(provider), ask, group="models")
