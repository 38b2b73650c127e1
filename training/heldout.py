"""What a recipe gives for passages it was not trained on: the one source of thresholds, calibration and figures."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from framing.data import Dataset
from framing.encoder import Vectors
from framing.errors import TrainingError
from framing.features import TermWeights
from framing.heads import Array
from training.classifier import Labels, fit_scores
from training.folds import Fold, joined_scores, split_groups
from training.recipes import Recipe
from training.run import Run
from training.thresholds import learn_cuts
from training.transformer.build import build_encoder


@dataclass(frozen=True)
class HeldOut:
    """Scores (n, k) of each passage by heads, and where the recipe fine-tunes an encoder, that have not seen its group.

    `probabilities` and `decisions` (n, k) use calibration and cut points learned on the labels of the other folds only, though on
    scores of heads that did see this fold.
    """

    scores: Array
    probabilities: Array
    decisions: NDArray[np.int8]


def held_out(dataset: Dataset, recipe: Recipe, vectors: Vectors | None, run: Run = Run(), folds: Sequence[Fold] | None = None) -> HeldOut:
    """Cross-validate `recipe` over `folds`, or else over the groups of `dataset`; `vectors` (n, dimensions) are those of a recipe
    that learns no encoder."""

    def score(fold: Fold) -> Array:
        known = vectors if vectors is not None else _fold_vectors(dataset, recipe, fold, run)
        return fold_scores(dataset.texts, dataset.labels, known, recipe, fold)

    splits = split_groups(dataset.groups, recipe.folds, run.seed) if folds is None else folds
    return cross_validated(score, dataset.labels, splits, 1 if vectors is None else run.jobs)


def fit_vocabulary(texts: Sequence[str]) -> TermWeights:
    """Weights of the words and word pairs that stand in two texts or more. Raises TrainingError where there is none."""
    try:
        vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True).fit(texts)
    except ValueError as error:
        raise TrainingError("no word stands in two of the passages; words cannot be weighed") from error
    terms = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)
    return TermWeights({term: column for column, term in enumerate(terms)}, vectorizer.idf_.astype(np.float32))


def training_matrix(vectors: Vectors, texts: Sequence[str], vocabulary: TermWeights | None) -> tuple[Any, tuple[int, ...]]:
    """The features of texts as one matrix (n, columns), and the widths of its blocks."""
    if vocabulary is None:
        return vectors.astype(np.float64), (vectors.shape[1],)
    terms = [vocabulary.transform(text) for text in texts]
    starts = np.cumsum([0] + [len(row.columns) for row in terms])
    columns = np.concatenate([row.columns for row in terms])
    weights = np.concatenate([row.weights for row in terms]).astype(np.float64)
    block = sp.csr_array((weights, columns, starts), shape=(len(texts), len(vocabulary.columns)))
    return sp.hstack([sp.csr_array(vectors.astype(np.float64)), block]).tocsr(), (vectors.shape[1], len(vocabulary.columns))


def strengths(recipe: Recipe) -> tuple[float, ...]:
    """Inverse regularisation strengths of a recipe's blocks."""
    return (recipe.vector_strength, recipe.term_strength) if recipe.terms else (recipe.vector_strength,)


def fold_scores(texts: Sequence[str], labels: Labels, vectors: Vectors, recipe: Recipe, fold: Fold) -> Array:
    """Uncalibrated scores of the test rows of a fold, by heads and a vocabulary learned from its train rows."""
    train, test = fold
    vocabulary = fit_vocabulary([texts[row] for row in train]) if recipe.terms else None
    matrix, blocks = training_matrix(vectors, texts, vocabulary)
    return fit_scores(matrix[train], labels[train], blocks, strengths(recipe))(matrix[test])


def _fold_vectors(dataset: Dataset, recipe: Recipe, fold: Fold, run: Run) -> Vectors:
    train, _ = fold
    with tempfile.TemporaryDirectory() as folder:
        encoder = build_encoder(dataset.subset(train), recipe, Path(folder), run)
        return encoder.encode(dataset.texts).vectors


def cross_validated(score: Callable[[Fold], Array], labels: Labels, folds: Sequence[Fold], jobs: int = 1) -> HeldOut:
    """Score each fold's test rows; calibrate and cut them by the scores and labels of the rows it learned from."""
    scores = joined_scores(score, folds, labels.shape, jobs)
    probabilities, decisions = np.zeros(labels.shape), np.zeros(labels.shape, np.int8)
    for rest, test in folds:
        cuts = learn_cuts(scores[rest], labels[rest])
        probabilities[test] = cuts.calibration.probabilities(scores[test])
        decisions[test] = cuts.decide(probabilities[test])
    return HeldOut(scores, probabilities, decisions)
