"""A batch in, observations and a summary out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from claudemem_lib.providers.digest import findings, work
from claudemem_lib.providers.digest.summary import summary_of
from claudemem_lib.providers.digest.turn import turn_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from claudemem_lib.models import Batch, Observation, Summary
    from claudemem_lib.providers.digest.turn import Turn

_MOST_OBSERVATIONS = 6


def digest(batch: Batch, types: Sequence[str]) -> tuple[tuple[Observation, ...], Summary | None]:
    """Observations about the batch's new events, at most six, and the turn's summary if it has ended."""
    turn = turn_of(batch)
    taken = list(batch.recap)
    found: list[Observation] = []
    for observation in _observations(turn, taken):
        taken.append(observation.title)
        found.append(observation)
    kept = tuple(_allowed(observation, types) for observation in found[:_MOST_OBSERVATIONS])
    return kept, summary_of(turn, batch) if batch.finished else None


def _allowed(observation: Observation, types: Sequence[str]) -> Observation:
    """*observation* with a type the mode knows."""
    kind = observation.type if observation.type in types else types[0]
    return evolve(observation, type=kind)


def _observations(turn: Turn, taken: Sequence[str]) -> Iterator[Observation]:
    """Everything worth noting, work first; *taken* grows with the titles while this runs."""
    worked = [stretch for stretch in turn.stretches if stretch.changes or stretch.commits]
    for stretch in worked:
        yield from work.of_work(turn, stretch, taken, alone=len(worked) == 1)
    for stretch in turn.stretches:
        if stretch not in worked:
            yield from work.of_actions(turn, stretch, taken)
    yield from findings.of_reports(turn, taken)
    yield from findings.of_rules(turn, taken)
    yield from findings.of_decision(turn, taken)
    yield from findings.of_answer(turn, taken)
