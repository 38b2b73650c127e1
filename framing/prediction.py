"""What a model answers: frozen values that speak for themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Decision = Literal["absent", "unsure", "present"]
DECISIONS: tuple[Decision, ...] = ("absent", "unsure", "present")
"""By their codes in arrays of decisions: 0, 1 and 2."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence that carries a frame; `start` and `end` are character offsets in the text that was given."""

    start: int
    end: int
    text: str
    probability: float
    """Probability of the frame when the model reads this sentence alone."""


@dataclass(frozen=True, slots=True)
class FrameAnswer:
    """One frame of one passage: present from `threshold` up, absent below `floor`, unsure between."""

    frame: str
    probability: float
    threshold: float
    floor: float
    decision: Decision
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class PassageAnswer:
    """One passage, `text[start:end]` of the document; `left_out` says why it was not scored, and then `frames` is empty."""

    start: int
    end: int
    text: str
    frames: tuple[FrameAnswer, ...] = ()
    language: str = "en"
    truncated: bool = False
    left_out: str | None = None
    warnings: tuple[str, ...] = ()
    model: str = ""
    """Name and version of the model that answered, `name:version`; empty if the passage was left out."""

    @property
    def present(self) -> tuple[str, ...]:
        """Names of the frames that are present."""
        return tuple(answer.frame for answer in self.frames if answer.decision == "present")


@dataclass(frozen=True, slots=True)
class ProfileEntry:
    """How much of a document's scored text (share of its characters, 0 to 1) carries a frame, surely or perhaps."""

    frame: str
    present: float
    unsure: float


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model answered."""

    name: str
    version: str
    codebook: str
    """The codebook's digest."""
    run: str | None
    """The MLflow run that trained it, if one is known."""

    def __str__(self) -> str:
        return f"{self.name}:{self.version}"


@dataclass(frozen=True, slots=True)
class DocumentAnswer:
    """All passages of one text in order, and the profile of the whole."""

    passages: tuple[PassageAnswer, ...]
    profile: tuple[ProfileEntry, ...]
    model: ModelIdentity

    @property
    def left_out(self) -> tuple[PassageAnswer, ...]:
        """The passages that were not scored."""
        return tuple(passage for passage in self.passages if passage.left_out is not None)
