"""The settings of semantic search: what embeds, and how much of the memory is kept embedded."""

from __future__ import annotations

from attrs import frozen

from claudemem_lib.setting import setting

EMBEDDERS = ("auto", "onnx", "sentence-transformers", "fake", "none")


@frozen(kw_only=True, eq=False, repr=False, slots=False)  # a part of Settings, never made alone
class EmbeddingSettings:
    """Which embedder the server uses, with which model, for how many memories."""

    embedder: str = setting(
        "auto",
        group="storage",
        label="Embedder",
        help="What makes semantic search work. auto: the light runtime (onnx) if it and a model are there, else "
        "sentence-transformers, else full text alone. none: full text alone.",
        choices=EMBEDDERS,
    )
    embedding_model: str = setting(
        "all-MiniLM-L6-v2",
        group="storage",
        label="Embedding model",
        help="The name of a model on this machine, or the folder it lies in. After a change everything is embedded anew.",
    )
    max_embeddings: int = setting(
        50_000,
        group="storage",
        label="Embedded memories",
        help="The newest so many memories can be found by meaning; 0: all. Older ones stay and are found by their words. Notes, "
        "and what you pinned or edited, are found by meaning whatever their age; those among the newest count like the others.",
        at_least=0,
    )
