"""Whether figures hold: on contrast pairs, in slices, and at other shares of frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from framing.data import LabelledPassage
from framing.heads import Array
from training.metrics import Answers, f1, micro_f1, value

SHARES = (0.05, 0.1, 0.2, 0.4)
_SHORT, _LONG = 30, 60


@dataclass(frozen=True, slots=True)
class ContrastPairs:
    """Pairs of passages of one group of which one carries a frame and the other does not, over all frames.

    `ranked` is the share in which the carrier has the higher probability, `decided` that in which both decisions are right.
    """

    pairs: int
    ranked: float
    decided: float


@dataclass(frozen=True, slots=True)
class Slice:
    """One part of the passages: how many, how many labels they carry, and F1 over all their decisions (micro)."""

    name: str
    passages: int
    labels: int
    micro_f1: float


def contrast_pairs(answers: Answers, groups: Sequence[str]) -> ContrastPairs:
    """Judge every pair. Groups weigh by their pairs, so a long article counts more than a pair of sentences."""
    pairs = ranked = decided = 0
    codes = np.unique(np.asarray(groups), return_inverse=True)[1]
    for group in range(codes.max() + 1):
        rows = np.flatnonzero(codes == group)
        for frame in range(answers.labels.shape[1]):
            labels, probabilities, found = (part[rows, frame] for part in (answers.labels, answers.probabilities, answers.found))
            pairs += labels.sum() * (~labels).sum()
            ranked += (probabilities[labels][:, None] > probabilities[~labels][None, :]).sum()
            decided += found[labels].sum() * (~found[~labels]).sum()
    return ContrastPairs(int(pairs), float(ranked / max(pairs, 1)), float(decided / max(pairs, 1)))


def kind_of(passage: LabelledPassage) -> str:
    """The part of the data a passage belongs to: what stands before the first hyphen of its id."""
    return passage.id.partition("-")[0]


def length_of(passage: LabelledPassage) -> str:
    """Short, middle or long, by words."""
    words = len(passage.text.split())
    return f"under {_SHORT} words" if words < _SHORT else f"{_SHORT} to {_LONG} words" if words <= _LONG else f"over {_LONG} words"


SLICES: dict[str, Callable[[LabelledPassage], str]] = {
    "style": lambda passage: passage.style or "none given",
    "length": length_of,
    "language": lambda passage: passage.language or "en",
    "kind": kind_of,
}


def slices(answers: Answers, passages: Sequence[LabelledPassage]) -> dict[str, tuple[Slice, ...]]:
    """The answers cut by style, length, language and kind."""
    return {by: tuple(_slices(answers, [name_of(passage) for passage in passages])) for by, name_of in SLICES.items()}


def _slices(answers: Answers, names: Sequence[str]) -> list[Slice]:
    found = []
    for name in sorted(set(names)):
        part = answers.rows(np.array([other == name for other in names]))
        found.append(Slice(name, len(part.labels), int(part.labels.sum()), float(value(micro_f1, part))))
    return found


def f1_at_shares(answers: Answers, shares: Sequence[float] = SHARES) -> dict[float, Array]:
    """F1 of each frame (k,) with the cut points as they are, were the frame's share of passages each of `shares`.

    Passages without the frame are weighed up or down until the share is met, one frame at a time.
    """
    present = answers.labels.mean(axis=0)
    return {share: np.array([_f1_at(answers, frame, share, present[frame]) for frame in range(len(present))]) for share in shares}


def _f1_at(answers: Answers, frame: int, share: float, present: float) -> float:
    without = present * (1 - share) / (share * max(1 - present, 1e-9))
    weights = np.where(answers.labels[:, frame], 1.0, without)[None, :]
    return float(f1(answers, weights)[0, frame])


def risk_coverage(answers: Answers, steps: int = 10) -> list[tuple[float, float]]:
    """Share of wrong decisions at .5 among the surest share of decisions, for growing shares: (coverage, risk)."""
    confidence = np.abs(answers.probabilities - 0.5).ravel()
    wrong: NDArray[np.bool_] = ((answers.probabilities >= 0.5) != answers.labels).ravel()[np.argsort(-confidence, kind="stable")]
    kept = [max(1, round(len(wrong) * step / steps)) for step in range(1, steps + 1)]
    return [(count / len(wrong), float(wrong[:count].mean())) for count in kept]
