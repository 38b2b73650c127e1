"""Calibration and cut points, all learned on probabilities of texts the heads were not fitted on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from framing.heads import Array, decide, sigmoid

PLATEAU = 0.01
"""Cuts whose F1 is this near to the best are as good: which of them is best differs from draw to draw."""
MISSED_AT_MOST = 0.05
"""Share of a frame's passages that may fall below its floor and be called absent."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Platt scaling of each frame: calibrated log-odds = slope * score + offset; both (k,), slopes positive."""

    slopes: Array
    offsets: Array

    def logits(self, scores: Array) -> Array:
        return np.asarray(scores * self.slopes + self.offsets)

    def probabilities(self, scores: Array) -> Array:
        return sigmoid(self.logits(scores))


@dataclass(frozen=True, slots=True)
class Cuts:
    """A calibration and the cut points (k,) over its probabilities."""

    calibration: Calibration
    thresholds: Array
    floors: Array

    def decide(self, probabilities: Array) -> NDArray[np.int8]:
        """ABSENT, UNSURE or PRESENT for calibrated probabilities (n, k)."""
        return decide(probabilities, self.thresholds, self.floors)


def learn_cuts(scores: Array, labels: NDArray[np.bool_]) -> Cuts:
    """Calibration, thresholds and floors from held-out scores (n, k); every frame must stand in a row."""
    calibration = fit_calibration(scores, labels)
    probabilities = calibration.probabilities(scores)
    thresholds = choose_thresholds(probabilities, labels)
    return Cuts(calibration, thresholds, choose_floors(probabilities, labels, thresholds))


def fit_calibration(scores: Array, labels: NDArray[np.bool_]) -> Calibration:
    """Fit slopes and offsets to held-out scores (n, k) by maximum likelihood with Platt's smoothed targets."""
    fitted = np.array([_fit_platt(scores[:, frame], labels[:, frame]) for frame in range(labels.shape[1])])
    return Calibration(fitted[:, 0], fitted[:, 1])


def _fit_platt(scores: Array, labels: NDArray[np.bool_]) -> tuple[float, float]:
    positives = labels.sum()
    targets = np.where(labels, (positives + 1) / (positives + 2), 1 / (len(labels) - positives + 2))

    def loss(parameters: Array) -> tuple[float, Array]:
        slope, offset = np.exp(parameters[0]), parameters[1]
        logits = slope * scores + offset
        gap = expit(logits) - targets
        value = np.logaddexp(0, logits).sum() - (targets * logits).sum() + 0.01 * parameters[0] ** 2
        return float(value), np.array([(gap * scores).sum() * slope + 0.02 * parameters[0], gap.sum()])

    log_slope, offset = minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[(-3, 3), (-50, 50)]).x
    return float(np.exp(log_slope)), float(offset)


def choose_thresholds(probabilities: Array, labels: NDArray[np.bool_]) -> Array:
    """For each frame (k,) the middle of the cuts with about the best F1."""
    return np.array([best_cut(probabilities[:, frame], labels[:, frame], plateau=PLATEAU) for frame in range(labels.shape[1])])


def best_cut(probabilities: Array, labels: NDArray[np.bool_], negatives_weight: float = 1.0, plateau: float = 0.0) -> float:
    """The cut with the best F1 of one frame (n,), where passages without it count `negatives_weight` times.

    With a `plateau`, the middle, in log-odds, between the lowest and the highest cut whose F1 is no further from the best.
    """
    order = np.argsort(-probabilities, kind="stable")
    found, wrong = np.cumsum(labels[order]), np.cumsum(~labels[order])
    total = labels.sum()
    quality = 2 * found / (found + negatives_weight * wrong + total)
    ranked = probabilities[order]
    quality[:-1][ranked[1:] == ranked[:-1]] = -1  # no cut parts a tie
    good = np.flatnonzero(quality >= quality.max() - plateau)[[0, -1]]
    cuts = np.clip((ranked + np.append(ranked[1:], 0.0)) / 2, 0.01, 0.99)[good]
    return float(expit(logit(cuts).mean()))


def choose_floors(probabilities: Array, labels: NDArray[np.bool_], thresholds: Array) -> Array:
    """The highest cut (k,), no higher than the threshold, below which at most MISSED_AT_MOST of a frame's passages fall."""
    floors = [np.quantile(probabilities[labels[:, frame], frame], MISSED_AT_MOST, method="lower") for frame in range(labels.shape[1])]
    return np.asarray(np.clip(np.minimum(floors, thresholds), 0.001, None))
