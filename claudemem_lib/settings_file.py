"""The settings file itself: read, written, brought to today's keys, and set aside where it cannot be read.

What cannot be read must not switch off what keeps things private: until it is mended, what hooks went by last is in force.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from claudemem_lib import ids, lean, paths, rules
from claudemem_lib.settings_migration import migrated

BROKEN = f"{paths.SETTINGS}.broken-"
_REMEDY = (
    "what is recorded and shown stays as it was, other settings have their defaults. Mend the file, or let"
    " `claude-mem settings KEY VALUE` set it aside and begin a new one."
)


def read(data_dir: str) -> tuple[dict[str, Any], list[str]]:
    """The settings file with today's keys, and why it cannot be read: then what the rules of hooks say stands in its place."""
    found, problems = _found(data_dir)
    if problems:
        last = rules.written(data_dir)
        found = {rules.PREFIX + name.upper(): last[name] for name in rules.DEFAULTS}
    return migrated(found), problems


def migrate(data_dir: str) -> None:
    """Write the file back with today's keys, if it has others; a file that cannot be written is understood as it is."""
    found, problems = _found(data_dir)
    wanted = migrated(found)
    if not problems and wanted != found:
        with suppress(OSError):
            write(data_dir, wanted)


def write(data_dir: str, stored: dict[str, Any]) -> None:
    """Put the whole file there."""
    lean.write_whole(data_dir, paths.SETTINGS, json.dumps(stored, indent=2, ensure_ascii=False) + "\n")


def set_aside(data_dir: str) -> str:
    """Give a file that cannot be read another name and begin a new one with what hooks go by; says so, "" if it can be read.

    The name is free only when the new file takes it: in between there would be none, and then the defaults are in force.
    """
    found, problems = read(data_dir)
    if not problems:
        return ""
    path = Path(data_dir) / paths.SETTINGS
    aside = path.with_name(f"{BROKEN}{ids.now_ms()}")
    try:
        aside.hardlink_to(path)
    except OSError:  # a folder, or a file system without links
        path.rename(aside)
    kept = {
        key: value for key, value in found.items() if value != rules.DEFAULTS[key.removeprefix(rules.PREFIX).lower()]
    }
    write(data_dir, kept)
    return f"settings.json could not be read and was set aside as {aside.name}; the new one says: {', '.join(kept) or 'nothing'}."


def _found(data_dir: str) -> tuple[dict[str, Any], list[str]]:
    """The settings file as it is."""
    path = Path(data_dir) / paths.SETTINGS
    try:
        found = json.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        return {}, []
    except (OSError, ValueError, RecursionError) as error:
        return {}, [f"settings.json cannot be read ({error}): {_REMEDY}"]
    if not isinstance(found, dict):
        return {}, [f"settings.json is not a JSON object: {_REMEDY}"]
    return found, []
