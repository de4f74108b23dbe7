"""Semantic search as a process holds it: one embedder, loaded once and in the background, and what it makes of the memory.

start() --thread--> load --> ready            embed_pending(): memories without a vector -> vectors, links, the cap kept
                      |                       near(): a question -> the memories nearest to it, [] until ready
                 failed: status says why; the next caller tries again
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from claudemem_lib import embedders
from claudemem_lib.alike import alike
from claudemem_lib.errors import EmbedderUnavailable, StoreError
from claudemem_lib.store import memories, vectors
from claudemem_lib.store.fulltext import Filters
from claudemem_lib.store.heldvectors import HeldVectors
from claudemem_lib.words import eastern

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from claudemem_lib.embedders import Embedder
    from claudemem_lib.settings import Settings
    from claudemem_lib.store.database import Database

PER_STEP = 32
SIMILAR_COSINE = 0.92


class Embedding:
    """The embedder of one memory. Threads share it; its model is loaded by the first who needs it and by nobody else."""

    def __init__(
        self,
        database: Database,
        data_dir: str,
        settings: Callable[[], Settings],
        clock: Callable[[], int],
        given: Embedder | None = None,
    ) -> None:
        """Nothing is loaded yet. *settings* gives those in force, *given* replaces the embedder they choose."""
        self._database, self._data_dir = database, data_dir
        self._held = HeldVectors(database)
        self._settings, self._clock = settings, clock
        self._given = given
        self._embedder = given
        self._loading = threading.Lock()
        self._problem = ""
        self._chosen: tuple[str, str] | None = None
        self._wanted = False
        self._settled: tuple[object, ...] | None = None

    # ------------------------------------------------------------------------------------------------------ the model
    def load(self) -> Embedder:
        """The embedder; who comes while it is loaded waits for it. EmbedderUnavailable says why there is none."""
        settings = self._settings()
        chosen = (settings.embedder, settings.embedding_model)
        with self._loading:
            if self._given is None and self._embedder is not None and self._chosen != chosen:
                self._embedder = None
            if self._embedder is None:
                try:
                    self._embedder = embedders.load(settings, self._data_dir)
                except EmbedderUnavailable as error:
                    self._problem = str(error)
                    raise
                self._chosen, self._problem = chosen, ""
            return self._embedder

    @property
    def ready(self) -> bool:
        """Whether a search asks the vectors too."""
        return self._embedder is not None and not vectors.unavailable(self._database)

    def start(self) -> threading.Thread:
        """Load the embedder in the background, and the signs that it finds by; gives the thread."""

        def quietly() -> None:
            try:
                self._held.fresh(self.load().dimension)
            except (EmbedderUnavailable, StoreError):
                return  # status says why

        thread = threading.Thread(target=quietly, name="embedder", daemon=True)
        thread.start()
        return thread

    def status(self) -> dict[str, Any]:
        """Whether semantic search works here, with what, how many memories it covers, and why not."""
        ready, cap = self._embedder, self._settings().max_embeddings
        found: dict[str, Any] = {"engine": ready.name if ready else None, "cap": cap}
        try:
            space = vectors.space(self._database)
            found |= {"model": space.model if space else None, "embedded": vectors.count(self._database)}
            found["waiting"] = vectors.count_waiting(self._database, cap)
            problem = "" if ready else self._problem or embedders.problem(self._settings(), self._data_dir)
        except StoreError as error:
            problem = str(error)
        return {**found, "problem": problem or vectors.unavailable(self._database)}

    # ----------------------------------------------------------------------------------------------------- searching
    def near(self, text: str, filters: Filters, limit: int) -> list[tuple[int, float]]:
        """The memories nearest to a text with their cosines; none while there is no embedder or no vector of its own.

        None either for a text in Chinese, Japanese or Korean where the model knows English alone: its cosines mean nothing then.
        """
        embedder = self._embedder
        self._wanted = True
        if embedder is None or vectors.unavailable(self._database):
            return []
        known = vectors.space(self._database)
        if known is None or known != vectors.space_of(embedder.name, embedder.dimension):
            return []
        if eastern(text) and embedders.english(embedder.name):
            return []
        return vectors.near(self._database, known, embedder.embed_query(text), filters, limit, self._held)

    # ----------------------------------------------------------------------------------------------------- embedding
    def embed_pending(self, *, most: int = 1_000_000, until: Callable[[], bool] = lambda: False) -> int:
        """Embed what waits, newest first, at most *most*; keep the cap. Gives how many got a vector.

        EmbedderUnavailable says why there is no embedder here.

        Each step is one short transaction; nothing is embedded inside one. Does nothing if nothing changed since the last time.
        """
        settings = self._settings()
        chosen = (settings.max_embeddings, settings.embedding_model, settings.embedder)
        state = (self._database.data_version(), self._database.own_changes(), *chosen)
        if state == self._settled and (self.ready or not self._wanted):
            return 0
        if problem := vectors.unavailable(self._database):
            self._problem = problem
            raise EmbedderUnavailable(problem)
        if self._embedder is None and not self._needed(settings.max_embeddings):
            return 0
        embedder = self.load()
        known = vectors.space_of(embedder.name, embedder.dimension)
        vectors.enter(self._database, known)
        first = self._settled is None  # another process may have been broken off
        if first:
            vectors.mend(self._database)
        done = 0
        while done < most and not until():
            texts = vectors.waiting(self._database, settings.max_embeddings, min(PER_STEP, most - done))
            if not texts:
                break
            found = dict(zip(texts, embedder.embed_documents(list(texts.values())), strict=True))
            stored = vectors.add(self._database, known, found, texts)
            self._link(known, found, texts)
            done += stored
            if not stored:
                break  # what waits changes faster than it is embedded; the next run sees it as it is then
        else:
            return done
        embedder.rest()
        gone = prune(self._database, settings.max_embeddings, whole=first)
        self._settled = state if not done and not gone else ()
        return done

    def _needed(self, cap: int) -> bool:
        """Whether the model has anything to do: something waits, or somebody searched. A server at rest stays small."""
        return self._wanted or bool(vectors.waiting(self._database, cap, 1))

    def reindex(self) -> int:
        """Throw every vector away, so that all are made anew; gives how many there were."""
        self._settled = None
        return vectors.clear(self._database)

    def _link(self, known: vectors.Space, found: Mapping[int, Sequence[float]], texts: Mapping[int, str]) -> None:
        """Link memories that say nearly the same as an older one of their project: near in meaning, and mostly the same words."""
        if vectors.unavailable(self._database):
            return
        for one in memories.get(self._database, found):
            only = Filters(projects=(memories.project_of(self._database, one.id),))
            near = vectors.near(self._database, known, found[one.id], only, 5, self._held)
            close = [memory for memory, cosine in near if memory != one.id and cosine >= SIMILAR_COSINE]
            for other in memories.get(self._database, close):
                if alike(texts[one.id], vectors.text_of(memories.texts_of(other))):
                    pair = sorted((one.id, other.id))
                    memories.link(self._database, pair[1], pair[0], "similar", self._clock())


def prune(database: Database, cap: int, *, whole: bool = True, until: Callable[[], bool] = lambda: False) -> int:
    """Take the vectors of what lies beyond the cap away, in short transactions; gives how many. Rows and full text stay.

    Not *whole*: only what was pushed out since the last time, without reading all the rest.
    """
    edge, gone, last = vectors.edge(database, cap), 0, 0
    behind = edge
    while edge is not None and behind is not None and not until():
        if whole:
            found = vectors.over(database, edge, last)
            last, behind = (found[-1], edge) if found else (last, None)
        else:
            found, behind = vectors.beyond(database, behind)
        gone += vectors.drop(database, found) if found else 0
    return gone
