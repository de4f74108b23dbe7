"""What helps to find a fault, and nothing that was remembered: versions, checks, settings, counts, sizes and the log's last lines.

Secrets are masked, settings that hold words of the user are only said to be set, a model's words are left out, and the home
folder is `~`.
"""

from __future__ import annotations

import importlib.metadata
import platform
import re
import sys
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import claudemem_lib
from claudemem_lib import ids, link, paths, redact, settings
from claudemem_lib.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from claudemem_lib.doctor.check import Check
    from claudemem_lib.doctor.patient import Patient

LOG_LINES = 200
_ANSWERED = re.compile(r"(gave no usable answer: ).*")  # a model's words may tell what it was asked about
PACKAGES = (
    "apsw", "attrs", "click", "mcp", "watchfiles", "textual", "anthropic", "openai", "google-genai", "sqlite-vec",
    "onnxruntime", "sentence-transformers",
)  # fmt: skip


def report(patient: Patient, checks: Iterable[Check]) -> dict[str, Any]:
    """Everything, as plain values."""
    found = {
        "made_ms": ids.now_ms(),
        "version": claudemem_lib.__version__,
        "python": sys.version.split()[0],
        "system": platform.platform(),
        "packages": _packages(),
        "checks": [check.plain() for check in checks],
        "settings": _settings(patient),
        "memory": _counts(patient),
        "sizes": _sizes(patient),
        "server": {name: value for name, value in link.facts(patient.data_dir).items() if name != "token"},
        "log": _log(patient),
    }
    cleaned: dict[str, Any] = _redacted(found, patient.environment["HOME"])
    return cleaned


def _redacted(value: Any, home: str) -> Any:
    """*value* with secrets masked in every text and the home folder made `~`."""
    if isinstance(value, dict):
        return {name: _redacted(one, home) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(one, home) for one in value]
    if isinstance(value, str):
        text = _ANSWERED.sub(r"\1(left out)", redact.clean(value))
        return text.replace(home, "~") if len(home) > 1 else text
    return value


def _packages() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def _settings(patient: Patient) -> dict[str, Any]:
    """Settings that differ from their default. Of texts that are no choice among given ones only that they are set."""
    current, _ = settings.load(patient.data_dir)
    found: dict[str, Any] = {}
    for key, default, about in settings.described():
        value = getattr(current, settings.field_of(key))
        if value != default:
            plain = isinstance(value, bool | int | float) or (about["choices"] and not about["secret"])
            found[key] = value if plain else "(set)"
    return found


def _counts(patient: Patient) -> dict[str, Any]:
    """How much of everything there is."""
    with suppress(StoreError):
        stats = patient.stats
        if stats is not None:
            semantic = {name: stats["semantic"].get(name) for name in ("embedded", "waiting", "cap", "model")}
            queue = {name: value for name, value in stats["queue"].items() if name != "last_error"}
            return {"counts": stats["counts"], "queue": queue, "inbox": stats["inbox"], "semantic": semantic}
    return {"trouble": patient.trouble}


def _sizes(patient: Patient) -> dict[str, int]:
    """Bytes of what lies at the top of the data folder."""
    if not patient.top.exists():
        return {}
    return {
        path.name: sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
        if path.is_dir()
        else path.stat().st_size
        for path in sorted(patient.top.iterdir())
        if path.is_file() or path.is_dir()
    }


def _log(patient: Patient) -> list[str]:
    """The last lines of the server's log, and why it ended at once if it did."""
    kept: deque[str] = deque(maxlen=LOG_LINES)
    for name in (f"{paths.LOG}.1", paths.LOG, link.REASON):
        with suppress(OSError), (patient.top / paths.LOGS / name).open(encoding="utf-8", errors="replace") as file:
            kept.extend(line.rstrip("\n")[:1_000] for line in file)
    return list(kept)
