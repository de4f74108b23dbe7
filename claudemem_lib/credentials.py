"""Keys of providers: from the settings, else from `.env` in the data folder, which belongs to its owner only.

Never from the environment of the process: what a project exports for itself must not be spent here.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

if TYPE_CHECKING:
    from claudemem_lib.settings import Settings

FILE = ".env"
NAMES = {
    "claude_api_key": ("ANTHROPIC_API_KEY",),
    "gemini_api_key": ("GEMINI_API_KEY",),
    "openai_api_key": ("OPENAI_API_KEY", "OPENROUTER_API_KEY"),
}
_OTHERS = 0o077


def filled(settings: Settings, data_dir: str) -> Settings:
    """*settings* with the keys it lacks taken from `.env`; a file others could read is closed to them first."""
    kept = read(data_dir)
    found: dict[str, Any] = {
        field: value
        for field, names in NAMES.items()
        if not getattr(settings, field) and (value := next((kept[name] for name in names if kept.get(name)), ""))
    }
    return evolve(settings, **found) if found else settings


def read(data_dir: str) -> dict[str, str]:
    """The variables in `.env`: NAME=value, `export` and quotes allowed, `#` begins a comment. Empty if it cannot be read."""
    path = Path(data_dir) / FILE
    try:
        if path.stat().st_mode & _OTHERS:
            with suppress(OSError):
                path.chmod(0o600)
        text = path.read_text("utf-8-sig")
    except (OSError, ValueError):
        return {}
    pairs = (
        line.removeprefix("export ").partition("=") for line in map(str.strip, text.splitlines()) if line[:1] != "#"
    )
    return {name.strip(): _unquoted(value.strip()) for name, separator, value in pairs if separator}


def _unquoted(value: str) -> str:
    if value[:1] in ("'", '"') and value.find(value[0], 1) > 0:
        return value[1 : value.find(value[0], 1)]
    return value.partition(" #")[0].rstrip()
