"""How much each block of features counts, learned on scores of texts its heads were not fitted on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from framing.heads import Array


def block_shares(blocks: Sequence[Array], labels: NDArray[np.bool_]) -> Array:
    """The shares (blocks,), which add up to 1, in which held-out scores (n, k) of each block make labels (n, k) likeliest.

    No share is negative, and all frames have the same: a stacked regression (Breiman 1996) with a number for each block, which
    rare frames cannot bend, and an offset for each frame.
    """
    if len(blocks) == 1:
        return np.ones(1)
    scores = np.stack(blocks)

    def loss(parameters: Array) -> tuple[float, Array]:
        weights, offsets = parameters[: len(scores)], parameters[len(scores) :]
        logits = np.tensordot(weights, scores, axes=1) + offsets
        gap = expit(logits) - labels
        value = np.logaddexp(0, logits).sum() - logits[labels].sum()
        return float(value), np.concatenate([np.tensordot(scores, gap, axes=2), gap.sum(axis=0)])

    start = np.concatenate([np.full(len(scores), 1 / len(scores)), np.zeros(labels.shape[1])])
    bounds = [(0, 20)] * len(scores) + [(-50, 50)] * labels.shape[1]
    weights = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x[: len(scores)]
    return np.asarray(weights / weights.sum()) if weights.sum() else np.full(len(scores), 1 / len(scores))


def added_up(blocks: Sequence[Array], shares: Array) -> Array:
    """The scores of all blocks, each by its share."""
    return np.asarray(np.tensordot(shares, np.stack(blocks), axes=1))
