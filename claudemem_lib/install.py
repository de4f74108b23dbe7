"""Put our part into a host's configuration and take it out again, byte for byte.

`plan`, `plan_host` and `uninstall_plan` only read; `apply` writes. What was changed stands in the manifest
(hosts.manifest). Without it our entries are still recognised and taken out.
"""

from __future__ import annotations

import importlib.util
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from claudemem_lib.errors import HostFileError
from claudemem_lib.hosts import catalog, claude_code, files, here, manifest, units

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from claudemem_lib.hosts.entry import Entry, Target

MANIFEST = manifest.FILE
_MEND = "Mend the file or add the entries by hand (docs/install.md), then try again."
_GET_SERVER = "pip install 'claudemem[server]'"
_SERVER_PACKAGES = ("mcp", "watchfiles")


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
    def last(self) -> bool:
        """Whether no host has anything of ours after this plan: the manifest goes, or there was none."""
        return all(change.after is None for change in self.changes if change.path == self.manifest)

    @property
    def diff(self) -> str:
        """All changes to the host's files as one unified diff."""
        return "".join(change.diff for change in self.files)


def host_config_dir(environment: Mapping[str, str]) -> Path:
    """Where Claude Code keeps its settings: `CLAUDE_CONFIG_DIR`, else `~/.claude`."""
    return Path(environment.get("CLAUDE_CONFIG_DIR") or "~/.claude").expanduser()


def plan(config_dir: Path | str, data_dir: Path | str, interpreter: Path | str = sys.executable) -> Plan:
    """What installing into Claude Code's *config_dir* would change. HostFileError if a file is none we know how to change.

    The hooks will run *interpreter* and write to *data_dir*; both are made absolute, links in them are not followed.
    """
    environment = {"CLAUDE_CONFIG_DIR": str(Path(config_dir).absolute())}
    return plan_host("claude-code", data_dir, environment, interpreter=interpreter)


def plan_host(
    name: str,
    data_dir: Path | str,
    environment: Mapping[str, str],
    *,
    interpreter: Path | str = sys.executable,
) -> Plan:
    """What installing into the host *name* (see hosts.catalog) would change; KeyError if there is no such host."""
    host = catalog.named(name)
    stored, records, problems = manifest.read(data_dir)
    commands = here.commands(interpreter, data_dir)
    warnings = [*problems, *_about_interpreter(commands.interpreter)]
    changes: list[files.Change] = []
    report: list[str] = []
    for target in here.targets(host, environment, commands):
        change, said = _add(target, host, records)
        warnings += said
        report.append(_said_of(target.path, change))
        if change:
            changes.append(change)
    if not changes:
        return Plan((), stored.path, tuple(warnings), tuple(report))
    if name not in ("claude-code", "systemd", "launchd"):
        warnings += _about_server()
    report += [f"What was there before is kept in {stored.path}; `claude-mem uninstall` brings it back."]
    report += _left_to_do(host, commands)
    if name != "claude-code" and not here.is_found(host, environment):
        warnings.append(f"{host.label} was not found on this machine; its files are made all the same.")
    return Plan((manifest.written(stored, records), *changes), stored.path, tuple(warnings), tuple(report))


def _add(
    target: Target, host: catalog.Host, records: dict[str, manifest.Record]
) -> tuple[files.Change | None, tuple[str, ...]]:
    """The change that puts our part into one file, None if it is there; *records* is brought up to date. And warnings."""
    path, entry = target.path, target.entry
    before = files.read(path)
    record = records.get(str(path))
    try:
        text = files.decode(before)[1]
        entry.check(text)
        warnings = entry.warnings(text)
        if before is not None and entry.is_installed(text):
            return None, warnings
        original = _without_us(before, record, entry)
        after = _with_us(original, entry)
    except ValueError as error:
        raise files.refusal(path, error, _MEND) from error
    files.check_writable(path)
    folders = files.missing_folders(path)
    made = tuple(map(str, folders)) or (record.folders if record and original is None else ())
    hashes = manifest.sha256(before), manifest.sha256(after)
    records[str(path)] = manifest.Record(manifest.base64_of(original), *hashes, made, host.name, entry.kind)
    return files.Change(path, before, after, folders), warnings


def _said_of(path: Path, change: files.Change | None) -> str:
    if change is None:
        return f"{path} already has our entries; nothing was changed there."
    return f"Our entries were added to {path}; sessions started from now on have it."


def uninstall_plan(
    config_dir: Path | str,
    data_dir: Path | str,
    environment: Mapping[str, str] | None = None,
    hosts: Collection[str] = (),
) -> Plan:
    """What taking our part out of every file we changed, and of those of *hosts* (all that are known) would change.

    *config_dir* is Claude Code's. With *hosts* only their files are touched.
    """
    stored, records, problems = manifest.read(data_dir)
    mine = {path: record for path, record in records.items() if not hosts or record.host in hosts}
    targets = {path: _undoing(record, stored.path) for path, record in mine.items()}
    asked = set(mine)
    for name, target in _known(config_dir, environment, hosts):
        targets.setdefault(str(target.path), target.entry)
        if name in (*hosts, "claude-code"):
            asked.add(str(target.path))
    changes, report, warnings = _undone(targets, mine, asked)
    if not hosts:
        warnings += claude_code.left(config_dir, (environment or {}).get("HOME"))
    if mine or problems:
        changes.append(manifest.written(stored, {path: record for path, record in records.items() if path not in mine}))
    report.append(f"Your memory stays in {Path(data_dir).absolute()}; `claude-mem uninstall --purge` deletes it.")
    return Plan(tuple(changes), stored.path, (*problems, *warnings), tuple(report))


def _undone(
    targets: Mapping[str, Entry], mine: Mapping[str, manifest.Record], asked: Collection[str]
) -> tuple[list[files.Change], list[str], list[str]]:
    """The changes that take us out of *targets*, what to report and what to warn of; *asked* are files to speak of anyway."""
    changes: list[files.Change] = []
    report: list[str] = []
    warnings: list[str] = []
    ran = False
    for path, entry in targets.items():
        try:
            change, line = _undo(Path(path), entry, mine.get(path))
        except HostFileError as error:
            if path in asked:
                raise
            warnings.append(str(error))
            continue
        changes += [*_enabled(change), change] if change else []
        report += [line] if change or path in asked else []
        report += [units.GONE[Path(path).name]] if change and Path(path).name in units.GONE else []
        ran = ran or (change is not None and "hook" in entry.kind)
    return changes, [*report, *(["Sessions that are open now run our hooks until they end."] if ran else [])], warnings


def _undoing(record: manifest.Record, manifest_path: Path) -> Entry:
    """What takes a recorded part out; HostFileError if a newer release wrote the record."""
    try:
        return catalog.undoing(record.kind)
    except KeyError:
        message = f"{manifest_path} was written by a newer release. Uninstall with that one."
        raise HostFileError(message) from None


def _enabled(change: files.Change) -> list[files.Change]:
    """The link by which systemd starts a unit of ours at login, taken away with the unit."""
    link = change.path.parent / units.SYSTEMD_WANTS / change.path.name
    return [files.Change(link, files.read(link), None, (link.parent,))] if link.is_symlink() else []


def _known(
    config_dir: Path | str, environment: Mapping[str, str] | None, hosts: Collection[str]
) -> list[tuple[str, Target]]:
    """Hosts and files in which something of ours may be, whatever the manifest says."""
    given = {**(environment or {}), "CLAUDE_CONFIG_DIR": str(Path(config_dir).absolute())}
    commands = catalog.Commands("", "", "", "", sys.platform)
    known = (*catalog.HOSTS, *catalog.UNITS) if environment is not None else (catalog.named("claude-code"),)
    found: list[tuple[str, Target]] = []
    for host in known:
        if not hosts or host.name in hosts:
            with suppress(*(() if host.name in (*hosts, "claude-code") else (HostFileError,))):
                found += [(host.name, target) for target in here.targets(host, given, commands)]
    return found


def apply(plan: Plan) -> tuple[str, ...]:
    """Do what *plan* says and return its report. HostFileError if a file changed since, or cannot be written."""
    for change in plan.changes:
        files.check_unchanged(change)
    for change in plan.changes:
        files.carry_out(change)
    for change in plan.changes:
        files.sweep(change)  # what was made for one file may have been kept by another until now
    return plan.report


def _undo(path: Path, entry: Entry, record: manifest.Record | None) -> tuple[files.Change | None, str]:
    """The change that takes us out of one file, if it needs one, and the line to report."""
    before = files.read(path)
    try:
        after = _without_us(before, record, entry)
    except ValueError as error:
        remedy = "Mend it, or take out the entries that name claudemem_hooks or claudemem_mcp by hand, then try again."
        raise files.refusal(path, error, remedy) from error
    folders = tuple(map(Path, record.folders)) if record and after is None else ()
    change = files.Change(path, before, after, folders)
    if before == after:
        needed = files.temporary(path).exists() or any(folder.exists() for folder in folders)
        return change if needed else None, f"{path} has nothing of ours." if before else f"{path} is not there."
    files.check_writable(path)
    return change, _said_after_undo(change, record)


def _said_after_undo(change: files.Change, record: manifest.Record | None) -> str:
    if change.after is None:
        return f"{change.path} was removed; installing had made it."
    if record and record.is_as_we_know(change.before):
        return f"{change.path} is again byte for byte what it was before."
    return f"Our entries were taken out of {change.path}; everything else in it stays."


def _without_us(data: bytes | None, record: manifest.Record | None, entry: Entry) -> bytes | None:
    """What a file would be had we never touched it, later edits of others kept; None for no file."""
    if data is None:
        return None
    original = record.original_bytes if record else None
    if record and record.is_as_we_know(data):
        return original
    bom, text = files.decode(data, strict=False)
    if not entry.is_mentioned(text):
        return data
    bom, text = files.decode(data)
    left = entry.removed(text, files.decode(original)[1])
    made = original is None if record else entry.kind == units.Whole().kind
    if made and entry.is_blank(left):
        return None
    return bom + left.encode()


def _with_us(data: bytes | None, entry: Entry) -> bytes:
    """A file with our part; a new one if there is none."""
    bom, text = files.decode(entry.empty.encode() if data is None else data)
    try:
        return bom + entry.added(text).encode()
    except UnicodeEncodeError:
        message = "a path to put into it is not UTF-8, which such a file cannot hold"
        raise ValueError(message) from None


def _about_server() -> tuple[str, ...]:
    """A warning where the server that a host would start cannot run."""
    missing = _missing_for_the_server()
    if not missing:
        return ()
    return (f"The search tools need packages that are not installed ({', '.join(missing)}): {_GET_SERVER}.",)


def _missing_for_the_server() -> list[str]:
    return [name for name in _SERVER_PACKAGES if importlib.util.find_spec(name) is None]


def _left_to_do(host: catalog.Host, commands: catalog.Commands) -> tuple[str, ...]:
    """What the user has to do that we do not, as commands that work from any folder."""
    get = f"{_GET_SERVER}, then " if "{get}" in host.then and _missing_for_the_server() else ""
    said = host.then.replace("{get}", get).replace("{relay}", shlex.join(commands.relay_command()))
    return (said,) if said else ()


def _about_interpreter(interpreter: str) -> tuple[str, ...]:
    """A warning where hooks would run an interpreter that may be gone tomorrow."""
    if {".cache", "archive-v0"}.isdisjoint(Path(interpreter).parts):
        return ()
    warning = (
        f"{interpreter} lies in a cache that may be emptied, and then no hook runs. "
        "Install claudemem for good (for example with pipx or `uv tool install`), then run this again."
    )
    return (warning,)
