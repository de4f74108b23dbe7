"""Who turns texts into vectors. One module per runtime, loaded by name and only when chosen; nothing here goes to a network.

An embedder knows nothing of the store. Vectors are lists of floats of length 1, so that their product is the cosine.
"""

from __future__ import annotations

import importlib
import os
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

from claudemem_lib.embedders import models
from claudemem_lib.errors import EmbedderUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from claudemem_lib.settings import Settings

Vector = list[float]
# In the order they are tried: the light runtime first, it starts ten times as fast and gives the same neighbours.
RUNTIMES = ("onnx", "sentence_transformers")
_ENGLISH = re.compile(r"(?:^|/)all-(?:minilm|mpnet|distilroberta)-|-en(?:-|$)", re.IGNORECASE)
# What they would tell their makers of their use, over the network and from files in the user's cache, unless it is said before
# they are loaded.
SILENT = {"ORT_DISABLE_TELEMETRY": "1", "ORT_TELEMETRY_DISABLED": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


class Embedder(Protocol):
    """Something that embeds. *name* says model and precision: vectors of different names are never compared."""

    @property
    def name(self) -> str:
        """What is stored with the vectors."""

    @property
    def dimension(self) -> int:
        """The length of a vector."""

    @property
    def normalised(self) -> bool:
        """Whether vectors have length 1; the store needs them so."""

    def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text."""

    def embed_query(self, text: str) -> Vector:
        """The vector of a question."""

    def rest(self) -> None:
        """No documents wait: let go of memory that questions do not need."""


def load(settings: Settings, data_dir: str) -> Embedder:
    """The embedder the settings choose, its model loaded; EmbedderUnavailable says why there is none and what to do."""
    if settings.embedder == "none":
        message = "semantic search is switched off (CLAUDE_MEM_EMBEDDER is none)"
        raise EmbedderUnavailable(message)
    wanted = RUNTIMES if settings.embedder == "auto" else (settings.embedder.replace("-", "_"),)
    reasons = []
    for name in wanted:
        try:
            return _made(name, settings.embedding_model, data_dir)
        except EmbedderUnavailable as error:
            reasons.append(str(error))
    raise EmbedderUnavailable("; ".join(reasons))


def english(name: str) -> bool:
    """Whether a model was trained on English alone, as far as its name tells: all-MiniLM-L6-v2, bge-small-en-v1.5."""
    return bool(_ENGLISH.search(name))


def problem(settings: Settings, data_dir: str) -> str:
    """Why there is no embedder here, as far as can be seen without loading one; "" for nothing, also where none is wanted."""
    reference = settings.embedder == "sentence-transformers"
    if settings.embedder in ("none", "fake") or (
        settings.embedder != "onnx" and find_spec("sentence_transformers") is not None
    ):
        return ""  # that runtime finds models by itself
    for package in ("sentence_transformers",) if reference else ("onnxruntime", "tokenizers"):
        if find_spec(package) is None:
            return f"{package} is not installed: pip install 'claudemem[semantic{'' if reference else '-lite'}]'"
    try:
        models.usable(settings.embedding_model, data_dir)
    except EmbedderUnavailable as error:
        return str(error)
    return ""


def _made(name: str, model: str, data_dir: str) -> Embedder:
    os.environ.update(SILENT)
    try:
        make: Callable[[str, str], Embedder] = importlib.import_module(f"{__name__}.{name}").embedder
        return make(model, data_dir)
    except ModuleNotFoundError as error:
        extra = "semantic" if name == "sentence_transformers" else "semantic-lite"
        message = f"{name} needs the package {error.name}: pip install 'claudemem[{extra}]'"
        raise EmbedderUnavailable(message) from error


__all__ = ["RUNTIMES", "Embedder", "Vector", "english", "load", "models", "problem"]
