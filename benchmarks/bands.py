"""A cascade on paper: for which probabilities a quick first tier is not sure, and what the two tiers answer together.

Bands are chosen on answers for passages that neither tier was trained on, and judged on others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from framing.heads import Array
from training.folds import split_groups
from training.metrics import Answers, macro_f1, value

PARTS = 5
"""Parts of the groups: bands for each are chosen on the others."""
STEPS = (0.005, 0.02)
"""A band grows by one of these shares of the passages at a time; a longer step looks past a stretch where the tiers agree."""

Asked = NDArray[np.bool_]
"""Which passages go on to the second tier (n,)."""


@dataclass(frozen=True, slots=True)
class Tiers:
    """What the first and the second tier answer for the same n passages."""

    first: Answers
    second: Answers

    def rows(self, rows: NDArray[np.intp]) -> Tiers:
        """The answers for some of the passages."""
        return Tiers(self.first.rows(rows), self.second.rows(rows))

    def together(self, asked: Asked) -> Answers:
        """The second tier's answers where it is asked, for every frame, and the first tier's elsewhere."""
        pick = asked[:, None]
        return Answers(
            np.where(pick, self.second.probabilities, self.first.probabilities),
            np.where(pick, self.second.decisions, self.first.decisions),
            self.first.labels,
        )


@dataclass(frozen=True, slots=True)
class Bands:
    """For each frame the probabilities, from `lows` (k,) to below `highs` (k,), of which the first tier is not sure."""

    lows: Array
    highs: Array

    def asked(self, probabilities: Array) -> Asked:
        """The passages (n,) of which some frame's probability (n, k) lies in its band: one run of an encoder answers all frames."""
        return np.asarray(((probabilities >= self.lows) & (probabilities < self.highs)).any(axis=1))


def choose_bands(tiers: Tiers, allowed: float) -> Bands:
    """Narrow bands with which the two tiers lose at most `allowed` of the second's macro F1 on these passages.

    Greedy: they grow from nothing, each time the one end of one frame's band that gains the most macro F1 for a passage asked.
    """
    enough = _macro_f1(tiers.second) - allowed
    bands = _empty_bands(tiers.first)
    asked = bands.asked(tiers.first.probabilities)
    reached = _macro_f1(tiers.first)
    while reached < enough and not asked.all():
        best = -np.inf
        for wider in list(_wider(bands, tiers.first.probabilities, asked)):
            now = wider.asked(tiers.first.probabilities)
            found = _macro_f1(tiers.together(now))
            gain = (found - reached) / (now.sum() - asked.sum())
            if gain > best:
                best, chosen = gain, (wider, now, found)
        bands, asked, reached = chosen
    return bands


def cross_fitted(tiers: Tiers, groups: Sequence[str], allowed: float, seed: int = 0) -> Asked:
    """The passages (n,) that are asked by bands which were chosen on other groups alone."""
    asked = np.zeros(len(groups), np.bool_)
    for rest, part in split_groups(groups, PARTS, seed):
        asked[part] = choose_bands(tiers.rows(rest), allowed).asked(tiers.first.probabilities[part])
    return asked


def _macro_f1(answers: Answers) -> float:
    return float(value(macro_f1, answers))


def _empty_bands(answers: Answers) -> Bands:
    """Bands of no width, between what is found and what is not; cuts differ a little from fold to fold."""
    above = np.where(answers.found, answers.probabilities, 1.0).min(axis=0)
    below = np.where(answers.found, 0.0, answers.probabilities).max(axis=0)
    middle = (above + below) / 2
    return Bands(middle, middle)


def _wider(bands: Bands, probabilities: Array, asked: Asked) -> Iterator[Bands]:
    """Each band with each end moved on by each of STEPS, counted in passages that are not asked yet."""
    for frame in range(len(bands.lows)):
        free = np.sort(probabilities[~asked, frame])
        below, above = free[free < bands.lows[frame]][::-1], free[free >= bands.highs[frame]]
        for step in STEPS:
            last = max(1, round(step * len(probabilities))) - 1
            if len(below):
                yield replace(bands, lows=_moved(bands.lows, frame, below[min(last, len(below) - 1)]))
            if len(above):
                yield replace(bands, highs=_moved(bands.highs, frame, np.nextafter(above[min(last, len(above) - 1)], 2)))


def _moved(ends: Array, frame: int, end: float) -> Array:
    return np.where(np.arange(len(ends)) == frame, end, ends)
