"""Our search as it is used: documents remembered as notes of a project each, found by the library's own search."""

from __future__ import annotations

import hashlib
import pickle
import resource
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

import claudemem_lib
from claudemem_lib import search
from claudemem_lib.settings import Settings
from claudemem_lib.store import memories, sessions
from claudemem_lib.store.fulltext import Filters, Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _retrieval.sets import Collection, Question
    from claudemem_lib.embedders import Embedder, Vector

ENGINES = {"ours, text only": (True, False), "ours, vectors only": (False, True), "ours": (True, True)}
TITLE_CHARACTERS = 80
PER_TRANSACTION = 500
APART = "UPDATE memories SET content_key = NULL WHERE content_key IS NOT NULL"


class Remembered:
    """An embedder that keeps what it embedded in a file, so that a second run costs nothing. Its times are of no use then."""

    def __init__(self, inner: Embedder, file: Path) -> None:
        self.inner, self.file = inner, file
        self.name, self.dimension, self.normalised = inner.name, inner.dimension, inner.normalised
        self.known: dict[str, Vector] = pickle.loads(file.read_bytes()) if file.exists() else {}

    def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        missing = [text for text in texts if self._key(text) not in self.known]
        if missing:
            for text, vector in zip(missing, self.inner.embed_documents(missing), strict=True):
                self.known[self._key(text)] = vector
        return [self.known[self._key(text)] for text in texts]

    def embed_query(self, text: str) -> Vector:
        return self.inner.embed_query(text)

    def rest(self) -> None:
        self.inner.rest()

    def save(self) -> None:
        self.file.write_bytes(pickle.dumps(self.known))

    def _key(self, text: str) -> str:
        return hashlib.sha256(f"{self.name}\0{text}".encode()).hexdigest()


class Ours:
    """A memory filled with a collection."""

    def __init__(self, collection: Collection, embedder: Embedder | None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="claude-mem-retrieval-")
        self.memory = claudemem_lib.open(
            self._folder.name, settings=evolve(Settings(), provider="local", max_embeddings=0), embedder=embedder
        )
        self._keys: dict[int, tuple[str, str]] = {}
        self._tokens: dict[int, int] = {}
        start = time.perf_counter()
        self._fill(collection)
        self.index_s = time.perf_counter() - start
        start = time.perf_counter()
        if embedder is not None:
            self.memory.embedding.embed_pending()
        self.embed_s = time.perf_counter() - start
        self.found_tokens = 0

    def _fill(self, collection: Collection) -> None:
        documents = collection.documents
        for start in range(0, len(documents), PER_TRANSACTION):
            with self.memory.database.write() as connection:
                for one in documents[start : start + PER_TRANSACTION]:
                    identity = (f"name:{one.haystack}", one.haystack, "")
                    project = sessions.project_id(connection, identity, one.created_ms)
                    origin = memories.Origin(project_id=project, created_ms=one.created_ms)
                    title = one.title or " ".join(one.text.split())[:TITLE_CHARACTERS]
                    connection.execute(APART)  # documents that say the same are found one by one, as the sets count
                    number = memories.add_note(connection, title, one.text, origin, (), one.names)
                    self._keys[number] = (one.haystack, one.key)
                    self._tokens[number] = len(one.text) // 4

    def find(self, question: Question, limit: int, name: str, *, pooled: bool = False) -> list[str]:
        """Keys, best first, by the engines called *name*; within the question's haystacks unless *pooled*."""
        words, vectors = ENGINES[name]
        known = {row.name: row.id for row in self._projects}
        projects = () if pooled else tuple(known[one] for one in question.haystacks if one in known)
        if not pooled and not projects:
            return []
        finder = search.Finder(
            database=self.memory.database,
            now_ms=self.memory.clock(),
            near=self.memory.embedding.near if vectors else None,
            words=words,
        )
        hits = finder.search(question.text, Filters(projects=projects), Page(order="relevance", limit=limit))
        self.found_tokens += sum(self._tokens[hit.id] for hit in hits[:10])
        told = [memory for hit in hits for memory in (hit.id, *hit.similar)][:limit]
        found = [self._keys[memory] for memory in told]
        return ["\t".join(one) if pooled else one[1] for one in found]

    @property
    def _projects(self) -> list[Any]:
        self._listed: list[Any]
        if not hasattr(self, "_listed"):
            self._listed = self.memory.projects()
        return self._listed

    @property
    def size(self) -> int:
        """Bytes of the memory file, its log written back."""
        self.memory.database.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return Path(self.memory.database.path).stat().st_size

    def close(self) -> None:
        self.memory.close()
        self._folder.cleanup()


def peak_mb() -> float:
    """The most memory this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
