"""What any model must beat on the same passages: everything, chance, and words alone."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from framing.data import Dataset
from framing.errors import TrainingError
from framing.heads import ABSENT, PRESENT, Array
from training.classifier import fit_of
from training.folds import check_trainable, split_groups
from training.heldout import block_scores, decided, term_scores
from training.metrics import Answers
from training.scores import Labels
from training.terms import count_terms
from training.thresholds import learn_cuts

TERM_STRENGTH = 10.0
ALL_POSITIVE, PRIOR, WORDS = "all-positive", "prior", "TF-IDF + logistic regression"


def floors(dataset: Dataset, folds: int, seed: int = 0, jobs: int = -1, scores: Array | None = None) -> dict[str, Answers]:
    """Answers of the three floors, by name; the trained one on grouped folds like every recipe, if passages carry them and share a word.

    `scores` (n, k) are its own, of these folds and TERM_STRENGTH, where a recipe has them already.
    """
    found = {ALL_POSITIVE: all_positive(dataset.labels), PRIOR: prior(dataset.labels, dataset.labels.mean(axis=0), seed)}
    with suppress(TrainingError):  # few new labels carry no folds, scripts that write no spaces give whole clauses as words
        check_trainable(dataset, folds, seed)
        found[WORDS] = words(dataset, folds, seed, jobs, scores)
    return found


def all_positive(labels: Labels) -> Answers:
    """Every frame present in every passage."""
    return Answers(np.ones(labels.shape), np.full(labels.shape, PRESENT, np.int8), labels)


def prior(labels: Labels, shares: Array, seed: int = 0) -> Answers:
    """Each frame present by chance, as often as its share (k,)."""
    probabilities = np.broadcast_to(shares, labels.shape)
    drawn = np.random.default_rng(seed).random(labels.shape) < probabilities
    return Answers(probabilities, np.where(drawn, PRESENT, ABSENT).astype(np.int8), labels)


def words(dataset: Dataset, folds: int, seed: int = 0, jobs: int = -1, scores: Array | None = None) -> Answers:
    """TF-IDF and logistic regression, cross-validated over the groups of `dataset`."""
    splits = split_groups(dataset.groups, folds, seed)
    if scores is None:
        scores = term_scores(count_terms(dataset.texts), dataset.labels, splits, TERM_STRENGTH, jobs)
    unseen = decided((scores,), dataset.labels, splits)
    return Answers(unseen.probabilities, unseen.decisions, dataset.labels)


def words_from(training: Dataset, evaluation: Dataset, folds: int, seed: int = 0, jobs: int = -1) -> Answers:
    """TF-IDF and logistic regression fitted to `training`, with calibration and cut points from folds of its groups."""
    splits = split_groups(training.groups, folds, seed)
    cuts = learn_cuts(term_scores(count_terms(training.texts), training.labels, splits, TERM_STRENGTH, jobs), training.labels)
    rows = np.arange(len(training) + len(evaluation))
    whole = rows[: len(training)], rows[len(training) :]
    terms = count_terms(training.texts + evaluation.texts).weighed(whole[0])
    scores = block_scores(terms.matrix, np.vstack([training.labels, evaluation.labels]), whole, fit_of(TERM_STRENGTH))
    probabilities = cuts.calibration.probabilities(scores)
    return Answers(probabilities, cuts.decide(probabilities), evaluation.labels)
