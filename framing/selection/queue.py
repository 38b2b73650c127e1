"""A pool in the order in which its texts should be labelled, by one model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framing.encoder import Vectors
from framing.model import FramingModel
from framing.selection.doubt import Doubt, doubts
from framing.selection.order import candidates, diverse_order
from framing.selection.pool import PoolText
from framing.text import language_of

DIVERSE = 1000
"""How many of the first are chosen to be unlike one another; what comes after them is ordered by doubt alone."""
CHUNK = 64

OnTexts = Callable[[int, int], None]
"""Told how many readings are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A text that waits for a label, and why it stands where it stands."""

    text: PoolText
    doubt: Doubt

    def as_row(self) -> dict[str, Any]:
        """Plain JSON values. With `frames` and `coder` added, the row is a label that `framing labels import` takes."""
        text, doubt = self.text, self.doubt
        why = {"unsure": doubt.unsure, "frame": doubt.frame, "probability": doubt.probability, "threshold": doubt.threshold}
        return {"id": text.id, "group": text.group, "text": text.text, "style": text.style, "language": text.language, "why": why}


def rank(
    pool: Sequence[PoolText], model: FramingModel, diverse: int = DIVERSE, chunk: int = CHUNK, on_texts: OnTexts = lambda *_: None
) -> tuple[Waiting, ...]:
    """Every text of the pool, those first whose label should teach the model most; the same pool and model give the same order.

    The model reads `chunk` texts at a time: all of them once, and once more those, little more than `diverse`, whose vectors are
    compared, and are in memory beside the texts.
    """
    if not pool:
        return ()
    compared = min(len(pool), candidates(diverse))
    total = len(pool) + compared
    doubt = [found for some in _chunks(pool, chunk, lambda done: on_texts(done, total)) for found in _doubts(some, model)]
    unsure = np.array([found.unsure for found in doubt])
    by_doubt = np.argsort(-unsure, kind="stable")
    head = by_doubt[:compared]
    again = _chunks([pool[row] for row in head], chunk, lambda done: on_texts(len(pool) + done, total))
    vectors = np.concatenate([_vectors(some, model) for some in again])
    first = head[diverse_order(unsure[head], vectors, diverse)]
    rest = by_doubt[~np.isin(by_doubt, first)]
    return tuple(Waiting(pool[row], doubt[row]) for row in (*first.tolist(), *rest.tolist()))


def _chunks(texts: Sequence[PoolText], size: int, on_done: Callable[[int], None]) -> Iterator[Sequence[PoolText]]:
    for start in range(0, len(texts), size):
        yield texts[start : start + size]
        on_done(min(start + size, len(texts)))


def _languages(texts: Sequence[PoolText]) -> list[str]:
    return [text.language or language_of(text.text) for text in texts]


def _doubts(texts: Sequence[PoolText], model: FramingModel) -> list[Doubt]:
    return doubts(model.read([text.text for text in texts], _languages(texts)), model.codebook.names)


def _vectors(texts: Sequence[PoolText], model: FramingModel) -> Vectors:
    """Vectors (n, columns) of texts by the encoders that read them. Each encoder has columns of its own: what two of them say cannot
    be compared, so their texts count as unlike."""
    readers = [model] if model.fallback is None else [model, model.fallback]
    parts = [[at for at, language in enumerate(_languages(texts)) if model.reader_of(language) is reader] for reader in readers]
    blocks: list[NDArray[np.float32]] = []
    for reader, rows in zip(readers, parts, strict=True):
        block = np.zeros((len(texts), reader.encoder.dimensions), np.float32)
        if rows:
            block[rows] = reader.encoder.encode([texts[row].text for row in rows]).vectors
        blocks.append(block)
    return np.hstack(blocks)
