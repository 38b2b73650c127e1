"""Leaving kinds out: whether a model holds on passages of a kind it has not seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from framing.data import Dataset
from framing.errors import TrainingError
from framing.heads import Array
from training.folds import Fold
from training.heldout import as_in_use, held_out
from training.intervals import DRAWS, Figure, bootstrapped
from training.metrics import Answers, mean_average_precision, measure_all, micro_f1
from training.recipes import Recipe
from training.run import Run
from training.slices import ids_name_kinds, kind_of
from training.vectors import Features

MOST_FOLDS = 20


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """Nothing to report, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class KindFigures:
    """One kind: its passages, F1 over all their decisions (micro), and mean average precision, none of its kind having been seen."""

    name: str
    passages: int
    micro_f1: Figure
    mean_average_precision: Figure


@dataclass(frozen=True)
class KindFold:
    """Kinds that are left out together; of the other passages, `dropped` share a group with one of theirs and are not learned from."""

    kinds: tuple[str, ...]
    rows: Fold
    dropped: int


@dataclass(frozen=True)
class KindsOut:
    """What a recipe gives for each passage without its kind: overall measures by name, and figures by kind."""

    folds: tuple[KindFold, ...]
    answers: Answers
    measures: dict[str, Figure]
    kinds: tuple[KindFigures, ...]


HAS_SEEN_ALL = Unmeasured("cannot be measured: this model starts from one whose encoder has learned from those to be left out as well")
NOT_ASKED = Unmeasured("not measured: `framing train --leave-kinds-out` does, at the cost of one more cross-validation")


def kinds_out(
    dataset: Dataset, recipe: Recipe, vectors: Features | None, run: Run = Run(), draws: int = DRAWS,
    foreign: NDArray[np.bool_] | None = None,
) -> KindsOut | Unmeasured:  # fmt: skip
    """Answer each passage by heads, and an encoder where the recipe fine-tunes one, that were trained on passages of other kinds only.

    A recipe that does not fine-tune (`vectors` are then its encoder's) leaves out one kind at a time, up to MOST_FOLDS; for one
    that does, kinds are dealt to `recipe.folds` folds of about equal size, each of which leaves out several: stricter, and
    affordable. Calibration and cut points come, as in the cross-validation, from the scores of the passages learned from.
    `foreign` (n,) passages are unsure.
    """
    folds = kind_folds(dataset, recipe.folds if vectors is None else MOST_FOLDS)
    if isinstance(folds, Unmeasured):
        return folds
    try:
        unseen = held_out(dataset, recipe, vectors, run, [fold.rows for fold in folds])
    except TrainingError as error:  # without them no word may stand twice: in a script that writes no spaces, say
        return Unmeasured(f"cannot be measured: {error}")
    answers = Answers(unseen.probabilities, as_in_use(unseen.decisions, foreign), dataset.labels)
    measures = measure_all(answers, dataset.codebook.names, dataset.groups, draws, jobs=run.jobs)
    return KindsOut(folds, answers, measures, _by_kind(answers, dataset, draws))


def kind_folds(dataset: Dataset, most: int) -> tuple[KindFold, ...] | Unmeasured:
    """Kinds dealt to at most `most` folds; no group stands on both sides of one."""
    kinds = [kind_of(passage) for passage in dataset.passages]
    counts = Counter(kinds)
    if len(counts) < 2:
        return Unmeasured("nothing to leave out: all passages are of one kind (what stands before the first hyphen of an id)")
    if not ids_name_kinds(dataset.passages):
        return Unmeasured(f"nothing to leave out: the ids of {len(dataset)} passages begin in {len(counts)} ways, so they name no kinds")
    folds = tuple(_fold(dataset, np.asarray(kinds), together) for together in _dealt(counts, most))
    for fold in folds:
        learned = dataset.labels[fold.rows[0]]
        for frame, column in zip(dataset.codebook.names, learned.T, strict=True):
            if column.all() or not column.any():
                kind = " and ".join(fold.kinds)
                return Unmeasured(f"cannot be measured: without kind {kind} frame '{frame}' stands in no passage, or in every one")
    return folds


def _dealt(counts: Counter[str], most: int) -> list[tuple[str, ...]]:
    """Kinds in parts of about equal size: the largest first, each to the part that is the smallest so far."""
    parts: list[list[str]] = [[] for _ in range(min(most, len(counts)))]
    for kind in sorted(counts, key=lambda kind: (-counts[kind], kind)):
        min(parts, key=lambda part: sum(counts[other] for other in part)).append(kind)
    return sorted(tuple(sorted(part)) for part in parts)


def _fold(dataset: Dataset, kinds: NDArray[np.str_], together: Sequence[str]) -> KindFold:
    groups = np.asarray(dataset.groups)
    test = np.isin(kinds, together)
    shared = np.isin(groups, groups[test]) & ~test
    return KindFold(tuple(together), (np.flatnonzero(~test & ~shared), np.flatnonzero(test)), int(shared.sum()))


def _by_kind(answers: Answers, dataset: Dataset, draws: int) -> tuple[KindFigures, ...]:
    kinds = np.array([kind_of(passage) for passage in dataset.passages])
    groups = np.asarray(dataset.groups)
    found = []
    for kind in np.unique(kinds):
        part = answers.rows(kinds == kind)

        def measured(weights: Array, part: Answers = part) -> Array:
            return np.column_stack([micro_f1(part, weights), mean_average_precision(part, weights)])

        figures = bootstrapped(measured, groups[kinds == kind].tolist(), draws)
        found.append(KindFigures(str(kind), len(part.labels), *figures))
    return tuple(found)
