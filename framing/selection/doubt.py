"""How unsure a model is of a text, and of which frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from framing.heads import Array
from framing.model import Reading


@dataclass(frozen=True, slots=True)
class Doubt:
    """The frame that the model is least sure of in one text."""

    frame: str
    probability: float
    threshold: float
    unsure: float
    """1 where the probability is at the threshold, 0 where it is 0 or 1."""


def doubts(reading: Reading, frames: Sequence[str]) -> list[Doubt]:
    """The greatest doubt of each text that was read.

    Uncertainty sampling (Lewis and Gale, A Sequential Algorithm for Training Text Classifiers, SIGIR 1994); of several frames the one
    nearest to its threshold speaks for the text (Brinker, On Active Learning in Multi-label Classification, 2006).
    """
    thresholds = np.array([reader.heads.thresholds for reader in reading.readers]).reshape(reading.probabilities.shape)
    unsure = unsureness(reading.probabilities, thresholds)
    found = []
    for row, frame in enumerate(unsure.argmax(axis=1).tolist()):
        at = row, frame
        found.append(Doubt(frames[frame], float(reading.probabilities[at]), float(thresholds[at]), float(unsure[at])))
    return found


def unsureness(probabilities: Array, thresholds: Array) -> Array:
    """From 1 at the threshold down to 0 at certainty, for probabilities and thresholds of one shape; thresholds lie between 0 and 1."""
    room = np.where(probabilities < thresholds, thresholds, 1 - thresholds)
    return 1 - np.abs(probabilities - thresholds) / room
