"""An order that puts first what is unsure and speaks for much else that is: arrays in, rows out."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from framing.encoder import Vectors
from framing.heads import Array

Rows = NDArray[np.intp]

BATCH = 50
"""Rows that are chosen out of the same candidates."""
WIDTH = 10
"""For each of them, how many of the most unsure rows are candidates."""


def candidates(count: int) -> int:
    """How many of the most unsure rows a choice of `count` looks at."""
    return (math.ceil(count / BATCH) + WIDTH - 1) * BATCH


def diverse_order(unsure: Array, vectors: Vectors, count: int) -> Rows:
    """`count` of n rows, or all: the same first ones whatever the count, and equal rows in their order.

    Wei, Iyer and Bilmes, Submodularity in Data Subset Selection and Active Learning, ICML 2015: of the most unsure rows those are taken
    that cover the others best (facility location), here weighed by how `unsure` (n,) these are. What a row covers of another is the
    cosine of their `vectors` (n, dimensions), which have unit length; what was chosen before covers too.
    """
    left = np.argsort(-unsure, kind="stable")
    covered = np.zeros(len(left))
    chosen = np.empty(0, np.intp)
    while len(chosen) < count and len(left):
        some = left[: WIDTH * BATCH]
        similarity = np.maximum(vectors[some] @ vectors[some].T, 0).astype(np.float64)
        batch = some[_most_covering(unsure[some], similarity, covered[some], BATCH)]
        covered = np.maximum(covered, (vectors @ vectors[batch].T).max(axis=1))
        left = left[~np.isin(left, batch)]
        chosen = np.concatenate([chosen, batch])
    return chosen[:count]


def _most_covering(weights: Array, similarity: Array, covered: Array, count: int) -> Rows:
    """`count` of m rows, or all, each the one by which the weighted cover of all rows (m,) grows most."""
    chosen = np.empty(min(count, len(weights)), np.intp)
    for place in range(len(chosen)):
        gain = weights @ np.maximum(similarity - covered[:, None], 0)
        gain[chosen[:place]] = -1
        chosen[place] = best = int(gain.argmax())
        covered = np.maximum(covered, similarity[:, best])
    return chosen
