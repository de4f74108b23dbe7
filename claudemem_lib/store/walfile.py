"""The pages a write-ahead log holds, read without SQLite: each frame that its checksum vouches for, up to the last commit.

A frame's checksum goes on from that of the frame before, which is written down there too; so frames behind a damaged one can
still be told good from bad, where SQLite itself stops at the first bad one.
"""

from __future__ import annotations

import struct
from pathlib import Path

from attrs import frozen

_HEAD, _FRAME_HEAD = 32, 24
_MAGIC = 0x377F0682  # the last bit says in which byte order checksums are made


@frozen
class Log:
    """Pages by number, how many pages the file has after the last commit (0: as its header says), and their size."""

    pages: dict[int, bytes]
    count: int
    page_bytes: int


def committed(path: str) -> Log:
    """What the log at *path* adds to its file; nothing if there is no log or none that can be read."""
    try:
        data = Path(path).read_bytes()
    except OSError:
        return Log({}, 0, 0)
    if len(data) < _HEAD or int.from_bytes(data[:4], "big") & ~1 != _MAGIC:
        return Log({}, 0, 0)
    order = ">" if data[3] & 1 else "<"
    page_bytes = int.from_bytes(data[8:12], "big")
    salts = data[16:24]
    if page_bytes < 512 or page_bytes & (page_bytes - 1):  # noqa: PLR2004  # SQLite's smallest page
        return Log({}, 0, 0)
    pages: dict[int, bytes] = {}
    waiting: dict[int, bytes] = {}
    count = 0
    before: tuple[int, int] = struct.unpack(">2I", data[24:32])
    for at in range(_HEAD, len(data) - _FRAME_HEAD - page_bytes + 1, _FRAME_HEAD + page_bytes):
        head, page = data[at : at + _FRAME_HEAD], data[at + _FRAME_HEAD : at + _FRAME_HEAD + page_bytes]
        number, size, told = *struct.unpack(">2I", head[:8]), struct.unpack(">2I", head[16:24])
        if head[8:16] != salts:
            break  # left over from before the log was begun anew
        if _sum(page, _sum(head[:8], before, order), order) == told:
            waiting[number] = page
            if size:
                pages |= waiting
                waiting, count = {}, size
        before = told
    return Log(pages, count, page_bytes if pages else 0)


def _sum(data: bytes, start: tuple[int, int], order: str) -> tuple[int, int]:
    """SQLite's checksum of *data*, going on from *start*."""
    first, second = start
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for one, other in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return first, second
