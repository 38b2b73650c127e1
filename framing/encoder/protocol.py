"""What every encoder is, whatever it is made of."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from framing.errors import EncoderError

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class EncodedTexts:
    """Vectors (n, dimensions) float32 of unit length, and whether each text was longer than the encoder reads (n,)."""

    vectors: Vectors
    truncated: NDArray[np.bool_]


class Encoder(Protocol):
    """Anything that turns texts into unit vectors, the same vector for the same text whatever else is encoded beside it."""

    @property
    def fingerprint(self) -> str:
        """Equal for two encoders only if they give equal vectors."""

    @property
    def dimensions(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> EncodedTexts: ...


THREADS = "FRAMING_THREADS"
"""Environment variable: how many cores to use at most, for whoever runs several processes on a machine."""


def available_cores() -> int:
    """Cores this process may use, at least 1. Raises EncoderError for an environment that asks for no number of them."""
    asked = os.environ.get(THREADS)
    if asked:
        if not asked.isdecimal() or int(asked) < 1:
            raise EncoderError(f"{THREADS} is '{asked}'; accepted is a whole number from 1 up")
        return min(int(asked), _cores())
    return _cores()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
