"""Put our hooks into a host's settings and take them out again, byte for byte.

`plan` and `uninstall_plan` only read; `apply` writes. What was changed stands in the manifest, `install.json` in the
data folder: the file's bytes before us and the hashes of what we replaced and wrote. The manifest is written before the
first change and removed after the last, so a crash in between can be undone. Without it our entries are still
recognised and taken out.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import asdict, frozen

from claudemem_lib.errors import HostFileError
from claudemem_lib.hosts import claude_code, files

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST = "install.json"
_BOM = b"\xef\xbb\xbf"
_MEND = "Mend the file or add the hooks by hand (docs/install.md), then try again."


@frozen
class Record:
    """What the manifest keeps of one file: bytes before us (base64), None where there was no file, and hashes.

    *replaced* and *written* are the SHA-256 of the bytes the last change found and left; *folders* are those it made.
    """

    original: str | None
    replaced: str | None
    written: str | None
    folders: tuple[str, ...] = ()

    @property
    def original_bytes(self) -> bytes | None:
        """The bytes to bring back."""
        return None if self.original is None else base64.b64decode(self.original, validate=True)


@frozen
class Plan:
    """What would be done, in order of writing, and what to say about it: *warnings* before, *report* lines after."""

    changes: tuple[files.Change, ...]
    manifest: Path
    warnings: tuple[str, ...] = ()
    report: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[files.Change, ...]:
        """The changes to the host's files, without our own manifest."""
        return tuple(change for change in self.changes if change.path != self.manifest)

    @property
    def empty(self) -> bool:
        """Whether everything already is as it should be."""
        return not self.changes

    @property
    def diff(self) -> str:
        """All changes to the host's files as one unified diff."""
        return "".join(change.diff for change in self.files)


def host_config_dir(environment: Mapping[str, str]) -> Path:
    """Where Claude Code keeps its settings: `CLAUDE_CONFIG_DIR`, else `~/.claude`."""
    return Path(environment.get("CLAUDE_CONFIG_DIR") or "~/.claude").expanduser()


def plan(config_dir: Path | str, data_dir: Path | str, interpreter: Path | str = sys.executable) -> Plan:
    """What installing into *config_dir* would change. HostFileError if a file is not what we know how to change.

    The hooks will run *interpreter* and write to *data_dir*; both are made absolute, links in them are not followed.
    """
    path = files.resolve(Path(config_dir).absolute() / claude_code.SETTINGS_FILE)
    manifest, records, problems = _manifest(data_dir)
    python, home = str(Path(interpreter).absolute()), str(Path(data_dir).absolute())
    wanted = claude_code.groups(python, _hook_script(), home)
    before = files.read(path)
    record = records.get(str(path))
    try:
        text = _decode(before)[1]
        claude_code.check(text, wanted)
        warnings = (*problems, *_about_interpreter(python), *claude_code.warnings(text))
        if claude_code.is_installed(text, wanted):
            return Plan((), manifest.path, warnings, (f"{path} already has our hooks; nothing was changed.",))
        original = _without_us(before, record)
        after = _with_us(original, wanted)
    except ValueError as error:
        raise files.refusal(path, error, _MEND) from error
    files.check_writable(path)
    folders = files.missing_folders(path)
    made = tuple(map(str, folders)) or (record.folders if record and original is None else ())
    records[str(path)] = Record(_base64(original), _sha256(before), _sha256(after), made)
    changes = (_with_records(manifest, records), files.Change(path, before, after, folders))
    return Plan(changes, manifest.path, warnings, _said_after_install(path, manifest.path))


def _said_after_install(path: Path, manifest: Path) -> tuple[str, ...]:
    return (
        f"Our hooks were added to {path}; sessions started from now on are remembered.",
        f"What the file was before is kept in {manifest}; `claude-mem uninstall` brings it back.",
    )


def uninstall_plan(config_dir: Path | str, data_dir: Path | str) -> Plan:
    """What taking our hooks out of every file we changed, and of *config_dir*, would change."""
    manifest, records, warnings = _manifest(data_dir)
    here = files.resolve(Path(config_dir).absolute() / claude_code.SETTINGS_FILE)
    changes: list[files.Change] = []
    report: list[str] = []
    for path in dict.fromkeys((*map(Path, records), here)):
        change, line = _undo(path, records.get(str(path)))
        report.append(line)
        if change:
            changes.append(change)
    if manifest.before is not None:
        changes.append(manifest)
    report.append(f"Your memory stays in {Path(data_dir).absolute()}; delete that folder if you want it gone.")
    return Plan(tuple(changes), manifest.path, warnings, tuple(report))


def apply(plan: Plan) -> tuple[str, ...]:
    """Do what *plan* says and return its report. HostFileError if a file changed since, or cannot be written."""
    for change in plan.changes:
        files.check_unchanged(change)
    for change in plan.changes:
        files.carry_out(change)
    return plan.report


def _undo(path: Path, record: Record | None) -> tuple[files.Change | None, str]:
    """The change that takes us out of one file, if it needs one, and the line to report."""
    before = files.read(path)
    try:
        after = _without_us(before, record)
    except ValueError as error:
        remedy = "Mend it, or take out the entries that name claudemem_hooks by hand, then try again."
        raise files.refusal(path, error, remedy) from error
    folders = tuple(map(Path, record.folders)) if record and after is None else ()
    change = files.Change(path, before, after, folders)
    if before == after:
        needed = files.temporary(path).exists() or any(folder.exists() for folder in folders)
        return change if needed else None, f"{path} has nothing of ours." if before else f"{path} is not there."
    files.check_writable(path)
    return change, _said_after_undo(change, record)


def _said_after_undo(change: files.Change, record: Record | None) -> str:
    if change.after is None:
        return f"{change.path} was removed; installing had made it."
    if record and _sha256(change.before) in (record.replaced, record.written):
        return f"{change.path} is again byte for byte what it was before."
    return f"Our hooks were taken out of {change.path}; everything else in it stays."


def _without_us(data: bytes | None, record: Record | None) -> bytes | None:
    """What a file would be had we never touched it, later edits of others kept; None for no file."""
    if data is None:
        return None
    original = record.original_bytes if record else None
    if record and _sha256(data) in (record.replaced, record.written):
        return original
    if not claude_code.mentions_us(data):
        return data
    bom, text = _decode(data)
    left = claude_code.without_hooks(text, _decode(original)[1])
    if record and original is None and "".join(left.split()) == "{}":
        return None
    return bom + left.encode()


def _with_us(data: bytes | None, wanted: Mapping[str, Any]) -> bytes:
    """A file with our hooks; a new one if there is none."""
    bom, text = _decode(b"{}\n" if data is None else data)
    try:
        return bom + claude_code.with_hooks(text, wanted).encode()
    except UnicodeEncodeError:
        message = "a path to put into it is not UTF-8, which JSON cannot hold"
        raise ValueError(message) from None


def _decode(data: bytes | None) -> tuple[bytes, str]:
    """Byte order mark and text of a file; ValueError if it is no UTF-8."""
    if data is None:
        return b"", ""
    bom = _BOM if data.startswith(_BOM) else b""
    try:
        return bom, data[len(bom) :].decode()
    except UnicodeDecodeError:
        message = "it is not UTF-8 text"
        raise ValueError(message) from None


def _hook_script() -> str:
    """The absolute path of run.py, in a wheel, an editable install and a checkout alike."""
    found = importlib.util.find_spec("claudemem_hooks")
    folders = found.submodule_search_locations if found else None
    if not folders:
        message = (
            "The package claudemem_hooks is not installed beside claudemem_lib. Reinstall claudemem, then try again."
        )
        raise HostFileError(message)
    return str(Path(folders[0]).absolute() / "run.py")


def _about_interpreter(interpreter: str) -> tuple[str, ...]:
    """A warning where hooks would run an interpreter that may be gone tomorrow."""
    if {".cache", "archive-v0"}.isdisjoint(Path(interpreter).parts):
        return ()
    warning = (
        f"{interpreter} lies in a cache that may be emptied, and then no hook runs. "
        "Install claudemem for good (for example with pipx or `uv tool install`), then run this again."
    )
    return (warning,)


def _manifest(data_dir: Path | str) -> tuple[files.Change, dict[str, Record], tuple[str, ...]]:
    """The manifest as a change that removes it, its records by path, and what is wrong with it."""
    path = Path(data_dir).absolute() / MANIFEST
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


def _with_records(manifest: files.Change, records: Mapping[str, Record]) -> files.Change:
    """The change that writes *records* into the manifest."""
    value = {"version": 1, "files": {path: asdict(record) for path, record in records.items()}}
    data = json.dumps(value, indent=2).encode() + b"\n"
    return files.Change(manifest.path, manifest.before, data, files.missing_folders(manifest.path))


def _sha256(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()


def _base64(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode("ascii")
