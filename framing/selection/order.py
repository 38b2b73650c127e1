"""An order that puts what is unsure first and never says the same twice in a row: arrays in, rows out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from framing.encoder import Vectors
from framing.heads import Array


def diverse_order(unsure: Array, vectors: Vectors, count: int) -> NDArray[np.intp]:
    """The first `count` of n rows, each the best of those left: its unsureness (n,) less its cosine to the nearest one chosen before.

    Brinker, Incorporating Diversity in Active Learning with Support Vector Machines, ICML 2003, both parts weighed alike. `vectors`
    (n, dimensions) have unit length. Takes time in proportion to count * n; equal rows come in their order.
    """
    left = np.array(unsure, np.float64)
    nearest = np.zeros(len(left))
    chosen = np.empty(min(count, len(left)), np.intp)
    for place in range(len(chosen)):
        row = int(np.argmax(left - nearest))
        chosen[place] = row
        left[row] = -np.inf
        nearest = np.maximum(nearest, vectors @ vectors[row])
    return chosen
