"""What any model must beat on the same folds: everything, chance, and words alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from framing.data import Dataset
from framing.heads import ABSENT, PRESENT, Array
from training.classifier import Labels, fit_scores
from training.folds import Fold, split_groups
from training.heldout import cross_validated, fit_vocabulary, training_matrix
from training.metrics import Answers

TERM_STRENGTH = 10.0


def floors(dataset: Dataset, folds: int, seed: int = 0, jobs: int = -1) -> dict[str, Answers]:
    """Answers of the three floors, by name; the trained one on grouped folds like every recipe."""
    shares = np.broadcast_to(dataset.labels.mean(axis=0), dataset.labels.shape)
    drawn = np.random.default_rng(seed).random(dataset.labels.shape) < shares
    splits = split_groups(dataset.groups, folds, seed)
    words = cross_validated(lambda fold: _term_scores(dataset.texts, dataset.labels, fold), dataset.labels, splits, jobs)
    everything = np.ones(dataset.labels.shape)
    return {
        "all-positive": Answers(everything, np.full(dataset.labels.shape, PRESENT, np.int8), dataset.labels),
        "prior": Answers(shares, np.where(drawn, PRESENT, ABSENT).astype(np.int8), dataset.labels),
        "TF-IDF + logistic regression": Answers(words.probabilities, words.decisions, dataset.labels),
    }


def _term_scores(texts: Sequence[str], labels: Labels, fold: Fold) -> Array:
    train, test = fold
    vocabulary = fit_vocabulary([texts[row] for row in train])
    matrix, blocks = training_matrix(np.zeros((len(texts), 0), np.float32), texts, vocabulary)
    return fit_scores(matrix[train], labels[train], blocks[1:], (TERM_STRENGTH,))(matrix[test])
