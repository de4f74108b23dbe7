"""Queue: what waits to be observed and what was parked, why, and the server that works on it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import frozen
from textual.binding import Binding

from claudemem_lib import link, render, when
from claudemem_lib.browse import Wanted
from claudemem_lib.models import Observed
from claudemem_tui.loading import load
from claudemem_tui.screens.dialogs import Confirm
from claudemem_tui.screens.listpage import ListPage

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.binding import BindingType

    from claudemem_lib.browse import Entry
    from claudemem_lib.memory import Memory
    from claudemem_lib.store.events import QueueRow
    from claudemem_tui.widgets.columns import Cells

MOST = 10_000
WIDE = 70
STYLES = {"parked": "list--bad", "claimed": "list--accent", "pending": "list--plain"}
TICK_S = 1.0
MADE = Wanted(kinds=("observation", "summary"))
RESUME = "`claude-mem resume` ends a pause."
EMPTY = "Nothing waits: everything that was recorded is observed."


@frozen(kw_only=True)
class Now:
    """What the screen shows: the events, the memory's facts, the server, the newest memory."""

    rows: list[QueueRow]
    facts: dict[str, Any]
    server: bool
    who: dict[str, Any]
    newest: Entry | None


class QueueScreen(ListPage):
    """The events, the one under the cursor in full, what the worker does, the server."""

    NAME = "queue"
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
        self._now: Now | None = None
        self._said = ""

    def on_mount(self) -> None:
        """Show what waits, and let the ages grow."""
        super().on_mount()
        self.set_interval(TICK_S, self._tick)

    def on_unmount(self) -> None:
        """Stop working with the screen."""
        if self._working is not None:
            self._working.set()

    def _tick(self) -> None:
        if self.is_current and self._now is not None:
            self._tell()
            self.listed.refresh()

    def head(self, width: int) -> Cells:
        """As line()."""
        names: Cells = [(" state", 9, ""), (f"{'for':>7}", 9, "")]
        names += [("project", 16, "")] if width >= WIDE else []
        return [*names, ("event", 18, ""), ("failures and cause", 0, "")]

    def line(self, row: QueueRow, width: int) -> Cells:
        """State, how long, where, what, why."""
        cells: Cells = [(f" {row.state}", 9, STYLES.get(row.state, "list--plain"))]
        cells.append((f"{when.age(self._age_ms(row)):>7}", 9, "list--dim"))
        if width >= WIDE:
            cells.append((render.line(row.project, 15), 16, "list--kind"))
        cells.append((f"{row.kind} {render.line(row.tool, 12)}", 18, "list--plain"))
        tried = f"{row.attempts}x " if row.attempts else ""
        return [*cells, (f"{tried}{render.line(row.error)}", 0, "list--bad" if row.attempts else "list--dim")]

    def _age_ms(self, row: QueueRow) -> int:
        """How long it waits, or, of one that is being observed, since its worker last said so."""
        claimed = row.lease_until_ms - self.memory.settings.lease_seconds * 1_000
        return self.memory.clock() - (claimed if row.state == "claimed" else row.taken_ms)

    def reload(self) -> None:
        """Read again, staying where one is."""
        memory = self.memory

        def read() -> Now:
            newest = memory.browse.feed(MADE, limit=1)
            running = link.holder(memory.data_dir) is not None
            return Now(
                rows=memory.queue(limit=MOST), facts=memory.stats(), server=running,
                who=link.facts(memory.data_dir), newest=newest[0] if newest else None,
            )  # fmt: skip

        def show(found: Now) -> None:
            self._now = found
            self._tell()
            self.listed.put(found.rows)

        load(self, read, show)

    def _tell(self) -> None:
        """Counts, what is worked on, the server, what holds it up."""
        now = self._now
        if now is None:
            return
        queue, inbox = now.facts["queue"], now.facts["inbox"]
        bad = f", {inbox['bad']} unreadable (inbox/bad)" if inbox["bad"] else ""
        off = now.facts["switched_off"]
        lines = [
            *([f"{'; '.join(off)}. {RESUME}"] if off else []),
            f"{queue['pending']} pending, {queue['claimed']} being observed, {queue['parked']} parked; "
            f"inbox {inbox['waiting']}{bad}",
            self._server_line(now),
            self._worker_line(now),
            render.line(now.facts.get("waiting_for", "")),
            self._said,
        ]
        self.say_above("\n".join(line for line in lines if line))

    def _server_line(self, now: Now) -> str:
        if not now.server:
            return "No server runs; a session starts it, or S. Without it: w observes here."
        who = now.who
        since = f" for {when.age(self.memory.clock() - who['since_ms'])}" if "since_ms" in who else ""
        trouble = f". Trouble: {who['trouble']}" if who.get("trouble") else ""
        return f"The server runs: pid {who.get('pid', '?')}{since}, version {who.get('version', '?')}{trouble}"

    def _worker_line(self, now: Now) -> str:
        """What is being observed, else what was made last."""
        claimed = [row for row in now.rows if row.state == "claimed"]
        if claimed:
            first, count = claimed[0], render.counted(len(claimed), "event")
            return f"Observing {count} of {first.project}, prompt {first.prompt_number}, for {when.age(self._age_ms(first))}"
        if now.newest is None:
            return ""
        age = when.age(self.memory.clock() - now.newest.created_ms)
        return f"Made last: #{now.newest.id} {render.line(now.newest.title, 44) or 'Untitled'} · {age} ago"

    def below(self, row: QueueRow | None) -> str:
        """The event under the cursor in full."""
        if row is None:
            return EMPTY
        wait = row.not_before_ms - self.memory.clock()
        later = f"not before {when.age(wait)} from now" if wait > 0 else ""
        at = f"{render.day(row.occurred_ms)} {render.clock(row.occurred_ms)}"
        head = f"#{row.id} {row.kind} {row.tool} · {at} · {row.project} · session {row.session}, prompt {row.prompt_number}"
        tried = render.counted(row.attempts, "failure") if row.attempts else "Tried before"  # and put back since
        failed = f"{tried}: {row.error}" if row.error else ""
        cause = ", ".join(part for part in (failed, later) if part)
        return f"{render.line(head)}\n{cause}" if cause else render.line(head)

    # ------------------------------------------------------------------------------------------------------------- keys
    def _parked(self) -> QueueRow | None:
        row: QueueRow | None = self.here
        if row is None or row.state != "parked":
            self.notify("Move to a parked event first.", severity="warning", markup=False)
            return None
        return row

    def action_retry(self) -> None:
        """Put the parked event under the cursor back."""
        if row := self._parked():
            self.act(lambda: self.memory.retry(row.id), said("will be tried again."))

    def action_retry_all(self) -> None:
        """Put all parked events back, and end every wait."""
        self.act(self.memory.retry, said("will be tried again."))

    def action_discard(self) -> None:
        """Delete the parked event under the cursor."""
        if row := self._parked():
            self._ask(f"Delete event {row.id} for good? What happened then is not remembered.", row.id)

    def action_discard_all(self) -> None:
        """Delete all parked events."""
        count = self._now.facts["queue"]["parked"] if self._now else 0
        if count:
            self._ask(
                f"Delete {render.counted(count, 'parked event')} for good? What happened then is not remembered.", None
            )
        else:
            self.notify("Nothing is parked.", severity="warning", markup=False)

    def _ask(self, question: str, event_id: int | None) -> None:
        def answer(yes: object) -> None:
            if yes:
                self.act(lambda: self.memory.discard(event_id), said("deleted."))

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
            try:
                while not over.is_set():
                    done = memory.observe_pending(most=1)
                    if not done.batches:
                        break
                    total += done
                    app.call_from_thread(self._progress, total)
            finally:
                self._working, self._said = None, ""
            return total

        load(self, work, self._done, group="work")
        self.reload()

    def _progress(self, total: Observed) -> None:
        made = render.counted(total.memories, "memory", "memories")
        self._said = f"Observing: {render.counted(total.events, 'event')}, {made} so far. w stops."
        self.reload()

    def _done(self, total: Observed) -> None:
        failed = f", {total.failed} failed" if total.failed else ""
        made = render.counted(total.memories, "memory", "memories")
        self.notify(f"{render.counted(total.events, 'event')} became {made}{failed}.", markup=False)
        self.reload()

    def action_server(self) -> None:
        """Start the server, or end it."""
        folder = self.memory.data_dir
        running = self._now is not None and self._now.server

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


def said(what: str) -> Callable[[int], str]:
    """A sentence about so many events."""
    return lambda count: f"{render.counted(count, 'event')} {what}"
