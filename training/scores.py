"""What a block of features says of each frame before it is calibrated: linear, or through a hidden layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from framing.heads import Array, HiddenLayer
from training.hidden_units import HiddenUnits

Labels = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class BlockScores:
    """One score a frame, linear in the features or in what a `layer` gives for them: `weights` (k, columns or units), `intercepts` (k,)."""

    weights: Array
    intercepts: Array
    layer: HiddenLayer | None = None

    def __call__(self, X: Any) -> Array:
        return np.asarray((X if self.layer is None else self.layer(X)) @ self.weights.T + self.intercepts)


Fit = Callable[[Any, Labels], BlockScores]
"""Learns the scores of a block from features (n, columns) and labels (n, k)."""


def fit_of(how: float | HiddenUnits) -> Fit:
    """Logistic regressions of this inverse regularisation strength, or networks with these hidden units."""
    return partial(fit_networks, how=how) if isinstance(how, HiddenUnits) else partial(fit_regressions, C=how)


def fit_regressions(X: Any, labels: Labels, C: float) -> BlockScores:
    """Fit a logistic regression to each frame; not calibrated."""
    fitted = [_fit_frame(X, column, C) for column in labels.T]
    return BlockScores(np.array([weights for weights, _ in fitted]), np.array([intercept for _, intercept in fitted]))


def fit_networks(X: Any, labels: Labels, how: HiddenUnits) -> BlockScores:
    """Fit networks with one hidden layer to all frames at once; not calibrated. The same features and labels give the same scores."""
    dense: Array = how.scale * (X if isinstance(X, np.ndarray) else X.toarray())  # vectors that stand beside terms
    fitted = [_fit_network(dense, labels, how, seed) for seed in range(how.networks)]
    layer = HiddenLayer(
        how.scale * np.vstack([network.coefs_[0].T for network in fitted]), np.hstack([network.intercepts_[0] for network in fitted])
    )
    weights = np.hstack([network.coefs_[1].T for network in fitted]) / how.networks
    return BlockScores(weights, np.mean([network.intercepts_[1] for network in fitted], axis=0), layer)


def _fit_frame(X: Any, labels: NDArray[np.bool_], C: float) -> tuple[Array, float]:
    if labels.all() or not labels.any():  # a fold may lack a rare frame; its log-odds are then those of the smoothed share
        share = (labels.sum() + 1) / (len(labels) + 2)
        return np.zeros(X.shape[1]), float(np.log(share / (1 - share)))
    model = LogisticRegression(C=C, max_iter=2000).fit(X, labels)
    return model.coef_[0], float(model.intercept_[0])


def _fit_network(X: Array, labels: Labels, how: HiddenUnits, seed: int) -> Any:
    from sklearn.neural_network import MLPClassifier  # few recipes need it

    size = min(how.batch_size, len(X))
    order = np.random.RandomState(seed)  # a number would begin anew, with the same batches, in every epoch
    network = MLPClassifier(
        (how.units,), alpha=how.penalty, batch_size=size, learning_rate_init=how.learning_rate, random_state=order
    )  # fmt: skip
    frames = labels.shape[1]
    known, targets = ([False, True], labels[:, 0]) if frames == 1 else (range(frames), labels)
    for _ in range(max(1, round(how.steps * size / len(X)))):
        network.partial_fit(X, targets, classes=np.asarray(known))  # an epoch
    return network
