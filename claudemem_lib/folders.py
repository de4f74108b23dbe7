"""Which folders of a project may get a context file, and why the others may not. Nothing here writes."""

from __future__ import annotations

import os
import stat
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from claudemem_lib import paths, switches
from claudemem_lib.projects import real_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GIT_TIMEOUT_S = 1  # a starting session may wait for this
LARGEST_BYTES = 1_000_000
_SYSTEM = (
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr/bin", "/usr/include", "/usr/lib",
    "/usr/lib64", "/usr/sbin", "/usr/share", "/Library", "/System", "C:/Windows", "C:/Program Files",
)  # fmt: skip
_NOBODYS = (".git", "node_modules")
_OF_TOOLS = (*_NOBODYS, "__pycache__", "build", "dist", "res", "site-packages", "venv")
_TOPS = ("", "/home", "/media", "/mnt", "/opt", "/root", "/srv", "/tmp", "/usr", "/var", "/Users")  # noqa: S108  # nobody's project


def of_files(names: Iterable[str], root: str) -> list[str]:
    """The folders of files, as paths below *root* ("" is the root itself), each once; without what is no plain path inside it."""
    found: dict[str, None] = {}
    for name in names:
        plain = name.strip().replace("\\", "/").removeprefix("./")
        plain = plain.removeprefix(root.rstrip("/") + "/")
        parts = plain.split("/")
        twice = any(part == other for part, other in pairwise(parts))
        strange = not plain or plain[0] in "/~" or "://" in plain or plain[1:2] == ":" or {" ", "#"} & set(plain)
        if not (strange or twice or ".." in parts or "" in parts[:-1]):
            found["/".join(parts[:-1])] = None
    return list(found)


def problem_of_root(root: str, data_dir: str, excluded: Sequence[str]) -> str:
    """Why no folder of a project may get a file, "" if they may."""
    if not root or not Path(root).is_dir():
        return "the project's folder is not there"
    home = real_path(paths.home().replace("\\", "/"))
    host = real_path(paths.environment("CLAUDE_CONFIG_DIR") or f"{home}/.claude")
    parts = [part for part in root.split("/") if part]
    private = any(_is_in(root, folder) for folder in (host, real_path(data_dir)))
    if root == home or root.rstrip("/") in _TOPS or any(_is_in(root, folder) for folder in _SYSTEM) or private:
        return "this is no folder of a project, but of the system or of a program"
    if set(parts) & set(_NOBODYS):
        return "it lies in a folder that is not edited by hand"
    return "it is excluded" if switches.excluded((root,), _patterns(excluded, root)) else ""


def problem_of(below: str, root: str, excluded: Sequence[str]) -> str:
    """Why the folder *below* a root that is fine may not get a file, "" if it may; what git ignores is for ignored()."""
    folder = f"{root}/{below}".rstrip("/")
    if not Path(folder).is_dir():
        return "the folder is not there"
    if real_path(folder) != folder:
        return "it is reached through a link"
    parts = below.split("/") if below else []
    if any(part.startswith(".") for part in parts) or set(parts) & set(_OF_TOOLS):
        return "it lies in a folder that is not edited by hand"
    if any(os.path.lexists(f"{root}/{'/'.join(parts[:depth])}/.git") for depth in range(1, len(parts) + 1)):
        return "it belongs to another repository"
    return "it is excluded" if switches.excluded((folder,), _patterns(excluded, root)) else ""


def ignored(belows: Sequence[str], root: str) -> dict[str, str]:
    """Those of some folders below *root* that git ignores, or of which nobody can say, each with why."""
    if not belows or not os.path.lexists(f"{root}/.git"):
        return {}
    command = ["git", "-C", root, "-c", "core.fsmonitor=false", "check-ignore", "-z", "--stdin"]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    given = b"".join(os.fsencode(f"{below}/") + b"\0" for below in belows)
    try:
        done = subprocess.run(  # noqa: S603  # git's own answer, with nothing of the project run
            command, input=given, capture_output=True, check=False, timeout=GIT_TIMEOUT_S, env=plain
        )
    except (OSError, subprocess.TimeoutExpired):
        done = None
    if done is None or done.returncode not in (0, 1):
        return dict.fromkeys(belows, "git does not say whether it is ignored")
    return {os.fsdecode(name).rstrip("/"): "git ignores it" for name in done.stdout.split(b"\0") if name}


def problem_of_file(path: Path, root: str) -> str:
    """Why a context file is left alone, "" if it may be written. A link is followed where it stays in the project."""
    real = Path(real_path(path.as_posix()))
    if path.is_symlink() and not _stays_inside(real, root):
        return "it is a link that leads out of the project, or nowhere"
    try:
        about = real.stat() if real.exists() else None
    except OSError as error:
        return str(error.strerror)
    if about is not None and not stat.S_ISREG(about.st_mode):
        return "it is no file"
    if not all(os.access(place, os.W_OK) for place in (real.parent, real if about else real.parent)):
        return "it is not writable"
    if about is not None and (about.st_size > LARGEST_BYTES or b"\0" in real.read_bytes()):
        return "it is too large, or no text"
    return ""


def _stays_inside(real: Path, root: str) -> bool:
    """Whether the file that a link leads to is there, and one of the project's own."""
    below = real.as_posix().removeprefix(root.rstrip("/") + "/")
    return below != real.as_posix() and not set(below.split("/")[:-1]) & set(_OF_TOOLS) and real.exists()


def _patterns(excluded: Sequence[str], root: str) -> tuple[str, ...]:
    """Globs as switches.excluded reads them: what is no whole path is meant below the root."""
    return tuple(
        one if one.startswith(("/", "~", "*")) or one[1:2] == ":" else f"{root}/{one.removeprefix('./')}"
        for one in excluded
        if one.strip()
    )


def _is_in(folder: str, above: str) -> bool:
    return folder == above or folder.startswith(above.rstrip("/") + "/")
