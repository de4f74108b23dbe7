"""The rows of a damaged SQLite file, read page by page without SQLite: every page that is whole gives its rows.

Layout as in https://www.sqlite.org/fileformat2.html. A page is known to belong to a table either because the table's tree leads
to it, or because the file's pointer map names its parents; so a tree whose inner pages are gone still gives its leaves. Pages
the file has let go of are never read: what was forgotten stays forgotten.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claudemem_lib.store import walfile

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"SQLite format 3\x00"
DEFAULT_PAGE_BYTES = 4096
_LOCK_BYTE = 1 << 30
_ROOT, _FREE, _TREE = 1, 2, 5  # what the pointer map says of a page
_INNER_INDEX, _INNER_TABLE, _LEAF_INDEX, _LEAF_TABLE = 2, 5, 10, 13
_INNER = (_INNER_INDEX, _INNER_TABLE)
_INTEGER_BYTES = (0, 1, 2, 3, 4, 6, 8)
_REAL, _ZERO, _ONE, _FIRST_BLOB = 7, 8, 9, 12


class Damaged(ValueError):
    """A page, cell or record that does not hold together."""


class Pages:
    """A file's pages, with what its log committed laid over them. Rows are tuples; a rowid table's have the rowid in front.

    *version* is the schema's version as the file says, 0 if it cannot.
    """

    def __init__(self, path: str) -> None:
        """Map the file; nothing of it is ever changed. Damaged if it holds not a single page."""
        with Path(path).open("rb") as file:
            self._bytes: mmap.mmap | bytes = (
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if _size(path) else b""
            )
        header = bytes(self._bytes[:100])
        sound = header[:16] == MAGIC
        size = int.from_bytes(header[16:18], "big") if sound else 0
        size = 65_536 if size == 1 else size
        log = walfile.committed(f"{path}-wal")
        self.size = log.page_bytes or (size if size >= 512 and not size & (size - 1) else DEFAULT_PAGE_BYTES)  # noqa: PLR2004
        self.usable = self.size - (header[20] if sound and header[20] < 33 else 0)  # noqa: PLR2004
        self._log = log.pages
        in_file = len(self._bytes) // self.size
        declared = int.from_bytes(header[28:32], "big") if sound else 0
        self.count = log.count or (declared if in_file <= declared < 2 * in_file + 1_000 else in_file)
        if not self.count:
            message = "not a single page"
            raise Damaged(message)
        self.version = int.from_bytes(header[60:64], "big") if sound else 0
        self.unreadable: dict[int, int] = {}
        self._owners: dict[int, int | None] = {}
        self._reached: dict[int, int] = {}

    def close(self) -> None:
        """Let go of the file."""
        if isinstance(self._bytes, mmap.mmap):
            self._bytes.close()

    def page(self, number: int) -> bytes:
        """A page's bytes, nothing but zeroes where the file ends before it."""
        found = self._log.get(number)
        if found is None:
            start = (number - 1) * self.size
            found = self._bytes[start : start + self.size] if 0 < number <= self.count else b""
        return bytes(found).ljust(self.size, b"\0")

    # ----------------------------------------------------------------------------------------------- whose page it is
    def claim(self, root: int) -> None:
        """Follow a tree from its root down, so that its pages are known as its own."""
        todo = [root]
        while todo:
            number = todo.pop()
            if number in self._reached or not 0 < number <= self.count:
                continue
            self._reached[number] = root
            data, at = self._body(number)
            if data[at] in _INNER:
                todo += self._children(data, at)

    def of(self, root: int) -> Iterator[int]:
        """The pages of a tree, as far as they are known."""
        return (number for number in range(1, self.count + 1) if self.owner(number) == root)

    def owner(self, number: int) -> int | None:
        """The root of the tree a page belongs to, None if it is in none."""
        if number in self._reached:
            return self._reached[number]
        if number not in self._owners:
            self._owners[number] = None  # a ring of parents ends here
            kind, parent = self._pointer(number)
            if kind == _ROOT:
                self._owners[number] = number
            elif kind == _TREE and parent != number:
                self._owners[number] = 1 if parent == 1 else self.owner(parent)
        return self._owners[number]

    def _pointer(self, number: int) -> tuple[int, int]:
        """What the pointer map says of a page: its kind and its parent."""
        every = self.usable // 5 + 1
        if number < 3:  # noqa: PLR2004  # the first page and the first of the map
            return (_ROOT, 0) if number == 1 else (0, 0)
        place = (number - 2) // every * every + 2
        place += place == _LOCK_BYTE // self.size + 1
        if place >= number:
            return (0, 0)
        data = self.page(place)
        at = 5 * (number - place - 1)
        return data[at], int.from_bytes(data[at + 1 : at + 5], "big")

    def _body(self, number: int) -> tuple[bytes, int]:
        return self.page(number), 100 if number == 1 else 0

    def _children(self, data: bytes, at: int) -> list[int]:
        places = (at + 8, *self._cells(data, at))
        return [int.from_bytes(data[place : place + 4], "big") for place in places]

    def _cells(self, data: bytes, at: int) -> list[int]:
        """Where the cells of a page begin; those that lie outside of it are left out."""
        begin = at + (12 if data[at] in _INNER else 8)
        count = min(int.from_bytes(data[at + 3 : at + 5], "big"), (self.usable - begin) // 2)
        places = struct.unpack_from(f">{count}H", data, begin)
        return [place for place in places if begin + 2 * count <= place < self.usable]

    # ---------------------------------------------------------------------------------------------------------- rows
    def rows(self, root: int) -> Iterator[tuple[Any, ...]]:
        """Every row that can be read of a tree; what of its pages and cells could not is counted in *unreadable*."""
        self.unreadable[root] = 0
        for number in self.of(root):
            data, at = self._body(number)
            kind = data[at]
            if kind not in (*_INNER, _LEAF_INDEX, _LEAF_TABLE):
                self.unreadable[root] += 1
                continue
            for place in self._cells(data, at) if kind != _INNER_TABLE else ():
                try:
                    row = self._row(data, place, kind)
                except (Damaged, IndexError, struct.error):
                    self.unreadable[root] += 1
                else:
                    yield row

    def _row(self, data: bytes, place: int, kind: int) -> tuple[Any, ...]:
        place += 4 if kind == _INNER_INDEX else 0
        length, place = _varint(data, place)
        if length > self.count * self.size:
            message = "longer than the file"
            raise Damaged(message)
        if kind == _LEAF_TABLE:
            rowid, place = _varint(data, place)
            return (_signed(rowid), *_record(self._payload(data, place, length, self.usable - 35)))
        return _record(self._payload(data, place, length, (self.usable - 12) * 64 // 255 - 23))

    def _payload(self, data: bytes, place: int, length: int, most: int) -> bytes:
        """A cell's bytes, with those on further pages."""
        if length <= most:
            if place + length > self.usable:
                message = "a cell beyond its page"
                raise Damaged(message)
            return data[place : place + length]
        least = (self.usable - 12) * 32 // 255 - 23
        local = least + (length - least) % (self.usable - 4)
        local = local if local <= most else least
        parts = [data[place : place + local]]
        following = int.from_bytes(data[place + local : place + local + 4], "big")
        left = length - local
        while left > 0:
            if not 0 < following <= self.count:
                message = "a cell whose next page is gone"
                raise Damaged(message)
            more = self.page(following)
            parts.append(more[4 : 4 + min(left, self.usable - 4)])
            following = int.from_bytes(more[:4], "big")
            left -= self.usable - 4
        return b"".join(parts)


def _size(path: str) -> int:
    return Path(path).stat().st_size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for step in range(8):
        byte = data[at + step]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004
            return value, at + step + 1
    return value << 8 | data[at + 8], at + 9


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _record(data: bytes) -> tuple[Any, ...]:
    """The values of a record."""
    head, at = _varint(data, 0)
    if head > len(data):
        message = "a record's head longer than the record"
        raise Damaged(message)
    kinds = []
    while at < head:
        kind, at = _varint(data, at)
        kinds.append(kind)
    at, values = head, []
    for kind in kinds:
        value, at = _value(data, at, kind)
        values.append(value)
    if at != len(data):
        message = "a record whose length is wrong"
        raise Damaged(message)
    return tuple(values)


def _value(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in (_ZERO, _ONE):
        return kind - _ZERO, at
    if kind >= _FIRST_BLOB:
        end = at + (kind - _FIRST_BLOB) // 2
        if end > len(data):
            message = "a value beyond its record"
            raise Damaged(message)
        raw = data[at:end]
        return (_text(raw) if kind % 2 else raw), end
    if kind == _REAL:
        return struct.unpack_from(">d", data, at)[0], at + 8
    if kind > _FIRST_BLOB - 3:
        message = "a kind of value there is not"
        raise Damaged(message)
    end = at + _INTEGER_BYTES[kind]
    return (int.from_bytes(data[at:end], "big", signed=True) if kind else None), end


def _text(raw: bytes) -> str:
    """A text, with U+FFFD for bytes that are none; the store holds none with a zero byte, so one that has some lost a part."""
    if b"\0" in raw:
        message = "a text with a hole"
        raise Damaged(message)
    return raw.decode("utf-8", "replace")
