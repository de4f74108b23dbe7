"""Settings files of the original, brought to today's keys. Pure and idempotent; the file is written back once by settings.load."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from claudemem_lib.rules import PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

_OLD_PROVIDER, _NEW_PROVIDER = f"{PREFIX}OPENROUTER_", f"{PREFIX}OPENAI_"
_BATCHING = f"{PREFIX}BATCHING_ENABLED"
_NO_FOLDERS = f"{PREFIX}FOLDER_MD_EXCLUDE"
_RENAMED = {
    "CLAUDE_CODE_PATH": f"{PREFIX}CLAUDE_CODE_PATH",
    f"{PREFIX}CHROMA_MAX_ITEMS": f"{PREFIX}MAX_EMBEDDINGS",
}


def migrated(found: Mapping[str, Any]) -> dict[str, Any]:
    """*found* flat, with the keys of OpenRouter under OpenAI's name (a new key that is there wins)."""
    nested = found.get("env")
    flat = dict(found)
    if isinstance(nested, dict):
        del flat["env"]
        flat |= nested
    for old in [key for key in flat if key.startswith(_OLD_PROVIDER) or key in _RENAMED]:
        new = _RENAMED.get(old) or _NEW_PROVIDER + old.removeprefix(_OLD_PROVIDER)
        value = flat.pop(old)
        flat.setdefault(new, value)
    if (
        flat.get(_BATCHING) == "false"
    ):  # the original wrote this default, as text, into every file; ours writes true or false
        del flat[_BATCHING]
    excluded = flat.get(_NO_FOLDERS)
    if isinstance(excluded, str) and excluded.strip().startswith("["):  # the original wrote a list as JSON in a text
        with suppress(ValueError):
            flat[_NO_FOLDERS] = json.loads(excluded)
    if flat.get(f"{PREFIX}PROVIDER") == "openrouter":
        flat[f"{PREFIX}PROVIDER"] = "openai"
    return flat
