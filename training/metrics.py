"""Measures of multi-label answers.

Every measure takes a weight for each passage, so that the figure itself and all its resamples are one computation:
a resample of groups is a row of weights (see `training.intervals`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from framing.heads import PRESENT, UNSURE, Array
from training.intervals import DRAWS, Figure, bootstrapped

if TYPE_CHECKING:
    from framing.data import Dataset
    from framing.model import FramingModel
    from training.scores import Labels

Decisions = NDArray[np.int8]
BINS = 10


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model gave for n passages of k frames, beside the truth: `decisions` hold ABSENT, UNSURE or PRESENT."""

    probabilities: Array
    decisions: Decisions
    labels: Labels

    def rows(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Answers:
        """The answers for some of the passages."""
        return Answers(self.probabilities[rows], self.decisions[rows], self.labels[rows])

    @property
    def found(self) -> NDArray[np.bool_]:
        """Where a frame was called present (n, k); unsure is not found."""
        return np.asarray(self.decisions == PRESENT)


# Measures by frame: weights (draws, n) to (draws, k).


def f1(answers: Answers, weights: Array) -> Array:
    """Harmonic mean of precision and recall; nan where a frame is neither labelled nor found."""
    hits, found, labelled = _counts(answers, weights)
    return ratio_or_nan(2 * hits, found + labelled)


def precision(answers: Answers, weights: Array) -> Array:
    """Share of what was called present that is; nan where a frame is neither labelled nor found."""
    hits, found, labelled = _counts(answers, weights)
    return np.where(found + labelled > 0, _ratio(hits, found), np.nan)


def recall(answers: Answers, weights: Array) -> Array:
    """Share of a frame's passages that were called present; nan without one."""
    hits, _, labelled = _counts(answers, weights)
    return ratio_or_nan(hits, labelled)


def average_precision(answers: Answers, weights: Array) -> Array:
    """Mean of the precision at each of a frame's passages, by falling probability; nan without one. Ties share the last's."""
    frames = []
    for probabilities, labels in zip(answers.probabilities.T, answers.labels.T, strict=True):
        order = np.argsort(-probabilities, kind="stable")
        ranked = probabilities[order]
        last = np.searchsorted(-ranked, -ranked, side="right") - 1
        sorted_weights = weights[:, order]
        hits = sorted_weights * labels[order]
        precisions = _ratio(hits.cumsum(axis=1), sorted_weights.cumsum(axis=1))[:, last]
        total = hits.sum(axis=1)
        frames.append(ratio_or_nan((precisions * hits).sum(axis=1), total))
    return np.stack(frames, axis=1)


# Measures over all frames: weights (draws, n) to (draws,).


def macro_f1(answers: Answers, weights: Array) -> Array:
    """Mean F1 of the frames that are labelled or found."""
    return np.asarray(np.nanmean(f1(answers, weights), axis=1))


def micro_f1(answers: Answers, weights: Array) -> Array:
    """F1 over all decisions together; nan where no frame is labelled or found."""
    hits, found, labelled = (count.sum(axis=1) for count in _counts(answers, weights))
    return ratio_or_nan(2 * hits, found + labelled)


def mean_average_precision(answers: Answers, weights: Array) -> Array:
    """Mean over the frames that have a passage."""
    return np.asarray(np.nanmean(average_precision(answers, weights), axis=1))


def calibration_error(answers: Answers, weights: Array) -> Array:
    """Expected calibration error (Naeini et al. 2015) over ten bins of equal width, averaged over frames."""
    errors = np.zeros(len(weights))
    for probabilities, labels in zip(answers.probabilities.T, answers.labels.T, strict=True):
        bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
        gaps = weights @ (np.eye(BINS)[bins] * (probabilities - labels)[:, None])
        errors += _ratio(np.abs(gaps).sum(axis=1), weights.sum(axis=1))
    return np.asarray(errors / answers.labels.shape[1])


def brier(answers: Answers, weights: Array) -> Array:
    """Mean squared gap between probability and label."""
    return _ratio(weights @ ((answers.probabilities - answers.labels) ** 2).mean(axis=1), weights.sum(axis=1))


def coverage(answers: Answers, weights: Array) -> Array:
    """Share of decisions that are not unsure."""
    return _ratio(weights @ (answers.decisions != UNSURE).mean(axis=1), weights.sum(axis=1))


def risk(answers: Answers, weights: Array) -> Array:
    """Share of wrong decisions among those that are not unsure; nan where all are."""
    sure = answers.decisions != UNSURE
    wrong = (answers.found != answers.labels) & sure
    return ratio_or_nan(weights @ wrong.sum(axis=1), weights @ sure.sum(axis=1))


Measure = Callable[[Answers, Array], Array]
OVERALL: tuple[Measure, ...] = (macro_f1, micro_f1, mean_average_precision, calibration_error, brier, coverage, risk)
PER_FRAME: tuple[Measure, ...] = (f1, precision, recall, average_precision)
LOWER_IS_BETTER: tuple[Measure, ...] = (calibration_error, brier, risk)
WITHOUT_INTERVAL: tuple[Measure, ...] = (calibration_error,)
"""Noise within the bins of the calibration error only ever adds to it, so resamples lie above the value they should surround."""


def value(measure: Measure, answers: Answers) -> Array:
    """A measure of the answers as they are: a number, or one a frame (k,)."""
    return np.asarray(measure(answers, np.ones((1, len(answers.labels))))[0])


def measure_all(
    answers: Answers, frames: Sequence[str], groups: Sequence[str], draws: int = DRAWS, seed: int = 0, jobs: int = -1
) -> dict[str, Figure]:
    """Every measure, by `name` and `name/frame`, with percentile intervals over `draws` resamples of whole groups.

    Those of WITHOUT_INTERVAL never have one.
    """
    found = bootstrapped(lambda weights: every_measure(answers, weights), groups, draws, seed, jobs)
    figures = dict(zip(measure_names(frames), found, strict=True))
    return figures | {measure.__name__: Figure(figures[measure.__name__].value) for measure in WITHOUT_INTERVAL}


def measure_names(frames: Sequence[str]) -> list[str]:
    """The names of the m columns of `every_measure`: `name`, or `name/frame`."""
    return [measure.__name__ for measure in OVERALL] + [f"{measure.__name__}/{frame}" for measure in PER_FRAME for frame in frames]


def every_measure(answers: Answers, weights: Array) -> Array:
    """All measures of each draw (draws, m), in the order of `measure_names`."""
    overall = np.stack([measure(answers, weights) for measure in OVERALL], axis=1)
    return np.concatenate([overall, *(measure(answers, weights) for measure in PER_FRAME)], axis=1)


def answers_of(model: FramingModel, dataset: Dataset, frames: Sequence[str] | None = None) -> Answers:
    """What a model answers for the passages of a data set, each as one passage; for `frames` that both know, or all of the model's."""
    frames = model.codebook.names if frames is None else frames
    reading = model.read(dataset.texts)
    own, known = ([names.index(frame) for frame in frames] for names in (model.codebook.names, dataset.codebook.names))
    return Answers(reading.probabilities[:, own], reading.decisions[:, own], np.asarray(dataset.labels)[:, known])


def _counts(answers: Answers, weights: Array) -> tuple[Array, Array, Array]:
    """Weights of what was rightly found, found, and labelled, each (draws, k)."""
    return weights @ (answers.found & answers.labels), weights @ answers.found, weights @ answers.labels


def _ratio(part: Array, whole: Array) -> Array:
    return np.asarray(part / np.where(whole == 0, 1, whole))


def ratio_or_nan(part: Array, whole: Array) -> Array:
    """Part of the whole; nan where that is 0."""
    return np.where(whole > 0, _ratio(part, whole), np.nan)
