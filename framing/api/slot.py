"""Where the server keeps the model that answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from framing.model import FramingModel


@dataclass(frozen=True)
class ServedModel:
    """A model and what is known of its making: one value, so that no answer mixes two models."""

    model: FramingModel
    details: Mapping[str, Any] = field(default_factory=dict)
    """Plain JSON values: metrics, training data and the like."""


@dataclass
class ModelSlot:
    """Holds the model that answers now, or None before one is loaded.

    A request takes `current` once and keeps it to its end; whoever replaces it assigns a whole new value.
    """

    current: ServedModel | None = None
    problem: str | None = None
    """Why what stands in the model folder now cannot answer, while `current` goes on."""
