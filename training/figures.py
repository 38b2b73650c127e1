"""Precision and recall, reliability, risk and other shares of frames as figures: the only door to matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve

from framing.heads import Array
from training.intervals import Figure as Measured
from training.metrics import BINS, Answers, coverage, risk, value
from training.robustness import AtShare, RiskAt
from training.scores import Labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D


def precision_recall_figure(answers: Answers, frames: Sequence[str]) -> Figure:
    """One curve a frame; a frame that no passage carries has none."""
    figure, axes = _square("recall", "precision", "Precision and recall")
    for column, frame in enumerate(frames):
        if not answers.labels[:, column].any():
            continue
        precision, recall, _ = precision_recall_curve(answers.labels[:, column], answers.probabilities[:, column])
        axes.step(recall, precision, where="post", label=frame)
    axes.legend()
    return figure


def reliability_figure(answers: Answers, frames: Sequence[str]) -> Figure:
    """Share of passages that carry a frame against the probability given, one line a frame; the diagonal is perfect."""
    return _reliability("Reliability", frames, list(zip(answers.labels.T, answers.probabilities.T, strict=True)))


def risk_coverage_figure(curve: Sequence[RiskAt], answers: Answers) -> Figure:
    """Wrong decisions among the surest part, were every frame cut at .5, and where the `unsure` band as it is stands."""
    figure, axes = _square("coverage: share of decisions taken", "risk: share of these that are wrong", "Risk against coverage")
    coverages = [at.coverage for at in curve]
    _line_with_band(axes, coverages, [at.risk for at in curve], "surest decisions first")
    taken, wrong = float(value(coverage, answers)), float(value(risk, answers))
    axes.plot([taken], [wrong], marker="D", linestyle="", color="black", label="unsure band as it is")
    axes.set_ylim(0, max(0.05, 1.2 * max([wrong, *(at.risk.high or at.risk.value or 0 for at in curve)])))
    axes.legend()
    return figure


def shares_figure(shares: Sequence[AtShare], frames: Sequence[str]) -> Figure:
    """F1 against the share of a frame: with the cut points as they are, and dotted with the best ones for that share."""
    figure, axes = _square("share of passages with the frame", "F1", "Other shares of a frame")
    at = [one.share for one in shares]
    for column, frame in enumerate(frames):
        line = _line_with_band(axes, at, [one.f1[column] for one in shares], frame)
        axes.plot(at, [_height(one.best_f1[column]) for one in shares], linestyle=":", color=line.get_color())
    axes.set_xlim(0, max(at) * 1.05)
    axes.legend(title="dotted: best cut for the share")
    return figure


def differences_figure(names: Sequence[str], differences: Sequence[Measured]) -> Figure:
    """New minus old with its interval, a line for each measure; right of zero the new one is higher."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 1.2 + 0.32 * len(names)), layout="constrained")
    axes = figure.subplots()
    axes.axvline(0, color="grey", linestyle=":")
    for row, one in enumerate(differences):
        low, high = (_height(one) if end is None else end for end in (one.low, one.high))
        axes.plot([low, high], [row, row], color="tab:blue", linewidth=2)
        axes.plot([_height(one)], [row], marker="o", color="tab:blue")
    axes.set(xlabel="new minus old", title="Differences")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    return figure


def calibration_figure(names: Sequence[str], everyone: Sequence[Answers]) -> Figure:
    """Reliability over the decisions of all frames together, one line for each model."""
    pooled = [(answers.labels.ravel(), answers.probabilities.ravel()) for answers in everyone]
    return _reliability("Reliability, all frames together", names, pooled)


def _reliability(title: str, names: Sequence[str], lines: Sequence[tuple[Labels, Array]]) -> Figure:
    """A line for each name, of labels (n,) and probabilities (n,)."""
    figure, axes = _square("probability", "share with the frame", title)
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":")
    for name, (labels, probabilities) in zip(names, lines, strict=True):
        share, probability = calibration_curve(labels, np.clip(probabilities, 0, 1), n_bins=BINS)
        axes.plot(probability, share, marker="o", label=name)
    axes.legend()
    return figure


def _height(measured: Measured) -> float:
    return np.nan if measured.value is None else measured.value


def _line_with_band(axes: Axes, x: Sequence[float], measured: Sequence[Measured], label: str) -> Line2D:
    """A line through the values, its intervals shaded where there are any."""
    (line,) = axes.plot(x, [_height(one) for one in measured], marker="o", label=label)
    low = [np.nan if one.low is None else one.low for one in measured]
    high = [np.nan if one.high is None else one.high for one in measured]
    axes.fill_between(x, low, high, color=line.get_color(), alpha=0.15, linewidth=0)
    return line


def _square(x: str, y: str, title: str) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 6))  # no constrained layout, which draws everything several times
    axes = figure.subplots()
    axes.set(xlabel=x, ylabel=y, title=title, xlim=(0, 1.01), ylim=(0, 1.01))
    return figure, axes
