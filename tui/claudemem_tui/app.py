"""The application: the memory, the screens, the themes, and the thread that notices change."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, work
from textual.app import App
from textual.binding import Binding
from textual.color import Color
from textual.message import Message
from textual.widgets import Input

from claudemem_lib import link, paths, render
from claudemem_tui import pages
from claudemem_tui.commands import ScreenCommands
from claudemem_tui.loading import fail, load
from claudemem_tui.screens.page import NAMES, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.app import SystemCommand
    from textual.binding import BindingType
    from textual.screen import Screen

    from claudemem_lib.memory import Memory
    from claudemem_lib.settings import Settings

LOOK_S = 0.5
DARK, LIGHT = "textual-dark", "textual-light"


class Changed(Message):
    """Facts about the memory, and a value that is another one whenever the file, settings, server or a pause was."""

    def __init__(self, facts: dict[str, Any], version: object) -> None:
        super().__init__()
        self.facts, self.version = facts, version


class MemoryApp(App[None]):
    """Browse, correct, configure and watch one memory.

    The first frame comes before the library is imported and the memory opened; keys pressed until then wait for it.
    """

    TITLE = "claude-mem"
    DEFAULT_MODE = "home"
    CSS_PATH = (
        Path(__file__).with_name("screens") / "home.tcss"
    )  # with the app's own: styles that come later are all parsed anew
    COMMANDS = App.COMMANDS | {ScreenCommands}
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  # declared by Textual as it is
    VERTICAL_BREAKPOINTS = [(0, "-low"), (18, "-tall")]  # noqa: RUF012  # as above
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(number), f"go('{name}')", name.title(), show=False) for number, name in enumerate(NAMES, 1)),
        ("question_mark", "help", "Help"),
        Binding("ctrl+t", "switch_theme", "Dark/light", show=False),
        ("q", "quit", "Quit"),
    ]

    memory: Memory  # from when it is open

    def __init__(self, opening: Callable[[], Memory], theme: str = "") -> None:
        """*opening* gives the memory, in a thread; *theme* is that of the first frame, until the settings are known."""
        super().__init__()
        self._opening, self._first_theme = opening, theme
        self._early: list[events.Event] | None = []
        self.failure: Exception | None = None
        self.facts: dict[str, Any] = {}
        self.version: object = None
        self._over = threading.Event()
        self._pages: list[Page] = []
        for name in NAMES:
            self.add_mode(name, partial(self._page, name))

    def _page(self, name: str) -> Page:
        page = pages.page(name)(getattr(self, "memory", None))
        self._pages.append(page)
        return page

    def on_mount(self) -> None:
        """Dress for the first frame."""
        self._wear(self._first_theme)

    def on_ready(self) -> None:
        """The first frame is drawn: open what it is to show."""
        self.run_worker(self.open_memory())

    def _wear(self, theme: str) -> None:
        self.theme = theme if theme in self.available_themes else DARK

    def get_css_variables(self) -> dict[str, str]:
        """The theme's, with an accent that can be read on a light ground too."""
        found = super().get_css_variables()
        if not self.current_theme.dark:
            found["text-accent"] = Color.parse(found["text-accent"]).darken(0.13).hex
        return found

    async def open_memory(self) -> None:
        """Open the memory; show the feed, take in what hooks left, and watch."""
        try:
            self.memory = await asyncio.to_thread(self._opening)
        except Exception as error:  # noqa: BLE001  # whoever started the app says it where it can be read
            self.failure = error
            self.exit()
            return
        if not self.is_running:  # left meanwhile
            return
        self._wear(self.memory.settings.tui_theme)
        self.theme_changed_signal.subscribe(self, lambda _theme: self._keep_theme())
        for page in self._pages:
            page.opened(self.memory)
        load(self.screen, self._first_look, self._welcome, group="inbox")
        self.watch_file()
        self.call_later(self._let_in)

    async def _let_in(self) -> None:
        """What was pressed early, in its order; called as a message, so that nothing overtakes it."""
        early, self._early = self._early or [], None
        for event in early:
            await super().on_event(event)

    async def on_event(self, event: events.Event) -> None:
        """Let what is pressed before the memory is open wait for it; but the way out is always open."""
        leave = isinstance(event, events.Key) and event.key == "ctrl+q"
        if self._early is not None and isinstance(event, events.InputEvent | events.Paste) and not leave:
            self._early.append(event)
        else:
            await super().on_event(event)

    def _first_look(self) -> bool:
        """Take in what hooks left; whether there is nothing at all."""
        self.memory.take_in()
        stats = self.memory.stats()
        return not any(stats["counts"].values()) and not any(stats["queue"][name] for name in ("pending", "parked"))

    def _welcome(self, empty: bool) -> None:  # noqa: FBT001  # what the look gave
        if empty:
            self.push_screen(pages.dialog("welcome", "Welcome")(self.memory), self._begin)

    def _begin(self, name: str | None) -> None:
        self.call_after_refresh(self.action_go, name or "home", "model" if name == "settings" else "")

    def on_unmount(self) -> None:
        """Let the watching thread end."""
        self._over.set()

    @work(thread=True, exclusive=True, exit_on_error=False)
    def watch_file(self) -> None:
        """Tell of every change of the file by whatever process; of the settings, the server and pauses too."""
        last: object = None
        stamp = self._stamp()
        while True:
            try:
                self.memory.database.follow()
                version = self.memory.database.data_version(), self.memory.database.identity()
                if stamp != (stamp := self._stamp()):
                    self.memory.reload()
                server = link.holder(self.memory.data_dir) is not None
                off = self.memory.pauses.told(self.memory.settings)
                if (version, server, off, stamp) != last:
                    last = (version, server, off, stamp)
                    self.post_message(Changed({**self.memory.stats(), "server": server}, last))
            except Exception as error:  # noqa: BLE001  # a panel says it, and the next look may go well
                if not self._over.is_set():
                    self.call_from_thread(fail, self.screen, error)
                    self._over.wait(LOOK_S * 10)
            if self._over.wait(LOOK_S):
                return

    def _stamp(self) -> int:
        """Another number whenever the settings file was written; 0 without one."""
        try:
            return Path(self.memory.data_dir, paths.SETTINGS).stat().st_mtime_ns
        except OSError:
            return 0

    def on_changed(self, message: Changed) -> None:
        """Hand the facts to the screen in sight."""
        self.facts, self.version = message.facts, message.version
        self.tell_screen()

    def tell_screen(self) -> None:
        """Tell the main screen in sight what is known."""
        page = self.screen_stack[0] if self.screen_stack else None
        if isinstance(page, Page) and self.facts:
            if page.is_complete:
                page.changed(self.facts, self.version)
            elif not self._over.is_set():
                self.call_after_refresh(self.tell_screen)

    def action_go(self, name: str, group: str = "") -> None:
        """Show another screen; of the settings perhaps one group."""
        if name in NAMES and self.current_mode != name and len(self.screen_stack) <= 1:
            self.switch_mode(name)
            self.call_after_refresh(self.tell_screen)
            if group:
                self.call_after_refresh(self._open, group)

    def _open(self, group: str) -> None:
        if isinstance(self.screen, Page):
            self.screen.open_group(group)

    async def action_quit(self) -> None:
        """Leave; ask first if changes of settings would be lost."""
        lost = sum(page.unsaved() for page in self._pages)
        if not lost:
            self.exit()
        elif len(self.screen_stack) <= 1:
            question = f"{render.counted(lost, 'changed setting')} not saved. Leave without saving?"
            confirm = pages.dialog("dialogs", "Confirm")(question, "Leave")
            self.push_screen(confirm, lambda yes: self.exit() if yes else None)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Of the toolkit's own commands those that mean something here."""
        return (one for one in super().get_system_commands(screen) if one.title in {"Theme", "Quit"})

    def on_key(self, event: events.Key) -> None:
        """A letter nobody took, typed so fast after the key that leads to a box that it went where the focus was before."""
        box = self.focused
        if event.character and event.is_printable and isinstance(box, Input):
            box.replace(event.character, *sorted(box.selection))
            event.prevent_default()
            event.stop()

    def action_help(self) -> None:
        """Explain the keys of the screen in sight."""
        if len(self.screen_stack) <= 1:
            self.push_screen(pages.dialog("help", "Help")(self.screen))

    def action_switch_theme(self) -> None:
        """Dark or light."""
        self.theme = LIGHT if self.current_theme.dark else DARK

    def _keep_theme(self) -> None:
        """Remember the theme for the next time."""
        wanted, folder = self.theme, self.memory.data_dir

        def save() -> Settings:
            from claudemem_lib import settings  # noqa: PLC0415  # the first frame does not wait for it

            return settings.save(folder, {"tui_theme": wanted})

        if wanted != self.memory.settings.tui_theme:
            load(self.screen, save, self._use, group="theme")

    def _use(self, current: Settings) -> None:
        self.memory.settings = current
