"""Likely label errors, by confident learning: labels that a model which has not seen them is sure are wrong. The only door to cleanlab.

C. G. Northcutt, L. Jiang and I. L. Chuang, Confident Learning, JAIR 70 (2021), for each frame as a problem of its own. A. Thyagarajan
and others, Identifying Incorrect Annotations in Multi-Label Classification Data (2022), for the order of passages.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from framing.data import Dataset, LabelledPassage
from framing.heads import Array
from framing.labels import Role
from training.copies import find_copies
from training.folds import check_trainable
from training.heldout import held_out
from training.recipes import Recipe
from training.run import Run
from training.transformer.build import build_encoder
from training.vectors import features_of


@dataclass(frozen=True, slots=True)
class DoubtfulFrame:
    """A frame whose label is likely wrong: whether it was given, and the probability that it is there."""

    frame: str
    given: bool
    probability: float


@dataclass(frozen=True, slots=True)
class Suspect:
    """A passage with a label that is likely wrong; its doubtful frames, the most doubtful first."""

    passage: LabelledPassage
    doubtful: tuple[DoubtfulFrame, ...]
    quality: float
    """How well the whole label agrees with the probabilities, from 0 to 1."""

    def as_row(self, role: Role | None = None) -> dict[str, Any]:
        """Plain JSON values. With `frames` put right, the row is a label that `framing labels import --replace` takes, of the coder in
        that `role`."""
        own = self.passage
        named = {"id": own.id, "group": own.group, "text": own.text, "frames": list(own.frames), "coder": own.coder}
        named |= {"role": role} if role else {}
        doubts = [{"frame": one.frame, "given": one.given, "probability": one.probability} for one in self.doubtful]
        return {**named, "style": own.style, "language": own.language, "doubtful": doubts, "quality": self.quality}


def unseen_probabilities(dataset: Dataset, recipe: Recipe, run: Run = Run()) -> Array:
    """Probabilities (n, k) from models that have seen neither the passage, nor its group, nor a near copy.

    `recipe` learns no encoder. Raises TrainingError where a frame stands in too few groups.
    """
    apart = find_copies(dataset, recipe.folds, run.seed).regrouped(dataset)
    check_trainable(apart, recipe.folds, run.seed)
    run.on_stage(f"encoding {len(dataset)} passages")
    with tempfile.TemporaryDirectory() as scratch:
        features = features_of(dataset, recipe, build_encoder(dataset, recipe, Path(scratch), run), run.texts)
    run.on_stage(f"cross-validating over {recipe.folds} folds")
    return held_out(apart, recipe, features, run).probabilities


def find_suspects(dataset: Dataset, probabilities: Array) -> Iterator[Suspect]:
    """The passages of which some label is likely wrong by `probabilities` (n, k) from models that have not seen it, the worst first."""
    from cleanlab.multilabel_classification.filter import find_multilabel_issues_per_class
    from cleanlab.multilabel_classification.rank import get_label_quality_scores

    twice = (1, 2) if len(dataset.codebook.names) == 1 else (1, 1)  # it takes two frames or more, so one is given twice
    labels = [row.nonzero()[0].tolist() for row in np.tile(dataset.labels, twice)]
    known = np.tile(probabilities, twice)
    wrong = find_multilabel_issues_per_class(labels, known, n_jobs=1)[:, : probabilities.shape[1]]
    quality = get_label_quality_scores(labels, known)
    for row in quality.argsort(kind="stable").tolist():
        if wrong[row].any():
            yield _suspect(dataset, row, wrong[row].nonzero()[0].tolist(), probabilities[row], float(quality[row]))


def _suspect(dataset: Dataset, row: int, frames: list[int], probabilities: Array, quality: float) -> Suspect:
    given = dataset.labels[row]
    by_confidence = sorted(frames, key=lambda frame: probabilities[frame] if given[frame] else 1 - probabilities[frame])
    names = dataset.codebook.names
    doubtful = tuple(DoubtfulFrame(names[frame], bool(given[frame]), float(probabilities[frame])) for frame in by_confidence)
    return Suspect(dataset.passages[row], doubtful, quality)
