"""The filters of the feed as a person wrote them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from claudemem_lib import render, when

if TYPE_CHECKING:
    from claudemem_lib.browse import Wanted


class Chosen(NamedTuple):
    """Filters as a person wrote them; "" means any."""

    project: str = ""
    project_id: int | None = None
    kind: str = ""
    type: str = ""
    concept: str = ""
    since: str = ""
    until: str = ""

    def wanted(self, now_ms: int) -> Wanted:
        """As the feed takes them; BadRequest for a time that is none."""
        from claudemem_lib.browse import Wanted  # noqa: PLC0415  # the first frame does not wait for it

        return Wanted(
            project_id=self.project_id,
            kinds=(self.kind,) if self.kind else (),
            types=(self.type,) if self.type else (),
            concepts=(self.concept,) if self.concept else (),
            since_ms=when.moment(self.since, now_ms) if self.since else None,
            until_ms=when.moment(self.until, now_ms, end=True) if self.until else None,
        )

    def search(self, now_ms: int) -> dict[str, Any]:
        """As `Memory.search` takes them."""
        found = self.wanted(now_ms)
        return {
            "project": self.project or None,
            "kind": found.kinds,
            "type": found.types,
            "concepts": found.concepts,
            "since_ms": found.since_ms,
            "until_ms": found.until_ms,
        }

    def __str__(self) -> str:
        named = (("", self.project), ("", self.kind), ("", self.type), ("", self.concept))
        parts = [value for _, value in named if value]
        parts += [f"since {self.since}"] if self.since else []
        parts += [f"until {self.until}"] if self.until else []
        return " · ".join(render.line(part, 40) for part in parts)
