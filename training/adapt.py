"""Heads moved by new labels, no further than these ask for: MAP adaptation with a Gaussian prior centred on the heads before
(Chelba and Acero 2004, Adaptation of maximum entropy capitalizer)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize
from scipy.special import expit

from framing.data import Dataset
from framing.encoder import Vectors
from framing.errors import TrainingError
from framing.features import TermWeights
from framing.heads import Array, Heads, sigmoid
from training.folds import Fold, check_trainable, joined_scores, split_groups
from training.heldout import HeldOut, decided
from training.recipes import Adaptation
from training.run import Run
from training.scores import Labels
from training.terms import terms_matrix
from training.thresholds import Cuts, learn_cuts

INNER_FOLDS = 3
FEWEST_GROUPS = 3
"""Groups that new labels must stand in: one to be answered, and two to choose by how far heads may move."""


@dataclass(frozen=True)
class Adapted:
    """Heads after new labels; what such heads, and those before, gave for the new passages without having seen their group."""

    heads: Heads
    unseen: HeldOut
    before: HeldOut
    variance: float
    own_cuts: bool
    """Whether the new labels were enough for a calibration and cut points of their own."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done, in sentences."""
        by = f"moved with a prior variance of {self.variance}"
        heads = by if self.variance else "left as they were: on held-out new labels no move was better"
        cuts = "come from held-out new labels" if self.own_cuts else "are the champion's: the new labels are too few for others"
        return (f"The heads were {heads}. Calibration and cut points {cuts}.",)


def adapt(
    before: Heads, vocabulary: TermWeights | None, dataset: Dataset, vectors: Vectors, how: Adaptation, folds: int, run: Run
) -> Adapted:
    """Move the heads `before` by the labels of `dataset`, of which `vectors` (n, dimensions) are those of their encoder.

    How far they may move is chosen by log loss on held-out groups of the labels learned from, so that no figure is chosen by itself.
    """
    found = len(set(dataset.groups))
    if found < FEWEST_GROUPS:
        raise TrainingError(
            f"the new labels stand in {found} groups, those of near copies counted as one; at least {FEWEST_GROUPS} are needed"
        )
    if before.parts:
        raise TrainingError("heads that read the parts of passages cannot be moved by new labels; train anew by their own recipe")
    seen = vectors.astype(np.float64)
    features = _features(seen if before.layer is None else before.layer(seen), vocabulary, dataset.texts)
    prior = _weights(before)
    labels, splits = dataset.labels, split_groups(dataset.groups, folds, run.seed)
    groups = np.asarray(dataset.groups)

    def score(fold: Fold) -> Array:
        train, test = fold
        variance = choose_variance(features[train], labels[train], prior, groups[train].tolist(), how, run.seed)
        return np.asarray(features[test] @ moved(features[train], labels[train], prior, variance).T)

    scores = joined_scores(score, splits, labels.shape, run.jobs)
    own_cuts = _enough(dataset, how, folds, run.seed)
    unseen = decided((scores,), labels, splits) if own_cuts else _cut_as(before, scores)
    variance = choose_variance(features, labels, prior, dataset.groups, how, run.seed)
    weights = moved(features, labels, prior, variance)
    heads = _heads(weights, before, learn_cuts(scores, labels) if own_cuts else None)
    return Adapted(heads, unseen, _cut_as(before, np.asarray(features @ prior.T)), variance, own_cuts)


def moved(features: Any, labels: Labels, prior: Array, variance: float) -> Array:
    """Weights (k, columns) that labels (n, k) make likeliest, each weight having had a normal distribution around its `prior` value."""
    if not variance:
        return prior
    found = prior.copy()
    active = np.unique(features.indices)  # no other weight moves
    part = sp.csr_array(features[:, active])
    for frame, column in enumerate(labels.T):
        found[frame, active] += _step(part, column.astype(np.float64), features @ prior[frame], variance)
    return found


def _step(features: Any, labels: Array, logits: Array, variance: float) -> Array:
    def loss(step: Array) -> tuple[float, Array]:
        now = logits + features @ step
        value = np.logaddexp(0, now).sum() - labels @ now + step @ step / (2 * variance)
        return float(value), features.T @ (expit(now) - labels) + step / variance

    return np.asarray(minimize(loss, np.zeros(features.shape[1]), jac=True, method="L-BFGS-B").x)


def choose_variance(features: Any, labels: Labels, prior: Array, groups: Sequence[str], how: Adaptation, seed: int = 0) -> float:
    """Of the variances to choose from, the one with the lowest log loss on held-out groups; of equals the smallest."""
    folds = split_groups(groups, INNER_FOLDS, seed)

    def log_loss(variance: float) -> float:
        def score(fold: Fold) -> Array:
            train, test = fold
            return np.asarray(features[test] @ moved(features[train], labels[train], prior, variance).T)

        logits = joined_scores(score, folds, labels.shape)
        return float((np.logaddexp(0, logits) - labels * logits).sum())

    return min(how.variances, key=log_loss)


def _features(seen: Array, vocabulary: TermWeights | None, texts: Sequence[str]) -> Any:
    """Vectors, or what a layer gives for them, terms if there are any, and a column of ones for the intercept (n, columns)."""
    terms = [] if vocabulary is None else [terms_matrix(vocabulary, texts)]
    return sp.csr_array(sp.hstack([sp.csr_array(seen), *terms, sp.csr_array(np.ones((len(seen), 1)))]))


def _weights(heads: Heads) -> Array:
    terms = [] if heads.term_weights is None else [heads.term_weights]
    return np.hstack([heads.vector_weights, *terms, heads.intercepts[:, None]])


def _heads(weights: Array, before: Heads, cuts: Cuts | None) -> Heads:
    """Heads of these weights, with cut points of their own or those of before."""
    thresholds, floors = before.thresholds, before.floors
    if cuts is not None:
        weights = weights * cuts.calibration.slopes[:, None]
        weights[:, -1] += cuts.calibration.offsets
        thresholds, floors = cuts.thresholds, cuts.floors
    dimensions = before.vector_weights.shape[1]
    terms = None if before.term_weights is None else weights[:, dimensions:-1]
    return Heads(weights[:, :dimensions], terms, weights[:, -1], thresholds, floors, before.layer)


def _cut_as(before: Heads, logits: Array) -> HeldOut:
    probabilities = sigmoid(logits)
    return HeldOut((logits,), probabilities, before.decide(probabilities))


def _enough(dataset: Dataset, how: Adaptation, folds: int, seed: int) -> bool:
    carried = dataset.labels.sum(axis=0)
    if min(carried.min(), (len(dataset) - carried).min()) < how.enough:
        return False
    try:
        check_trainable(dataset, folds, seed)
    except TrainingError:
        return False
    return True
