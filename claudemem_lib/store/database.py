"""The memory file as a process holds it: one connection per thread, short write transactions, one way to fail."""

from __future__ import annotations

import threading
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import apsw

from claudemem_lib.store import sql
from claudemem_lib.store.connection import BUSY_MS, busy, open_reader, open_writer, run, unreadable
from claudemem_lib.store.migrations import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Database:
    """Connections to one memory file. Threads may share the object; each gets its own connection."""

    def __init__(self, path: str, *, read_only: bool = False, busy_ms: int = BUSY_MS) -> None:
        """Open *path*, make it if missing, and bring its schema up to date (unless *read_only*).

        A statement waits up to *busy_ms* for another process's write to end, then raises StoreBusy.
        """
        self.path = path
        self.busy_ms = busy_ms
        self.read_only = read_only
        self._local = threading.local()
        self._opened: weakref.WeakSet[apsw.Connection] = weakref.WeakSet()  # a thread that ends takes its own along
        self._lock = threading.Lock()
        self._closed = False
        connection = self.connection()
        if not read_only:
            with _told(path):
                migrate(connection, path)

    def connection(self) -> apsw.Connection:
        """This thread's connection."""
        found: apsw.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            self._refuse_if_closed()
            found = (open_reader if self.read_only else open_writer)(self.path, self.busy_ms)
            with self._lock:
                self._refuse_if_closed(found)
                self._opened.add(found)
            self._local.connection = found
        return found

    def _refuse_if_closed(self, opened: apsw.Connection | None = None) -> None:
        if self._closed:
            if opened is not None:
                opened.close()
            message = "the memory is closed"
            raise RuntimeError(message)

    def rows(self, text: str, values: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        """All rows of a reading statement, as tuples."""
        with _told(self.path):
            return run(self.connection(), text, values)

    def row(self, text: str, values: Sequence[Any] | dict[str, Any] = ()) -> Any:
        """The first row, or None."""
        found = self.rows(text, values)
        return found[0] if found else None

    @contextmanager
    def write(self) -> Iterator[apsw.Connection]:
        """One write transaction: everything in the block, or nothing. Must not wait for anything but the disk."""
        connection = self.connection()
        with _told(self.path):
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def data_version(self) -> int:
        """A number that changes when another connection changed the file."""
        return int(self.rows(sql.DATA_VERSION)[0][0])

    def own_changes(self) -> int:
        """How many rows this thread's connection has changed: what data_version() does not tell."""
        return int(self.connection().total_changes())

    def close(self) -> None:
        """Close every connection; calling it again does nothing."""
        with self._lock:
            self._closed = True
            opened = list(self._opened)
        for connection in opened:
            connection.close()
        self._local = threading.local()


@contextmanager
def _told(path: str) -> Iterator[None]:
    """SQLite's errors in our words."""
    try:
        yield
    except _LOCKED as error:
        raise busy(path) from error
    except _UNUSABLE as error:
        raise unreadable(path, error) from error


_LOCKED = (apsw.BusyError, apsw.LockedError, apsw.ProtocolError)
_UNUSABLE = (
    apsw.CantOpenError,
    apsw.CorruptError,
    apsw.FullError,
    apsw.IOError,
    apsw.NotADBError,
    apsw.PermissionsError,
    apsw.ReadOnlyError,
)
