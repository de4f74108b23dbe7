"""The memory file as a process holds it: one connection per thread, short write transactions, one way to fail."""

from __future__ import annotations

import os
import threading
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import apsw

from claudemem_lib.errors import NewerSchema, StoreCorrupt, StoreUnreadable
from claudemem_lib.store import sql
from claudemem_lib.store.connection import (
    BUSY_MS,
    busy,
    check_version,
    corrupt,
    missing_table,
    open_reader,
    open_writer,
    run,
    unreadable,
)
from claudemem_lib.store.migrations import MIGRATIONS, migrate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from claudemem_lib.store.migrations import Migration


class Database:
    """Connections to one memory file. Threads may share the object; each gets its own connection."""

    def __init__(
        self,
        path: str,
        *,
        read_only: bool = False,
        busy_ms: int = BUSY_MS,
        steps: tuple[Migration, ...] = MIGRATIONS,
    ) -> None:
        """Open *path*, make it if missing, and take the *steps* its schema has not taken yet (unless *read_only*).

        A statement waits up to *busy_ms* for another process's write to end, then raises StoreBusy. *damage* is set once the file
        is known to be damaged; from then on it is not written, so that what is lost does not become more.
        """
        self.path = path
        self.busy_ms = busy_ms
        self.read_only = read_only
        self._local = threading.local()
        self._opened: weakref.WeakSet[apsw.Connection] = weakref.WeakSet()  # a thread that ends takes its own along
        self._lock = threading.Lock()
        self._closed = False
        self._file = _GONE  # the file opened last: what threads hold of another one is let go
        self.damage = ""
        connection = self.connection()
        if not read_only:
            with _told(path):
                migrate(connection, path, steps)

    def connection(self) -> apsw.Connection:
        """This thread's connection."""
        found: apsw.Connection | None = getattr(self._local, "connection", None)
        if found is not None and self._local.file != self._file and not found.in_transaction:
            found = None  # not closed: who reads on it still may
        if found is None:
            self._refuse_if_closed()
            found = (open_reader if self.read_only else open_writer)(self.path, self.busy_ms)
            with self._lock:
                self._refuse_if_closed(found)
                self._opened.add(found)
            self._local.connection, self._local.file = found, _identity(self.path)
            self._file = self._local.file
        return found

    def follow(self) -> None:
        """Let every thread read the file that is at our path now, if it is another one; StoreUnreadable if there is none."""
        there = _identity(self.path)
        if there == _GONE:
            message = f"{self.path} was taken away while it was open. Put it back, or open the memory again: a new one begins."
            raise StoreUnreadable(message)
        if there != self._file:
            self._file, self.damage = there, ""
            with _told(self.path):
                check_version(self.connection(), self.path)

    def _writable(self) -> apsw.Connection:
        """This thread's connection, to the file that is at our path now: a recovery or a restore may have put another there."""
        if self.read_only:
            message = f"{self.path} was opened for reading only; nothing was changed"
            raise StoreUnreadable(message)
        connection, there = self.connection(), _identity(self.path)
        if there == self._local.file:
            if self.damage:
                raise corrupt(self.path, self.damage)
            return connection
        if there == _GONE:
            message = f"{self.path} was taken away while it was open; nothing was written. Open the memory again."
            raise StoreUnreadable(message)
        self.damage = ""
        with self._lock:
            self._opened.discard(connection)
        connection.close()
        del self._local.connection
        connection = self.connection()
        with _told(self.path):
            check_version(connection, self.path)
        return connection

    def _refuse_if_closed(self, opened: apsw.Connection | None = None) -> None:
        if self._closed:
            if opened is not None:
                opened.close()
            message = "the memory is closed"
            raise RuntimeError(message)

    def rows(self, text: str, values: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
        """All rows of a reading statement, as tuples."""
        with self._noticing():
            return run(self.connection(), text, values)

    def row(self, text: str, values: Sequence[Any] | dict[str, Any] = ()) -> Any:
        """The first row, or None."""
        found = self.rows(text, values)
        return found[0] if found else None

    @contextmanager
    def write(self) -> Iterator[apsw.Connection]:
        """One write transaction: everything in the block, or nothing. Must not wait for anything but the disk."""
        connection = self._writable()
        with self._noticing():
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        """SQLite's errors in our words; damage is remembered."""
        try:
            with _told(self.path):
                yield
        except StoreCorrupt as error:
            self.damage = self.damage or str(error.__cause__)
            raise

    def data_version(self) -> int:
        """A number that changes when another connection changed the file."""
        return int(self.rows(sql.DATA_VERSION)[0][0])

    def own_changes(self) -> int:
        """How many rows this thread's connection has changed: what data_version() does not tell."""
        return int(self.connection().total_changes())

    def identity(self) -> tuple[int, int]:
        """Which file this thread's connection is to: another one may lie at the same path later."""
        self.connection()
        found: tuple[int, int] = self._local.file
        return found

    def close(self) -> None:
        """Close every connection; calling it again does nothing."""
        with self._lock:
            self._closed = True
            opened = list(self._opened)
        for connection in opened:
            with suppress(apsw.ThreadingViolationError):  # a thread still reads on it; it closes with that thread
                connection.close()
        self._local = threading.local()


def open_database(path: str, busy_ms: int = BUSY_MS) -> tuple[Database, tuple[str, ...]]:
    """The memory file; where it may not be written, for reading only, and then why, as a sentence."""
    try:
        return Database(path, busy_ms=busy_ms), ()
    except NewerSchema as error:
        return Database(path, read_only=True, busy_ms=busy_ms), (str(error),)
    except StoreUnreadable as error:
        if os.path.exists(path) and isinstance(error.__cause__, apsw.FullError | apsw.IOError):  # noqa: PTH110
            database = Database(path, read_only=True, busy_ms=busy_ms)
            return database, (f"the disk is full or fails ({error.__cause__}): {_ONLY_READ}",)
        folder = os.path.dirname(path)  # noqa: PTH120  # a text like *path*
        if not os.path.exists(path) or (os.access(path, os.W_OK) and os.access(folder, os.W_OK)):  # noqa: PTH110
            raise
        reason = f"{folder} cannot be written; what it holds can be read. Hooks cannot record anything there."
        return Database(path, read_only=True, busy_ms=busy_ms), (reason,)


_GONE = (0, 0)


def _identity(path: str) -> tuple[int, int]:
    """Which file is at *path*; none at all is one too."""
    try:
        found = os.stat(path)  # noqa: PTH116  # at every write: without making a path first
    except OSError:
        return _GONE
    return found.st_dev, found.st_ino


_ONLY_READ = "what is remembered can be read, nothing can be stored. What waits goes on waiting in the inbox."


@contextmanager
def _told(path: str) -> Iterator[None]:
    """SQLite's errors in our words."""
    try:
        yield
    except _LOCKED as error:
        raise busy(path) from error
    except _UNUSABLE as error:
        raise unreadable(path, error) from error
    except apsw.SQLError as error:
        if not str(error).startswith("no such table"):
            raise
        raise missing_table(path, error) from error
    except UnicodeDecodeError as error:
        raise corrupt(path, "a text in it is no UTF-8") from error


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
