"""What a whole turn came to, in the six fields of a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claudemem_lib.capture import MEDIA_PROMPT
from claudemem_lib.models import Summary
from claudemem_lib.providers.digest.changes import listed
from claudemem_lib.providers.digest.commands import CHECKS, Kind
from claudemem_lib.providers.digest.cues import DECIDED
from claudemem_lib.providers.digest.markdown import cut
from claudemem_lib.providers.digest.turn import has_kind
from claudemem_lib.providers.digest.wording import best, joined, weight

if TYPE_CHECKING:
    from claudemem_lib.models import Batch
    from claudemem_lib.providers.digest.turn import Turn

_WORDLESS = {MEDIA_PROMPT: "An image or a file, without words"}
_FIELD_LIMIT = 700
_LOOKED_LIMIT = 400


def summary_of(turn: Turn, batch: Batch) -> Summary | None:
    """The turn's summary; None where nothing at all was said or done."""
    fields = {
        "investigated": _investigated(turn),
        "learned": _learned(turn),
        "completed": _completed(turn),
        "next_steps": joined(turn.said.next_steps[:5], _FIELD_LIMIT),
        "notes": _notes(turn),
    }
    if not any(fields.values()):
        return None
    return Summary(request=turn.request or _WORDLESS.get(batch.request, ""), **fields)


def _investigated(turn: Turn) -> str:
    whole = turn.whole
    changed = {change.path for change in whole.changes}
    only_read = [path for path in whole.reads if path not in changed]
    agents = [report.about for report in whole.reports if report.about and not report.web]
    parts = [
        f"Read {listed(only_read, 6)}" if only_read else "",
        f"Subagents: {listed(agents, 4)}" if agents else "",
        f"Searched for {listed([cut(text, 60) for text in turn.searches], 4)}" if turn.searches else "",
    ]
    return joined(filter(None, parts), _LOOKED_LIMIT)


def _learned(turn: Turn) -> str:
    said = turn.said
    answered = not turn.worked and (turn.whole.reads or turn.searches or turn.whole.reports)
    used = said.done or said.rest[:1]
    told = list(
        best(said.everything, 5) if answered else best((text for text in said.explained if text not in used), 4)
    )
    for repair in [repair for repair in turn.whole.repairs if repair.files and repair.failure.trouble][:3]:
        files = listed([path.rpartition("/")[2] for path in repair.files], 3)
        told.append(f'"{repair.failure.trouble}" from {repair.failure.key} was cured in {files}')
    return joined(told, _FIELD_LIMIT)


def _completed(turn: Turn) -> str:
    """The assistant's own account first, then commits or files, then how it was checked."""
    whole = turn.whole
    if not turn.worked and _learned(turn):
        return ""
    subjects = list(dict.fromkeys(commit.title for commit in whole.commits))
    told = [text for text in best(turn.said.done, 5) or turn.said.rest[:1] if weight(text) >= 0 or not subjects]
    if subjects:
        told.append(f"Committed: {'; '.join(subjects[:6])}")
    elif whole.changes:
        told.append(f"Changed {listed([change.path for change in whole.changes], 6)}")
    if not told:
        told += [step.closed for step in whole.steps if step.closed][-3:]
        told += [
            f"Ran {step.label}"
            for step in whole.steps
            if step.kind in (Kind.DEPLOY, Kind.MIGRATE, Kind.INSTALL) and step.ok
        ][:3]
    last = {step.key: step for step in whole.steps if step.kind in CHECKS and step.ok is not None}
    passed = [f"{step.key}: {step.said}" for step in last.values() if step.ok and step.said]
    if passed:
        told.append(f"Checks: {listed(passed, 3)}")
    if has_kind(whole.steps, Kind.PUSH):
        told.append("Pushed")
    return joined(told or turn.said.rest[:2], _FIELD_LIMIT)


def _notes(turn: Turn) -> str:
    told = [text if text.startswith(DECIDED) else f"Decided: {text}" for text in turn.said.decided[:2]]
    told += [f'At the end {step.label} still failed: "{step.trouble}"' for step in turn.unsolved[:2]]
    if turn.stopped:
        told.append("The last step was interrupted or refused by the user")
    return joined(told, _FIELD_LIMIT)
