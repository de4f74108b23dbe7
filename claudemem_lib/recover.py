"""Saving what can be read of a damaged memory file into a new one. The damaged file is set aside as it is, never changed.

    damaged file --link--> damaged/TIME/     a mark takes its place, so that nobody opens or makes a file meanwhile
    damaged/TIME --pages--> claude-mem.db.new
    claude-mem.db.new --rename--> claude-mem.db, then the inbox is taken in

A recovery that is broken off leaves the mark; the next one goes on from the file that was set aside.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from time import strftime
from typing import TYPE_CHECKING

from attrs import frozen

from claudemem_lib import lean, link, paths
from claudemem_lib.errors import NotFound, StoreUnreadable
from claudemem_lib.memory import Memory
from claudemem_lib.store import checkup, merging, salvage, sql, tombstones, vectors
from claudemem_lib.store.connection import BEING_RECOVERED
from claudemem_lib.store.database import Database
from claudemem_lib.store.migrations import MIGRATIONS
from claudemem_lib.store.pages import Damaged, Pages

if TYPE_CHECKING:
    from collections.abc import Iterator

ASIDE = "damaged"
NEW = f"{paths.DATABASE}.new"
PARTS = ("", "-wal", "-shm")
SPARE_BYTES = 20_000_000


@frozen(kw_only=True)
class Recovered:
    """What was wrong ("" if nothing), where the damaged file lies now, what became of its tables, how many events were taken in."""

    wrong: str
    set_aside: str = ""
    tables: tuple[salvage.Saved, ...] = ()
    rebuilt: bool = False
    taken_in: int = 0
    dry_run: bool = False
    backups: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows were saved."""
        return sum(table.rows for table in self.tables)

    @property
    def lost(self) -> int:
        """How many rows are known to be lost."""
        return sum(table.lost for table in self.tables)


def recover(data_dir: str, *, source: str = "", dry_run: bool = False) -> Recovered:
    """Save what can be read of the memory file (or of *source*, another copy) into a new one; a sound file is left alone.

    NotFound if there is no file, NoServer if the server does not end, StoreUnreadable if there is no room on the disk. With
    *dry_run* the same report and nothing changed.
    """
    top = Path(data_dir).expanduser().absolute()
    if source and not Path(source).is_file():
        message = f"there is no file {source}"
        raise NotFound(message)
    path = top / paths.DATABASE
    if not source and not (path.exists() and path.stat().st_size):
        message = f"{path} is not there, so there is nothing to recover; hooks and commands make it when they need it"
        raise NotFound(message)
    lean.make_folder(str(top))
    if dry_run:
        return _tried(top, source)
    with _alone(str(top)):
        wrong, rebuilt = (f"asked for: {source}", False) if source else _wrong(top)
        if not wrong or rebuilt:
            return Recovered(wrong=wrong, rebuilt=rebuilt)
        _check_room(top, _origin(top, source))
        forgotten = _forgotten(path) if source and sound(str(top)) else []
        folder = _set_aside(top)
        saved = _salvaged(_origin(top, source), top / NEW)
        _forget_again(top / NEW, forgotten)
        (top / NEW).replace(top / paths.DATABASE)
    with Memory(str(top)) as memory:
        taken = memory.take_in()
    return Recovered(
        wrong=wrong, set_aside=str(folder or ""), tables=saved, taken_in=taken.events, backups=backups(str(top))
    )


def sound(data_dir: str) -> bool:
    """Whether a memory file is in its place in which nothing is wrong, so that another copy would only take its place."""
    path = Path(data_dir).expanduser() / paths.DATABASE
    return path.exists() and path.stat().st_size > 0 and not _marked(path) and not checkup.damage_of(str(path))


def _forgotten(path: Path) -> list[tuple[str, str, int]]:
    """What was forgotten in a sound file; an older copy does not know of it."""
    database = Database(str(path))
    try:
        return database.rows(sql.EXPORT_TOMBSTONES.format(tombstones="1"))
    finally:
        database.close()


def _forget_again(new: Path, forgotten: list[tuple[str, str, int]]) -> None:
    """Let the new file forget what the one before had forgotten, and keep it out from now on."""
    database = Database(str(new)) if forgotten else None
    if database is None:
        return
    try:
        with database.write() as connection:
            tombstones.add(connection, forgotten)
        for kind, key, at_ms in forgotten:
            merging.enforce(database, {"kind": kind, "key": key, "at_ms": at_ms})
    finally:
        database.close()


def backups(data_dir: str) -> tuple[str, ...]:
    """Whole copies of the file that may hold more, newest first."""
    found = (Path(data_dir) / paths.BACKUPS).glob("*.db")
    return tuple(str(path) for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True))


def _tried(top: Path, source: str) -> Recovered:
    """What a recovery would give, made in a folder that is removed again."""
    trial = top / ".trial"
    shutil.rmtree(trial, ignore_errors=True)
    lean.make_folder(str(trial))
    try:
        origin = _origin(top, source)
        _check_room(top, origin, times=2)
        for part in PARTS:
            if Path(f"{origin}{part}").exists():
                shutil.copyfile(f"{origin}{part}", trial / f"{paths.DATABASE}{part}")
        wrong, rebuilt = (f"asked for: {source}", False) if source else _wrong(trial)
        saved = _salvaged(origin, trial / NEW) if wrong and not rebuilt else ()
        return Recovered(wrong=wrong, rebuilt=rebuilt, tables=saved, dry_run=True, backups=backups(str(top)))
    finally:
        shutil.rmtree(trial, ignore_errors=True)


@contextmanager
def _alone(data_dir: str) -> Iterator[None]:
    """With no server: one that runs is ended, and none starts until we are done."""
    link.stop(data_dir)
    held = link.lock(data_dir)
    if held is None:
        message = "a server starts just now; run `claude-mem stop`, then try again"
        raise link.NoServer(message)
    try:
        yield
    finally:
        os.ftruncate(held, 0)
        os.close(held)


def _wrong(top: Path) -> tuple[str, bool]:
    """What is wrong with the file, and whether it was mended in its place, as a full text that does not fit its rows can be."""
    path = top / paths.DATABASE
    wrong = checkup.damage_of(str(path))
    if wrong:
        return wrong, False
    database = Database(str(path))
    try:
        wrong = checkup.fulltext(database, full=True)
        if wrong:
            checkup.rebuild_fulltext(database)
        still = checkup.damage(database, full=True) if wrong else ""
        return still or wrong, bool(wrong and not still)
    finally:
        database.close()


def _origin(top: Path, source: str) -> str:
    """The file to read: the one asked for, the one in place, or where a mark is in its place the one set aside last."""
    if source:
        return source
    path = top / paths.DATABASE
    if not _marked(path):
        return str(path)
    found = sorted((top / ASIDE).glob(f"*/{paths.DATABASE}"))
    if not found:
        message = (
            f"{path} is being recovered, but {top / ASIDE} holds no file; restore a copy from {top / paths.BACKUPS}"
        )
        raise NotFound(message)
    return str(found[-1])


def _marked(path: Path) -> bool:
    """Whether a recovery was broken off after it had set the file aside."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        return file.read(len(BEING_RECOVERED)) == BEING_RECOVERED


def _check_room(top: Path, origin: str, times: int = 1) -> None:
    needed = times * sum(Path(f"{origin}{part}").stat().st_size for part in PARTS if Path(f"{origin}{part}").exists())
    free = shutil.disk_usage(top).free
    if free < needed + SPARE_BYTES:
        message = (
            f"a recovery needs {(needed + SPARE_BYTES) / 1e6:,.0f} MB on the disk of {top} and {free / 1e6:,.0f} MB are free; "
            "make room and try again. Nothing was changed."
        )
        raise StoreUnreadable(message)


def _set_aside(top: Path) -> Path | None:
    """Put the file with its log into a folder of its own and a mark into its place; None if there is none to set aside."""
    path = top / paths.DATABASE
    going_on = _marked(path)
    folder = Path(_origin(top, "")).parent if going_on else top / ASIDE / strftime("%Y%m%d-%H%M%S")
    lean.make_folder(str(folder))
    if path.exists() and not going_on:
        try:
            os.link(path, folder / paths.DATABASE)
        except OSError:  # a file system without links
            path.replace(folder / paths.DATABASE)
    mark = BEING_RECOVERED.decode() + "; if that was broken off, run `claude-mem recover` again.\n"
    lean.write_whole(str(top), paths.DATABASE, mark)
    for part in PARTS[1:]:
        with suppress(FileNotFoundError):
            Path(f"{path}{part}").replace(folder / f"{paths.DATABASE}{part}")
    return folder if (folder / paths.DATABASE).exists() else None


def _salvaged(origin: str, new: Path) -> tuple[salvage.Saved, ...]:
    """Make the new file from what *origin* holds; closed and whole on the disk when this returns."""
    for part in PARTS:
        Path(f"{new}{part}").unlink(missing_ok=True)
    try:
        pages = Pages(origin)
    except Damaged:
        pages = None
    version = pages.version if pages and 0 < pages.version <= len(MIGRATIONS) else len(MIGRATIONS)
    database = Database(str(new), steps=MIGRATIONS[:version])
    try:
        saved = salvage.into(pages, database) if pages else ()
        vectors.mend(database)
    finally:
        database.close()
        if pages:
            pages.close()
    file = os.open(new, os.O_RDONLY)
    os.fsync(file)
    os.close(file)
    return saved
