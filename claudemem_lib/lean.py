"""JSON and files with C modules only: what a hook can afford.

`import json` alone costs more than half an interpreter start (benchmarks/hooks.py), so hooks use its C parts directly.
Imports nothing else of ours; everything here works under `python -I -S`.
"""

from __future__ import annotations

try:
    import posix as _system
except ImportError:  # Windows has the same calls under another name
    import nt as _system  # type: ignore[no-redef]  # only one of the two exists on a machine
from _json import encode_basestring_ascii, make_encoder, make_scanner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

system = _system
OWNER_FILE = 0o600
OWNER_FOLDER = 0o700
_CREATE = system.O_WRONLY | system.O_CREAT | system.O_TRUNC | getattr(system, "O_BINARY", 0)
_READ = system.O_RDONLY | getattr(system, "O_BINARY", 0)


class _Decoding:
    """The options the C scanner reads from its context object."""

    strict = False
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float
    memo: dict[str, str] = {}  # noqa: RUF012  # the scanner's own field name


_scan = make_scanner(_Decoding)  # type: ignore[arg-type]  # any object with these attributes will do
_encode = make_encoder(None, None, encode_basestring_ascii, None, ":", ",", False, False, True)  # type: ignore[arg-type]  # noqa: FBT003


def loads(text: str) -> Any:
    """The JSON value *text* holds; ValueError unless it is exactly one value."""
    start = len(text) - len(text.lstrip())
    try:
        value, end = _scan(text, start)
    except (StopIteration, SystemError):  # the scanner's own error needs `json`, without it there is a SystemError
        message = "not a JSON value"
        raise ValueError(message) from None
    if text[end:].strip():
        message = "text after the JSON value"
        raise ValueError(message)
    return value


def dumps(value: object) -> str:
    """*value* as compact ASCII JSON."""
    return "".join(_encode(value, 0))


def read_file(path: str) -> str:
    """The file's text; bytes that are no UTF-8 become U+FFFD. OSError as from open."""
    file = system.open(path, _READ)
    try:
        return read_all(file)
    finally:
        system.close(file)


def read_all(file: int) -> str:
    """Everything until the end of an open file descriptor, as text."""
    chunks = []
    while chunk := system.read(file, 1 << 20):
        chunks.append(chunk)
    return b"".join(chunks).decode("utf-8", "replace")


def make_folder(path: str) -> None:
    """The folder and its missing parents, for the owner only."""
    try:
        system.mkdir(path, OWNER_FOLDER)
    except FileExistsError:
        return
    except FileNotFoundError:
        parent = path.rstrip("/\\").replace("\\", "/").rpartition("/")[0]
        if not parent or parent == path or _is_there(parent):
            raise
        make_folder(parent)
        make_folder(path)


def _is_there(path: str) -> bool:
    try:
        system.stat(path)
    except OSError:
        return False
    return True


def write_whole(folder: str, name: str, text: str) -> None:
    """Put a file into *folder* in one step: a temporary name, then a rename; made for the owner only."""
    temporary = f"{folder}/.{name}.{system.getpid()}.tmp"
    try:
        file = system.open(temporary, _CREATE, OWNER_FILE)
    except FileNotFoundError:
        make_folder(folder)
        file = system.open(temporary, _CREATE, OWNER_FILE)
    try:
        data = memoryview(text.encode("utf-8", "replace"))
        while data:
            data = data[system.write(file, data) :]
    except BaseException:
        system.close(file)
        system.unlink(temporary)
        raise
    system.close(file)
    system.replace(temporary, f"{folder}/{name}")
