"""The data folder: who may read it, what is left over, how much room there is, what waits in the inbox."""

from __future__ import annotations

import os
import shutil
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

from claudemem_lib import intake, lean, link, paths, rules, settings, when
from claudemem_lib.doctor.check import FAILED, OK, WARNING, Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claudemem_lib.doctor.patient import Patient

LOOKED_AT = 20_000
LISTED = 3
LITTLE_BYTES, TOO_LITTLE_BYTES = 500_000_000, 50_000_000
BACKLOG = 5_000
DAY_MS = 86_400_000
STARTING_S = 60.0
OPEN_BITS = 0o077


def permissions(patient: Patient) -> Check | None:
    """Only the owner may read what is remembered."""
    if os.name != "posix" or not patient.top.exists():
        return None
    paths_there = [patient.top, *_below(patient.top)]
    foreign = [path for path in paths_there if path.lstat().st_uid != os.geteuid()]
    open_ones = [path for path in paths_there if path.lstat().st_mode & OPEN_BITS and not path.is_symlink()]
    if foreign:
        found = f"{len(foreign)} files belong to another user: {_names(patient, foreign)}"
        remedy = f"Give them back: sudo chown -R $(id -un) {patient.top}"
        return Check(name="Permissions", state=FAILED, found=found, remedy=remedy)
    if open_ones:
        found = f"{len(open_ones)} files or folders can be read by others: {_names(patient, open_ones)}"
        return Check(
            name="Permissions", state=FAILED, found=found, remedy="`claude-mem doctor --fix` closes them.",
            fix=f"take others' rights from {len(open_ones)} files or folders", mend=lambda: _close(open_ones),
        )  # fmt: skip
    return Check(name="Permissions", state=OK, found=f"{patient.top} can be read by nobody else.")


def _below(top: Path) -> Iterator[Path]:
    """Files and folders in the data folder; of very many, the first."""
    seen = 0
    for folder, folders, files in os.walk(top):
        for name in (*folders, *files):
            yield Path(folder) / name
            seen += 1
            if seen >= LOOKED_AT:
                return


def _names(patient: Patient, found: list[Path]) -> str:
    shown = [str(path.relative_to(patient.top)) for path in found[:LISTED]]
    return ", ".join(shown) + (", ..." if len(found) > LISTED else "")


def _close(found: list[Path]) -> str:
    for path in found:
        if path.exists():  # it may have been taken in meanwhile
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~OPEN_BITS)
    return f"Took others' rights from {len(found)} files or folders."


def rules_file(patient: Patient) -> Check | None:
    """What hooks go by is what the settings say."""
    if not patient.top.exists():
        return None
    try:
        there = lean.read_file(f"{patient.data_dir}/{paths.HOOK_RULES}")
    except OSError:
        there = ""
    wanted = settings.wanted_rules(patient.data_dir)
    by_default = lean.dumps({**rules.DEFAULTS, "pauses": ()})
    fresh = not there and not (patient.top / paths.DATABASE).exists()  # opening the memory writes them
    if there == wanted or (fresh and lean.loads(wanted) == lean.loads(by_default)):
        return Check(name="Rules of hooks", state=OK, found="hook.json says what the settings say.")
    return Check(
        name="Rules of hooks", state=WARNING,
        found="hook.json is missing or older than the settings, so hooks go by other settings than those shown.",
        remedy="`claude-mem doctor --fix` writes it anew.", fix="write hook.json anew", mend=lambda: _rewrite(patient),
    )  # fmt: skip


def _rewrite(patient: Patient) -> str:
    settings.write_rules(patient.data_dir)
    return "Wrote hook.json anew."


def settings_in_use(patient: Patient) -> Check | None:
    """Every setting can be used."""
    if not patient.top.exists():
        return None
    database = patient.database
    writable = database is not None and not database.read_only  # else the first problem told is that of the file
    problems = patient.stats["problems"] if writable and patient.stats else settings.load(patient.data_dir)[1]
    misspelt = settings.misspelt(patient.data_dir)
    if not problems and misspelt:
        remedy = f"Mend the name in {patient.top / paths.SETTINGS}."
        return Check(name="Settings", state=WARNING, found="; ".join(misspelt), remedy=remedy)
    if not problems:
        return Check(name="Settings", state=OK, found="All of them can be used.")
    remedy = "`claude-mem settings KEY VALUE` mends it."
    return Check(name="Settings", state=FAILED, found="; ".join(problems), remedy=remedy)


def room(patient: Patient) -> Check | None:
    """There is room on the disk, and what we take of it."""
    if not patient.top.exists():
        return None
    free = shutil.disk_usage(patient.top).free
    sizes = {name: _size(patient.top / name) for name in (paths.BACKUPS, paths.LOGS, paths.INBOX, "damaged", "models")}
    database = sum(_size(patient.top / f"{paths.DATABASE}{part}") for part in ("", "-wal"))
    shown = [f"memory {database / 1e6:,.1f}", *(f"{name} {size / 1e6:,.1f}" for name, size in sizes.items() if size)]
    found = f"{free / 1e9:,.1f} GB free. We take, in MB: {', '.join(shown)}."
    if free < TOO_LITTLE_BYTES:
        remedy = "Make room: until then nothing new can be stored; what is accepted stays and is taken up by itself."
        return Check(name="Disk", state=FAILED, found=found, remedy=remedy)
    if free < LITTLE_BYTES + database:
        return Check(name="Disk", state=WARNING, found=found, remedy="Make room; a backup or recovery needs that much.")
    return Check(name="Disk", state=OK, found=found)


def _size(path: Path) -> int:
    """Bytes of a file or of everything in a folder."""
    if not path.is_dir():
        return path.stat().st_size if path.exists() else 0
    return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())


def inbox(patient: Patient) -> Check | None:
    """What hooks left is taken in before long."""
    folder = patient.top / paths.INBOX
    names = intake.waiting(patient.data_dir)
    if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
        found = f"{folder} cannot be written, so hooks record nothing."
        return Check(name="Inbox", state=FAILED, found=found, remedy=f"Make it yours again: chmod 700 {folder}")
    if not names:
        return Check(name="Inbox", state=OK, found="Nothing waits to be taken in.")
    age_ms = max(0, int((time.time() - min(_time(folder / name) for name in names[:10])) * 1_000))
    size = sum(_size(folder / name) for name in names[:LOOKED_AT])
    found = f"{len(names):,} events ({size / 1e6:,.1f} MB) wait to be taken in, the oldest for {when.age(age_ms)}."
    if len(names) < BACKLOG and age_ms < DAY_MS:
        return Check(name="Inbox", state=OK, found=found)
    remedy = "Nothing is lost. `claude-mem start`, or `claude-mem drain` once, takes them in; see the server's check for why not."
    return Check(name="Inbox", state=WARNING, found=found, remedy=remedy)


def _time(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else time.time()


def bad_files(patient: Patient) -> Check | None:
    """Nothing was set aside as no event."""
    found = intake.bad(patient.data_dir)
    if not found:
        return None
    remedy = "`claude-mem queue bad` shows them, --retry tries them again, --clear deletes them."
    said = f"{len(found):,} files in inbox/bad were no events; the last: {found[-1][1]}"
    return Check(name="Bad files", state=WARNING, found=said, remedy=remedy)


def leftovers(patient: Patient) -> Check | None:
    """Nothing says there is a server where there is none, and no recovery was left half done."""
    names = [name for name in _left(patient.top) if link.holder(patient.data_dir) is None]
    if not names:
        return None
    return Check(
        name="Leftovers", state=WARNING, found=f"Left by a process that was killed: {', '.join(names)}. It does no harm.",
        remedy="`claude-mem doctor --fix` removes it.", fix=f"remove {', '.join(names)}",
        mend=lambda: _remove(patient, names),
    )  # fmt: skip


def _left(top: Path) -> list[str]:
    socket = Path(paths.socket_path(str(top)))
    found = [name for name in (paths.SERVER, ".trial") if (top / name).exists()]
    found += [paths.SOCKET] if socket.exists() else []
    found += [path.name for path in top.glob(".probe-*") if time.time() - _time(path) > STARTING_S]
    starting = top / link.STARTING
    return found + ([link.STARTING] if starting.exists() and time.time() - _time(starting) > STARTING_S else [])


def _remove(patient: Patient, names: list[str]) -> str:
    held = link.lock(patient.data_dir)
    if held is None:
        return "A server started meanwhile; nothing was removed."
    try:
        for name in names:
            path = Path(paths.socket_path(patient.data_dir)) if name == paths.SOCKET else patient.top / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    finally:
        os.ftruncate(held, 0)
        os.close(held)
    return f"Removed {', '.join(names)}."
