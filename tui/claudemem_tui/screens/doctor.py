"""Doctor: what is well, what is not, and what to do about it."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import frozen
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from claudemem_lib import install, link, paths, render, when
from claudemem_lib.errors import HostFileError
from claudemem_tui.loading import draw, load
from claudemem_tui.screens.page import Page

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from claudemem_lib.memory import Memory

STALE_MS = 3_600_000
MARKS = {"good": ("✓", "$text-success"), "note": ("•", "$text-warning"), "bad": ("✗", "$text-error")}


@frozen(kw_only=True)
class Check:
    """What was looked at, how it is (good, note, bad), what was found, and what to do."""

    name: str
    state: str
    found: str
    todo: str = ""


class DoctorScreen(Page):
    """A line a check."""

    NAME = "doctor"
    CSS_PATH = "lists.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [("r", "reload", "Check again")]

    def body(self) -> ComposeResult:
        """The checks."""
        with VerticalScroll(id="doctor-body"):
            yield Static("Looking …", markup=False)

    def on_mount(self) -> None:
        """Check."""
        self.query_one("#doctor-body").focus()
        self.reload()

    def action_reload(self) -> None:
        """Check again."""
        self.reload()

    def reload(self) -> None:
        """Look at everything in a thread."""
        load(self, lambda: checks(self.memory), self._show)

    def _show(self, found: list[Check]) -> None:
        rows = []
        for check in found:
            mark, colour = MARKS[check.state]
            name = Static(
                Content.assemble((f"{mark} ", colour), (check.name, "bold")), markup=False, classes="check-name"
            )
            todo = (f"\n→ {render.safe(check.todo)}", "$text-accent") if check.todo else ""
            text = Static(Content.assemble(render.safe(check.found), todo), markup=False, classes="check-text")
            rows.append(Horizontal(name, text))
        draw(self, lambda: self._replace(rows))

    async def _replace(self, rows: list[Horizontal]) -> None:
        body = self.query_one("#doctor-body", VerticalScroll)
        async with self.batch():
            await body.remove_children()
            await body.mount_all(rows)


def checks(memory: Memory) -> list[Check]:
    """Everything that can be told from here."""
    stats = memory.stats()
    return [
        _store(stats),
        _hooks(memory.data_dir),
        _server(memory.data_dir),
        _inbox(stats["inbox"]),
        _queue(stats["queue"], stats.get("waiting_for", "")),
        _provider(stats),
        _semantic(stats),
        *(
            Check(name="Settings", state="bad", found=text, todo="Mend it on the settings screen.")
            for text in stats["problems"]
        ),
    ]


def _store(stats: dict[str, Any]) -> Check:
    counts = stats["counts"]
    total = counts["observations"] + counts["summaries"] + counts["notes"]
    found = f"{total:,} memories of {counts['sessions']:,} sessions, {stats['file_bytes'] / 1e6:,.1f} MB in {stats['data_dir']}"
    if total or counts["prompts"]:
        return Check(name="Memory", state="good", found=found)
    return Check(
        name="Memory", state="note", found=found, todo="`claude-mem backfill` remembers the sessions you had before."
    )


def _hooks(data_dir: str) -> Check:
    environment = {name: paths.environment(name) or "" for name in ("CLAUDE_CONFIG_DIR", "HOME")}
    try:
        plan = install.plan(install.host_config_dir(environment), data_dir)
    except (HostFileError, OSError) as error:
        return Check(name="Hooks", state="bad", found=str(error), todo="Mend that file, then `claude-mem install`.")
    if plan.empty:
        return Check(name="Hooks", state="good", found="Claude Code calls our hooks.")
    todo = "`claude-mem install` connects it, unless you use the plugin."
    return Check(
        name="Hooks", state="note", found="Claude Code's settings do not have our hooks as they are now.", todo=todo
    )


def _server(data_dir: str) -> Check:
    missing = [name for name in ("claudemem_mcp", "mcp", "watchfiles") if importlib.util.find_spec(name) is None]
    if missing:
        found = f"Its packages are not installed ({', '.join(missing)})."
        return Check(name="Server", state="note", found=found, todo="pip install 'claudemem[server]'")
    pid = link.holder(data_dir)
    trouble = link.facts(data_dir).get("trouble") if pid is not None else ""
    if trouble:
        return Check(name="Server", state="bad", found=f"pid {pid}: {trouble}", todo="The log says more (logs screen).")
    found = f"It runs, pid {pid}." if pid is not None else "It does not run; the next session starts it."
    return Check(name="Server", state="good", found=found)


def _inbox(inbox: dict[str, int]) -> Check:
    if inbox["bad"]:
        todo = "They are kept in inbox/bad in the data folder; look at them or delete them."
        return Check(name="Inbox", state="bad", found=f"{inbox['bad']} events could not be read.", todo=todo)
    return Check(name="Inbox", state="good", found=f"{inbox['waiting']} events wait to be taken in.")


def _queue(queue: dict[str, Any], waiting: str) -> Check:
    age = queue["oldest_age_ms"] or 0
    found = f"{queue['pending']} pending, {queue['claimed']} being observed, {queue['parked']} parked."
    if queue["parked"]:
        last = f" Last error: {queue['last_error']}" if queue["last_error"] else ""
        return Check(
            name="Queue", state="bad", found=found + last, todo="The queue screen shows why; R tries them again."
        )
    if waiting:
        return Check(name="Queue", state="note", found=f"{found} {waiting}")
    if age > STALE_MS:
        found += f" The oldest waits for {when.age(age)}."
        return Check(name="Queue", state="note", found=found, todo="Start the server, or `claude-mem drain`.")
    return Check(name="Queue", state="good", found=found)


def _provider(stats: dict[str, Any]) -> Check:
    others = f"; stands in: {', '.join(stats['stand_ins'])}" if stats.get("stand_ins") else ""
    found = f"{stats['provider']}, mode {stats['mode']}{others}"
    if stats["provider"] == "local":
        todo = "A model makes better memories: set a provider and its key on the settings screen."
        return Check(name="Provider", state="note", found=f"{found}: no model is asked.", todo=todo)
    return Check(name="Provider", state="good", found=found)


def _semantic(stats: dict[str, Any]) -> Check:
    about = stats.get("semantic") or {}
    if not about:
        return Check(name="Search", state="good", found="Full text.")
    if about.get("problem"):
        return Check(name="Search", state="note", found=f"Full text only: {about['problem']}")
    found = f"Full text and meaning: {about.get('embedded', 0):,} memories embedded, {about.get('waiting', 0):,} wait."
    return Check(name="Search", state="good", found=found)
