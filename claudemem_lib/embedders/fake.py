"""No model: words and four-letter pieces hashed into a vector. The same on every machine; for tests and for trying things out."""

from __future__ import annotations

import math
import re
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claudemem_lib.embedders import Vector

DIMENSION = 128
PIECE = 4


def embedder(model: str, data_dir: str) -> Fake:
    """The one there is."""
    del model, data_dir
    return Fake()


class Fake:
    """Counts of hashed words and pieces with a sign from the hash, length 1 (feature hashing, Weinberger et al. 2009)."""

    normalised = True

    def __init__(self, name: str = "fake", dimension: int = DIMENSION) -> None:
        """Another *name* or *dimension* is another space."""
        self.name = name
        self.dimension = dimension

    def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> Vector:
        """The vector of a text."""
        found = [0.0] * self.dimension
        for word in re.findall(r"\w+", text.lower()):
            for part in {word, *(word[at : at + PIECE] for at in range(len(word) - PIECE + 1))}:
                number = zlib.crc32(part.encode("utf-8", "replace"))
                found[number % self.dimension] += 1.0 if number & 0x80000000 else -1.0
        length = math.sqrt(sum(value * value for value in found))
        return [value / length for value in found] if length else [1.0, *found[1:]]

    def rest(self) -> None:
        """There is nothing to let go of."""
