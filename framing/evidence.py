"""Which sentences of a passage carry a frame; works on probabilities, never encodes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from framing.prediction import Evidence
from framing.text import Span


def carrying_sentences(sentences: Sequence[Span], alone: ArrayLike, threshold: float) -> tuple[Evidence, ...]:
    """The sentences that carry a frame which their passage has, in the order of the text.

    `alone` (n,) is the frame's probability for each sentence read by itself. Every sentence at or above the frame's
    threshold carries it; where none reaches it, the one that comes nearest does.
    """
    probabilities: NDArray[np.float64] = np.asarray(alone, float)
    chosen = np.flatnonzero(probabilities >= threshold)
    if not len(chosen):
        chosen = np.array([probabilities.argmax()])
    return tuple(
        Evidence(sentences[row].start, sentences[row].end, sentences[row].text, float(probabilities[row])) for row in chosen.tolist()
    )
