"""The first look at an empty memory: fill it, connect Claude Code, choose who makes the memories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from claudemem_lib import install, paths, render, settings_form
from claudemem_lib.errors import NotFound
from claudemem_tui.loading import load
from claudemem_tui.screens.dialogs import Confirm, Pick

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from claudemem_lib.costs import Estimate
    from claudemem_lib.memory import Memory

TEXT = """claude-mem remembers what your coding sessions did, learned and left open, in one file on this machine:

  {folder}

Nothing is remembered yet. What first?"""
CHOICES = (
    "Remember the sessions I had before (backfill)",
    "Connect Claude Code: record new sessions (install)",
    "Choose who makes the memories: no model, Claude, Gemini, an OpenAI-like service",
    "Look around",
)

PROVIDERS: tuple[tuple[str, dict[str, str]], ...] = (
    ("No model: a digest made here, free, nothing leaves this machine", {"provider": "local"}),
    ("Claude with an API key", {"provider": "claude", "claude_auth_method": "api"}),
    (
        "Claude with your own logged-in `claude` command: your subscription pays",
        {"provider": "claude", "claude_auth_method": "cli"},
    ),
    ("Gemini with an API key", {"provider": "gemini"}),
    ("OpenAI, OpenRouter or a service of your own that speaks the same", {"provider": "openai"}),
    ("Whichever has a key, else no model (the default)", {"provider": "auto"}),
)


class Welcome(ModalScreen[str]):
    """Gives the name of the screen to go to, "" for none."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("escape,q", "leave", "Look around")]

    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self.memory = memory
        self._busy = False
        self._over = False

    def compose(self) -> ComposeResult:
        """What this is, and four ways to go on."""
        with Vertical(classes="dialog"):
            yield Static("Welcome to claude-mem", classes="dialog-title", markup=False)
            yield Static(TEXT.format(folder=self.memory.data_dir), markup=False, classes="dialog-body")
            yield OptionList(*(Option(Content(one)) for one in CHOICES))
            yield Static("", id="welcome-state", markup=False, classes="dim")

    def _say(self, text: str) -> None:
        self.query_one("#welcome-state", Static).update(Content(text))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Do what was chosen."""
        if self._busy:
            return
        if event.option_index == 0:
            self._busy = True
            self._say("Counting past sessions …")
            load(self, self._survey, self._surveyed)
        elif event.option_index == 1:
            load(self, self._plan, self._planned)
        elif event.option_index == len(CHOICES) - 1:
            self.dismiss("")
        else:
            self.app.push_screen(Pick("Who makes the memories?", [text for text, _ in PROVIDERS]), self._provider)

    def _provider(self, index: int | None) -> None:
        if index is None:
            return
        text, chosen = PROVIDERS[index]
        folder = self.memory.data_dir

        def done(_problems: object) -> None:
            if "key" in text or "service" in text:
                self.notify("Give it its key and model here, then Ctrl+G asks it one question.", markup=False)
                self.dismiss("settings")
            else:
                self._say(f"Chosen: {text}.")

        def save() -> Any:
            settings_form.save(folder, chosen)
            return self.memory.reload()

        load(self, save, done)

    def _survey(self) -> Estimate | None:
        """What observing the past would cost; None where it costs nothing."""
        if self.memory.costs.estimate(1) is None:
            return None
        try:
            return self.memory.costs.estimate(sum(one.events for one in self.memory.backfill(dry_run=True)))
        except NotFound:
            return None

    def _surveyed(self, estimate: Estimate | None) -> None:
        def begin(yes: object) -> None:
            if yes:
                self._say("Reading past sessions …")
                load(self, self._backfill, self._filled)
            else:
                self._busy = False
                self._say("")

        if estimate is None:
            begin(yes=True)
        else:
            self.app.push_screen(Confirm(f"{estimate.sentence()} Remember the past with it?", "Remember"), begin)

    def _backfill(self) -> int:
        """Read past sessions file by file; stops after the file at hand when the person leaves."""
        events = 0
        try:
            for number, read in enumerate(self.memory.backfill(), 1):
                events += read.events
                self.app.call_from_thread(
                    self._say, f"{render.counted(number, 'file')} read, {render.counted(events, 'event')} …"
                )
                if self._over:
                    break
        except NotFound:
            return 0
        return events

    def _filled(self, events: int) -> None:
        self._busy = False
        if events:
            self.notify(
                f"{render.counted(events, 'event')} wait to be observed: w on the queue screen does it now.",
                markup=False,
            )
            self.dismiss("queue")
        else:
            self._say("There are no past sessions of Claude Code on this machine.")

    def _plan(self) -> Any:
        environment = {name: paths.environment(name) or "" for name in ("CLAUDE_CONFIG_DIR", "HOME")}
        return install.plan(install.host_config_dir(environment), self.memory.data_dir)

    def _planned(self, plan: install.Plan) -> None:
        if plan.empty:
            self._say("Claude Code calls our hooks already: new sessions are recorded.")
            return
        files = ", ".join(str(change.path) for change in plan.files)

        def begin(yes: object) -> None:
            if yes:
                load(self, lambda: list(install.apply(plan)), lambda report: self._say(" ".join(report)))

        question = f"Add our hooks to {files}? `claude-mem uninstall` takes them out again, byte for byte."
        self.app.push_screen(Confirm(question, "Connect"), begin)

    def action_leave(self) -> None:
        """Look around."""
        self._over = True
        self.dismiss("")
