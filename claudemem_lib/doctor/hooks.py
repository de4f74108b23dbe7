"""The hooks: are they in the host's settings, do they name what exists, and are they really called."""

from __future__ import annotations

import json
import os
import shlex
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claudemem_lib import ids, install, intake, paths, transcripts, when
from claudemem_lib.doctor.check import FAILED, OK, WARNING, Check
from claudemem_lib.errors import HostFileError, StoreError
from claudemem_lib.hosts import claude_code, here
from claudemem_lib.store import status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from claudemem_lib.doctor.patient import Patient

INSTALL = "`claude-mem install` connects Claude Code."
LAG_MS = 3_600_000


def installed(patient: Patient) -> Check:
    """Claude Code's settings, or our plugin, call our hooks, with an interpreter and a script that exist."""
    path = patient.host_dir / claude_code.SETTINGS_FILE
    values = settings_of(path)
    ours = list(claude_code.entries(values))
    broken = _broken(patient, path, values, ours)
    if broken is not None:
        return broken
    plugin = _plugin(values)
    if plugin:
        return Check(name="Hooks", state=OK, found=f"The plugin {plugin} brings them.")
    if not ours:
        return _elsewhere(patient, path)
    try:
        plan = install.plan(patient.host_dir, patient.data_dir, ours[0][0])
    except (HostFileError, OSError) as error:
        return Check(name="Hooks", state=FAILED, found=str(error), remedy=f"Mend that file. {INSTALL}")
    if plan.empty:
        return Check(name="Hooks", state=OK, found=f"{path} calls them with {ours[0][0]}.")
    found = "Claude Code's settings do not have our hooks as they are now."
    return Check(name="Hooks", state=WARNING, found=found, remedy="`claude-mem install` brings them up to date.")


def _elsewhere(patient: Patient, path: Path) -> Check:
    """Who calls our hooks where Claude Code does not."""
    recording = [str(one["label"]) for one in _others(patient) if one["captures"]]
    if recording:
        return Check(name="Hooks", state=OK, found=f"{', '.join(recording)}, not Claude Code, call them.")
    found = f"{path} does not call our hooks, so nothing is recorded."
    return Check(name="Hooks", state=WARNING, found=found, remedy=f"{INSTALL} Or use the plugin.")


def _broken(patient: Patient, path: Path, values: dict[str, Any], ours: Sequence[tuple[str, str, str]]) -> Check | None:
    """What keeps hooks that are there from recording here."""
    gone = [needed for entry in ours for needed in entry[:2] if not Path(needed).exists()]
    if gone:
        found = f"{path} calls {gone[0]}, which is not there: no hook runs."
        return Check(name="Hooks", state=FAILED, found=found, remedy="`claude-mem install` writes today's paths.")
    if values.get("disableAllHooks") is True:
        found = f'"disableAllHooks" is true in {path}, so no hook runs.'
        return Check(name="Hooks", state=FAILED, found=found, remedy="Take it out of that file.")
    elsewhere = sorted({folder for _, _, folder in ours if folder and not _same(folder, patient.top)})
    if elsewhere:
        found = f"They record into {', '.join(elsewhere)}, not into {patient.top}."
        return Check(name="Hooks", state=FAILED, found=found, remedy=f"`claude-mem --data-dir {patient.top} install`")
    return None


def others(patient: Patient) -> Check | None:
    """Other hosts on this machine that we were installed into, and whether their files are as we would write them now."""
    ours = _others(patient)
    old = [str(one["host"]) for one in ours if one["state"] == "outdated"]
    if not ours:
        return None
    names = ", ".join(str(one["label"]) for one in ours)
    remedy = f"`claude-mem install {' '.join(old)}`"
    gone = [f"{one['label']} calls {program}" for one in ours for program in _gone(one["files"])]
    if gone:
        found = f"{'; '.join(gone)}, which is not there: no hook runs."
        return Check(name="Other hosts", state=FAILED, found=found, remedy=remedy)
    if old:
        found = f"{names}; not as they would be written now: {', '.join(old)}"
        return Check(name="Other hosts", state=WARNING, found=found, remedy=remedy)
    return Check(name="Other hosts", state=OK, found=names)


def _others(patient: Patient) -> list[dict[str, Any]]:
    """Hosts other than Claude Code that have something of ours, as here.states tells of them."""
    known = [one for one in here.states(patient.data_dir, patient.environment) if one["host"] != "claude-code"]
    return [one for one in known if one["state"] in ("installed", "outdated")]


def _gone(files: Iterable[str]) -> list[str]:
    """The first program or script that each file's hooks of ours name and that is not there."""
    found = []
    for file in files:
        lines = [text for text in _texts(settings_of(Path(file))) if "claudemem_hooks" in text]
        with suppress(ValueError):
            words = [word for line in lines for word in shlex.split(line)]
            found += [word for word in words if os.path.isabs(word) and not Path(word).exists()][:1]  # noqa: PTH117  # a text
    return found


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value of JSON."""
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(inner)


def settings_of(path: Path) -> dict[str, Any]:
    """The host's settings, empty if they cannot be read."""
    try:
        found = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _plugin(values: dict[str, Any]) -> str:
    """The name of our plugin, if it is enabled."""
    enabled = values.get("enabledPlugins")
    names = [name for name, on in enabled.items() if on] if isinstance(enabled, dict) else []
    return next((name for name in names if name.startswith(("claudemem@", "claude-mem@"))), "")


def _same(folder: str, top: Path) -> bool:
    return os.path.realpath(Path(folder).expanduser()) == os.path.realpath(top)


def called(patient: Patient) -> Check | None:
    """The newest event is as new as the host's newest transcript."""
    if patient.database is None and (patient.top / paths.DATABASE).exists():
        return None  # who cannot be asked does not know
    try:
        last_ms = _last_event_ms(patient)
    except StoreError:
        return None  # the check of the file tells
    host_ms = _last_transcript_ms(patient)
    now_ms = ids.now_ms()
    if not last_ms:
        remedy = "Start a new session: those that ran before the installation do not call them."
        return Check(name="Hooks called", state=WARNING, found="No event was ever recorded.", remedy=remedy)
    age = f"The last event was recorded {when.age(max(0, now_ms - last_ms))} ago"
    if host_ms > last_ms + LAG_MS:
        found = f"{age}, but a session went on until {when.age(max(0, now_ms - host_ms))} ago."
        remedy = (
            "Look at the check of the hooks; in Claude Code, `/hooks` lists them. An excluded project or `claude-mem pause` "
            "explains it too."
        )
        return Check(name="Hooks called", state=WARNING, found=found, remedy=remedy)
    return Check(name="Hooks called", state=OK, found=f"{age}.")


def _last_event_ms(patient: Patient) -> int:
    waiting = [patient.top / paths.INBOX / name for name in intake.waiting(patient.data_dir)[-1:]]
    newest = max((int(path.stat().st_mtime * 1_000) for path in waiting if path.exists()), default=0)
    return newest if patient.database is None else max(newest, status.last_event_ms(patient.database))


def _last_transcript_ms(patient: Patient) -> int:
    """When the host last wrote a transcript; only folders' newest files are looked at."""
    folder = patient.host_dir / "projects"
    newest = 0.0
    for file in transcripts.find(folder) if folder.is_dir() else ():
        newest = max(newest, file.stat().st_mtime)
    return int(min(newest, time.time()) * 1_000)
