"""The reference runtime: sentence-transformers on torch. Any of its models, but seconds and half a gigabyte to start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentence_transformers import SentenceTransformer

from claudemem_lib.embedders import models
from claudemem_lib.errors import EmbedderUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claudemem_lib.embedders import Vector

BATCH = 8


def embedder(model: str, data_dir: str) -> SentenceTransformers:
    """The embedder for *model*: a folder, a model in the data folder or of a package, or one in the library's own cache."""
    try:
        # Without local_files_only a missing model asks the network for over a minute.
        loaded = SentenceTransformer(models.torch(model, data_dir), device="cpu", local_files_only=True)
    except (OSError, ValueError) as error:
        raise EmbedderUnavailable(models.missing(model, data_dir)) from error
    return SentenceTransformers(loaded, model.rstrip("/").rsplit("/", 1)[-1])


class SentenceTransformers:
    """A SentenceTransformer behind our protocol."""

    normalised = True

    def __init__(self, loaded: SentenceTransformer, name: str) -> None:
        """*name* is stored with the vectors."""
        self.name = name
        self._model = loaded
        self.dimension = len(self.embed_query("dimension"))

    def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text; the library sorts by length itself."""
        found = self._model.encode_document(
            list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
        )
        return [vector.tolist() for vector in found]

    def embed_query(self, text: str) -> Vector:
        """The vector of a question."""
        found: Vector = self._model.encode_query(text, normalize_embeddings=True, show_progress_bar=False).tolist()
        return found

    def rest(self) -> None:
        """There is nothing to let go of."""
