"""Passages dealt to folds by whole groups, and the one loop that scores folds and joins them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import GroupKFold
from sklearn.utils.validation import check_array

from framing.data import Dataset
from framing.errors import TrainingError
from framing.heads import Array
from training.parallel import in_threads

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]
"""The rows to learn from, and the rows to answer."""


def split_groups(groups: ArrayLike, folds: int, seed: int = 0) -> list[Fold]:
    """Train and test rows of each fold; no group stands on both sides. Fewer folds where there are fewer groups."""
    groups = check_array(np.asarray(groups), ensure_2d=False, dtype=None)
    folds = min(folds, len(np.unique(groups)))
    if folds < 2:
        raise ValueError("needs at least two groups to hold one out; n_samples=1 or one group was given")
    return list(GroupKFold(folds, shuffle=True, random_state=seed).split(groups, groups=groups))


def joined_scores(score: Callable[[Fold], Array], folds: Sequence[Fold], shape: tuple[int, ...], jobs: int | None = 1) -> Array:
    """What `score` gives for the test rows of each fold, as one array of `shape`; `jobs` threads take a fold each."""
    joined = np.zeros(shape)
    parts = in_threads(score, folds, jobs)
    for (_, test), part in zip(folds, parts, strict=True):
        joined[test] = part
    return joined


def check_trainable(dataset: Dataset, folds: int, seed: int = 0) -> None:
    """Raise TrainingError, by frame, unless every frame stands in as many groups as there are folds, and is missing in as many."""
    groups = np.asarray(dataset.groups)
    for frame, column in zip(dataset.codebook.names, dataset.labels.T, strict=True):
        having, lacking = len(np.unique(groups[column])), len(np.unique(groups[~column]))
        if min(having, lacking) < folds:
            raise TrainingError(
                f"frame '{frame}' stands in {having} groups and is missing in {lacking}; training needs at least {folds} of each"
            )
        for rest, _ in split_groups(dataset.groups, folds, seed):
            if column[rest].all() or not column[rest].any():
                raise TrainingError(
                    f"all passages with or without frame '{frame}' fall in one of {folds} folds; "
                    "label some in more groups, or deal them otherwise by another seed"
                )
