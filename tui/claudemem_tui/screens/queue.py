"""Queue: what waits to be observed and what was parked, why, and the server that works on it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding
from textual.content import Content
from textual.widgets import Static

from claudemem_lib import link, render, when
from claudemem_lib.models import Observed, plus
from claudemem_tui.loading import load
from claudemem_tui.screens.dialogs import Confirm
from claudemem_tui.screens.page import Page
from claudemem_tui.widgets.lines import counted
from claudemem_tui.widgets.sources import FixedSource
from claudemem_tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from claudemem_lib.memory import Memory
    from claudemem_lib.store.events import QueueRow
    from claudemem_tui.widgets.virtual_list import Cells

MOST = 10_000
WIDE = 70
STYLES = {"parked": "list--bad", "claimed": "list--accent", "pending": "list--plain"}
EMPTY = "Nothing waits: everything that was recorded is observed."


class QueueScreen(Page):
    """The list of events, the one under the cursor in full, the server."""

    NAME = "queue"
    CSS_PATH = ["home.tcss", "lists.tcss"]  # noqa: RUF012  # declared by Textual as it is
    BINDINGS: ClassVar[list[BindingType]] = [
        ("w", "work", "Process now"),
        ("r", "retry", "Retry"),
        Binding("R", "retry_all", "Retry all", key_display="R"),
        ("x", "discard", "Discard"),
        Binding("X", "discard_all", "Discard all", key_display="X"),
        Binding("S", "server", "Server", key_display="S"),
    ]

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory)
        self._working: threading.Event | None = None
        self._facts: dict[str, Any] = {}
        self._said = ""

    def body(self) -> ComposeResult:
        """Server and queue, events, the one under the cursor."""
        yield Static("", id="queue-top", classes="list-top", markup=False)
        yield VirtualList(self._line, id="queue")
        yield Static("", id="queue-foot", classes="list-foot", markup=False)

    def on_mount(self) -> None:
        """Show what waits."""
        self.query_one("#queue").add_class("list-rows")
        self.query_one("#queue").focus()
        self.reload()

    def on_unmount(self) -> None:
        """Stop working with the screen."""
        if self._working is not None:
            self._working.set()

    def _line(self, row: QueueRow, width: int) -> Cells:
        age = when.age(self.memory.clock() - row.taken_ms)
        cells: Cells = [(f" {row.state}", 9, STYLES.get(row.state, "list--plain")), (f"{age:>7} ", 8, "list--dim")]
        if width >= WIDE:
            cells.append((render.line(row.project, 13), 14, "list--kind"))
        cells.append((f"{row.kind} {render.line(row.tool, 12)}", 18, "list--plain"))
        tried = f"{row.attempts}x " if row.attempts else ""
        cells.append((f" {tried}{render.line(row.error)}", 0, "list--bad" if row.error else "list--dim"))
        return cells

    def reload(self) -> None:
        """Read again, staying where one is."""
        memory = self.memory

        def read() -> tuple[list[QueueRow], dict[str, Any], dict[str, Any], bool]:
            running = link.holder(memory.data_dir) is not None
            return memory.queue(limit=MOST), memory.stats(), link.facts(memory.data_dir), running

        def show(found: tuple[list[QueueRow], dict[str, Any], dict[str, Any], bool]) -> None:
            rows, self._facts, who, running = found
            self._facts["server"] = running
            self._tell(who)
            queue = self.query_one("#queue", VirtualList)
            if queue.source is None:
                queue.show(FixedSource(rows))
            else:
                queue.source = FixedSource(rows)
                queue.renew()

        load(self, read, show)

    def _tell(self, who: dict[str, Any]) -> None:
        queue, inbox = self._facts["queue"], self._facts["inbox"]
        age = queue["oldest_age_ms"]
        oldest = f", oldest {when.age(age)} old" if age is not None else ""
        lines = [
            f"{queue['pending']} pending, {queue['claimed']} being observed, {queue['parked']} parked{oldest}; "
            f"inbox {inbox['waiting']}" + (f", {inbox['bad']} unreadable (inbox/bad)" if inbox["bad"] else ""),
            self._server_line(who),
        ]
        waiting = self._facts.get("waiting_for", "")
        lines += [render.line(waiting)] if waiting else []
        lines += [self._said] if self._said else []
        self.query_one("#queue-top", Static).update(Content(render.safe("\n".join(lines))))

    def _server_line(self, who: dict[str, Any]) -> str:
        if not self._facts["server"]:
            return "No server runs; a session starts it, or S. Without it: w observes here."
        since = f" for {when.age(self.memory.clock() - who['since_ms'])}" if "since_ms" in who else ""
        trouble = f". Trouble: {who['trouble']}" if who.get("trouble") else ""
        return f"The server runs: pid {who.get('pid', '?')}{since}, version {who.get('version', '?')}{trouble}"

    def on_virtual_list_highlighted(self, event: VirtualList.Highlighted) -> None:
        """The event under the cursor in full."""
        row: QueueRow | None = event.entry
        foot = self.query_one("#queue-foot", Static)
        if row is None:
            foot.update(Content(EMPTY))
            return
        wait = row.not_before_ms - self.memory.clock()
        later = f", not before {when.age(wait)} from now" if wait > 0 else ""
        at = f"{render.day(row.occurred_ms)} {render.clock(row.occurred_ms)}"
        head = f"#{row.id} {row.kind} {row.tool} · {at} · {row.project} · session {row.session}, prompt {row.prompt_number}"
        cause = (
            f"\n{counted(row.attempts, 'failure')}{later}: {render.safe(row.error)}"
            if row.error
            else later.lstrip(", ")
        )
        foot.update(Content(render.safe(render.line(head) + cause)))

    # ------------------------------------------------------------------------------------------------------------- keys
    def _act(self, act: Any, said: str) -> None:
        def done(count: int) -> None:
            self.notify(f"{counted(count, 'event')} {said}", markup=False)
            self.reload()

        load(self, act, done, group="act")

    def _parked(self) -> QueueRow | None:
        row: QueueRow | None = self.query_one("#queue", VirtualList).current
        if row is None or row.state != "parked":
            self.notify("Move to a parked event first.", severity="warning", markup=False)
            return None
        return row

    def action_retry(self) -> None:
        """Put the parked event under the cursor back."""
        if row := self._parked():
            self._act(lambda: self.memory.retry(row.id), "will be tried again.")

    def action_retry_all(self) -> None:
        """Put all parked events back, and end every wait."""
        self._act(self.memory.retry, "will be tried again.")

    def action_discard(self) -> None:
        """Delete the parked event under the cursor."""
        if row := self._parked():
            self._ask(f"Delete event {row.id} for good? What happened then is not remembered.", row.id)

    def action_discard_all(self) -> None:
        """Delete all parked events."""
        count = self._facts.get("queue", {}).get("parked", 0)
        if count:
            self._ask(f"Delete {counted(count, 'parked event')} for good? What happened then is not remembered.", None)
        else:
            self.notify("Nothing is parked.", severity="warning", markup=False)

    def _ask(self, question: str, event_id: int | None) -> None:
        def answer(yes: object) -> None:
            if yes:
                self._act(lambda: self.memory.discard(event_id), "deleted.")

        self.app.push_screen(Confirm(question, "Delete"), answer)

    def action_work(self) -> None:
        """Observe what waits, here and now; again to stop after the batch at hand."""
        if self._working is not None:
            self._working.set()
            self._said = "Stopping after this batch."
            return
        over = self._working = threading.Event()
        self._said = "Observing. w stops after the batch at hand."
        memory, app = self.memory, self.app

        def work() -> Observed:
            total = Observed()
            while not over.is_set():
                done = memory.observe_pending(most=1)
                if not done.batches:
                    break
                total = plus(total, done)
                app.call_from_thread(self._progress, total)
            return total

        load(self, work, self._done, group="work")
        self.reload()

    def _progress(self, total: Observed) -> None:
        made = counted(total.memories, "memory", "memories")
        self._said = f"Observing: {counted(total.events, 'event')}, {made} so far. w stops."
        self.reload()

    def _done(self, total: Observed) -> None:
        self._working, self._said = None, ""
        failed = f", {total.failed} failed" if total.failed else ""
        made = counted(total.memories, "memory", "memories")
        self.notify(f"{counted(total.events, 'event')} became {made}{failed}.", markup=False)
        self.reload()

    def action_server(self) -> None:
        """Start the server, or end it."""
        folder = self.memory.data_dir
        running = bool(self._facts.get("server"))

        def done(_changed: bool) -> None:  # noqa: FBT001  # what the verb gives
            self.notify("The server has ended." if running else "The server runs.", markup=False)
            self.reload()

        def begin(yes: object) -> None:
            if yes:
                load(self, lambda: (link.stop if running else link.start)(folder), done, group="server")

        if running:
            self.app.push_screen(Confirm("End the server? The next session starts it again.", "End"), begin)
        else:
            begin(yes=True)
