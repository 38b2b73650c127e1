"""Precision-recall and reliability as figures: the only door to matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve

from training.metrics import BINS, Answers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def precision_recall_figure(answers: Answers, frames: Sequence[str]) -> Figure:
    """One curve a frame."""
    figure, axes = _square("recall", "precision", "Precision and recall")
    for column, frame in enumerate(frames):
        precision, recall, _ = precision_recall_curve(answers.labels[:, column], answers.probabilities[:, column])
        axes.step(recall, precision, where="post", label=frame)
    axes.legend()
    return figure


def reliability_figure(answers: Answers, frames: Sequence[str]) -> Figure:
    """Share of passages that carry a frame against the probability given, one line a frame; the diagonal is perfect."""
    figure, axes = _square("probability", "share with the frame", "Reliability")
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":")
    for column, frame in enumerate(frames):
        share, probability = calibration_curve(answers.labels[:, column], np.clip(answers.probabilities[:, column], 0, 1), n_bins=BINS)
        axes.plot(probability, share, marker="o", label=frame)
    axes.legend()
    return figure


def _square(x: str, y: str, title: str) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.subplots()
    axes.set(xlabel=x, ylabel=y, title=title, xlim=(0, 1.01), ylim=(0, 1.01))
    return figure, axes
