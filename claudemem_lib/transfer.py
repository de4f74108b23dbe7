"""Taking a memory along: databases of the original, and bundles from and for other machines."""

from __future__ import annotations

import os
from collections import deque
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import claudemem_lib
from claudemem_lib import backfill, bundle, located, paths
from claudemem_lib.errors import BadRequest, ForeignDatabase, NotFound, StoreUnreadable
from claudemem_lib.lean import OWNER_FILE
from claudemem_lib.store import memories, merging, sql
from claudemem_lib.store.connection import kind_of
from claudemem_lib.takeover import Takeover
from claudemem_lib.tally import MASKED, Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claudemem_lib.memory import Memory
    from claudemem_lib.store.database import Database

LINES_AT_ONCE = 100
HITS_AT_ONCE = 1_000
MEMORIES = ("observation", "summary", "note")
ASIDE = "original"
_MAGIC = b"SQLite format 3\x00"
_PARTS = ("-wal", "-journal", "-shm", "")


class Transfer:
    """Import and export of a memory."""

    def __init__(self, memory: Memory) -> None:
        """Nothing is moved yet."""
        self._memory, self._database = memory, memory.database

    def original(
        self, path: str | os.PathLike[str], *, dry_run: bool = False, transcripts: str | os.PathLike[str] | None = None
    ) -> Takeover:
        """A run over a database of the original: iterate over it to do the work; `tally` says what came of it.

        *transcripts* (default: the host's) say which folders its sessions were in.
        """
        told = Path(transcripts) if transcripts is not None else backfill.host_folder()
        own = self._memory.settings.redact_patterns
        given: Any = {"transcripts": told, "own": own, "dry_run": dry_run}
        return Takeover(self._database, self._memory.data_dir, Path(path), **given)

    def bundle(self, source: str | os.PathLike[str] | BinaryIO, *, dry_run: bool = False) -> Taking:
        """A run over a bundle, a file or an open one: iterate over it to do the work; `tally` says what came of it."""
        return Taking(self._database, source, own=self._memory.settings.redact_patterns, dry_run=dry_run)

    def export(
        self, target: str | os.PathLike[str] | BinaryIO, *, project: str | None = None, query: str | None = None
    ) -> dict[str, int]:
        """Write a bundle of everything, of a project, or of what a query finds; gives how many records of each kind.

        A file appears when it is complete, readable by its owner only.
        """
        values: dict[str, Any] = {}
        texts = sql.EXPORT_ALL
        if query is not None:
            texts, chosen = sql.EXPORT_CHOSEN, self._found(query, project)
            values = {"chosen": chosen}
        elif project is not None:
            texts, values = sql.EXPORT_PROJECT, {"project": located.ids(self._database, project)[0]}
        head = bundle.header(
            claude_mem=claudemem_lib.__version__, made_ms=self._memory.clock(), project=project or "", query=query or ""
        )
        counts: dict[str, int] = {}
        with _output(target) as file:
            file.write(head.encode())
            for kind, row in self._rows(texts, values):
                counts[kind] = counts.get(kind, 0) + 1
                file.write(bundle.line(kind, row).encode())
        return counts

    def _found(self, query: str, project: str | None) -> list[int]:
        """The ids of all memories a query finds."""
        found: list[int] = []
        offset = 0
        while True:
            hits = self._memory.search(query, kind=MEMORIES, project=project, limit=HITS_AT_ONCE, offset=offset)
            found += [memory for hit in hits for memory in (hit.id, *hit.similar)]
            if len(hits) < HITS_AT_ONCE:
                return found
            offset += len(hits)

    def _rows(self, texts: dict[str, str], values: dict[str, Any]) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """All rows, of one moment, however long it takes."""
        connection = self._database.connection()
        connection.execute(sql.BEGIN_READ)
        try:
            for kind, text, listed in _EXPORTS:
                bound = dict(values)
                if "chosen" in values:
                    bound |= {name: memories.id_list(values["chosen"]) for name in ("ids", "more")}
                for row in connection.execute(text.format(**texts), bound):
                    yield kind, bundle.unpacked(row, listed)
        finally:
            connection.execute(sql.END_READ)


_EXPORTS = (
    ("tombstone", sql.EXPORT_TOMBSTONES, ()),
    ("project", sql.EXPORT_PROJECTS, (4,)),
    ("session", sql.EXPORT_SESSIONS, ()),
    ("prompt", sql.EXPORT_PROMPTS, ()),
    ("memory", sql.EXPORT_MEMORIES, (25, 26)),
    ("link", sql.EXPORT_LINKS, ()),
)


class Taking:
    """A run over one bundle. Iterate over it: each step gives how many bytes are done."""

    def __init__(
        self,
        database: Database,
        source: str | os.PathLike[str] | BinaryIO,
        *,
        own: tuple[str, ...],
        dry_run: bool,
    ) -> None:
        """Nothing is read yet. *own*: patterns to mask."""
        self._database, self._source, self._own, self._dry_run = database, source, own, dry_run
        self._merging = merging.Merging(database, os.path.isdir)
        self._waiting: deque[dict[str, Any]] = deque()
        self.tally = Tally()
        self.total = Path(source).stat().st_size if isinstance(source, str | os.PathLike) else 0

    def __iter__(self) -> Iterator[int]:
        """Do the work. BadRequest for what is no bundle or a newer one, before anything is stored."""
        with _input(self._source) as file:
            done = 0
            for number, found in bundle.records(_lines(file)):
                if isinstance(found, bundle.BadLine):
                    self._bad(number, str(found))
                    continue
                self._take(number, found)
                if len(self._waiting) >= LINES_AT_ONCE:
                    self._store()
                    done = file.tell() if self.total else 0
                    yield done
            self._store()
            if not self._dry_run:
                self._merging.settle()
            yield self.total

    def _bad(self, number: int, reason: str) -> None:
        lines = self.tally.table("broken lines")
        lines.rows += 1
        lines.dropped[reason] += 1
        if len(self.tally.said) < _NAMED_LINES:
            self.tally.said.append(f"line {number} was left out: {reason}")

    def _take(self, number: int, found: dict[str, Any]) -> None:
        try:
            record = bundle.cleaned(found, self._own)
        except bundle.BadLine as reason:
            self._bad(number, str(reason))
            return
        kind = record["record"]
        if kind == "project":
            self._merging.projects.setdefault(record["key"], record)
            return
        self.tally.table(kind).rows += 1
        self.tally.table(kind).notes.update([MASKED] * bool(record["masked"]))
        self._waiting.append(record)

    def _store(self) -> None:
        if not self._dry_run:
            self._merging.store(self._waiting, self._count)
            return
        while self._waiting:
            record = self._waiting.popleft()
            self._count(record, self._merging.survey(record))

    def _count(self, record: dict[str, Any], outcome: str) -> None:
        self.tally.table(record["record"]).count(outcome)
        if record["record"] == "tombstone" and not self._dry_run:
            gone = merging.enforce(self._database, record)
            self.tally.table("tombstone").notes.update({"rows forgotten here too": gone} if gone else {})


_NAMED_LINES = 20


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file; of one that is too long its beginning, which is then a broken one."""
    while text := file.readline(bundle.LONGEST_LINE):
        yield text
        while len(text) == bundle.LONGEST_LINE and not text.endswith(b"\n"):
            text = file.readline(bundle.LONGEST_LINE)


@contextmanager
def _input(source: str | os.PathLike[str] | BinaryIO) -> Iterator[BinaryIO]:
    if not isinstance(source, str | os.PathLike):
        yield source
        return
    with Path(source).open("rb") as file:
        yield file


@contextmanager
def _output(target: str | os.PathLike[str] | BinaryIO) -> Iterator[BinaryIO]:
    """The file to write; one with a name gets it when all is written, and is gone otherwise."""
    if not isinstance(target, str | os.PathLike):
        yield target
        return
    path = Path(target)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with suppress(FileNotFoundError):
        temporary.unlink()
    number = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_FILE)
    try:
        with os.fdopen(number, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


# ------------------------------------------------------------------------------------------- the original's own place
def is_database(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a database, and so no bundle."""
    with Path(path).open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def default_source(data_dir: str) -> Path:
    """Where the original's database is looked for: in our data folder, where it was set aside, and where it is kept. NotFound."""
    places = [
        Path(data_dir) / paths.DATABASE,
        *reversed(_set_aside(data_dir)),
        Path(paths.home()) / ".claude-mem" / paths.DATABASE,
    ]
    for place in places:
        if place.is_file() and is_database(place) and kind_of(str(place)) == "foreign":
            return place
    where = " or ".join(dict.fromkeys(map(str, places)))
    message = f"there is no database of the original claude-mem at {where}; say where it is: claude-mem import PATH"
    raise NotFound(message)


def _set_aside(data_dir: str) -> list[Path]:
    return sorted(Path(data_dir).glob(f"{ASIDE}*/{paths.DATABASE}"))


def in_the_way(data_dir: str, source: Path) -> bool:
    """Whether *source* lies where our own file has to be."""
    own = Path(data_dir) / paths.DATABASE
    return source.exists() and own.exists() and source.samefile(own)


def set_aside(data_dir: str) -> Path:
    """Give the original's database a folder of its own, so that ours has its place; gives where it is now, bytes unchanged.

    Killed at any moment, the next run goes on: the file has its new name before it loses the old one, its logs before it.
    BadRequest while the original runs.
    """
    top = Path(data_dir)
    own = top / paths.DATABASE
    if kind_of(str(own)) != "foreign" or not is_database(own):
        message = f"{own} is not the original's database; nothing was moved"
        raise ForeignDatabase(message)
    running = _running(top)
    if running:
        message = f"the original claude-mem is running (process {running}); stop it and take its plugin out first, then try again"
        raise BadRequest(message)
    target = next(
        folder
        for number in range(1, 1000)
        if not (folder := top / (ASIDE if number == 1 else f"{ASIDE}-{number}")).joinpath(paths.DATABASE).exists()
        or folder.joinpath(paths.DATABASE).samefile(own)
    )
    target.mkdir(mode=0o700, exist_ok=True)
    parts = [own.with_name(own.name + part) for part in _PARTS]
    try:
        for part in parts:
            if part.exists() and not (target / part.name).exists():
                os.link(part, target / part.name)
    except OSError as error:
        message = (
            f"{own} cannot be moved to {target}: {error.strerror}. Set CLAUDE_MEM_DATA_DIR to another folder instead."
        )
        raise StoreUnreadable(message) from error
    for part in parts:
        part.unlink(missing_ok=True)
    return target / own.name


def _running(top: Path) -> int:
    """The process of the original's worker, 0 if none runs."""
    with suppress(OSError, ValueError):
        text = (top / "worker.pid").read_text("utf-8").strip()
        digits = "".join(sign if sign.isdigit() else " " for sign in text).split()
        number = int(digits[0]) if digits else 0
        if number > 1:
            os.kill(number, 0)
            return number
    return 0
