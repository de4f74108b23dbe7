"""The queue: does it move, and is nothing held by a worker that is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claudemem_lib import link, when
from claudemem_lib.doctor.check import FAILED, OK, WARNING, Check

if TYPE_CHECKING:
    from claudemem_lib.doctor.patient import Patient

STALE_MS = 3_600_000


def queue(patient: Patient) -> Check | None:
    """What waits to be observed is observed before long."""
    if patient.stats is None:
        return None
    rows, waiting_for = patient.stats["queue"], patient.stats.get("waiting_for", "")
    found = f"{rows['pending']:,} pending, {rows['claimed']:,} being observed, {rows['parked']:,} parked."
    if rows["parked"]:
        last = f" Last error: {rows['last_error']}" if rows["last_error"] else ""
        remedy = "`claude-mem queue list` shows why, `claude-mem queue retry` tries them again."
        return Check(name="Queue", state=FAILED, found=found + last, remedy=remedy)
    if waiting_for:
        remedy = "It goes on by itself when that is over."
        return Check(name="Queue", state=WARNING, found=f"{found} {waiting_for}", remedy=remedy)
    age_ms = rows["oldest_age_ms"] or 0
    if age_ms > STALE_MS:
        found += f" The oldest waits for {when.age(age_ms)}."
        remedy = "`claude-mem start` starts the server, `claude-mem drain` does it here and now."
        return Check(name="Queue", state=WARNING, found=found, remedy=remedy)
    return Check(name="Queue", state=OK, found=found)


def claims(patient: Patient) -> Check | None:
    """No batch is held by a worker that is gone; one that runs in another terminal would notice, and store nothing twice."""
    memory = patient.memory
    held = 0 if patient.stats is None else patient.stats["queue"]["claimed"]
    if memory is None or not held or link.holder(patient.data_dir) is not None:
        return None
    return Check(
        name="Claims", state=WARNING, found=f"{held:,} events are held by a worker, and no server runs.",
        remedy="They come back when the lease ends; `claude-mem doctor --fix` gives them back now.",
        fix=f"give {held} events back to the queue", mend=lambda: f"Gave {memory.release()} events back to the queue.",
    )  # fmt: skip
