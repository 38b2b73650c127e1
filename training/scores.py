"""What a block of features says of each frame before it is calibrated: linear in them, or through a hidden layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from framing.heads import Array, Bags, HiddenLayer, weighed

Labels = NDArray[np.bool_]
BAGS_AT_ONCE = 100
"""What a layer gives for all of their parts is held at once, some megabytes a bag at most."""


@dataclass(frozen=True, slots=True)
class BlockScores:
    """One score a frame, linear in the features or in what a `layer` gives for them: `weights` (k, columns or units), `intercepts` (k,)."""

    weights: Array
    intercepts: Array
    layer: HiddenLayer | None = None

    def __call__(self, X: Any) -> Array:
        """Scores (n, k) of features (n, columns), or of bags."""
        if not isinstance(X, Bags):
            return np.asarray(self._weighed(X) + self.intercepts)
        some = (X[start : start + BAGS_AT_ONCE].scores(self._weighed) for start in range(0, len(X), BAGS_AT_ONCE))
        return np.vstack([np.empty((0, len(self.intercepts))), *some]) + self.intercepts

    def _weighed(self, X: Any) -> Array:
        return weighed(X, self.layer, self.weights)


Fit = Callable[[Any, Labels], BlockScores]
"""Learns the scores of a block from features (n, columns), or bags, and labels (n, k)."""


def fit_regressions(X: Any, labels: Labels, C: float) -> BlockScores:
    """Fit a logistic regression to each frame by features (n, columns); not calibrated."""
    X = X.astype(np.float64, copy=False)
    fitted = [_fit_frame(X, column, C) for column in labels.T]
    return BlockScores(np.array([weights for weights, _ in fitted]), np.array([intercept for _, intercept in fitted]))


def _fit_frame(X: Any, labels: NDArray[np.bool_], C: float) -> tuple[Array, float]:
    if labels.all() or not labels.any():  # a fold may lack a rare frame; its log-odds are then those of the smoothed share
        share = (labels.sum() + 1) / (len(labels) + 2)
        return np.zeros(X.shape[1]), float(np.log(share / (1 - share)))
    model = LogisticRegression(C=C, max_iter=2000).fit(X, labels)
    return model.coef_[0], float(model.intercept_[0])
