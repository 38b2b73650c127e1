"""Figures with 95% intervals, bootstrapped over groups.

What is measured is a function of weights (draws, n), one for each passage: a resample of groups is a row of weights.
Passages of one group are alike, so resampling single passages would give intervals that are too narrow.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from framing.heads import Array
from training.parallel import in_threads

DRAWS = 1000
FEWEST_GROUPS = 10
_CHUNK = 50

Statistic = Callable[[Array], Array]
"""Weights (draws, n) to measures (draws, m); nan where a draw has nothing to measure."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure and its 95% interval; None where there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        if self.value is None:
            return "-"
        return f"{self.value:.3f}" if self.low is None else f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class Resampled:
    """m measures over all passages, `values` (m,), and over resamples of their groups, `draws` (draws, m), of which there may be none."""

    values: Array
    draws: Array

    def figures(self) -> list[Figure]:
        """Each measure with its percentile interval, if there are draws."""
        if not len(self.draws):
            return [figure_of(value) for value in self.values]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # what stands nowhere is nan in every draw
            low, high = np.nanpercentile(self.draws, (2.5, 97.5), axis=0)
        return [Figure(*map(_number, row)) for row in zip(self.values, low, high, strict=True)]


def bootstrapped(statistic: Statistic, groups: Sequence[str], draws: int = DRAWS, seed: int = 0, jobs: int = 1) -> list[Figure]:
    """Each of the m measures with its percentile interval over `draws` resamples of whole groups, where `resampled` gives any."""
    return resampled(statistic, groups, draws, seed, jobs).figures()


def resampled(statistic: Statistic, groups: Sequence[str], draws: int = DRAWS, seed: int = 0, jobs: int = 1) -> Resampled:
    """Each of the m measures over all passages, and over `draws` resamples of whole groups.

    There are no resamples of fewer than FEWEST_GROUPS groups, which would be too alike. Measures of two models on the same
    passages belong into one statistic: their difference in each draw is then that of a paired bootstrap (Efron and Tibshirani 1993).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        values = statistic(np.ones((1, len(groups))))[0]
        if not draws or len(set(groups)) < FEWEST_GROUPS:
            return Resampled(values, np.empty((0, len(values))))
        weights = _weights(tuple(groups), draws, seed)
        chunks = [weights[start : start + _CHUNK] for start in range(0, draws, _CHUNK)]
        return Resampled(values, np.concatenate(in_threads(statistic, chunks, jobs)))


def group_weights(groups: Sequence[str], draws: int, seed: int = 0) -> Array:
    """How often each passage stands in each of `draws` resamples (draws, n) of the groups."""
    _, members = np.unique(np.asarray(groups), return_inverse=True)
    count = int(members.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=draws)
    return np.asarray(drawn[:, members], np.float64)


@lru_cache(maxsize=1)  # all that is measured of one set of answers resamples the same groups
def _weights(groups: tuple[str, ...], draws: int, seed: int) -> Array:
    weights = group_weights(groups, draws, seed)
    weights.flags.writeable = False  # every statistic is handed the same
    return weights


def figure_of(value: float) -> Figure:
    """A number without an interval; nan is none."""
    return Figure(_number(value))


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
