"""A list of any length: only the lines in sight are drawn, only the pages in sight are read.

Textual's own lists take seconds to fill with tens of thousands of rows; this one takes the same time for ten and a million.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from rich.segment import Segment
from textual import on
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from claudemem_tui.loading import load
from claudemem_tui.widgets.columns import laid_out
from claudemem_tui.widgets.sources import FixedSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events
    from textual.binding import BindingType

    from claudemem_tui.widgets.columns import Cells

PAGES_KEPT = 40


class Source(Protocol):
    """Where a list's entries come from. Called in threads."""

    size: int

    def total(self) -> int:
        """How many entries there are."""
        ...

    def page(self, number: int, total: int) -> Sequence[Any]:
        """The entries of one page, *size* of them but for the last."""
        ...

    def newer(self) -> int:
        """How many entries came at the top since the first page was read."""
        ...

    def heading(self, index: int) -> bool:
        """Whether there is a heading at a place, on which nobody stands. One is never the last; called while drawing."""
        ...


def _place(wanted: Any, entries: Sequence[Any], otherwise: int) -> int:
    """Where among the entries is the one that *wanted* is, whatever else of it changed."""
    key = _identity(wanted)
    return next((at for at, one in enumerate(entries) if key and _identity(one) == key), otherwise)


def _identity(entry: Any) -> tuple[Any, Any] | None:
    """What an entry is, whatever else of it changes; None where it has no id."""
    number = getattr(entry, "id", None)
    return None if number is None else (getattr(entry, "kind", ""), number)


class VirtualList(ScrollView, can_focus=True):
    """Shows what a Source gives; `draw` makes an entry into cells: (text, width or 0 for the rest, style class)."""

    DEFAULT_CSS = "VirtualList { overflow-x: hidden; scrollbar-size: 0 1; }"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "list--cursor", "list--blurred", "list--dim", "list--plain", "list--accent", "list--good", "list--bad", "list--kind",
        "list--done", "list--heading",
    }  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "leap(-1)", "Page up", show=False),
        Binding("pagedown", "leap(1)", "Page down", show=False),
        Binding("home,g", "end(False)", "To the first", show=False),
        Binding("end,G", "end(True)", "To the last", show=False),
        Binding("enter", "choose", "Read", show=False),
    ]

    class Highlighted(Message):
        """The cursor stands on another entry, or on none."""

        def __init__(self, entry: Any, list_id: str) -> None:
            super().__init__()
            self.entry, self.list_id = entry, list_id

    class Chosen(Message):
        """Enter or a second click on an entry."""

        def __init__(self, entry: Any, list_id: str) -> None:
            super().__init__()
            self.entry, self.list_id = entry, list_id

    class Counted(Message):
        """It is known how many entries there are."""

        def __init__(self, total: int, list_id: str) -> None:
            super().__init__()
            self.total, self.list_id = total, list_id

    def __init__(self, draw: Callable[[Any, int], Cells], *, id: str | None = None) -> None:  # noqa: A002  # Textual's word
        super().__init__(id=id)
        self._draw = draw
        self.source: Source | None = None
        self.total = 0
        self.cursor = 0
        self._pages: OrderedDict[int, Sequence[Any]] = OrderedDict()
        self._asked: tuple[int, ...] = ()
        self._told: Any = None
        self._coming: tuple[Source, bool] | None = None
        self._early: list[Callable[[], None]] = []

    # -------------------------------------------------------------------------------------------------------- filling
    def show(self, source: Source, *, at_end: bool = False) -> None:
        """Show another source, from its top or its end."""
        self._coming = (source, at_end)

        def first() -> tuple[int, Sequence[Any]]:
            try:
                total = source.total()
                return total, source.page(0, total) if total else ()
            except Exception:
                self._coming = None  # what is shown stays: keys are for it
                raise

        def begin(found: tuple[int, Sequence[Any]]) -> None:
            self.source, self.cursor, self._coming = source, 0, None
            self._fill(found[0], found[1])
            if at_end:
                self.action_end(last=True)
            else:
                self.scroll_to(y=0, animate=False, force=True)
            self._catch_up()

        load(self, first, begin, group="fill")

    def _catch_up(self) -> None:
        """Do what was pressed while the list was on its way, in its order."""
        early, self._early = self._early, []
        for act in early:
            act()

    def _wait(self, act: Callable[[], None]) -> bool:
        """Whether *act* has to wait for a list that is on its way."""
        if self._coming is not None:
            self._early.append(act)
        return self._coming is not None

    def put(self, entries: Sequence[Any]) -> None:
        """Show these; who stands on an entry stays on it wherever it is now, and on its place if it is gone."""
        if self.source is None or self._coming is not None:
            self.show(FixedSource(entries))
            return
        here, self.source = self.current, FixedSource(entries)
        self.cursor = _place(here, entries, self.cursor)
        self._fill(len(entries), self.source.page(0, len(entries)))
        self._go(self.cursor)

    def renew(self) -> None:
        """Read again what is there; who stands on an entry stays on it while new ones come above."""
        if self._coming is not None:  # it would take the place of the reading that shows another
            self.show(self._coming[0], at_end=self._coming[1])
            return
        source = self.source
        if source is None:
            return

        def again() -> tuple[int, int, Sequence[Any]]:
            newer, total = source.newer(), source.total()
            return newer, total, source.page(0, total) if total else ()

        def shift(found: tuple[int, int, Sequence[Any]]) -> None:
            newer, total, page = found
            before = self.cursor
            if before > self._first or self.scroll_offset.y > 0 or not self.has_focus:  # else: on the newest, whichever
                self.cursor = before + newer if newer else _place(self.current, page, before)
            moved = self.cursor - before
            self._fill(total, page)
            if moved:
                self.scroll_to(y=self.scroll_offset.y + moved, animate=False, force=True)
                self._keep_in_sight()

        load(self, again, shift, group="fill")

    def _fill(self, total: int, page: Sequence[Any]) -> None:
        self.total, self._asked = total, ()
        self._pages.clear()
        self._pages[0] = page
        self.cursor = self._standable(min(self.cursor, total - 1))
        self.virtual_size = Size(self.scrollable_content_region.width, total)
        self.refresh()
        self.post_message(self.Counted(total, self.id or ""))
        self._tell(anyway=True)

    def entry(self, index: int) -> Any:
        """The entry at a place of the list, if its page is here."""
        if self.source is None or not 0 <= index < self.total:
            return None
        number, offset = divmod(index, self.source.size)
        page = self._pages.get(number)
        if page is None:
            self._ask()
            return None
        self._pages.move_to_end(number)
        return page[offset] if offset < len(page) else None

    def _heads(self, index: int) -> bool:
        return self.source is not None and 0 <= index < self.total and self.source.heading(index)

    @property
    def _first(self) -> int:
        """The first place one can stand on."""
        return int(self._heads(0))

    def _standable(self, index: int, *, upwards: bool = False) -> int:
        """A place one can stand on: this, or beyond a heading."""
        index = max(0, index)
        return index + (-1 if upwards and index else 1) if self._heads(index) else index

    @property
    def current(self) -> Any:
        """The entry under the cursor."""
        return self.entry(self.cursor)

    def _ask(self) -> None:
        """Have the pages in sight read that are not here."""
        source, total = self.source, self.total
        if source is None:
            return
        top = self.scroll_offset.y
        lines = {top, min(total - 1, top + max(1, self.size.height) - 1), self.cursor}
        missing = tuple(sorted({line // source.size for line in lines} - set(self._pages)))
        if not missing or missing == self._asked:
            return
        self._asked = missing

        def read() -> dict[int, Sequence[Any]]:
            return {number: source.page(number, total) for number in missing}

        def take(found: dict[int, Sequence[Any]]) -> None:
            self._asked = ()
            if self.source is source and self.total == total:
                self._pages.update(found)
                while len(self._pages) > PAGES_KEPT:
                    self._pages.popitem(last=False)
                self.refresh()
                self._tell()

        load(self, read, take, group="pages")

    # -------------------------------------------------------------------------------------------------------- drawing
    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        index, width = self.scroll_offset.y + y, self.scrollable_content_region.width
        if index >= self.total:
            return Strip.blank(width, self.rich_style)
        entry = self.entry(index)
        cells = self._draw(entry, width) if entry else [("  …", 0, "list--dim")]
        here = index == self.cursor
        over = self.get_component_rich_style("list--cursor" if self.has_focus else "list--blurred") if here else None
        segments = []
        for text, name in laid_out(cells, width):
            style = self.get_component_rich_style(name)
            segments.append(Segment(text, style + over if over else style))
        return Strip(segments).adjust_cell_length(width, over or self.rich_style)

    def watch_show_vertical_scrollbar(self, show: bool) -> None:  # noqa: FBT001  # Textual's watchers get the value
        """A scrollbar that comes after the list was moved stands where the list does."""
        if show:
            self.call_after_refresh(self._place_bar)

    def _place_bar(self) -> None:
        self.vertical_scrollbar.position = self.scroll_y

    def on_resize(self) -> None:
        """The width of what can be scrolled is that of the window."""
        self.virtual_size = Size(self.scrollable_content_region.width, self.total)
        self._keep_in_sight()

    # --------------------------------------------------------------------------------------------------------- moving
    def _go(self, index: int) -> None:
        self.cursor = self._standable(min(index, self.total - 1), upwards=index < self.cursor)
        self._keep_in_sight()
        self.refresh()
        self._tell()

    def _keep_in_sight(self) -> None:
        top, height = self.scroll_offset.y, max(1, self.size.height)
        if self.cursor - self._heads(self.cursor - 1) < top:  # with the heading right above
            self.scroll_to(y=self.cursor - self._heads(self.cursor - 1), animate=False, force=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, force=True)

    def _tell(self, *, anyway: bool = False) -> None:
        entry = self.current if self.total else None
        if anyway or (entry is not None and entry != self._told):
            self._told = entry
            if entry is not None or not self.total:
                self.post_message(self.Highlighted(entry, self.id or ""))

    def action_move(self, by: int) -> None:
        """A line up or down."""
        if not self._wait(lambda: self.action_move(by)):
            self._go(self.cursor + by)

    def action_leap(self, by: int) -> None:
        """A window up or down."""
        if not self._wait(lambda: self.action_leap(by)):
            self._go(self.cursor + by * max(1, self.size.height - 1))

    def action_end(self, last: bool) -> None:  # noqa: FBT001  # Textual passes actions their values in order
        """To the newest or the oldest."""
        if not self._wait(lambda: self.action_end(last)):
            self._go(self.total - 1 if last else 0)

    def action_choose(self) -> None:
        """Say which was chosen."""
        if not self._wait(self.action_choose) and self.current is not None:
            self.post_message(self.Chosen(self.current, self.id or ""))

    def on_click(self, event: events.Click) -> None:
        """The first click moves the cursor, one on the cursor chooses."""
        index = self.scroll_offset.y + event.get_content_offset_capture(self).y
        if index >= self.total or self._heads(index):
            return
        if index == self.cursor or event.chain > 1:
            self._go(index)
            self.action_choose()
        else:
            self._go(index)

    @on(Highlighted)
    def _drawn_again(self) -> None:
        self.refresh()
