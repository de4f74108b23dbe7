"""Values that callers give a verb, checked before anything is done with them: a wrong type is a sentence, not a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claudemem_lib.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable


def text(name: str, value: object) -> str:
    """*value* if it is text; BadRequest names it otherwise."""
    if not isinstance(value, str):
        message = f"{name} must be text, not {value!r}"
        raise BadRequest(message)
    return value


def items(name: str, value: object) -> Iterable[object]:
    """*value* if it is a list of anything; BadRequest otherwise, for text too, which is a list of its letters."""
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        message = f"{name} must be a list, not {value!r}"
        raise BadRequest(message)
    found: Iterable[object] = value
    return found


def texts(name: str, value: object) -> tuple[str, ...]:
    """*value*, a list of texts or one text with commas, as a tuple without blanks; BadRequest for anything else."""
    parts = value.split(",") if isinstance(value, str) else items(name, value)
    return tuple(stripped for part in parts if (stripped := text(f"each of {name}", part).strip()))
