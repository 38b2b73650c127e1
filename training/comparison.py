"""What a comparison of two models holds: what goes in, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from framing.artifact import GoldenAnswer
from framing.data import Dataset
from framing.heads import Array
from framing.model import FramingModel
from framing.prediction import DECISIONS, Decision
from training.intervals import Figure
from training.learned import Learned
from training.metrics import Answers


@dataclass(frozen=True)
class Contender:
    """A model that is compared: what it is called, its golden answers, and what is known of its training."""

    name: str
    model: FramingModel
    golden: tuple[GoldenAnswer, ...] = ()
    data_digests: tuple[str, ...] = ()
    """Of the data sets that it has learned from, by its manifest."""
    run: str | None = None
    version: str | None = None
    learned: Learned | None = None
    """None: its run does not say."""


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """The passages that both models answer, and what they are called."""

    name: str
    dataset: Dataset


@dataclass(frozen=True)
class Change:
    """A measure of the old model and of the new one, and new minus old; `lost` is by how much the new one is worse.

    `losses` (draws,) are what is lost in each resample of groups; there are none where there were too few groups.
    """

    old: Figure
    new: Figure
    difference: Figure
    lost: float | None
    losses: Array

    @property
    def beyond_chance(self) -> int:
        """1 where the whole interval says better, -1 where it says worse, else 0."""
        if self.difference.low is None or self.difference.high is None or self.lost is None:
            return 0
        apart = self.difference.low > 0 or self.difference.high < 0
        return int(apart) * (1 if self.lost < 0 else -1)


@dataclass(frozen=True, slots=True)
class FrameFlip:
    """A frame of one passage that the two models decide otherwise; `label` is whether the passage carries it."""

    frame: str
    old: Decision
    new: Decision
    label: bool

    @property
    def right(self) -> tuple[bool, bool]:
        """Whether the old and the new decision agree with the label; `unsure` counts as not found."""
        return (self.old == "present") == self.label, (self.new == "present") == self.label


@dataclass(frozen=True, slots=True)
class Flip:
    """A passage that is answered otherwise; `was_right` and `is_right` are about all its frames."""

    id: str
    text: str
    frames: tuple[FrameFlip, ...]
    was_right: bool
    is_right: bool


@dataclass(frozen=True)
class Comparison:
    """What came of it: changes by the names of measures, `name` or `name/frame`, over the `frames` that both models know."""

    old: str
    new: str
    frames: tuple[str, ...]
    evaluation: EvaluationSet
    answers: tuple[Answers, Answers]
    """Of the old model and of the new one."""
    groups: int
    """That intervals are resampled by: those of the passages, near copies joined."""
    changes: Mapping[str, Change]
    notes: tuple[str, ...]

    @cached_property
    def flips(self) -> tuple[Flip, ...]:
        """The passages that are answered otherwise, in their order."""
        old, new = self.answers
        rows = np.flatnonzero((old.decisions != new.decisions).any(axis=1))
        return tuple(self._flip(int(row)) for row in rows)

    def _flip(self, row: int) -> Flip:
        old, new = self.answers
        frames = tuple(
            FrameFlip(frame, DECISIONS[old.decisions[row, at]], DECISIONS[new.decisions[row, at]], bool(old.labels[row, at]))
            for at, frame in enumerate(self.frames)
            if old.decisions[row, at] != new.decisions[row, at]
        )
        was, now = (bool((answers.found[row] == answers.labels[row]).all()) for answers in self.answers)
        passage = self.evaluation.dataset.passages[row]
        return Flip(passage.id, passage.text, frames, was, now)
