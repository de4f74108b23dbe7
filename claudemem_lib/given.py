"""Values that callers give a verb, checked before anything is done with them: a wrong type is a sentence, not a traceback."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from claudemem_lib.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

LAST_MS = 253_402_300_799_999  # the end of the year 9999
_REFERENCE = re.compile(r"#?([pP]?)0*([1-9]\d{0,17})")


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


def reference(value: object) -> int:
    """The id in a list of hits that 12, "#12" or "P10" means; BadRequest for anything else."""
    found = _REFERENCE.fullmatch(str(value).strip())
    if found is None or isinstance(value, bool):
        message = f"{value!r} is no id of a memory or prompt; give one as 12, #12 or P10"
        raise BadRequest(message)
    return -int(found[2]) if found[1] else int(found[2])


def bounded(name: str, value: object, least: int, most: int = 1_000_000) -> int:
    """*value* if it is a whole number within the bounds; BadRequest names it otherwise."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        message = f"{name} must be a whole number from {least} to {most}, not {value!r}"
        raise BadRequest(message)
    return value


def moment(name: str, value: object) -> int | None:
    """A time in milliseconds, or None; BadRequest for anything else."""
    return None if value is None else bounded(name, value, -LAST_MS, LAST_MS)


def ids(wanted: object) -> list[int]:
    """The ids as they are; BadRequest for anything that is no whole number."""
    found = []
    for one in items("ids", wanted):
        if not isinstance(one, int) or isinstance(one, bool):
            message = f"an id is a whole number, not {one!r}"
            raise BadRequest(message)
        found.append(one)
    return found
