"""What the screens with one list share: something above, the columns' names, the rows, the one under the cursor in full below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.content import Content
from textual.widgets import Static

from claudemem_lib import render
from claudemem_tui.screens.page import Page
from claudemem_tui.widgets.columns import ListHead
from claudemem_tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from claudemem_tui.widgets.columns import Cells


class ListPage(Page):
    """Subclasses say what a row looks like and what is told of it below."""

    CSS_PATH = ["home.tcss", "lists.tcss"]  # noqa: RUF012  # declared by Textual as it is

    def body(self) -> ComposeResult:
        """Above, head, rows, below."""
        yield Static("", id=f"{self.NAME}-top", classes="list-top", markup=False)
        yield ListHead(self.head)
        yield VirtualList(self.line, id=self.NAME)
        yield Static("", id=f"{self.NAME}-foot", classes="list-foot", markup=False)

    def on_mount(self) -> None:
        """Show them."""
        self.listed.add_class("list-rows")
        self.listed.focus()
        self.reload()

    def head(self, width: int) -> Cells:
        """The names of the columns."""
        raise NotImplementedError

    def line(self, row: Any, width: int) -> Cells:
        """One row."""
        raise NotImplementedError

    def below(self, row: Any) -> str:
        """The row under the cursor in full; None: there is none, and what to do about it."""
        raise NotImplementedError

    @property
    def listed(self) -> VirtualList:
        """The list."""
        return self.query_one(f"#{self.NAME}", VirtualList)

    @property
    def here(self) -> Any:
        """The row under the cursor."""
        return self.listed.current

    def say_above(self, text: str) -> None:
        """What there is in all."""
        self.query_one(f"#{self.NAME}-top", Static).update(Content(render.safe(text)))

    def tell_below(self) -> None:
        """The row under the cursor, as it stands now."""
        self.query_one(f"#{self.NAME}-foot", Static).update(Content(render.safe(self.below(self.here))))

    def on_virtual_list_highlighted(self) -> None:
        """Another row."""
        self.tell_below()
