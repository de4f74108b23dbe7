"""What became of what was to be imported, counted: per table how many rows were new, known, and left out, and why."""

from __future__ import annotations

from collections import Counter
from typing import Any

from attrs import define, field

KEPT = ("new", "changed", "known")
MASKED = "secrets masked, or private text cut"


@define
class Table:
    """One table: *rows* = new + changed + known + what is in *dropped*. *notes* counts what was kept, but not as it was."""

    rows: int = 0
    kept: Counter[str] = field(factory=Counter)
    dropped: Counter[str] = field(factory=Counter)
    notes: Counter[str] = field(factory=Counter)

    def count(self, outcome: str) -> None:
        """One row came out as *outcome*."""
        (self.kept if outcome in KEPT else self.dropped)[outcome] += 1


@define
class Tally:
    """All tables of one import, and what there was beside them."""

    tables: dict[str, Table] = field(factory=dict)
    said: list[str] = field(factory=list)

    def table(self, name: str) -> Table:
        """The counts of a table."""
        return self.tables.setdefault(name, Table())

    def total(self, outcome: str) -> int:
        """How many rows of all tables came out as *outcome*."""
        return sum(table.kept[outcome] for table in self.tables.values())

    @property
    def dropped(self) -> int:
        """How many rows were left out."""
        return sum(table.dropped.total() for table in self.tables.values())

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "tables": {
                name: {
                    "rows": table.rows,
                    **{outcome: table.kept[outcome] for outcome in KEPT},
                    "dropped": dict(table.dropped),
                    "notes": dict(table.notes),
                }
                for name, table in self.tables.items()
            },
            "notes": self.said,
        }
