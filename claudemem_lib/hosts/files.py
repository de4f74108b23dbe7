"""Host files on the disk: read as bytes, changed in one step, never followed into something that is no plain file.

Every refusal is a HostFileError that says what, why and what to do, and leaves the bytes alone.
"""

from __future__ import annotations

import difflib
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from attrs import frozen

from claudemem_lib.errors import HostFileError
from claudemem_lib.lean import OWNER_FILE, OWNER_FOLDER

if TYPE_CHECKING:
    from pathlib import Path

_BOM = b"\xef\xbb\xbf"
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


@frozen
class Change:
    """A file and what becomes of it. *before* and *after* are its bytes, None where there is no file.

    *folders* are made before the file is, outermost first; or removed after it is, where they are empty then.
    """

    path: Path
    before: bytes | None
    after: bytes | None
    folders: tuple[Path, ...] = ()

    @property
    def diff(self) -> str:
        """The change as a unified diff."""
        old = "/dev/null" if self.before is None else str(self.path)
        new = "/dev/null" if self.after is None else str(self.path)
        lines = difflib.unified_diff(_lines(self.before), _lines(self.after), old, new)
        return "".join(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines)


def _lines(data: bytes | None) -> list[str]:
    """Lines with their ends; only a line feed ends one."""
    found = (data or b"").decode("utf-8", "replace").split("\n")
    return [line + "\n" for line in found[:-1]] + ([found[-1]] if found[-1] else [])


def refusal(path: Path, why: object, remedy: str) -> HostFileError:
    """The error to raise for a file we leave alone."""
    return HostFileError(f"{path} was left as it is: {why}. {remedy}")


def resolve(path: Path) -> Path:
    """The absolute path of the file itself, symbolic links followed; it need not exist. HostFileError if it cannot."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return path.resolve()
    except OSError as error:
        raise refusal(path, error.strerror, "Mend the path or its links, then try again.") from error
    if not stat.S_ISREG(mode):
        raise refusal(path, "it is not a file", "Move it out of the way, then try again.")
    return path.resolve()


def read(path: Path) -> bytes | None:
    """The bytes of a file, None if there is none."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise refusal(path, f"it cannot be read ({error.strerror})", "Give yourself the right to read it.") from error


def missing_folders(path: Path) -> tuple[Path, ...]:
    """The folders that have to be made before *path* can be, outermost first."""
    return tuple(folder for folder in reversed(path.parents) if not folder.is_dir())


def check_writable(path: Path) -> None:
    """HostFileError if the file, or the folder it would be made in, is closed to us."""
    folder = (*missing_folders(path), path)[0].parent
    for place in (folder, path):
        if place.exists() and not os.access(place, os.W_OK):
            raise refusal(path, f"{place} is not writable", "Give yourself the right to write there, then try again.")


def check_unchanged(change: Change) -> None:
    """HostFileError if somebody changed the file after *change* was planned."""
    if read(change.path) != change.before:
        raise refusal(change.path, "another program changed it just now", "Run the command again.")


def carry_out(change: Change) -> None:
    """Bring the file to its new state in one step. HostFileError if the disk refuses; then the file is as before."""
    try:
        if change.after is None:
            _take_away(change)
        else:
            for folder in change.folders:
                folder.mkdir(OWNER_FOLDER, exist_ok=True)  # another file of the same plan may have needed it
            _replace(change.path, change.after)
    except OSError as error:
        why = f"it cannot be written ({error.strerror or error})"
        raise refusal(change.path, why, "Mend that, then run the command again.") from error


def _take_away(change: Change) -> None:
    """Remove the file, what a crash left beside it, and the folders that are empty without it."""
    change.path.unlink(missing_ok=True)
    temporary(change.path).unlink(missing_ok=True)
    sweep(change)


def sweep(change: Change) -> None:
    """Remove the folders of a file that is gone, where nothing is left in them."""
    for folder in reversed(change.folders if change.after is None else ()):
        with suppress(OSError):  # somebody else keeps something there, or it is gone
            folder.rmdir()


def temporary(path: Path) -> Path:
    """Where the new bytes of *path* stand until they take its place; always the same, so a crash leaves at most one."""
    return path.with_name(f".{path.name}.claude-mem.tmp")


def _replace(path: Path, data: bytes) -> None:
    """New bytes under the old name, mode and owner; on disk before this returns."""
    new = temporary(path)
    new.unlink(missing_ok=True)
    file = os.open(new, _CREATE, OWNER_FILE)
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        _keep_mode(path, new)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _keep_mode(path: Path, new: Path) -> None:
    """Give the new file the rights of the one it replaces."""
    try:
        old = path.stat()
    except FileNotFoundError:
        return
    new.chmod(stat.S_IMODE(old.st_mode))
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(new, old.st_uid, old.st_gid)


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the system can."""
    with suppress(OSError):
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def decode(data: bytes | None, *, strict: bool = True) -> tuple[bytes, str]:
    """Byte order mark and text of a file; ValueError if it is no UTF-8, unless that does not matter."""
    if data is None:
        return b"", ""
    bom = _BOM if data.startswith(_BOM) else b""
    try:
        return bom, data[len(bom) :].decode(errors="strict" if strict else "replace")
    except UnicodeDecodeError:
        message = "it is not UTF-8 text"
        raise ValueError(message) from None
