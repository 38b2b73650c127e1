"""Whether figures hold: on contrast pairs, at other shares of frames, and among the surest answers; each with intervals over groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from framing.data import Dataset
from framing.heads import ABSENT, PRESENT, Array
from training.intervals import DRAWS, Figure, bootstrapped, figure_of
from training.metrics import Answers, ratio_or_nan
from training.slices import Slice, slices
from training.thresholds import best_cut

SHARES = (0.05, 0.1, 0.2, 0.4)
STEPS = 10


@dataclass(frozen=True, slots=True)
class ContrastPairs:
    """Pairs of passages of one group of which one carries a frame and the other does not, over all frames.

    `ranked` is the share in which the carrier has the higher probability, `decided` that in which both decisions are right.
    """

    pairs: int
    ranked: Figure
    decided: Figure


@dataclass(frozen=True, slots=True)
class AtShare:
    """Figures were each frame's share of the passages `share`: `f1` (k) with the cut points as they are, and its mean over frames.

    `best_cuts` (k) would give the best F1 at that share, `best_f1` (k): taken on the same answers, so they flatter a little.
    """

    share: float
    macro_f1: Figure
    f1: tuple[Figure, ...]
    best_cuts: tuple[Figure, ...]
    best_f1: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class RiskAt:
    """Share of wrong decisions among the surest `coverage` of them, were every frame cut at .5."""

    coverage: float
    risk: Figure


@dataclass(frozen=True)
class Robustness:
    """All of this for one set of answers; slices by what they are cut by."""

    contrast: ContrastPairs
    shares: tuple[AtShare, ...]
    slices: dict[str, tuple[Slice, ...]]
    curve: tuple[RiskAt, ...]


def robustness(answers: Answers, dataset: Dataset, groups: Sequence[str], draws: int = DRAWS) -> Robustness:
    """Contrast pairs, shares, slices and the risk curve of the answers for the passages of `dataset`.

    `groups` (n,) are those to resample, its own with those of near copies joined.
    """
    return Robustness(
        contrast_pairs(answers, dataset.groups, groups, draws),
        f1_at_shares(answers, groups, draws=draws),
        slices(answers, dataset.passages, dataset.codebook.names, groups, draws),
        risk_coverage(answers, groups, draws=draws),
    )


def contrast_pairs(
    answers: Answers, groups: Sequence[str], resampled: Sequence[str] | None = None, draws: int = DRAWS, seed: int = 0
) -> ContrastPairs:
    """Judge every pair within `groups`; intervals resample them, or the larger groups `resampled` in which they lie.

    Groups weigh by their pairs, so a long article counts more than a pair of sentences.
    """
    _, firsts, codes = np.unique(np.asarray(groups), return_index=True, return_inverse=True)
    counts = np.array([_judged_pairs(answers.rows(codes == group)) for group in range(len(firsts))], np.float64)

    def measured(weights: Array) -> Array:
        pairs, *right = (weights[:, firsts] @ counts).T
        return np.stack([ratio_or_nan(count, pairs) for count in right], axis=1)

    ranked, decided = bootstrapped(measured, groups if resampled is None else resampled, draws, seed)
    return ContrastPairs(int(counts[:, 0].sum()), ranked, decided)


def _judged_pairs(group: Answers) -> tuple[int, int, int]:
    """Of one group, over frames: pairs, those ranked rightly, and those with both decisions right."""
    pairs = ranked = decided = 0
    for labels, probabilities, found in zip(group.labels.T, group.probabilities.T, group.found.T, strict=True):
        pairs += labels.sum() * (~labels).sum()
        ranked += (probabilities[labels][:, None] > probabilities[~labels][None, :]).sum()
        decided += found[labels].sum() * (~found[~labels]).sum()
    return int(pairs), int(ranked), int(decided)


def f1_at_shares(
    answers: Answers, groups: Sequence[str], shares: Sequence[float] = SHARES, draws: int = DRAWS, seed: int = 0
) -> tuple[AtShare, ...]:
    """F1 with the cut points as they are, at other shares of a frame.

    Passages without the frame are weighed up or down until the share is met, one frame at a time.
    """
    return tuple(_at_share(answers, groups, share, draws, seed) for share in shares)


def _at_share(answers: Answers, groups: Sequence[str], share: float, draws: int, seed: int) -> AtShare:
    def measured(weights: Array) -> Array:
        by_frame = _f1_at(answers, weights, share)
        return np.column_stack([np.nanmean(by_frame, axis=1), by_frame])

    macro, *by_frame = bootstrapped(measured, groups, draws, seed)
    cuts = _best_cuts(answers, share)
    recut = Answers(answers.probabilities, np.where(answers.probabilities >= cuts, PRESENT, ABSENT).astype(np.int8), answers.labels)
    best = bootstrapped(lambda weights: _f1_at(recut, weights, share), groups, draws=0)
    return AtShare(share, macro, tuple(by_frame), tuple(map(figure_of, cuts)), tuple(best))


def _f1_at(answers: Answers, weights: Array, share: float) -> Array:
    carried, hits = weights @ answers.labels, weights @ (answers.found & answers.labels)
    wrong = weights @ (answers.found & ~answers.labels) * _without(carried, weights @ ~answers.labels, share)
    return ratio_or_nan(2 * hits, hits + wrong + carried)


def _without(carried: Array, rest: Array, share: float) -> Array:
    """What a passage without the frame must weigh for those that carry it to be `share` of all."""
    return np.asarray(carried * (1 - share) / (share * np.maximum(rest, 1e-9)))


def _best_cuts(answers: Answers, share: float) -> Array:
    carried = answers.labels.sum(axis=0).astype(float)
    without = _without(carried, len(answers.labels) - carried, share)
    columns = zip(answers.probabilities.T, answers.labels.T, without, strict=True)
    return np.array([best_cut(probabilities, labels, weight) if labels.any() else np.nan for probabilities, labels, weight in columns])


def risk_coverage(answers: Answers, groups: Sequence[str], steps: int = STEPS, draws: int = DRAWS, seed: int = 0) -> tuple[RiskAt, ...]:
    """Risk among the surest share of decisions, for growing shares: what a wider `unsure` band would leave, and at what risk."""
    confidence = np.abs(answers.probabilities - 0.5).ravel()
    order = np.argsort(-confidence, kind="stable")
    passages = order // answers.labels.shape[1]
    wrong: NDArray[np.bool_] = ((answers.probabilities >= 0.5) != answers.labels).ravel()[order]
    coverages = np.arange(1, steps + 1) / steps

    def measured(weights: Array) -> Array:
        return np.array([_risks(row[passages], wrong, coverages) for row in weights])

    figures = bootstrapped(measured, groups, draws, seed)
    return tuple(RiskAt(float(coverage), figure) for coverage, figure in zip(coverages, figures, strict=True))


def _risks(weights: Array, wrong: NDArray[np.bool_], coverages: Array) -> Array:
    """Share of wrong decisions, weighed and surest first, up to each coverage."""
    kept, errors = weights.cumsum(), (weights * wrong).cumsum()
    last = np.minimum(np.searchsorted(kept, coverages * kept[-1] - 1e-9), len(kept) - 1)
    return np.asarray(errors[last] / np.maximum(kept[last], 1e-12))
