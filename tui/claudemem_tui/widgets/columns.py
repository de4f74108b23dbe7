"""A line of cells cut and filled to the columns of a list, and the names above them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.widgets import Static

from claudemem_lib import render

if TYPE_CHECKING:
    from collections.abc import Callable

# What joins emoji to one, or paints them: some terminals do and some do not, and columns stood where neither of them are.
JOINING = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFE0E, 0xFE0F, *range(0x1F3FB, 0x1F400)))

Cells = list[tuple[str, int, str]]


def laid_out(cells: Cells, width: int) -> list[tuple[str, str]]:
    """Each cell's text cut or filled to its room, with its style class; all together *width* wide where one takes the rest.

    Between a column of a fixed width and the next stays a gap, however wide the characters are.
    """
    used = sum(size for _, size, _ in cells)
    found = []
    for text, size, name in cells:
        room = size or max(0, width - used)
        line = render.safe(text).replace("\n", " ").replace("\t", " ").translate(JOINING)
        if cell_len(line.rstrip() if size else line) > (most := room - 1 if size > 1 else room):
            line = set_cell_size(line, max(0, most - 1)).rstrip() + "…" if most else ""
        found.append((set_cell_size(line, room), name))
    return found


class ListHead(Static):
    """What the columns of a list are, cut like them."""

    DEFAULT_CSS = "ListHead { height: 1; background: $surface; color: $text-muted; }"

    def __init__(self, draw: Callable[[int], Cells]) -> None:
        super().__init__("", markup=False, classes="list-head")
        self._cells = draw

    def on_resize(self) -> None:
        """As wide as the list, whose last column is its scrollbar."""
        width = max(0, self.size.width - 1)
        self.update(Content("".join(text for text, _ in laid_out(self._cells(width), width))))
