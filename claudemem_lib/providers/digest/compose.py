"""The pieces of evidence as observations and a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claudemem_lib import evidence
from claudemem_lib.models import Observation, Summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claudemem_lib.models import Batch


def digest(batch: Batch, types: Sequence[str]) -> tuple[tuple[Observation, ...], Summary | None]:
    """First version: the files."""
    files = [
        evidence.relative(evidence.path(event), batch.root)
        for event in batch.events
        if event.tool in evidence.WRITERS and event.kind == "tool"
    ]
    names = tuple(dict.fromkeys(filter(None, files)))
    found: tuple[Observation, ...] = ()
    if names:
        kind = "change" if "change" in types else types[0]
        found = (Observation(type=kind, title=f"Changed {', '.join(names)}"[:90], files_modified=names),)
    summary = Summary(request=batch.request[:200], completed=", ".join(names)) if batch.finished else None
    return found, summary
