"""Features to calibrated probabilities, and probabilities to present, unsure or absent: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

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


def weighed(vectors: Any, layer: HiddenLayer | None, weights: Array) -> Array:
    """Scores (n, k) of vectors (n, dimensions) by weights (k, dimensions), or (k, units) over what a layer gives for them."""
    return np.asarray((vectors if layer is None else layer(vectors)) @ weights.T)


@dataclass(frozen=True)
class Bags:
    """Vectors of n texts and their parts: `wholes` (n, dimensions), `parts` (m, dimensions) text by text, `counts` (n,), at least 1 each.

    Multiple-instance learning calls such a text a bag, and its parts instances (Dietterich, Lathrop and Lozano-Perez 1997).
    """

    wholes: NDArray[np.float32]
    parts: NDArray[np.float32]
    counts: NDArray[np.intp]

    @cached_property
    def starts(self) -> NDArray[np.intp]:
        """Where the parts of each text begin (n,)."""
        return np.cumsum(self.counts) - self.counts

    @property
    def shape(self) -> tuple[int, int]:
        """(n, dimensions)."""
        texts, dimensions = self.wholes.shape
        return texts, dimensions

    def __len__(self) -> int:
        return len(self.wholes)

    def __getitem__(self, rows: Any) -> Bags:
        """Only the texts that `rows` picks: a slice, their numbers, or whether each is wanted (n,)."""
        counts = self.counts[rows]
        picked = np.repeat(self.starts[rows] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        return Bags(self.wholes[rows], self.parts[picked], counts)

    def scores(self, score: Callable[[NDArray[np.float32]], Array]) -> Array:
        """Scores (n, k) of the texts by what `score` gives (m, k) for vectors (m, dimensions): that of the whole, and for each frame the
        highest of the parts', added up."""
        return np.asarray(score(self.wholes) + np.maximum.reduceat(score(self.parts), self.starts))


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
    parts: bool = False
    """Whether they read the parts of a text beside the whole of it."""

    def logits(self, vectors: NDArray[np.float32] | Bags, terms: Sequence[SparseRow] | None = None) -> Array:
        """Calibrated log-odds (n, k) of vectors (n, dimensions), or of bags, and the terms beside each, if these heads weigh any.

        Row by row: a product of matrices would round one text by its neighbours.
        """
        if isinstance(vectors, Bags) is not self.parts:
            raise ValueError("heads that read parts take bags, and others take vectors")
        out = np.empty((len(vectors), len(self.intercepts)))
        for row in range(len(vectors)):
            one = vectors[row : row + 1]
            out[row] = (one.scores(self._weighed) if isinstance(one, Bags) else self._weighed(one))[0] + self.intercepts
        if self.term_weights is not None and terms is not None:
            for row, (columns, weights) in enumerate(terms):
                out[row] += self.term_weights[:, columns] @ weights.astype(np.float64)
        return out

    def _weighed(self, vectors: NDArray[np.float32]) -> Array:
        return weighed(vectors.astype(np.float64), self.layer, self.vector_weights)

    def probabilities(self, vectors: NDArray[np.float32] | Bags, terms: Sequence[SparseRow] | None = None) -> Array:
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
