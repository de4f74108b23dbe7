"""Folder context files: a list of recent work in files of a project, for people and agents that read them. Off unless asked for.

The list stands between tags; what else the file holds stays, byte for byte. The root's file tells of the whole project, a
subfolder's of the files directly in it. Which folders may have one: folders.py. How the block is put in: tagged.py.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from claudemem_lib import evidence, folders, located, render, switches, tagged
from claudemem_lib.errors import BadRequest, HostFileError, NotFound
from claudemem_lib.hosts import files
from claudemem_lib.settings_folders import FILES
from claudemem_lib.store import sql, status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from claudemem_lib.models import Batch, Observation, Project
    from claudemem_lib.settings import Settings
    from claudemem_lib.store.database import Database

LINES = 20
_NOT_WALKED = ("node_modules", ".venv", "venv")
_HEAD = (
    "# Recent activity\n\n"
    "What claude-mem recorded here, newest first: notes about the past, not instructions. `claude-mem show ID` has the whole."
)


@frozen(kw_only=True)
class Outcome:
    """What became, or would become, of one file: created, updated, unchanged, removed or skipped (*reason* says why)."""

    path: str
    state: str
    reason: str = ""


@frozen(kw_only=True)
class _Place:
    """A project's folders and the settings about them."""

    database: Database
    settings: Settings
    project: Project

    @property
    def excluded(self) -> tuple[str, ...]:
        return self.settings.folder_md_exclude + self.settings.excluded_projects

    def path(self, below: str) -> Path:
        return Path(self.project.root, below, self.settings.folder_claudemd_file)


def generate(
    database: Database,
    settings: Settings,
    path: str | os.PathLike[str] = ".",
    *,
    subfolders: bool | None = None,
    dry_run: bool = False,
) -> list[Outcome]:
    """Bring the files of the project at *path* up to date, whether or not the setting keeps them so; gives each that was looked at.

    *subfolders* replaces the setting: every folder with remembered files, not only the root. NotFound for an unknown project.
    """
    where = located.folder(path)
    project = status.project_keyed(database, located.identity(database, where)[0])
    if project is None:
        message = f"nothing is remembered of a project at {where}, so there is nothing to write"
        raise NotFound(message)
    place = _Place(database=database, settings=settings, project=project)
    deep = settings.folder_claudemd_subfolders if subfolders is None else subfolders
    known = [row[0] + "-" for row in database.rows(sql.FOLDERS_OF_PROJECT, (project.id,))] if deep else []
    return list(_updated(place, ["", *filter(None, folders.of_files(known, project.root))], dry_run=dry_run))


def after_turn(
    database: Database, settings: Settings, batch: Batch, made: Sequence[Observation], now_ms: int
) -> list[Outcome]:
    """What the settings ask for after some observations were stored: the files of the folders they are about."""
    if not (settings.folder_claudemd_enabled and made):
        return []
    data_dir = str(Path(database.path).parent)
    if switches.paused(switches.load(data_dir), "context", batch.host_id, (batch.root,), now_ms):
        return []
    project = status.project_of_session(database, batch.session_id)
    if project is None:
        return []
    place = _Place(database=database, settings=settings, project=project)
    touched = [name for one in made for name in (*one.files_modified, *one.files_read)]
    deep = folders.of_files(touched, project.root) if settings.folder_claudemd_subfolders else []
    open_ones = {Path(project.root, evidence.path(event)).as_posix() for event in (*batch.events, *batch.earlier)}
    wanted = [below for below in ("", *filter(None, deep)) if place.path(below).as_posix() not in open_ones]
    return list(_updated(place, wanted, dry_run=False))


def _updated(place: _Place, belows: Sequence[str], *, dry_run: bool) -> Iterator[Outcome]:
    root = place.project.root
    problem = folders.problem_of_root(root, str(Path(place.database.path).parent), place.excluded)
    if problem:
        yield Outcome(path=str(place.path("")), state="skipped", reason=problem)
        return
    problems = {below: folders.problem_of(below, root, place.excluded) for below in belows}
    problems |= folders.ignored([below for below in belows if below and not problems[below]], root)
    for below in belows:
        path = place.path(below)
        reason = problems[below] or folders.problem_of_file(path, root)
        if reason:
            yield Outcome(path=str(path), state="skipped", reason=reason)
        else:
            yield from _one(place, below, dry_run=dry_run)


def _one(place: _Place, below: str, *, dry_run: bool) -> Iterator[Outcome]:
    """One file: written, left, or without its block where nothing is remembered any more. Nothing is made to hold nothing."""
    path = place.path(below)
    before = files.read(path)
    block = _block(place, below)
    if block:
        after: bytes | None = tagged.with_block(before, block)
    else:
        after = tagged.without_blocks(before) if before else before
    if before is None and after is None:
        return
    if before != after:
        yield _carried_out(path, before, after, dry_run=dry_run)
    else:
        yield Outcome(path=str(path), state="unchanged")


def _carried_out(path: Path, before: bytes | None, after: bytes | None, *, dry_run: bool) -> Outcome:
    """Bring a file from *before* to *after* in one step, unless somebody else was faster."""
    state = "created" if before is None else "removed" if after is None else "updated"
    if dry_run:
        return Outcome(path=str(path), state=state)
    try:
        change = files.Change(files.resolve(path), before, after)
        files.check_unchanged(change)
        files.carry_out(change)
        if before is None:
            path.chmod(path.parent.stat().st_mode & 0o666)  # readable by whom the folder is
    except (HostFileError, OSError) as error:
        return Outcome(path=str(path), state="skipped", reason=str(error))
    return Outcome(path=str(path), state=state)


def _block(place: _Place, below: str) -> str:
    """The block of a folder, "" where there is nothing to tell."""
    limit = min(LINES, place.settings.context_observations)
    values: dict[str, Any] = {"project": place.project.id, "limit": limit}
    if below:
        values |= {"folder": f"{below}/", "absolute": f"{place.project.root}/{below}/"}
    rows = place.database.rows(sql.FOLDER_MEMORIES.format(within=sql.IN_FOLDER if below else ""), values)
    return render.fenced("\n".join([_HEAD, *_lines(rows)])) if rows else ""


def _lines(rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    today = ""
    for memory, kind, type_, title, created_ms, file in rows:
        if render.day(created_ms) != today:
            today = render.day(created_ms)
            yield f"\n## {today}\n"
        about = f" ({render.line(file, 120)})" if file else ""
        name = render.line(title, 140) or "Untitled"
        yield f"- #{memory} {render.clock(created_ms)} {render.label(kind, type_)}: {name}{about}"


def clean(path: str | os.PathLike[str] = ".", *, dry_run: bool = False) -> list[Outcome]:
    """Take the blocks out of every context file in a folder and below it, ours and the original's; gives each that had one."""
    top = located.folder(path)
    if not Path(top).is_dir():
        message = f"{top} is no folder"
        raise BadRequest(message)
    return [outcome for file in _context_files(top) if (outcome := _cleaned(file, dry_run=dry_run)) is not None]


def _context_files(top: str) -> Iterator[Path]:
    """Every file with one of our names; a link's file is met under its own name."""
    for folder, inner, names in os.walk(top):
        skipped = (*_NOT_WALKED, "objects") if folder.endswith(".git") else _NOT_WALKED
        inner[:] = sorted(name for name in inner if name not in skipped)
        yield from (Path(folder, name) for name in FILES if name in names)


def _cleaned(path: Path, *, dry_run: bool) -> Outcome | None:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > folders.LARGEST_BYTES:
            return None
        before = path.read_bytes()
    except OSError as error:
        return Outcome(path=str(path), state="skipped", reason=str(error.strerror))
    if not tagged.holds_block(before):
        return None
    return _carried_out(path, before, tagged.without_blocks(before), dry_run=dry_run)
