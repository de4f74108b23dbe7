"""Home: everything remembered, newest first, live; searched and filtered; one of it in full."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from claudemem_tui import pages
from claudemem_tui.acting import ActingPage
from claudemem_tui.chosen import Chosen
from claudemem_tui.loading import load
from claudemem_tui.widgets.detail import Detail
from claudemem_tui.widgets.lines import feed_line
from claudemem_tui.widgets.searchbox import SearchBox
from claudemem_tui.widgets.sources import FeedSource, FixedSource
from claudemem_tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from claudemem_lib.browse import Entry
    from claudemem_lib.memory import Memory

TYPING_S = 0.01
MOST_HITS = 500
SERVER_HITS = 100  # the most its tool gives; it holds the model and finds by meaning too
EMPTY = """Nothing is remembered yet.

- `claude-mem install` connects Claude Code: new sessions are recorded from then on.
- `claude-mem backfill` remembers the sessions you had before.
- Press **n** to write a note."""
NOTHING_FOUND = "Nothing passes. Press **Esc** to clear the search and the filters, or **f** to change them."


class HomeScreen(ActingPage):
    """The feed and what is found in it."""

    NAME = "home"
    CSS_PATH = "home.tcss"
    AUTO_FOCUS = "#feed"
    BINDINGS: ClassVar[list[BindingType]] = [
        ("slash", "search", "Search"),
        ("f", "filter", "Filter"),
        Binding("escape", "back", "Back", show=False),
        Binding("tab", "app.focus_next", "Next pane", show=False),
    ]

    def __init__(self, memory: Memory | None) -> None:
        super().__init__(memory)
        self.chosen = Chosen()
        self.query_text = ""
        self._engines = ""
        self._searching = threading.Lock()

    def body(self) -> ComposeResult:
        """Search, list, detail."""
        with Horizontal(id="search-row"):
            yield SearchBox("#feed", '/ to search: words, "phrases", beginnings*', id="search")
            yield Static("", id="found", markup=False)
        with Container(id="panes"):
            yield VirtualList(feed_line, id="feed")
            yield Detail(lambda: self.memory, id="detail")

    def opened(self, memory: Memory) -> None:
        """Show the newest."""
        super().opened(memory)
        self.reload()

    def pane(self) -> Detail:
        """The detail pane."""
        return self.query_one(Detail)

    def under_cursor(self) -> Any:
        """Of the feed."""
        return self.query_one("#feed", VirtualList).current

    def project_here(self) -> str:
        """The project filtered for, else that of the memory shown."""
        return self.chosen.project or super().project_here()

    def reload(self) -> None:
        """Read again: the feed stays where it is, a search is asked again."""
        feed = self.query_one("#feed", VirtualList)
        if self.query_text:
            self._search(again=True)
        elif feed.source is None:
            feed.show(FeedSource(self.memory.browse, self.chosen.wanted(self.memory.clock())))
        else:
            feed.renew()

    def _show(self) -> None:
        """Show what search and filters ask for, from its top."""
        if self.query_text:
            self._search()
        else:
            wanted = self.chosen.wanted(self.memory.clock())
            self.query_one("#feed", VirtualList).show(FeedSource(self.memory.browse, wanted))

    def _search(self, *, again: bool = False) -> None:
        text, chosen, memory = self.query_text, self.chosen, self.memory

        def still_asked() -> bool:
            return (text, chosen) == (self.query_text, self.chosen)

        def read() -> list[Entry]:
            from claudemem_lib import asked, search  # noqa: PLC0415  # the first frame does not wait for it

            with self._searching:  # one at a time: who types on would have them hold each other up
                if not still_asked():
                    return []
                filters = chosen.search(memory.clock())
                by_server = asked.search(memory.data_dir, text, limit=SERVER_HITS, **filters)
                if by_server is not None:
                    return memory.browse.hits(search.shown(memory.database, by_server.hits))
                return memory.browse.hits(memory.search(text, limit=MOST_HITS, **filters))

        def show(found: list[Entry]) -> None:
            if not still_asked():
                return
            engines = {engine for entry in found for engine in entry.engines}
            self._engines = " by words and meaning" if "vectors" in engines else " by words" if found else ""
            feed = self.query_one("#feed", VirtualList)
            if again and isinstance(feed.source, FixedSource):
                feed.put(found)
            else:
                feed.show(FixedSource(found))

        load(self, read, show, group="search", delay=TYPING_S)

    # ------------------------------------------------------------------------------------------------------ what happens
    def on_input_changed(self, event: Input.Changed) -> None:
        """Search as the person types."""
        text = event.value.strip()
        if event.input.id == "search" and text != self.query_text:
            self.query_text = text
            self._show()

    def on_virtual_list_highlighted(self, event: VirtualList.Highlighted) -> None:
        """Show the entry under the cursor in full."""
        hint = NOTHING_FOUND if self.query_text or str(self.chosen) else EMPTY
        self.pane().show_entry(event.entry, hint=hint)

    def on_virtual_list_chosen(self) -> None:
        """Read it; on a narrow screen with all of the room."""
        self.set_class(self.has_class("-narrow"), "-reading")
        self.pane().focus()

    def on_virtual_list_counted(self, event: VirtualList.Counted) -> None:
        """Say how many there are, and of what."""
        said = str(self.chosen)
        number = f"{event.total:,}" + ("+" if self.query_text and event.total >= MOST_HITS else "")
        how = f"{number} found{self._engines}" if self.query_text else f"{number} entries"
        line = self.query_one("#found", Static)
        line.update(Content(f"{said} · {how}" if said else how))
        line.set_class(bool(said), "filtered")

    # ------------------------------------------------------------------------------------------------------------- keys
    def action_search(self) -> None:
        """To the search box."""
        self.remove_class("-reading")
        self.set_focus(self.query_one("#search"))  # now: what is typed next belongs there

    def action_back(self) -> None:
        """Out of reading, then out of the box, then out of search and filters."""
        feed, box = self.query_one("#feed", VirtualList), self.query_one("#search", Input)
        if self.has_class("-reading") or self.focused is not feed:
            self.remove_class("-reading")
            self.set_focus(feed)
        elif box.value or str(self.chosen):
            self.chosen, self.query_text = Chosen(), ""
            with self.prevent(Input.Changed):
                box.value = ""
            self._show()

    def action_filter(self) -> None:
        """Choose the filters."""

        def read() -> tuple[list[tuple[str, int]], dict[str, list[str]]]:
            return [(row.name, row.id) for row in self.memory.projects()], self.memory.browse.known()

        self.app.push_screen(pages.dialog("filters", "Filters")(self.chosen, read), self._apply)

    def _apply(self, chosen: Chosen | None) -> None:
        if chosen is not None and chosen != self.chosen:
            self.chosen = chosen
            self._show()
