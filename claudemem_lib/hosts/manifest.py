"""What we changed in other programs' files: `install.json` in the data folder.

It holds each file's bytes before us and the hashes of what we replaced and wrote. It is written before the first change
and removed after the last, so that a crash in between can be undone.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import asdict, frozen

from claudemem_lib import paths
from claudemem_lib.hosts import files

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = paths.INSTALLED
_VERSION = 2


@frozen
class Record:
    """What the manifest keeps of one file: bytes before us (base64), None where there was no file, and hashes.

    *replaced* and *written* are the SHA-256 of the bytes the last change found and left; *folders* are those it made.
    *host* and *kind* say whose file it is and how our part of it is recognised.
    """

    original: str | None
    replaced: str | None
    written: str | None
    folders: tuple[str, ...] = ()
    host: str = "claude-code"
    kind: str = "hook-groups"

    @property
    def original_bytes(self) -> bytes | None:
        """The bytes to bring back."""
        return None if self.original is None else base64.b64decode(self.original, validate=True)

    def is_as_we_know(self, data: bytes | None) -> bool:
        """Whether a file is as we left it, or as we found it before a change that did not come to pass."""
        return sha256(data) in (self.replaced, self.written)


def read(data_dir: Path | str) -> tuple[files.Change, dict[str, Record], tuple[str, ...]]:
    """The manifest as a change that removes it, its records by path, and what is wrong with it."""
    path = Path(data_dir).absolute() / FILE
    data = files.read(path)
    change = files.Change(path, data, None)
    try:
        return change, {} if data is None else _records(data), ()
    except (ValueError, KeyError, TypeError, AttributeError):
        warning = f"{path} cannot be read, so no file is restored from it; our entries are recognised and taken out."
        return change, {}, (warning,)


def _records(data: bytes) -> dict[str, Record]:
    """What a manifest says. ValueError, KeyError, TypeError or AttributeError if it is none of ours."""
    found = {}
    for path, values in json.loads(data)["files"].items():
        record = Record(**(values | {"folders": tuple(values["folders"])}))
        _ = record.original_bytes  # raises where it is no base64
        found[path] = record
    return found


def written(manifest: files.Change, records: Mapping[str, Record]) -> files.Change:
    """The change that writes *records* into the manifest, or removes it where there are none."""
    if not records:
        return files.Change(manifest.path, manifest.before, None)
    value = {"version": _VERSION, "files": {path: asdict(record) for path, record in records.items()}}
    data = json.dumps(value, indent=2).encode() + b"\n"
    return files.Change(manifest.path, manifest.before, data, files.missing_folders(manifest.path))


def sha256(data: bytes | None) -> str | None:
    """The hash of a file's bytes, None for no file."""
    return None if data is None else hashlib.sha256(data).hexdigest()


def base64_of(data: bytes | None) -> str | None:
    """A file's bytes as the manifest holds them."""
    return None if data is None else base64.b64encode(data).decode("ascii")
