"""What any model must beat on the same passages: everything, chance, and words alone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from framing.data import Dataset
from framing.errors import TrainingError
from framing.heads import ABSENT, PRESENT, Array
from training.classifier import Labels, fit_scores
from training.folds import Fold, joined_scores, split_groups
from training.heldout import cross_validated, fit_vocabulary, training_matrix
from training.metrics import Answers
from training.thresholds import learn_cuts

TERM_STRENGTH = 10.0
ALL_POSITIVE, PRIOR, WORDS = "all-positive", "prior", "TF-IDF + logistic regression"


def floors(dataset: Dataset, folds: int, seed: int = 0, jobs: int = -1) -> dict[str, Answers]:
    """Answers of the three floors, by name; the trained one on grouped folds like every recipe, if its passages share any word."""
    found = {ALL_POSITIVE: all_positive(dataset.labels), PRIOR: prior(dataset.labels, dataset.labels.mean(axis=0), seed)}
    with suppress(TrainingError):  # scripts that write no spaces give whole clauses as words
        found[WORDS] = words(dataset, folds, seed, jobs)
    return found


def all_positive(labels: Labels) -> Answers:
    """Every frame present in every passage."""
    return Answers(np.ones(labels.shape), np.full(labels.shape, PRESENT, np.int8), labels)


def prior(labels: Labels, shares: Array, seed: int = 0) -> Answers:
    """Each frame present by chance, as often as its share (k,)."""
    probabilities = np.broadcast_to(shares, labels.shape)
    drawn = np.random.default_rng(seed).random(labels.shape) < probabilities
    return Answers(probabilities, np.where(drawn, PRESENT, ABSENT).astype(np.int8), labels)


def words(dataset: Dataset, folds: int, seed: int = 0, jobs: int = -1) -> Answers:
    """TF-IDF and logistic regression, cross-validated over the groups of `dataset`."""
    splits = split_groups(dataset.groups, folds, seed)
    unseen = cross_validated(lambda fold: _term_scores(dataset.texts, dataset.labels, fold), dataset.labels, splits, jobs)
    return Answers(unseen.probabilities, unseen.decisions, dataset.labels)


def words_from(training: Dataset, evaluation: Dataset, folds: int, seed: int = 0, jobs: int = -1) -> Answers:
    """TF-IDF and logistic regression fitted to `training`, with calibration and cut points from folds of its groups."""
    splits = split_groups(training.groups, folds, seed)
    held_out = joined_scores(lambda fold: _term_scores(training.texts, training.labels, fold), splits, training.labels.shape, jobs)
    cuts = learn_cuts(held_out, training.labels)
    rows = np.arange(len(training) + len(evaluation))
    whole = rows[: len(training)], rows[len(training) :]
    scores = _term_scores(training.texts + evaluation.texts, np.vstack([training.labels, evaluation.labels]), whole)
    probabilities = cuts.calibration.probabilities(scores)
    return Answers(probabilities, cuts.decide(probabilities), evaluation.labels)


def _term_scores(texts: Sequence[str], labels: Labels, fold: Fold) -> Array:
    train, test = fold
    vocabulary = fit_vocabulary([texts[row] for row in train])
    matrix, blocks = training_matrix(np.zeros((len(texts), 0), np.float32), texts, vocabulary)
    return fit_scores(matrix[train], labels[train], blocks[1:], (TERM_STRENGTH,))(matrix[test])
