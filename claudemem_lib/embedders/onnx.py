"""The light runtime: onnxruntime and tokenizers, no torch. 0.3 s to the first vector, in a process of 160 MB."""

from __future__ import annotations

import ctypes
import sys
import threading
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from tokenizers import BertWordPieceTokenizer, Tokenizer

from claudemem_lib.embedders import models
from claudemem_lib.errors import EmbedderUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from claudemem_lib.embedders import Vector

MOST_TOKENS = 256
BATCH = 8  # larger ones outgrow the processor's cache
DOCUMENT_THREADS = 2
MANY = 16  # documents for which a session of their own is worth its 0.3 s and 90 MB
# The C library keeps what was freed: 65 MB after loading a model, as much again after many documents. Only glibc can be asked.
_TRIM = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None


def embedder(model: str, data_dir: str) -> Onnx:
    """The embedder for *model*."""
    weights, tokenizer, name = models.onnx(model, data_dir)
    try:
        return Onnx(weights, tokenizer, name)
    except Exception as error:
        message = f"the model in {weights} cannot be used: {error}"
        raise EmbedderUnavailable(message) from error


class Onnx:
    """Sentence vectors of a BERT-like model in ONNX: mean over the tokens, then length 1."""

    normalised = True

    def __init__(self, weights: Path, tokenizer: Path | None, name: str) -> None:
        """Load *weights*; *tokenizer* None means BERT's own uncased words."""
        self.name = name
        self._tokenizer = Tokenizer.from_file(str(tokenizer)) if tokenizer else _bert()
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._tokenizer.no_padding()
        self._weights = str(weights)
        # A question is answered on one thread that does not spin; many documents have a session with more, until they are done.
        self._questions = _session(self._weights, 1)
        self._documents: onnxruntime.InferenceSession | None = None
        # What a batch of long documents took goes back at once: 150 MB that a server at rest would keep.
        self._giving_back = onnxruntime.RunOptions()
        self._giving_back.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        self._lock = threading.Lock()
        self._inputs = [one.name for one in self._questions.get_inputs()]
        self.dimension = len(self.embed_query("dimension"))
        _give_back()

    def embed_query(self, text: str) -> Vector:
        """The vector of a question."""
        found: Vector = self._run(self._questions, self._tokenizer.encode_batch([text]))[0].tolist()
        return found

    def embed_documents(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text. Texts of like length share a batch, so that little of it is padding."""
        with self._lock:
            if len(texts) >= MANY and self._documents is None:
                self._documents = _session(self._weights, DOCUMENT_THREADS)
                _give_back()
            session = self._documents or self._questions
        encoded = self._tokenizer.encode_batch(list(texts))
        order = sorted(range(len(encoded)), key=lambda at: len(encoded[at].ids))
        found: list[Vector] = [[]] * len(encoded)
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            vectors = self._run(session, [encoded[at] for at in chosen], self._giving_back)
            for at, vector in zip(chosen, vectors, strict=True):
                found[at] = vector.tolist()
            if session is self._documents:
                _give_back()
        return found

    def rest(self) -> None:
        """Let go of what only many documents need."""
        with self._lock:
            had, self._documents = self._documents is not None, None
        if had:
            _give_back()

    def _run(
        self,
        session: onnxruntime.InferenceSession,
        encoded: Sequence[Any],
        options: onnxruntime.RunOptions | None = None,
    ) -> Any:
        longest = max(len(one.ids) for one in encoded)
        ids = np.zeros((len(encoded), longest), np.int64)
        mask = np.zeros_like(ids)
        for row, one in enumerate(encoded):
            ids[row, : len(one.ids)] = one.ids
            mask[row, : len(one.ids)] = 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        out = session.run(None, {name: given[name] for name in self._inputs}, options)[0]
        if out.ndim == 3:  # noqa: PLR2004  # one vector a token, not yet one a text
            out = (out * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)


def _give_back() -> None:
    """Have the C library return to the system what it holds and nobody uses."""
    if _TRIM is not None:
        _TRIM(0)


def _session(weights: str, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


def _bert() -> Any:
    """The tokenizer of uncased BERT, which MiniLM shares, for models that come without one."""
    words = files("claudemem_lib.embedders").joinpath("bert-uncased.txt").read_text("utf-8").split("\n")
    vocabulary = {word: number for number, word in enumerate(words) if word}
    return BertWordPieceTokenizer(vocabulary, lowercase=True)
