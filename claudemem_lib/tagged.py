"""The tagged block in a file that belongs to somebody else: put in, renewed, taken out; every other byte stays. Pure.

Where the block was appended, what stands around it tells how the file ended before, so that taking it out gives the old bytes back.
"""

from __future__ import annotations

import re

from claudemem_lib import render

_OPEN, _CLOSE = (re.escape(tag.encode()) for tag in (render.OPEN_TAG, render.CLOSE_TAG))
# Tags alone on their lines, and no other beginning in between: a tag that a sentence mentions, or a lone one, is no block.
_BLOCK = re.compile(rb"^%s[ \t]*\r?\n(?:(?!^%s)[\s\S])*?^%s[ \t]*(\r?\n|\Z)" % (_OPEN, _OPEN, _CLOSE), re.MULTILINE)


def holds_block(data: bytes) -> bool:
    """Whether there is a block."""
    return _BLOCK.search(data) is not None


def with_block(data: bytes | None, block: str) -> bytes:
    """A file's bytes (None: there is no file) with *block* in the place of the first one it has, else at its end."""
    newline = b"\r\n" if data and data.count(b"\r\n") * 2 > data.count(b"\n") else b"\n"
    body = newline.join(line.encode("utf-8", "replace") for line in block.split("\n"))
    if data is None:
        return body + newline
    found = _BLOCK.search(data)
    if found:
        rest = data[found.end() :]
        return data[: found.start()] + body + found[1] + (_without(rest) if holds_block(rest) else rest)
    if not data.endswith(b"\n"):
        return data + newline * 2 * bool(data) + body
    return data + newline + body + newline


def without_blocks(data: bytes) -> bytes | None:
    """A file's bytes without any block; None if there was nothing else, so that the file was made for it."""
    return _without(data) or None if holds_block(data) else data


def _without(data: bytes) -> bytes:
    while found := _BLOCK.search(data):
        before = data[: found.start()]
        newline = b"\r\n" if b"\r\n" in found[0] else b"\n"
        if not found[1]:
            before = before.removesuffix(newline).removesuffix(newline)
        elif before.removesuffix(newline).endswith(b"\n"):
            before = before.removesuffix(newline)
        data = before + data[found.end() :]
    return data
