"""The first look at an empty memory: fill it, connect Claude Code, choose who makes the memories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from claudemem_lib import install, paths
from claudemem_lib.errors import NotFound
from claudemem_tui.loading import load
from claudemem_tui.screens.dialogs import Confirm
from claudemem_tui.widgets.lines import counted

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from claudemem_lib.memory import Memory

TEXT = """claude-mem remembers what your coding sessions did, learned and left open, in one file on this machine:

  {folder}

Nothing is remembered yet. What first?"""
CHOICES = (
    "Remember the sessions I had before (backfill)",
    "Connect Claude Code: record new sessions (install)",
    "Choose a provider and a model (settings)",
    "Look around",
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
            self._say("Reading past sessions …")
            load(self, self._backfill, self._filled)
        elif event.option_index == 1:
            load(self, self._plan, self._planned)
        else:
            self.dismiss("settings" if event.option_index == 2 else "")  # noqa: PLR2004  # the third choice

    def _backfill(self) -> int:
        """Read past sessions file by file; stops after the file at hand when the person leaves."""
        events = 0
        try:
            for number, read in enumerate(self.memory.backfill(), 1):
                events += read.events
                self.app.call_from_thread(self._say, f"{counted(number, 'file')} read, {counted(events, 'event')} …")
                if self._over:
                    break
        except NotFound:
            return 0
        return events

    def _filled(self, events: int) -> None:
        self._busy = False
        if events:
            self.notify(
                f"{counted(events, 'event')} wait to be observed: w on the queue screen does it now.", markup=False
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
