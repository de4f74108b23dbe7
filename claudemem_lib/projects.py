"""Which project a folder belongs to: a stable key, a name for people, and the folder at its top.

A repository is one project however it is entered: from a subfolder, through a symlink, or in a linked worktree. Clones of one
remote are one project too. A submodule is its own. Read from git's files directly: no subprocess, and lean enough for a hook.
"""

from __future__ import annotations

from claudemem_lib.lean import read_file, system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN = ("path:", "unknown", "")
_FOLDER = 0o040000
_KIND = 0o170000


def identify(folder: str) -> tuple[str, str, str]:
    """(key, name, root) of the project *folder* belongs to. The folder need not exist any more."""
    folder = folder.replace("\\", "/").strip()
    if not folder:
        return UNKNOWN
    real = real_path(folder)
    for parent in _upwards(real):
        git = _git_folder(parent)
        if git:
            common = _common(git)
            root = _root(parent, git, common)
            remote = _remote(common)
            key = f"remote:{remote}" if remote else f"path:{root}"
            return key, _name(root), root
    return f"path:{real}", _name(real), real


def _root(parent: str, git: str, common: str) -> str:
    """The top of the project: the work tree, or for a linked one the repository's (a bare one has none but itself)."""
    if common == git:
        return parent
    folder, _, name = common.rpartition("/")
    return folder if name.startswith(".") else common


def branch_of(folder: str) -> str:
    """The branch checked out where *folder* lies, "" outside git or on a detached head."""
    for parent in _upwards(real_path(folder.replace("\\", "/"))):
        head = _git_folder(parent)
        if head:
            text = _text(head + "/HEAD").strip()
            return text.removeprefix("ref: refs/heads/") if text.startswith("ref: refs/heads/") else ""
    return ""


def real_path(folder: str) -> str:
    """*folder* without symlinks, dots and trailing slash; of a folder that is gone, the part that still exists resolved."""
    done = "" if folder.startswith("/") or folder[1:2] == ":" else _here()
    todo = [part for part in reversed(folder.split("/")) if part not in ("", ".")]
    links = 0
    while todo:
        part = todo.pop()
        if part == "..":
            done = done.rpartition("/")[0]
            continue
        step = f"{done}/{part}" if done or folder.startswith("/") else part
        target = _link(step) if links < 40 else ""  # noqa: PLR2004  # the kernel's own limit
        if not target:
            done = step
            continue
        links += 1
        todo.extend(reversed([piece for piece in target.split("/") if piece not in ("", ".")]))
        if target.startswith("/"):
            done = ""
    return done or "/"


def _here() -> str:
    """The working directory, "" if it is gone."""
    try:
        return system.getcwd().replace("\\", "/")
    except OSError:
        return ""


def _link(path: str) -> str:
    try:
        return system.readlink(path).replace("\\", "/")
    except (OSError, ValueError):
        return ""


def _upwards(folder: str) -> Iterator[str]:
    """*folder* and the folders above it, up to but without the root."""
    while folder and folder != "/":
        yield folder
        folder = folder.rpartition("/")[0]


def _name(root: str) -> str:
    """The last part of a path, of a bare repository without its ending; "root" for the root itself."""
    return root.rstrip("/").rpartition("/")[2].removesuffix(".git") or "root"


def _git_folder(folder: str) -> str:
    """The git folder that belongs to the work tree at *folder*: its own, or the one its `.git` file names."""
    dot_git = folder + "/.git"
    try:
        is_folder = system.stat(dot_git).st_mode & _KIND == _FOLDER
    except (OSError, ValueError):
        return ""
    if is_folder:
        return dot_git if _exists(dot_git + "/HEAD") else ""
    said = _text(dot_git).strip()
    if not said.startswith("gitdir:"):
        return ""
    target = said[7:].strip().replace("\\", "/")
    return real_path(target if target.startswith("/") or target[1:2] == ":" else f"{folder}/{target}")


def _common(git: str) -> str:
    """The git folder shared by all worktrees, of which *git* is one's own."""
    named = _text(git + "/commondir").strip()
    return real_path(named if named.startswith("/") else f"{git}/{named}") if named else git


def _remote(git: str) -> str:
    """The address of the remote "origin", the same however it is written, or ""."""
    inside = False
    for line in _text(git + "/config").splitlines():
        text = line.strip()
        if text.startswith("["):
            inside = text.replace(" ", "").lower() == '[remote"origin"]'
        elif inside and text.split("=", 1)[0].strip().lower() == "url":
            return _normal_address(text.split("=", 1)[1].strip())
    return ""


def _normal_address(address: str) -> str:
    """`git@host:a/b.git`, `ssh://git@host/a/b` and `https://user:key@host/a/b.git` as `host/a/b`; local paths as they are."""
    address = address.strip('"').rstrip("/").removesuffix(".git")
    if address.startswith(("/", ".", "~", "file://")) or address[1:2] == ":":
        return "" if address.startswith((".", "~")) else real_path(address.removeprefix("file://"))
    scheme, found, rest = address.partition("://")
    if not found:
        host, remote, path = scheme.partition(":")
        if not remote:
            return ""  # a path relative to who knows where
        rest = f"{host}/{path.lstrip('/')}"
    host, _, path = rest.partition("/")
    host = host.rpartition("@")[2].partition(":")[0].lower()
    return f"{host}/{path}"


def _text(path: str) -> str:
    try:
        return read_file(path)
    except (OSError, ValueError):
        return ""


def _exists(path: str) -> bool:
    try:
        system.stat(path)
    except (OSError, ValueError):
        return False
    return True
