"""Text to vectors without a network: the mean of one vector for each of its word pieces."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from framing.encoder.files import TOKENIZER_FILE, fingerprint_of, open_tokenizer, require
from framing.encoder.protocol import EncodedTexts
from framing.errors import EncoderError

TABLE_FILE = "static.npz"


class StaticEncoder:
    """A table with one vector (float16) for each word piece, beside its tokenizer; it reads texts of any length whole.

    What a piece weighs is the length of its vector. Word order is lost, which is what makes it a hundred times faster
    than the network that it was distilled from.
    """

    kind = "static"
    packages: tuple[str, ...] = ()
    files = (TABLE_FILE, TOKENIZER_FILE)

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        require(self.folder, self.files)
        self._tokenizer = open_tokenizer(self.folder / TOKENIZER_FILE)
        self._tokenizer.no_truncation()
        try:
            with np.load(self.folder / TABLE_FILE, allow_pickle=False) as archive:
                self._table = archive["vectors"]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise EncoderError(f"{self.folder / TABLE_FILE} cannot be read: {error}") from error
        pieces = self._tokenizer.get_vocab_size()
        if self._table.ndim != 2 or len(self._table) != pieces:
            raise EncoderError(f"{self.folder / TABLE_FILE} holds an array {self._table.shape}; its tokenizer has {pieces} word pieces")

    @cached_property
    def fingerprint(self) -> str:
        return fingerprint_of(self.folder / name for name in self.files)

    @property
    def dimensions(self) -> int:
        return int(self._table.shape[1])

    def encode(self, texts: Sequence[str]) -> EncodedTexts:
        """Encode each text by itself; one without a known word piece is all zeros. Safe to call from several threads."""
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, pieces in enumerate(self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)):
            vectors[row] = self._table[pieces.ids].sum(axis=0, dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors /= np.where(lengths == 0, 1, lengths)
        return EncodedTexts(vectors, np.zeros(len(texts), np.bool_))
