"""Identifiers: time-ordered and unique without asking anybody, or the same for the same.

A UUIDv7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then random bits. Sorting the text sorts by time.
"""

from __future__ import annotations

from time import time_ns

from claudemem_lib.lean import system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def now_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return time_ns() // 1_000_000


def new_uid(at_ms: int) -> str:
    """A new UUIDv7 for the moment *at_ms*, as 36 characters."""
    return uid_of(at_ms, system.urandom(10))


def uid_of(at_ms: int, tail: bytes) -> str:
    """The UUIDv7 of a moment with ten given bytes: the same for the same, where an id has to be found again."""
    value = (at_ms & (1 << 48) - 1) << 80 | int.from_bytes(tail[:10], "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def time_of(uid: str) -> int:
    """The millisecond a UUIDv7 was made for; ValueError if it is none."""
    return int(uid[:8] + uid[9:13], 16)


def digest_of(parts: Iterable[str], size: int) -> bytes:
    """*size* bytes that are the same for the same texts in the same order, and for no others."""
    from hashlib import blake2b  # noqa: PLC0415  # brings OpenSSL with it, which only who writes needs

    return blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=size).digest()
