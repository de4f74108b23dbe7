"""Sessions: all of them, newest first; one as the line of what was asked, learned and summed up."""

from __future__ import annotations

import os
import re
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Static

from claudemem_lib import render, when
from claudemem_lib.browse import Entry
from claudemem_tui.acting import ActingPage
from claudemem_tui.loading import load
from claudemem_tui.screens.dialogs import Ask, Pick
from claudemem_tui.widgets.columns import ListHead
from claudemem_tui.widgets.detail import Detail
from claudemem_tui.widgets.lines import feed_line
from claudemem_tui.widgets.sources import Day, FixedSource, SessionSource
from claudemem_tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from claudemem_lib.memory import Memory
    from claudemem_lib.models import Session
    from claudemem_lib.store.events import QueueRow
    from claudemem_tui.widgets.columns import Cells

MIDDLE, WIDE = 56, 76
MOST = 10_000
MILLION = 1_000_000
EMPTY = "No session yet. `claude-mem install` records new ones, `claude-mem backfill` reads those before."


def session_head(width: int) -> Cells:
    """As session_line()."""
    names: Cells = [(" begun", 7, ""), ("", 2, ""), (f"{'length':>7}", 8, ""), ("ask", 4, ""), ("mem", 5, "")]
    names += [(f"{'tokens':>7}", 9, "")] if width >= WIDE else []
    names += [("project", 14, "")] if width >= MIDDLE else []
    return [*names, ("first prompt", 0, "")]


def session_line(one: Session | Day, width: int) -> Cells:
    """When it began, whether it runs, how long and how much, its project and first prompt; or the day of those below."""
    if isinstance(one, Day):
        named = f" {one.date} {date.fromisoformat(one.date):%A} · {render.counted(one.sessions, 'session')}"
        return [(named, 0, "list--heading")]
    session, running = one, one.status == "active"
    began = render.day(session.started_ms)
    begun = render.clock(session.started_ms) if began == render.day(session.last_ms) else began[5:]
    cells: Cells = [(f" {begun}", 7, "list--dim")]
    cells.append(("●" if running else "○", 2, "list--good" if running else "list--dim"))
    cells.append((f"{when.age(length_ms(session)):>7}", 8, "list--dim"))
    cells += [(f"{session.prompts:>3}", 4, "list--dim"), (f"{session.memories:>3}", 5, "list--accent")]
    cells += [(f"{_few(session.tokens):>7}", 9, "list--dim")] if width >= WIDE else []
    cells += [(render.line(session.project, 13), 14, "list--kind")] if width >= MIDDLE else []
    return [*cells, (render.line(session.title) or "(no prompt)", 0, "list--plain")]


def _few(tokens: int) -> str:
    """Tokens in seven characters; nothing for none."""
    return f"{tokens / 1e6:,.1f}M" if tokens >= MILLION else f"{tokens:,}" if tokens else ""


def length_ms(session: Session) -> int:
    """From its start to its end, or to what happened last."""
    return (session.ended_ms or session.last_ms) - session.started_ms


def story_line(one: Entry | QueueRow, width: int) -> Cells:
    """An entry of the feed, or an event that is not observed yet."""
    if isinstance(one, Entry):
        return feed_line(one, width, project=False)
    at = f" {render.day(one.occurred_ms)[5:]} {render.clock(one.occurred_ms)}"
    cells: Cells = [
        (at, 13, "list--dim"),
        ("… ", 2, "list--dim"),
        (one.state, 11, "list--bad" if one.error else "list--dim"),
    ]
    return [*cells, ("", 2, "list--dim"), (f"{one.kind} {one.tool}".strip(), 0, "list--dim")]


class SessionsScreen(ActingPage):
    """The list on one side, one session on the other."""

    NAME = "sessions"
    CSS_PATH = ["home.tcss", "sessions.tcss"]  # noqa: RUF012  # declared by Textual as it is
    BINDINGS: ClassVar[list[BindingType]] = [
        ("c", "project", "Project"),
        ("x", "export", "Export"),
        ("v", "view", "Editor"),
        Binding("escape", "back", "Back", show=False),
    ]

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self.project = ""
        self.session: Session | None = None

    def body(self) -> ComposeResult:
        """Sessions; head, story and detail of one."""
        yield Static("", id="sessions-top", markup=False)
        with Container(id="session-panes"):
            with Vertical(id="sessions-pane"):
                yield ListHead(session_head)
                yield VirtualList(session_line, id="sessions")
            with Vertical(id="story-pane"):
                yield Static("", id="story-head", markup=False)
                yield VirtualList(story_line, id="story")
                yield Detail(lambda: self.memory, id="session-detail")

    def on_mount(self) -> None:
        """Show the newest."""
        self.query_one("#sessions").focus()
        self._show()

    def pane(self) -> Detail:
        """The detail of the story."""
        return self.query_one(Detail)

    def under_cursor(self) -> Any:
        """Of the story."""
        return self.query_one("#story", VirtualList).current

    def project_here(self) -> str:
        """The session's project."""
        return self.session.project if self.session else ""

    def _show(self) -> None:
        self.query_one("#sessions", VirtualList).show(SessionSource(self.memory, self.project or None))

    def reload(self) -> None:
        """Read again, staying where one is."""
        self.query_one("#sessions", VirtualList).renew()
        if self.session is not None:
            self._story(self.session, again=True)

    def on_virtual_list_counted(self, event: VirtualList.Counted) -> None:
        """Say how many there are."""
        if event.list_id == "sessions":
            where = f" of {render.line(self.project)}" if self.project else ""
            source = self.query_one("#sessions", VirtualList).source
            count = source.sessions if isinstance(source, SessionSource) else event.total
            self.query_one("#sessions-top", Static).update(Content(render.counted(count, "session") + where))

    def on_virtual_list_highlighted(self, event: VirtualList.Highlighted) -> None:
        """Show the session, or the entry of its story, under the cursor."""
        if event.list_id == "story":
            self.pane().show_entry(event.entry, hint="Nothing was asked or learned in this session yet.")
        elif event.entry is not None:
            if self.session is None or event.entry.id != self.session.id:
                self._story(event.entry)
        else:
            self.session = None
            gone = f"No session of {render.line(self.project)}. Esc shows those of all projects."
            self.query_one("#story-head", Static).update(Content(gone if self.project else EMPTY))

    def on_virtual_list_chosen(self, event: VirtualList.Chosen) -> None:
        """From the sessions to the story, from there to the detail."""
        self.set_class(self.has_class("-narrow"), "-reading")
        self.query_one("#story" if event.list_id == "sessions" else "#session-detail").focus()

    def _story(self, session: Session, *, again: bool = False) -> None:
        self.session = session
        memory = self.memory

        def read() -> tuple[Session, list[Entry], list[QueueRow]]:
            found, entries = memory.browse.story(session.host_id)
            return found, entries, [row for row in memory.queue(limit=MOST) if row.session == session.host_id]

        def show(found: tuple[Session, list[Entry], list[QueueRow]]) -> None:
            _, entries, waiting = found
            self.query_one("#story-head", Static).update(Content(_head(*found)))
            story = self.query_one("#story", VirtualList)
            lines = [*entries, *sorted(waiting, key=lambda row: (row.occurred_ms, row.id))]
            if again:
                story.put(lines)
            else:
                story.show(FixedSource(lines))

        load(self, read, show, group="story", delay=0.05)

    # ------------------------------------------------------------------------------------------------------------- keys
    def action_back(self) -> None:
        """A step back: detail, story, sessions, all projects."""
        focused = self.focused.id if self.focused else ""
        if focused == "session-detail":
            self.query_one("#story").focus()
        elif focused == "story":
            self.remove_class("-reading")
            self.query_one("#sessions").focus()
        elif self.project:
            self.project = ""
            self._show()

    def action_project(self) -> None:
        """Only one project's sessions."""

        def ask(names: list[str]) -> None:
            def chosen(index: int | None) -> None:
                if index is not None:
                    self.project = names[index - 1] if index else ""
                    self._show()

            self.app.push_screen(Pick("Sessions of which project?", ["All projects", *names]), chosen)

        load(self, lambda: [row.name for row in self.memory.projects()], ask, group="ask")

    def action_export(self) -> None:
        """Write the session as Markdown."""
        session = self.session
        if session is None:
            return
        name = re.sub(r"[^\w-]+", "-", f"{session.project}-{render.day(session.started_ms)}").strip("-")

        def write(text: str | None) -> None:
            if text and text.strip():
                path = Path(text.strip()).expanduser()
                load(self, lambda: self._write(session, path), self._written, group="export")

        self.app.push_screen(Ask("Write this session as Markdown to", f"{Path.cwd()}/{name}.md"), write)

    def _write(self, session: Session, path: Path) -> Path | None:
        if path.exists():
            return None
        path.write_text(self.memory.browse.story_markdown(session.host_id), "utf-8")
        return path

    def _written(self, path: Path | None) -> None:
        said = f"Written to {path}." if path else "There is a file of that name already; nothing was written."
        self.notify(said, severity="information" if path else "warning", markup=False)

    def action_view(self) -> None:
        """Read the session in the person's editor."""
        session = self.session
        if session is None:
            return

        def show(text: str) -> None:
            number, name = tempfile.mkstemp(prefix="claude-mem-", suffix=".md")
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(text)
            self.open_in_editor(Path(name), to_read=True)
            Path(name).unlink(missing_ok=True)

        load(self, lambda: self.memory.browse.story_markdown(session.host_id), show, group="view")


def _head(session: Session, entries: list[Entry], waiting: list[QueueRow]) -> str:
    """What there is to say of a session in two lines."""
    parts = [session.project, session.status, when.age(length_ms(session)), render.counted(session.prompts, "prompt")]
    parts += [render.counted(sum(one.kind != "prompt" for one in entries), "memory", "memories")]
    parts += [f"{session.tokens:,} tokens"] if session.tokens else []
    parts += [session.branch] if session.branch else []
    line = render.line(" · ".join(parts))
    states: dict[str, int] = {}
    for row in waiting:
        states[row.state] = states.get(row.state, 0) + 1
    queue = ", ".join(f"{count} {state}" for state, count in states.items())
    return f"{line}\n{render.line(session.host_id)}" + (f"   queue: {queue}" if queue else "")
