"""How unsure a model is of a text, and of which frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from framing.heads import Array
from framing.model import Reading


@dataclass(frozen=True, slots=True)
class Doubt:
    """How unsure the model is of one text, and the frame that it is least sure of."""

    unsure: float
    """Mean over all frames: 1 where every probability is at its threshold, 0 where each is 0 or 1."""
    frame: str
    probability: float
    threshold: float


def doubts(reading: Reading, frames: Sequence[str]) -> list[Doubt]:
    """The doubt of each text that was read.

    Uncertainty sampling (Lewis and Gale, A Sequential Algorithm for Training Text Classifiers, SIGIR 1994), averaged over frames (one of
    the ways compared by Esuli and Sebastiani, Active Learning Strategies for Multi-Label Text Classification, ECIR 2009).
    """
    thresholds = np.array([reader.heads.thresholds for reader in reading.readers]).reshape(reading.probabilities.shape)
    unsure = unsureness(reading.probabilities, thresholds)
    found = []
    for row, frame in enumerate(unsure.argmax(axis=1).tolist()):
        probability, threshold = float(reading.probabilities[row, frame]), float(thresholds[row, frame])
        found.append(Doubt(float(unsure[row].mean()), frames[frame], probability, threshold))
    return found


def unsureness(probabilities: Array, thresholds: Array) -> Array:
    """From 1 at the threshold down to 0 at certainty, for probabilities and thresholds of one shape; thresholds lie between 0 and 1."""
    room = np.where(probabilities < thresholds, thresholds, 1 - thresholds)
    return 1 - np.abs(probabilities - thresholds) / room
