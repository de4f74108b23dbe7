"""The memory file: sound pages, a full text and vectors that fit their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claudemem_lib import paths, recover
from claudemem_lib.doctor.check import FAILED, OK, WARNING, Check
from claudemem_lib.store import checkup, vectors

if TYPE_CHECKING:
    from claudemem_lib.doctor.patient import Patient

RECOVER = "`claude-mem recover --dry-run` says what can be saved, `claude-mem recover` saves it. Until then hooks go on recording."


def integrity(patient: Patient) -> Check:
    """The file can be opened and its pages hold together."""
    path = patient.top / paths.DATABASE
    if not path.exists():
        remedy = "`claude-mem install` connects Claude Code; `claude-mem backfill` remembers past sessions."
        return Check(name="Memory file", state=WARNING, found=f"There is none yet ({path}).", remedy=remedy)
    database = patient.database
    wrong = patient.trouble if database is None else checkup.damage(database, full=patient.full)
    if wrong:
        remedy = RECOVER if "damaged" in wrong or database is not None else ""
        return Check(name="Memory file", state=FAILED, found=wrong, remedy=remedy)
    if database is not None and database.read_only:
        reason = "; ".join(patient.memory.problems[:1]) if patient.memory else ""
        return Check(name="Memory file", state=WARNING, found=reason or "It can be read but not changed.")
    how = "every page, row and index was read" if patient.full else "every page was read; --full compares indexes too"
    return Check(name="Memory file", state=OK, found=f"Sound: {how}.")


def fulltext(patient: Patient) -> Check | None:
    """Every row is in the full text."""
    database = patient.database
    if database is None or database.damage:
        return None
    wrong = checkup.fulltext(database, full=patient.full)
    if not wrong:
        return Check(name="Full text", state=OK, found="It knows every memory and prompt.")

    def mend() -> str:
        checkup.rebuild_fulltext(database)
        return "Made the full text anew."

    remedy = "`claude-mem doctor --fix` makes it anew from the rows; nothing is lost."
    return Check(name="Full text", state=FAILED, found=wrong, remedy=remedy, fix="make the full text anew", mend=mend)


def indexes(patient: Patient) -> Check | None:
    """Every index is there, so that nothing takes longer than it has to."""
    database = patient.database
    if database is None or database.damage:
        return None
    gone = checkup.missing_indexes(database)
    if not gone:
        return Check(name="Indexes", state=OK, found="All of them are there.")
    found = f"There is no index {', '.join(gone)}: nothing is lost, but all that uses it is slow."
    if database.read_only:
        return Check(name="Indexes", state=WARNING, found=found)

    def mend() -> str:
        checkup.add_indexes(database)
        return f"Made the index {', '.join(gone)} anew."

    remedy = "`claude-mem doctor --fix` makes it anew from the rows."
    return Check(name="Indexes", state=WARNING, found=found, remedy=remedy, fix="make the index anew", mend=mend)


def vectors_fit(patient: Patient) -> Check | None:
    """Every vector has its memory."""
    database = patient.database
    if database is None or database.damage:
        return None
    stray = checkup.stray_vectors(database)
    if not stray:
        return Check(name="Vectors", state=OK, found=f"{vectors.count(database):,}, each with its memory.")

    def mend() -> str:
        return f"Removed {vectors.mend(database)} vectors; what lacks one is embedded again."

    remedy = "`claude-mem doctor --fix` removes them; what lacks one is embedded again."
    found = f"{stray:,} vectors have lost their memory or their other half, or are damaged."
    return Check(name="Vectors", state=WARNING, found=found, remedy=remedy, fix=f"remove {stray} vectors", mend=mend)


def contents(patient: Patient) -> Check | None:
    """How much is remembered, and whether a damaged file still lies aside."""
    if patient.stats is None:
        return None
    counts = patient.stats["counts"]
    total = counts["observations"] + counts["summaries"] + counts["notes"]
    size = f"{patient.stats['file_bytes'] / 1e6:,.1f} MB in {patient.data_dir}"
    found = f"{total:,} memories of {counts['sessions']:,} sessions, {size}."
    aside = patient.top / recover.ASIDE
    if aside.is_dir() and any(aside.iterdir()):
        found += f" A damaged file lies in {aside}; delete that folder once you miss nothing."
    if total or counts["prompts"]:
        return Check(name="Memory", state=OK, found=found)
    return Check(
        name="Memory", state=WARNING, found=found, remedy="`claude-mem backfill` remembers the sessions you had before."
    )
