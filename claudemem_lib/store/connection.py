"""One connection to the memory file, opened the one right way. Lean: the context hook opens its reader here too."""

from __future__ import annotations

import apsw

from claudemem_lib.errors import ForeignDatabase, NewerSchema, StoreBusy, StoreCorrupt, StoreUnreadable
from claudemem_lib.lean import OWNER_FILE, system
from claudemem_lib.store import sql

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

SCHEMA_VERSION = 1
BUSY_MS = 5_000
BEING_RECOVERED = b"claude-mem: this file is being recovered"
_TABLE = b"CREATE TABLE provider_health("
_NOT_OURS = "its first bytes are not those of a database of ours"
_LOOKED_AT_BYTES = 4_000_000


Corrupt = (StoreCorrupt, apsw.CorruptError, apsw.NotADBError)
"""What a damaged file makes of opening and reading it."""


def open_reader(path: str, busy_ms: int = BUSY_MS) -> apsw.Connection:
    """A connection that only reads; StoreUnreadable if the file is missing or no memory file of ours."""
    kind = kind_of(path)
    if kind == "foreign" and _was_ours(path):
        raise corrupt(path, _NOT_OURS)
    if kind != "ours":
        message = f"{path} is no memory file yet"
        raise StoreUnreadable(message)
    try:
        connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
        connection.set_busy_timeout(busy_ms)
        run(connection, sql.READER_PRAGMAS)
    except (apsw.CantOpenError, apsw.FullError, apsw.IOError, apsw.ReadOnlyError) as error:
        return _open_unchanging(path, error)
    except apsw.Error as error:
        raise unreadable(path, error) from error
    return connection


def _open_unchanging(path: str, error: apsw.Error) -> apsw.Connection:
    """A reader for a place where not even a lock can be written; only if no log holds what the file does not."""
    try:
        if system.stat(path + "-wal").st_size:
            raise unreadable(path, error) from error
    except FileNotFoundError:
        pass
    try:
        connection = apsw.Connection(immutable(path), flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
        run(connection, sql.READER_PRAGMAS)
    except apsw.Error:
        raise unreadable(path, error) from error
    return connection


def immutable(path: str) -> str:
    """The file as an address under which SQLite neither locks nor makes other files."""
    return "file:" + path.replace("%", "%25").replace("?", "%3f").replace("#", "%23") + "?immutable=1"


def open_writer(path: str, busy_ms: int = BUSY_MS) -> apsw.Connection:
    """A connection that may write; makes the file if there is none. ForeignDatabase if it is somebody else's."""
    if kind_of(path) == "foreign":
        raise _foreign(path)
    try:
        _make(path)
        connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
        connection.set_busy_timeout(busy_ms)
        if connection.execute(sql.APPLICATION).get != sql.APPLICATION_ID:
            run(connection, sql.CREATE)  # it is empty, or became so when SQLite undid what a killed process had begun
        run(connection, sql.WRITER_PRAGMAS)
        if connection.execute(sql.WAL).get != "wal":
            message = f"{path} cannot use a write-ahead log; put the data folder on a local disk"
            raise StoreUnreadable(message)
    except apsw.BusyError as error:
        raise busy(path) from error
    except (apsw.Error, OSError) as error:
        raise unreadable(path, error) from error
    return connection


def _make(path: str) -> None:
    """Make the file, the owner's alone, where there is none.

    One that is there is never opened and closed by hand: with that a process loses the locks of all its connections to it, and
    any other program that closes the file deletes the log under them.
    """
    try:
        system.close(system.open(path, system.O_RDWR | system.O_CREAT | system.O_EXCL, OWNER_FILE))
    except FileExistsError:
        return


def run(connection: apsw.Connection, text: str, values: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
    """All rows of one or more statements; an apsw cursor runs further statements only as rows are read."""
    return connection.execute(text, values).fetchall()


def kind_of(path: str) -> str:
    """Say "ours", "foreign" or "absent" (missing or empty), from the file's header alone: nothing is locked or changed.

    SQLite reads it, never we ourselves: see _make().
    """
    try:
        if not system.stat(path).st_size:
            return "absent"
        connection = apsw.Connection(immutable(path), flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
        try:
            return "ours" if connection.execute(sql.APPLICATION).get == sql.APPLICATION_ID else "foreign"
        finally:
            connection.close()
    except FileNotFoundError:
        return "absent"
    except apsw.CorruptError:
        return "ours"  # a database all the same: with its log it may be whole, and if not, whoever opens it is told
    except apsw.NotADBError:
        return "foreign"
    except (apsw.Error, OSError) as error:
        raise unreadable(path, error) from error


def check_version(connection: apsw.Connection, path: str) -> int:
    """The file's schema version; NewerSchema if this release must not write it."""
    version = int(connection.execute(sql.VERSION).get)
    if version > SCHEMA_VERSION:
        message = (
            f"{path} was written by a newer claude-mem (schema {version}, this one knows {SCHEMA_VERSION}); "
            "it can be read but not changed. Update claude-mem."
        )
        raise NewerSchema(message)
    return version


def _foreign(path: str) -> StoreUnreadable | ForeignDatabase:
    if _was_ours(path):
        return corrupt(path, _NOT_OURS)
    if _is_original(path):
        return ForeignDatabase(
            f"{path} is a database of the original claude-mem; it is left as it is. Run `claude-mem import {path}` to take it "
            "over, or set CLAUDE_MEM_DATA_DIR to another folder."
        )
    return ForeignDatabase(
        f"{path} is not a claude-mem memory file; it is left as it is. Move it away or set CLAUDE_MEM_DATA_DIR to another folder. "
        "If it was one, `claude-mem recover` sets it aside."
    )


def _is_original(path: str) -> bool:
    """Whether a foreign file has the original's tables; opened so that not even a lock file is made."""
    try:
        connection = apsw.Connection(immutable(path), flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
        try:
            return bool(run(connection, sql.FOREIGN_TABLES))
        finally:
            connection.close()
    except apsw.Error:
        return False


def _was_ours(path: str) -> bool:
    """Whether a file that is no database of ours was one once: what it was made with, or a recovery's mark, is in it.

    Nobody can have a connection to such a file.
    """
    try:
        file = system.open(path, system.O_RDONLY | getattr(system, "O_BINARY", 0))
    except OSError:
        return False
    try:
        head = b""
        while len(head) < _LOOKED_AT_BYTES and (part := system.read(file, _LOOKED_AT_BYTES)):
            head += part
    except OSError:
        return False
    finally:
        system.close(file)
    return _TABLE in head or head.startswith(BEING_RECOVERED)


def corrupt(path: str, reason: object) -> StoreCorrupt:
    """What to say about a damaged file."""
    return StoreCorrupt(
        f"{path} is damaged: {reason}. Run `claude-mem recover`: it sets the file aside as it is and saves what can be read "
        "into a new one. Until then events go on waiting in the inbox, and nothing of them is lost."
    )


def unreadable(path: str, error: Exception) -> StoreUnreadable:
    """What to say about a file that cannot be used."""
    if isinstance(error, apsw.CorruptError) and getattr(error, "extendedresult", 0) == apsw.SQLITE_CORRUPT_VTAB:
        return _fulltext(path, error)
    if isinstance(error, apsw.CorruptError | apsw.NotADBError):
        return corrupt(path, error)
    return StoreUnreadable(
        f"{path} cannot be used: {error}. It is left as it is; copies may lie in `backups` beside it. "
        "Events go on waiting in the inbox."
    )


def missing_table(path: str, error: Exception) -> StoreUnreadable:
    """What to say where a table of the schema is gone: one of the full text is made anew, another is not."""
    return _fulltext(path, error) if str(error).endswith("_fts") else corrupt(path, error)


def _fulltext(path: str, error: Exception) -> StoreUnreadable:
    return StoreUnreadable(
        f"the full text in {path} is damaged: {error}. `claude-mem doctor --fix` makes it anew from the rows, and no memory is "
        "lost. Until then events go on waiting in the inbox."
    )


def busy(path: str) -> StoreBusy:
    """What to say when the write lock stays taken."""
    return StoreBusy(f"{path} is locked by another process; try again in a moment")
