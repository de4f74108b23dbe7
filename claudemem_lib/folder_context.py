"""Folder context files: a list of recent work in files of a project, for people and agents that read them. Off unless asked for.

The list stands between tags; what else the file holds stays, byte for byte. The root's file tells of the whole project, a
subfolder's of the files directly in it. Which folders may have one: folders.py. How the block is put in: tagged.py.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from claudemem_lib import evidence, folders, located, projects, render, switches, tagged, written
from claudemem_lib.errors import BadRequest, HostFileError, NotFound
from claudemem_lib.hosts import files
from claudemem_lib.models import Project
from claudemem_lib.settings_folders import FILES
from claudemem_lib.store import sql, status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from claudemem_lib.models import Batch, Observation
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
    return list(_updated(place, ["", *(_known(place) if deep else ())], dry_run=dry_run))


def after_turn(
    database: Database, settings: Settings, batch: Batch, made: Sequence[Observation], now_ms: int
) -> list[Outcome]:
    """What the settings ask for after some observations were stored: the files of the folders they are about."""
    if not (settings.folder_claudemd_enabled and made):
        return []
    if switches.paused(switches.load(_data_dir(database)), "context", batch.host_id, (batch.root,), now_ms):
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


def refresh(database: Database, settings: Settings) -> list[Outcome]:
    """Bring the blocks that are there up to date, so that what was forgotten or edited does not go on standing in them."""
    if not settings.folder_claudemd_enabled:
        return []
    found: list[Outcome] = []
    belows: dict[Project, list[str]] = {}
    known = [Project(id=row.id, key=row.key, name=row.name, root=row.root) for row in status.projects(database)]
    for path in written.files(_data_dir(database)):
        owners = [one for one in known if one.root and path.startswith(f"{one.root}/")]
        if owners and path.endswith(f"/{settings.folder_claudemd_file}"):
            owner = max(owners, key=lambda one: len(one.root))
            belows.setdefault(owner, []).append(path[len(owner.root) + 1 :].rpartition("/")[0])
        else:
            found += _cleaned(_data_dir(database), Path(path), dry_run=False)
    for project, wanted in belows.items():
        place = _Place(database=database, settings=settings, project=project)
        with suppress(HostFileError, OSError):  # somebody else's project; the next look may find it well
            found += _updated(place, wanted, dry_run=False)
    return found


def _data_dir(database: Database) -> str:
    return str(Path(database.path).parent)


def _known(place: _Place) -> list[str]:
    """The folders of a project with remembered files, without the root."""
    rows = place.database.rows(sql.FOLDERS_OF_PROJECT, (place.project.id,))
    return [below for below in folders.of_files((f"{row[0]}-" for row in rows), place.project.root) if below]


def _updated(place: _Place, belows: Sequence[str], *, dry_run: bool) -> Iterator[Outcome]:
    root = place.project.root
    problem = folders.problem_of_root(root, _data_dir(place.database), place.excluded)
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
        done = _carried_out(path, before, after, dry_run=dry_run)
        if not dry_run and done.state != "skipped":
            written.note(_data_dir(place.database), str(path), holds=bool(block))
        yield done
    else:
        yield Outcome(path=str(path), state="unchanged")


def _carried_out(path: Path, before: bytes | None, after: bytes | None, *, dry_run: bool) -> Outcome:
    """Bring a file from *before* to *after* in one step, unless somebody else was faster."""
    if after is None and before is not None and path.is_symlink():
        after = b""  # what a link leads to is there for somebody
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


def clean(data_dir: str, path: str | os.PathLike[str] | None = ".", *, dry_run: bool = False) -> list[Outcome]:
    """Take the blocks out of every context file in a folder and below it, ours and the original's; gives each that had one.

    Without a folder (None): out of every file that the memory in *data_dir* wrote one into.
    """
    if path is None:
        found = map(Path, written.files(data_dir))
    elif Path(top := located.folder(path)).is_dir():
        found = map(Path, _context_files(top))
    else:
        message = f"{top} is no folder"
        raise BadRequest(message)
    return [
        outcome
        for file in found
        for outcome in (*_cleaned(data_dir, file, dry_run=dry_run), *_left_over(file, dry_run=dry_run))
    ]


def _context_files(top: str) -> Iterator[str]:
    """Every file with one of our names, once; links are followed where they stay inside."""
    met: set[str] = set()
    for folder, inner, names in os.walk(top):
        skipped = (*_NOT_WALKED, "objects") if folder.endswith(".git") else _NOT_WALKED
        inner[:] = sorted(name for name in inner if name not in skipped)
        for path in (f"{folder}/{name}" for name in FILES if {name, files.temporary(Path(name)).name} & set(names)):
            real = projects.real_path(path)
            if real.startswith(f"{top}/") and real not in met:
                yield path
            met.add(real)


def _left_over(path: Path, *, dry_run: bool) -> Iterator[Outcome]:
    """What a killed process left of a new file, taken away too."""
    half = files.temporary(path)
    if half.is_file():
        if not dry_run:
            half.unlink(missing_ok=True)
        yield Outcome(path=str(half), state="removed")


def _cleaned(data_dir: str, path: Path, *, dry_run: bool) -> Iterator[Outcome]:
    """The file without its blocks; nothing where it has none."""
    try:
        readable = path.is_file() and path.stat().st_size <= folders.LARGEST_BYTES
        before = path.read_bytes() if readable else b""
    except OSError as error:
        yield Outcome(path=str(path), state="skipped", reason=str(error.strerror))
        return
    done = None
    if tagged.holds_block(before):
        yield (done := _carried_out(path, before, tagged.without_blocks(before), dry_run=dry_run))
    if not dry_run and not (done and done.state == "skipped"):
        written.note(data_dir, str(path), holds=False)
