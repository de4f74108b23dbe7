"""What the file can hold: text without lone surrogates and NUL, values that can be read back without exhausting the stack."""

from __future__ import annotations

from typing import Any

DEEPEST = 100


def storable(value: Any, depth: int = 0) -> Any:
    """*value* (as JSON has them) as the file can hold it. ValueError if it is nested too deeply."""
    if depth > DEEPEST:
        message = f"nested more than {DEEPEST} levels deep"
        raise ValueError(message)
    if isinstance(value, str):
        plain = value.isascii() and "\x00" not in value
        return value if plain else value.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
    if isinstance(value, dict):
        return {storable(str(key)): storable(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item, depth + 1) for item in value]
    return value
