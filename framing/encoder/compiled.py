"""Text to vectors with a transformer that was compiled to one graph."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from framing.encoder.files import TOKENIZER_FILE, fingerprint_of, open_tokenizer, require
from framing.encoder.graph import GraphRunner
from framing.encoder.protocol import EncodedTexts, available_cores
from framing.errors import EncoderError

if TYPE_CHECKING:
    from tokenizers import Encoding

GRAPH_FILE = "encoder.onnx"


class CompiledEncoder:
    """A transformer with its pooling and normalisation as one ONNX graph, beside its tokenizer.

    Each text is one run: dynamic int8 takes its activation scale over all that is in a run, so a batch would make an answer
    depend on its neighbours. Several texts run side by side, one a core.
    """

    kind = "compiled"
    packages: tuple[str, ...] = ()
    files = (GRAPH_FILE, TOKENIZER_FILE)

    def __init__(self, folder: str | Path, threads: int | None = None) -> None:
        self.folder = Path(folder)
        self.threads = threads or available_cores()
        require(self.folder, self.files)
        self._open()

    def _open(self) -> None:
        self._tokenizer = open_tokenizer(self.folder / TOKENIZER_FILE)
        limits = self._tokenizer.truncation
        if limits is None:
            raise EncoderError(f"{self.folder / TOKENIZER_FILE} sets no limit of word pieces")
        self.max_pieces = int(limits["max_length"])
        """Word pieces the encoder reads of a text; what follows is cut off."""
        try:
            self._graph = GraphRunner(self.folder / GRAPH_FILE, self.threads)
        except Exception as error:  # noqa: BLE001 - the classes of onnxruntime's errors are not public
            raise EncoderError(f"{self.folder / GRAPH_FILE} cannot be opened: {error}") from error

    @cached_property
    def fingerprint(self) -> str:
        return fingerprint_of(self.folder / name for name in self.files)

    def aside(self) -> CompiledEncoder:
        """The same encoder for work that is to leave cores to others: it takes one thread."""
        other = copy(self)
        other.threads = 1
        return other

    @property
    def dimensions(self) -> int:
        return self._graph.dimensions

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.threads, thread_name_prefix="encode")

    def encode(self, texts: Sequence[str]) -> EncodedTexts:
        """Encode each text by itself. Safe to call from several threads."""
        if len(texts) < 2 or self.threads == 1:
            encoded = [self._encode_one(text) for text in texts]
        else:
            encoded = list(self._pool.map(self._encode_one, texts))
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        truncated = np.empty(len(texts), np.bool_)
        for row, (vector, cut) in enumerate(encoded):
            vectors[row], truncated[row] = vector, cut
        return EncodedTexts(vectors, truncated)

    def _encode_one(self, text: str) -> tuple[NDArray[np.float32], bool]:
        pieces: Encoding = self._tokenizer.encode(text)
        values = {"input_ids": pieces.ids, "attention_mask": pieces.attention_mask, "token_type_ids": pieces.type_ids}
        feed = {name: np.asarray([values[name]], np.int64) for name in self._graph.inputs}
        return self._graph.run(feed, wide=self.threads > 1)[0], bool(pieces.overflowing)
