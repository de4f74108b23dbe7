"""One memory or prompt in full: words as Markdown, then where it comes from and what happened around it."""

from __future__ import annotations

import asyncio
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from claudemem_lib import render
from claudemem_tui.loading import draw, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from typing_extensions import TypeIs

    from claudemem_lib.browse import Entry
    from claudemem_lib.memory import Memory
    from claudemem_lib.models import Moment, StoredMemory
    from claudemem_lib.store.events import QueueRow
    from claudemem_tui.widgets.words import Words

LONGEST = 20_000
AROUND = 3
NOTHING = Content("")


class Detail(VerticalScroll, can_focus=True):
    """Shows the entry it is given, once the person stays on it."""

    DEFAULT_CSS = """
    Detail { padding: 0 1; scrollbar-size-vertical: 1; }
    Detail:focus { background-tint: $foreground 3%; }
    Detail #detail-head { text-style: bold; color: $text-primary; }
    Detail #detail-origin { color: $text-muted; margin-bottom: 1; }
    Detail #detail-body { height: auto; }
    Detail Markdown { padding: 0; margin: 0; background: transparent; height: auto; }
    Detail Markdown > * { margin: 0 0 1 0; }
    Detail #detail-foot { color: $text-muted; }
    Detail #detail-around { color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, opened: Callable[[], Memory], *, id: str | None = None) -> None:  # noqa: A002  # Textual's word
        super().__init__(id=id)
        self._opened = opened
        self.one: StoredMemory | None = None
        self.origin: dict[str, Any] = {}
        self.text = ""
        self._words: Words | None = None

    def with_one(
        self, entry: Entry | QueueRow | None, act: Callable[[StoredMemory | None, dict[str, Any]], None]
    ) -> None:
        """Call *act* with the memory of *entry* and its origin, shown here yet or not; with None where that is none."""
        if entry is None or not is_entry(entry) or entry.kind == "prompt":
            act(None, {})
        elif self.one is not None and self.one.id == entry.id:
            act(self.one, self.origin)
        else:
            number = entry.id
            load(
                self, lambda: self._read(number), lambda found: act(*(found[:2] if found else (None, {}))), group="one"
            )

    def compose(self) -> ComposeResult:
        """Head, words, foot."""
        yield Static("", id="detail-head", markup=False)
        yield Static("", id="detail-origin", markup=False)
        yield Vertical(id="detail-body")
        yield Static("", id="detail-foot", markup=False)
        yield Static("", id="detail-around", markup=False)

    def show_entry(self, entry: Entry | QueueRow | None, *, hint: str = "", delay: float = 0.06) -> None:
        """Show an entry; without one, *hint*."""
        self.one = None
        if entry is None:
            load(self, lambda: None, lambda _none: self._fill("", "", hint))
        elif not is_entry(entry):
            load(self, lambda: None, lambda _none: self._event(entry))
        elif entry.kind == "prompt":
            browse = self._opened().browse
            load(self, lambda: browse.prompt(entry.id), lambda found: self._prompt(entry, found), delay=delay)
        else:
            load(self, lambda: self._read(entry.id), self._memory, delay=delay)

    def _read(self, memory_id: int) -> tuple[StoredMemory, dict[str, Any], list[Moment]] | None:
        memory = self._opened()
        found = memory.get([memory_id])
        if not found:
            return None
        around = memory.timeline(memory_id, before=AROUND, after=AROUND, project=found[0].project)
        return found[0], memory.browse.origin(memory_id), around

    def _fill(self, head: str, origin: str, body: str, foot: Content = NOTHING, around: Content = NOTHING) -> None:
        self.text = body
        self.query_one("#detail-head", Static).update(Content(render.safe(head)))
        self.query_one("#detail-origin", Static).update(Content(render.safe(origin)))
        draw(self, lambda: self._draw(render.cut(render.safe(body), LONGEST)))
        self.query_one("#detail-foot", Static).update(foot)
        self.query_one("#detail-around", Static).update(around)
        self.scroll_home(animate=False)

    async def _draw(self, body: str) -> None:
        """The words. Textual's Markdown takes as long to import as the rest of the screen: the list comes first."""
        if self._words is None:
            made = (await asyncio.to_thread(import_module, "claudemem_tui.widgets.words")).Words(body)
            self._words = made
            await self.query_one("#detail-body").mount(made)
        else:
            await self._words.update(body)

    def _event(self, row: QueueRow) -> None:
        """What is not observed yet."""
        at = f"{render.day(row.occurred_ms)} {render.clock(row.occurred_ms)}"
        tried = render.counted(row.attempts, "failure") if row.attempts else "Tried before"
        failed = f"\n\n{tried}: {row.error}" if row.error else ""
        text = f"This waits to be observed: the queue screen (4) shows why.{failed}"
        self._fill(f"{row.kind} {row.tool}".strip(), f"event {row.id} · {row.state} · {at}", text)

    def _prompt(self, entry: Entry, found: dict[str, Any]) -> None:
        when = f"{render.day(entry.created_ms)} {render.clock(entry.created_ms)}"
        head = f"Prompt {found['number']} of session {found['session']}"
        self._fill(head, f"{found['project']} · {when}", found["text"])

    def _memory(self, found: tuple[StoredMemory, dict[str, Any], list[Moment]] | None) -> None:
        if found is None:
            return
        one, origin, around = found
        self.one, self.origin = one, origin
        marks = " ★ pinned" if origin["pinned"] else ""
        if origin["superseded_by"]:
            marks += f" · superseded by #{origin['superseded_by'][0]}"
        when = f"{render.day(one.created_ms)} {render.clock(one.created_ms)}"
        label = render.label(one.kind, one.type)
        line = " · ".join(part for part in (f"#{one.id}", label, one.project, when, one.branch) if part) + marks
        self._fill(render.line(one.title) or "Untitled", line, body_of(one), foot_of(one, origin), around_of(around))


def is_entry(row: Entry | QueueRow) -> TypeIs[Entry]:
    """Whether it is of the feed, not of the queue."""
    from claudemem_lib.browse import Entry  # noqa: PLC0415  # the first frame does not wait for it

    return isinstance(row, Entry)


def body_of(one: StoredMemory) -> str:
    """The words of a memory as Markdown."""
    parts = [f"*{render.line(one.subtitle)}*"] if one.subtitle else []
    parts += [one.narrative] if one.narrative else []
    parts += ["\n".join(f"- {render.line(fact)}" for fact in one.facts)] if one.facts else []
    for name, heading in render.SECTIONS:
        if text := getattr(one, name):
            parts.append(f"**{heading}**\n\n{text}")
    if one.verbatim:
        longest = max((len(run) for run in re.findall("`+", one.verbatim)), default=0)
        fence = "`" * max(3, longest + 1)
        parts.append(f"**Verbatim**\n\n{fence}\n{one.verbatim}\n{fence}")
    return "\n\n".join(parts)


def foot_of(one: StoredMemory, origin: dict[str, Any]) -> Content:
    """Concepts, files, provenance."""
    lines: list[Any] = []

    def add(label: str, text: str) -> None:
        if text:
            lines.extend(((f"{label:<10}", "$text-secondary"), f"{render.safe(text)}\n"))

    add("Concepts", ", ".join(one.concepts))
    add("Changed", "\n          ".join(one.files_modified))
    add("Read", "\n          ".join(one.files_read))
    add("Session", f"{one.session}, prompt {one.prompt_number}" if one.session else "")
    if one.repeats and one.repeated_ms:
        add("Told", f"{one.repeats + 1} times, last {render.day(one.repeated_ms)} {render.clock(one.repeated_ms)}")
    add("Made by", " ".join(part for part in (one.provider, one.model) if part))
    add("Tokens", f"~{one.read_tokens:,} to read" + (f", {one.work_tokens:,} to find out" if one.work_tokens else ""))
    counted: dict[str, int] = {}
    for event in origin["events"]:
        counted[event] = counted.get(event, 0) + 1
    add("From", ", ".join(f"{name} x{count}" if count > 1 else name for name, count in counted.items()))
    add("Like it", ", ".join(f"#{other}" for other in one.similar))
    add("Replaces", ", ".join(f"#{other}" for other in origin["supersedes"]))
    return Content.assemble(*lines)


def around_of(moments: list[Moment]) -> Content:
    """Its neighbours in time, a line each."""
    if len(moments) <= 1:
        return NOTHING
    lines: list[Any] = [("Around it\n", "$text-secondary")]
    for moment in moments:
        mark = "▸" if moment.anchor else " "
        text = f"{mark} {render.clock(moment.created_ms)} {render.label(moment.kind, moment.type):<10} "
        lines.append((f"{text}{render.line(moment.title, 200) or 'Untitled'}\n", "bold" if moment.anchor else ""))
    return Content.assemble(*lines)
