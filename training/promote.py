"""The promotion rule: whether a challenger may take the champion's place, and why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from framing.data import Dataset
from framing.model import FramingModel
from training.metrics import Answers, f1, value


@dataclass(frozen=True, slots=True)
class PromotionRule:
    """The challenger's macro F1, and each frame's F1, may be lower than the champion's by at most this, on the same passages."""

    macro_f1_loss: float = 0.0
    frame_f1_loss: float = 0.03


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the rule lets a challenger pass, and the sentences that say why."""

    passed: bool
    reasons: tuple[str, ...]


def judge(challenger: FramingModel, champion: FramingModel | None, evaluation: Dataset, rule: PromotionRule = PromotionRule()) -> Verdict:
    """Score both on the same evaluation passages, which neither was trained on, and apply the rule."""
    if champion is None:
        return Verdict(True, ("there is no champion yet",))
    if champion.codebook.names != challenger.codebook.names:
        return Verdict(False, ("the champion labels by another codebook; a forced promotion needs a new registry name",))
    new, old = (value(f1, answers_of(model, evaluation)) for model in (challenger, champion))
    fresh, stale = float(np.nanmean(new)), float(np.nanmean(old))
    reasons = [f"macro F1 {fresh:.3f} against the champion's {stale:.3f} on {len(evaluation)} passages"]
    passed = fresh >= stale - rule.macro_f1_loss
    for frame, fresh, stale in zip(evaluation.codebook.names, new, old, strict=True):
        if fresh < stale - rule.frame_f1_loss:
            passed = False
            reasons.append(f"{frame} falls from F1 {stale:.3f} to {fresh:.3f}, by more than {rule.frame_f1_loss}")
    return Verdict(passed, tuple(reasons))


def answers_of(model: FramingModel, dataset: Dataset) -> Answers:
    """What a model answers for the passages of a data set, each as one passage."""
    reading = model.read(dataset.texts)
    return Answers(reading.probabilities, reading.decisions, np.asarray(dataset.labels))
