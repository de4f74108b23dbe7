"""How an entry looks on one line of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claudemem_lib import render

if TYPE_CHECKING:
    from claudemem_lib.browse import Entry
    from claudemem_tui.widgets.columns import Cells

WIDEST, WIDE, ROOMY, MIDDLE = 104, 84, 64, 56  # so that a title keeps about 40 columns
GLYPHS = {
    "bugfix": "✗", "feature": "✚", "refactor": "⟳", "change": "~", "discovery": "◆", "decision": "⚖", "summary": "Σ",
    "note": "✎", "prompt": "»",
}  # fmt: skip
STYLES = {
    "bugfix": "list--bad", "feature": "list--good", "prompt": "list--dim", "note": "list--accent", "summary": "list--accent",
}  # fmt: skip


def feed_line(entry: Entry, width: int, *, project: bool = True) -> Cells:
    """Time, kind, title, how many are folded into it, and where there is room what found it, the project and the id."""
    name = render.label(entry.kind, entry.type)
    style = STYLES.get(name, "list--kind")
    when = f"{render.day(entry.created_ms)[5:]} {render.clock(entry.created_ms)}"
    title = "list--done" if entry.superseded else "list--dim" if entry.kind == "prompt" else "list--plain"
    mark = "★" if entry.pinned else " "
    cells: Cells = [(" " + when, 13, "list--dim"), (f"{GLYPHS.get(name, '·')} ", 2, style)]
    if width >= MIDDLE:
        cells.append((name, 11, style))
    cells.append((mark, 2, "list--accent"))
    cells.append((render.line(entry.title) or "Untitled", 0, title))
    if entry.similar:
        cells.append((f" +{len(entry.similar)}", 5, "list--accent"))
    if width >= MIDDLE and entry.engines:
        cells.append((f" {_found_by(entry.engines)}", 9, "list--dim"))
    if width >= ROOMY and project:
        cells.append(("  " + render.line(entry.project), 18 if width >= WIDE else 14, "list--dim"))
    if width >= WIDEST:
        cells.append((" " + ("P" if entry.kind == "prompt" else "#") + str(entry.id), 10, "list--dim"))
    return cells


def _found_by(engines: tuple[str, ...]) -> str:
    """What found it, in a word."""
    return "both" if len(engines) > 1 else {"vectors": "meaning", "text": "words"}.get(engines[0], engines[0])
