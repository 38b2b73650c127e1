"""How far coders agree: Krippendorff's alpha for nominal values with gaps, and the share of pairs that say the same.

K. Krippendorff, Content Analysis: An Introduction to Its Methodology, 4th ed., Sage 2018, chapter 12. He asks for an alpha of .800,
and for tentative conclusions at least .667. The package `krippendorff` does the same, but its licence (GPL) is stricter than ours.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from framing.errors import FramingError
from framing.labels.current import CodedText, CurrentLabels

RELIABLE, TENTATIVE = 0.8, 0.667

Counts = NDArray[np.int64]
"""(n, k): how many coders gave unit i the value j."""


@dataclass(frozen=True, slots=True)
class Figure:
    """How far coders agree on one thing."""

    alpha: float | None
    """1 for full agreement, 0 for what chance would give; None where it says nothing: every coder gave every text the same value."""
    agreement: float
    """Of all pairs of coders on one text, the share that says the same."""
    present: int
    """How many labels name the frame; for the whole answer, how many name any."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement over the texts that two or more coders have labelled."""

    texts: int
    coders: tuple[str, ...]
    disputed: int
    """Texts on which the coders' whole answers differ."""
    whole: Figure
    """The set of frames of a text as one value: only the very same set is the same."""
    frames: dict[str, Figure]


def agreement(current: CurrentLabels) -> Agreement:
    """Agreement of the coders; what adjudicators say does not count. Raises FramingError where no text has two coders."""
    texts = [text for text in current.texts if len(text.answers) > 1]
    if not texts:
        raise FramingError("no text was labelled by two coders, so there is nothing to compare")
    said = [[frozenset(kept.label.frames) for kept in text.answers] for text in texts]
    return Agreement(
        texts=len(texts),
        coders=tuple(sorted({kept.label.coder for text in texts for kept in text.answers})),
        disputed=sum(bool(text.disputed) for text in texts),
        whole=_figure(said, sum(bool(frames) for answers in said for frames in answers)),
        frames={name: _frame_figure(texts, name) for name in current.codebook.names},
    )


def alpha(counts: Counts) -> float | None:
    """Krippendorff's alpha of nominal values; units with fewer than two values do not count."""
    counts = counts[counts.sum(axis=1) > 1]
    sizes, total = counts.sum(axis=1), int(counts.sum())
    # Pairs of values of one unit that differ, each unit weighed by its number of values; and of any two values of all.
    observed = float(((sizes**2 - (counts**2).sum(axis=1)) / (sizes - 1)).sum()) / total if total else 0.0
    expected = (total**2 - int((counts.sum(axis=0) ** 2).sum())) / (total * (total - 1)) if total else 0.0
    return 1 - observed / expected if expected else None


def pairwise(counts: Counts) -> float:
    """Of all pairs of values that one unit was given, the share that is equal."""
    sizes = counts.sum(axis=1)
    return float((counts * (counts - 1)).sum() / (sizes * (sizes - 1)).sum())


def count_values(units: Sequence[Sequence[Hashable]]) -> Counts:
    """The values that each unit was given, counted; a coder who gave none is left out of the unit's list."""
    place = {value: at for at, value in enumerate(dict.fromkeys(value for unit in units for value in unit))}
    counts = np.zeros((len(units), len(place)), np.int64)
    for row, unit in enumerate(units):
        for value in unit:
            counts[row, place[value]] += 1
    return counts


def _frame_figure(texts: Sequence[CodedText], frame: str) -> Figure:
    said = [[frame in kept.label.frames for kept in text.answers] for text in texts]
    return _figure(said, sum(map(sum, said)))


def _figure(said: Sequence[Sequence[Hashable]], present: int) -> Figure:
    counts = count_values(said)
    return Figure(alpha(counts), pairwise(counts), present)
