"""What a recipe gives for passages it was not trained on: the one source of thresholds, calibration and figures."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framing.data import Dataset
from framing.heads import UNSURE, Array
from training.classifier import fit_of
from training.folds import Fold, joined_scores, split_groups
from training.parallel import one_thread
from training.recipes import Recipe
from training.run import Run
from training.scores import Fit, Labels
from training.shares import added_up, block_shares
from training.terms import CountedTerms, count_terms
from training.thresholds import learn_cuts
from training.transformer.build import build_encoder
from training.vectors import Features, features_of


@dataclass(frozen=True)
class HeldOut:
    """What heads give for each passage, and where the recipe fine-tunes an encoder, that have not seen its group.

    `probabilities` and `decisions` (n, k) use calibration and cut points learned on the labels of the other folds only, though on
    scores of heads that did see this fold; so do the shares of `blocks`, the scores (n, k) by vectors alone and, where the recipe
    weighs any, by terms alone.
    """

    blocks: tuple[Array, ...]
    probabilities: Array
    decisions: NDArray[np.int8]


def held_out(dataset: Dataset, recipe: Recipe, vectors: Features | None, run: Run = Run(), folds: Sequence[Fold] | None = None) -> HeldOut:
    """Cross-validate `recipe` over `folds`, or else over the groups of `dataset`; `vectors` (n, dimensions) or bags are those of a recipe
    that learns no encoder."""

    splits = split_groups(dataset.groups, recipe.folds, run.seed) if folds is None else folds
    labels = dataset.labels

    def by_vectors(fold: Fold) -> Array:
        known = vectors if vectors is not None else _fold_vectors(dataset, recipe, fold, run)
        return block_scores(known, labels, fold, fit_of(recipe.over_vectors(len(dataset))))

    scores = joined_scores(by_vectors, splits, labels.shape, 1 if vectors is None else run.jobs)
    if not recipe.terms:
        return decided((scores,), labels, splits)
    terms = term_scores(count_terms(dataset.texts), labels, splits, recipe.term_strength, run.jobs)
    return decided((scores, terms), labels, splits)


def block_scores(block: Any, labels: Labels, fold: Fold, fit: Fit) -> Array:
    """Uncalibrated scores of the test rows of a fold, by heads over one block, features (n, columns) or bags, that learned from its train
    rows."""
    train, test = fold
    return fit(block[train], labels[train])(block[test])


def term_scores(counted: CountedTerms, labels: Labels, folds: Sequence[Fold], strength: float, jobs: int = 1) -> Array:
    """The same by terms alone (n, k), each fold with a vocabulary of its train rows. Raises TrainingError."""
    fit = fit_of(strength)
    return joined_scores(lambda fold: block_scores(counted.weighed(fold[0]).matrix, labels, fold, fit), folds, labels.shape, jobs)


def _fold_vectors(dataset: Dataset, recipe: Recipe, fold: Fold, run: Run) -> Features:
    train, _ = fold
    with tempfile.TemporaryDirectory() as folder:
        encoder = build_encoder(dataset.subset(train), recipe, Path(folder), run)
        return features_of(dataset, recipe, encoder, run.texts)


def as_in_use(decisions: NDArray[np.int8], foreign: NDArray[np.bool_] | None) -> NDArray[np.int8]:
    """Decisions (n, k) with every frame unsure where a passage reads as a language that the model will not answer (n,)."""
    return decisions if foreign is None else np.where(foreign[:, None], np.int8(UNSURE), decisions)


@one_thread()
def decided(blocks: tuple[Array, ...], labels: Labels, folds: Sequence[Fold]) -> HeldOut:
    """Each fold's test rows, by shares, calibration and cuts from the blocks' scores (n, k) and labels of the rows learned from."""
    probabilities, decisions = np.zeros(labels.shape), np.zeros(labels.shape, np.int8)
    for rest, test in folds:
        shares = block_shares([block[rest] for block in blocks], labels[rest])
        scores = added_up(blocks, shares)
        cuts = learn_cuts(scores[rest], labels[rest])
        probabilities[test] = cuts.calibration.probabilities(scores[test])
        decisions[test] = cuts.decide(probabilities[test])
    return HeldOut(blocks, probabilities, decisions)
