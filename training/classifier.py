"""The estimator: one calibrated head a frame, with thresholds from grouped out-of-fold probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from framing.heads import Array, Bags, Heads, sigmoid
from training.folds import Fold, joined_scores, split_groups
from training.hidden_units import HiddenUnits
from training.networks import fit_networks
from training.scores import BlockScores, Fit, Labels, fit_regressions
from training.shares import added_up, block_shares
from training.thresholds import learn_cuts


def fit_of(how: float | HiddenUnits) -> Fit:
    """Logistic regressions of this inverse regularisation strength, or networks with these hidden units."""
    return partial(fit_networks, how=how) if isinstance(how, HiddenUnits) else partial(fit_regressions, C=how)


class FrameClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Multi-label classifier over blocks of features, such as vectors and TF-IDF terms side by side.

    Each block has its own scores of each frame, which keeps a few dense columns from drowning in thousands of sparse ones: those of a
    logistic regression, or of networks with a hidden layer. They are added up in the shares that `block_shares` learns from grouped
    out-of-fold ones, on which Platt scaling (Platt 1999) then makes them probabilities.

    Features X are one block (n, columns), or a tuple of blocks; the first of these may be bags.

    Parameters: `C`, one inverse regularisation strength for all blocks, or a tuple with one, or hidden units, for each; `folds` for the
    out-of-fold scores; `n_jobs` for joblib.
    Learned: `shares_` and `scores_` (blocks,), `calibration_`, `thresholds_` (k,), `floors_` (k,), `held_out_logits_` (n, k), `classes_`;
    `bags_`, whether the first block was of bags.
    """

    def __init__(
        self, C: float | HiddenUnits | tuple[float | HiddenUnits, ...] = 10.0, folds: int = 5, n_jobs: int | None = None
    ) -> None:  # fmt: skip
        self.C = C
        self.folds = folds
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.multi_label = True
        return tags

    def fit(self, X: Any, y: Any, groups: Sequence[str] | None = None, held_out_scores: Sequence[Array] | None = None) -> Self:
        """Learn from features X and labels y (n, k).

        `groups` (n,) are never split between a fold's two sides. `held_out_scores`, one (n, k) for each block, replace the inner
        folds where features themselves were learned on these texts, as those of a fine-tuned encoder are.
        """
        blocks, labels = self._checked(X, y)
        self.bags_ = isinstance(blocks[0], Bags)
        self.classes_ = np.arange(labels.shape[1])
        unseen = held_out_scores if held_out_scores is not None else self._held_out(blocks, labels, groups)
        self.shares_ = block_shares(unseen, labels)
        self.scores_ = self._fit_blocks(blocks, labels)
        self.held_out_logits_ = added_up(unseen, self.shares_)
        cuts = learn_cuts(self.held_out_logits_, labels)
        self.calibration_, self.thresholds_, self.floors_ = cuts.calibration, cuts.thresholds, cuts.floors
        return self

    def _checked(self, X: Any, y: Any) -> tuple[Sequence[Any], Labels]:
        if isinstance(X, tuple):
            blocks, labels = X, np.asarray(y)
            lengths = [block.shape[0] for block in blocks]
            if set(lengths) != {len(labels)}:
                raise ValueError(f"blocks have {', '.join(map(str, lengths))} rows, y has {len(labels)}")
        else:
            X, labels = validate_data(self, X, y, accept_sparse="csr", dtype=np.float64, multi_output=True)
            blocks = (X,)
        if not set(np.unique(labels)) <= {0, 1}:
            raise ValueError(f"Unknown label type: {type_of_target(labels)}; each column of y must hold 0 and 1")
        labels = labels.reshape(len(labels), -1).astype(bool)
        one_sided = np.flatnonzero(labels.all(axis=0) | ~labels.any(axis=0))
        if len(one_sided):
            raise ValueError(f"Classifier can't train when only one class is present: column {one_sided[0]} of y is all one class")
        return blocks, labels

    def _fit_blocks(self, blocks: Sequence[Any], labels: Labels) -> tuple[BlockScores, ...]:
        each = self.C if isinstance(self.C, tuple) else (self.C,) * len(blocks)
        return tuple(fit_of(how)(block, labels) for how, block in zip(each, blocks, strict=True))

    def _held_out(self, blocks: Sequence[Any], labels: Labels, groups: Sequence[str] | None) -> list[Array]:
        folds = split_groups(groups if groups is not None else np.arange(len(labels)), self.folds)

        def score(fold: Fold) -> Array:
            train, test = fold
            fitted = self._fit_blocks([block[train] for block in blocks], labels[train])
            return np.hstack([scores(block[test]) for scores, block in zip(fitted, blocks, strict=True)])

        joined = joined_scores(score, folds, (len(labels), len(blocks) * labels.shape[1]), self.n_jobs)
        return np.split(joined, len(blocks), axis=1)

    def decision_function(self, X: Any) -> Array:
        """Calibrated log-odds (n, k)."""
        check_is_fitted(self)
        blocks = X if isinstance(X, tuple) else (validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=False),)
        scores = [scores(block) for scores, block in zip(self.scores_, blocks, strict=True)]
        return self.calibration_.logits(added_up(scores, self.shares_))

    def predict_proba(self, X: Any) -> Array:
        """Calibrated probabilities (n, k) of the frame being there."""
        return sigmoid(self.decision_function(X))

    def predict(self, X: Any) -> NDArray[np.intp]:
        """1 where a frame is present, by its threshold (n, k)."""
        return (self.predict_proba(X) >= self.thresholds_).astype(np.intp)

    def to_heads(self) -> Heads:
        """The heads that serving applies: the first block is that of the vectors, those after it are the terms'.

        Raises ValueError where these have a hidden layer.
        """
        check_is_fitted(self)
        if any(scores.layer is not None for scores in self.scores_[1:]):
            raise ValueError("only the first block, that of the vectors, may have hidden units")
        slopes = self.calibration_.slopes
        weights = [
            (share * scores.weights * slopes[:, None]).astype(np.float32).astype(np.float64)
            for share, scores in zip(self.shares_, self.scores_, strict=True)
        ]
        intercepts = added_up([scores.intercepts for scores in self.scores_], self.shares_) * slopes + self.calibration_.offsets
        terms = np.hstack(weights[1:]) if len(weights) > 1 else None
        return Heads(weights[0], terms, intercepts, self.thresholds_, self.floors_, self.scores_[0].layer, self.bags_)
