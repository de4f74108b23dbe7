"""Settings, keys and modes of another data folder, taken over into ours. What ours says itself is kept."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copyfile
from typing import Any

import attrs

from claudemem_lib import credentials, lean, modes, paths, rules, settings
from claudemem_lib.errors import SettingsError
from claudemem_lib.settings import Settings
from claudemem_lib.settings_migration import migrated

MODES = "modes"


def take_over(data_dir: str, folder: Path, *, dry_run: bool = False) -> list[tuple[str, str]]:
    """What became of each setting, key file and mode of *folder*, as (name, outcome). Nothing is written in *folder*."""
    found, own = _stored(folder), _stored(Path(data_dir))
    report = [(key, _setting(data_dir, key, found[key], own, dry_run=dry_run)) for key in sorted(found)]
    report += [
        (f"modes/{file.name}", _mode(data_dir, file, dry_run=dry_run))
        for file in sorted((folder / MODES).glob("*.json"))
    ]
    keys = folder / credentials.FILE
    if keys.is_file():
        report.append((credentials.FILE, _copy(keys, Path(data_dir) / credentials.FILE, dry_run=dry_run)))
    return report


def is_another(data_dir: str, folder: Path) -> bool:
    """Whether *folder* has settings or modes of its own, which ours does not read already."""
    other = folder.resolve() != Path(data_dir).resolve()
    return other and ((folder / paths.SETTINGS).is_file() or any((folder / MODES).glob("*.json")))


def _stored(folder: Path) -> dict[str, Any]:
    """What a settings file says, with today's keys; nothing where it cannot be read."""
    try:
        found = json.loads((folder / paths.SETTINGS).read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}
    return migrated(found) if isinstance(found, dict) else {}


def _checked(name: str, raw: Any) -> Any:
    """The value a stored one means for a field; SettingsError if it cannot be used."""
    value = settings.read_value(getattr(attrs.fields(Settings), name), raw)
    return getattr(attrs.evolve(Settings(), **{name: value}), name)


def _setting(data_dir: str, key: str, value: object, own: dict[str, object], *, dry_run: bool) -> str:
    if key in own:
        return "the same" if own[key] == value else "left out: ours has another value"
    try:
        name = settings.field_of(key)
        read = _checked(name, value)
    except SettingsError as error:
        return f"left out: {error}" if key.startswith(rules.PREFIX) else "left out: no setting of ours"
    if not dry_run:
        settings.save(data_dir, {name: read})
    return "taken over"


def _mode(data_dir: str, file: Path, *, dry_run: bool) -> str:
    problem = modes.problem(file.stem, file.parent)
    return f"left out: {problem}" if problem else _copy(file, Path(data_dir) / MODES / file.name, dry_run=dry_run)


def _copy(file: Path, target: Path, *, dry_run: bool) -> str:
    if target.exists():
        same = target.read_bytes() == file.read_bytes()
        return "the same" if same else "left out: ours has another"
    if not dry_run:
        lean.make_folder(str(target.parent))
        temporary = target.with_name(f".{target.name}.tmp")
        temporary.touch(mode=lean.OWNER_FILE)
        copyfile(file, temporary)
        temporary.replace(target)
    return "taken over"
