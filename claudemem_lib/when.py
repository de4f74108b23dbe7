"""Times as people and agents write them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from claudemem_lib.errors import BadRequest

_AGO = re.compile(r"(\d{1,6})\s*([smhdw])(?:\s+ago)?")
_SPAN = re.compile(r"(\d{1,6})\s*([smhdw])")
_UNITS_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_EPOCH = re.compile(r"\d{12,14}")
_CLOCK = re.compile(r".+[T ]\d\d(:?\d\d)?(?:Z|[+-][\d:]+)?", re.IGNORECASE)


def moment(text: str, now_ms: int, *, end: bool = False) -> int:
    """Milliseconds UTC of `2026-11-22`, `2026-11-22T15:48`, `7d` (ago) or an epoch in milliseconds.

    Times without a zone are local. A bare date means its beginning, or with *end* the beginning of the next day, so that
    "until" includes the day; so does a minute, or hour, without seconds. BadRequest says what can be written.
    """
    text = text.strip()
    if _EPOCH.fullmatch(text):
        return int(text)
    ago = _AGO.fullmatch(text)
    if ago:
        return now_ms - int(ago[1]) * _UNITS_MS[ago[2]]
    try:
        found = datetime.fromisoformat(text)
        return int((found + _length(text) if end else found).timestamp() * 1000)
    except (ValueError, OverflowError, OSError) as error:
        message = f"{text!r} is no time; write 2026-11-22, 2026-11-22T15:48, or 7d, 12h, 30m for that long ago"
        raise BadRequest(message) from error


def _length(text: str) -> timedelta:
    """How long what a time names lasts: a day, an hour, a minute; one with seconds is a point."""
    if len(text) <= len("2026-11-22"):
        return timedelta(days=1)
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        return timedelta()
    return timedelta(minutes=1) if clock[1] else timedelta(hours=1)


def span_ms(text: str) -> int:
    """Milliseconds in `90m`, `2h`, `3d`; BadRequest says what can be written."""
    found = _SPAN.fullmatch(text.strip())
    if found is None or not int(found[1]):
        message = f"{text!r} is no length of time; write 30m, 2h, 3d or 1w"
        raise BadRequest(message)
    return int(found[1]) * _UNITS_MS[found[2]]


def age(ms: int) -> str:
    """A length of time for people: 45 s, 12 min, 3 h, 5 d."""
    seconds = max(0, ms) // 1000
    for limit, size, unit in ((90, 1, "s"), (5_400, 60, "min"), (129_600, 3_600, "h")):
        if seconds < limit:
            return f"{seconds // size} {unit}"
    return f"{seconds // 86_400} d"
