"""Features to calibrated probabilities, and probabilities to present, unsure or absent: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ABSENT, UNSURE, PRESENT = 0, 1, 2

Array = NDArray[np.float64]
SparseRow = tuple[NDArray[np.int32], NDArray[np.float32]]
"""Column numbers, and the weights in them."""


@dataclass(frozen=True)
class HiddenLayer:
    """Rectified units between vectors and heads: `weights` (units, dimensions), `intercepts` (units,)."""

    weights: Array
    intercepts: Array

    def __call__(self, vectors: Array) -> Array:
        """What the units give for one vector (dimensions,), as (units,), or for vectors (n, dimensions), as (n, units)."""
        return np.maximum(vectors @ self.weights.T + self.intercepts, 0)


@dataclass(frozen=True)
class Heads:
    """One linear head for each of k frames over a text's vector, or over the units of a `layer` that reads it; calibration folded in.

    `vector_weights` (k, dimensions or units), `term_weights` (k, vocabulary) or None, `intercepts` (k,). A frame is present from
    `thresholds` (k,) up, absent below `floors` (k,), unsure between; 0 < floor <= threshold < 1.
    """

    vector_weights: Array
    term_weights: Array | None
    intercepts: Array
    thresholds: Array
    floors: Array
    layer: HiddenLayer | None = None

    def logits(self, vectors: NDArray[np.float32], terms: Sequence[SparseRow] | None = None) -> Array:
        """Calibrated log-odds (n, k) of vectors (n, dimensions) and the terms beside each, if these heads weigh any.

        Row by row: a product of matrices would round one text by its neighbours.
        """
        out = np.empty((len(vectors), len(self.intercepts)))
        for row, vector in enumerate(vectors):
            seen = vector.astype(np.float64)
            out[row] = self.vector_weights @ (seen if self.layer is None else self.layer(seen)) + self.intercepts
        if self.term_weights is not None and terms is not None:
            for row, (columns, weights) in enumerate(terms):
                out[row] += self.term_weights[:, columns] @ weights.astype(np.float64)
        return out

    def probabilities(self, vectors: NDArray[np.float32], terms: Sequence[SparseRow] | None = None) -> Array:
        """Calibrated probabilities (n, k)."""
        return sigmoid(self.logits(vectors, terms))

    def decide(self, probabilities: Array) -> NDArray[np.int8]:
        """ABSENT, UNSURE or PRESENT for probabilities (n, k)."""
        return decide(probabilities, self.thresholds, self.floors)


def decide(probabilities: Array, thresholds: Array, floors: Array) -> NDArray[np.int8]:
    """ABSENT, UNSURE or PRESENT for probabilities (n, k) and cut points (k,)."""
    return (probabilities >= floors).astype(np.int8) + (probabilities >= thresholds).astype(np.int8)


def sigmoid(logits: Array) -> Array:
    """Log-odds to probabilities, without overflow."""
    half = 0.5 * np.tanh(0.5 * logits)
    return np.asarray(half + 0.5)
