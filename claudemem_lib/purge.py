"""Leaving for good: end what runs, and delete the data folder.

The server's marks go with it: its socket, lock and address are of no use to anybody once no host starts it.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from attrs import frozen

from claudemem_lib import link, paths
from claudemem_lib.errors import BadRequest

_SIGNS = (paths.DATABASE, paths.INBOX, paths.HOOK_RULES)
_NEVER = (".git", ".hg", ".svn")


@frozen
class Contents:
    """What the data folder holds: names with their sizes in bytes, largest first."""

    folder: Path
    entries: tuple[tuple[str, int], ...]

    @property
    def total_bytes(self) -> int:
        """All of it."""
        return sum(size for _, size in self.entries)


def contents(data_dir: Path | str) -> Contents:
    """What is there to delete. BadRequest if the folder is not one that only a memory lives in."""
    folder = Path(data_dir).expanduser().absolute()
    if not folder.exists():
        return Contents(folder, ())
    names = sorted(path.name for path in folder.iterdir())
    home = Path(paths.home()).resolve()
    real = folder.resolve()
    if real == home or real in home.parents or any(name in _NEVER for name in names):
        message = f"{folder} is more than a data folder; nothing was deleted. Delete what you do not want by hand."
        raise BadRequest(message)
    if names and not any(name in _SIGNS for name in names):
        message = f"{folder} does not look like a data folder (no {', no '.join(_SIGNS)}); nothing was deleted. Check --data-dir."
        raise BadRequest(message)
    sizes = [(name, _size(folder / name)) for name in names]
    return Contents(folder, tuple(sorted(sizes, key=lambda entry: -entry[1])))


def _size(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; links count as themselves."""
    found = path.lstat().st_size if not path.is_dir() or path.is_symlink() else 0
    if path.is_dir() and not path.is_symlink():
        for folder, _, names in os.walk(path):
            for name in names:
                with suppress(FileNotFoundError):  # the server tidies up meanwhile
                    found += Path(folder, name).lstat().st_size
    return found


def quiet(data_dir: Path | str) -> tuple[str, ...]:
    """End the server of a data folder and remove what it left to be found by; what there is to say about it."""
    folder = Path(data_dir).expanduser().absolute()
    if not folder.is_dir():
        return ()
    who = link.facts(str(folder))
    try:
        stopped = link.stop(str(folder))
    except (link.NoServer, OSError) as error:
        return (f"The server could not be stopped: {error}.",)
    for path in (who.get("socket"), folder / paths.SERVER, folder / link.STARTING, folder / paths.LOCK):
        with suppress(OSError, TypeError):
            Path(path or "").unlink()
    socket_folder = Path(who.get("socket") or paths.socket_path(str(folder))).parent
    if socket_folder != folder:
        with suppress(OSError):  # other data folders' sockets
            socket_folder.rmdir()
    return ("The server was stopped.",) if stopped else ()


def delete(found: Contents) -> str:
    """Delete the data folder; the line to say about it. A linked folder goes with its link. OSError if the disk refuses."""
    if not found.folder.exists():
        return f"{found.folder} is not there."
    shutil.rmtree(found.folder.resolve())
    if found.folder.is_symlink():
        found.folder.unlink()
    return f"{found.folder} was deleted, with everything remembered in it."
