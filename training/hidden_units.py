"""A hidden layer between vectors and heads, as a recipe asks for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HiddenUnits:
    """A hidden layer between vectors and heads: how it is made, from networks that learn each by itself and then stand side by side.

    Their log-odds are averaged; where they read parts, a text's best part is the one that is best on average.
    """

    units: int = 256
    """Of each network."""
    networks: int = 5
    penalty: float = 0.05
    """Of the squares of the weights, a batch: what `alpha` is to scikit-learn's MLPClassifier."""
    steps: int = 800
    """Of Adam, in each network; at least one epoch."""
    batch_size: int = 128
    learning_rate: float = 2e-3
    scale: float = 8.0
    """Unit vectors are multiplied by this, so that the weights over them stay small."""
    least_passages: int = 2000
    """With fewer to learn from, logistic regressions rank as well or better."""
    parts: bool = True
    """Whether they read the parts of a text beside the whole."""
