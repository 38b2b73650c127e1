"""A hidden layer between vectors and heads, as a recipe asks for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HiddenUnits:
    """A hidden layer between vectors and heads: how it is made, from networks that stand side by side and whose log-odds are averaged."""

    units: int = 128
    """Of each network."""
    networks: int = 3
    penalty: float = 0.05
    """`alpha` of scikit-learn's MLPClassifier."""
    steps: int = 800
    """Of Adam, in each network; at least one epoch."""
    batch_size: int = 128
    learning_rate: float = 2e-3
    scale: float = 8.0
    """Unit vectors are multiplied by this, so that the weights over them stay small."""
    least_passages: int = 2000
    """With fewer to learn from, logistic regressions rank as well or better."""
