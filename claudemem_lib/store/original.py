"""A database of the original claude-mem, read without changing a byte of it or leaving a file beside it.

Without a log it is read in place, unlocked. With one it is copied together with its log first: reading a log needs files beside it.
Columns are taken as they are found, since each generation of its schema has others; a text that is no text is read with marks.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import apsw

from claudemem_lib.errors import BadRequest, NotFound, StoreUnreadable
from claudemem_lib.store import sql
from claudemem_lib.store.connection import immutable, kind_of, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOGS = ("-wal", "-journal")
_TRIES = 3


class Original:
    """The original's tables. Close it, or use it in a `with` block."""

    def __init__(self, path: Path, scratch: Path) -> None:
        """Open *path*, or a copy in the folder *scratch*. NotFound or StoreUnreadable say why it cannot be read."""
        _check_kind(path)
        self.path, self._before = path, _state(path)
        readable = _copied(path, scratch) if _has_log(path) else path
        flags = apsw.SQLITE_OPEN_READWRITE if readable != path else apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        name = str(readable) if readable != path else immutable(str(path))
        try:
            self._connection = apsw.Connection(name, flags=flags)
            self.tables = {row[0]: row[0] for row in run(self._connection, sql.ORIGINAL_TABLES)}
            self._encoding = str(self._connection.execute(sql.ENCODING).get)
        except apsw.Error as error:
            raise _unreadable(path, error) from error
        if not {"sdk_sessions", "observations", "memories", "session_summaries"} & set(self.tables):
            self.close()
            message = f"{path} holds none of the tables of the original claude-mem"
            raise StoreUnreadable(message)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it; the file is as it was."""
        self._connection.close()

    def changed(self) -> bool:
        """Whether somebody wrote to the file since it was opened."""
        return _state(self.path) != self._before

    def count(self, table: str) -> int:
        """How many rows a table has, 0 if it is not there."""
        if table not in self.tables:
            return 0
        with _told(self.path):
            return int(self._connection.execute(sql.ORIGINAL_COUNT.format(_quoted(table))).get)

    def columns(self, table: str) -> tuple[str, ...]:
        """The columns of a table, none if it is not there."""
        return tuple(row[0] for row in run(self._connection, sql.ORIGINAL_COLUMNS, (table,)))

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """The rows of a table as they were added, one at a time, without what is NULL."""
        names = self.columns(table)
        if not names:
            return
        chosen = ", ".join(sql.ORIGINAL_VALUE.format(_quoted(name)) for name in names)
        order = _quoted("created_at_epoch") if "created_at_epoch" in names else "rowid"
        with _told(self.path):
            for row in self._connection.execute(sql.ORIGINAL_ROWS.format(chosen, _quoted(table), order)):
                yield {name: self._value(value) for name, value in zip(names, row, strict=True) if value is not None}

    def _value(self, value: Any) -> Any:
        return value.decode(self._encoding, "replace") if isinstance(value, bytes) else value


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """SQLite's errors in our words."""
    try:
        yield
    except apsw.Error as error:
        raise _unreadable(path, error) from error


def _check_kind(path: Path) -> None:
    kind = kind_of(str(path))
    if kind == "absent":
        message = f"{path} is not there, or empty; give the path of the original's claude-mem.db"
        raise NotFound(message)
    if kind == "ours":
        message = (
            f"{path} is a memory file of this claude-mem, not the original's; `claude-mem --data-dir {path.parent} export` writes "
            "what it holds into a bundle that can be imported"
        )
        raise BadRequest(message)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _has_log(path: Path) -> bool:
    return any(size for name, size, _ in _state(path) if name != path.name)


def _state(path: Path) -> list[tuple[str, int, int]]:
    """Names, sizes and times of the file and its logs."""
    found = []
    for file in (path, *(path.with_name(path.name + log) for log in LOGS)):
        try:
            about = file.stat()
        except OSError:
            continue
        found.append((file.name, about.st_size, about.st_mtime_ns))
    return found


def _copied(path: Path, scratch: Path) -> Path:
    """The file and its logs, as they were at one moment, in another folder."""
    for _ in range(_TRIES):
        before = _state(path)
        for name, _, _ in before:
            shutil.copyfile(path.with_name(name), scratch / name)
        if _state(path) == before:
            return scratch / path.name
    message = f"{path} is being written to; stop the original claude-mem (its worker) and try again"
    raise StoreUnreadable(message)


def _unreadable(path: Path, error: apsw.Error) -> StoreUnreadable:
    return StoreUnreadable(f"{path} cannot be read: {error}. It is left as it is; what was read before is kept.")
