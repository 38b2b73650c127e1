"""What a model has learned from: texts by their digest, with labels and groups, so that new labels can be told from old ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from framing.data import Dataset
from framing.errors import TrainingError
from framing.labels.label import text_digest


@dataclass(frozen=True)
class Learned:
    """Labelled texts without their wording: `labels` are pairs of a text's digest and its frames, `groups` those they stand in."""

    labels: frozenset[tuple[str, tuple[str, ...]]]
    groups: frozenset[str]

    def __or__(self, later: Learned) -> Learned:
        """What is known after both; on a text that both hold, the later labels count."""
        said_again = later.texts
        kept = frozenset(label for label in self.labels if label[0] not in said_again)
        return Learned(kept | later.labels, self.groups | later.groups)

    def new_in(self, dataset: Dataset) -> NewLabels:
        """The passages of `dataset` that are not here with the same labels."""
        rows = [row for row, label in enumerate(_labels(dataset)) if label not in self.labels]
        fresh, known = dataset.subset(rows), self.texts
        corrected = sum(text_digest(text) in known for text in fresh.texts)
        beside = sum(group in self.groups for group in fresh.groups)
        return NewLabels(fresh, corrected, beside)

    @property
    def texts(self) -> frozenset[str]:
        """The texts' digests."""
        return frozenset(text for text, _ in self.labels)

    def overlap(self, evaluation: Dataset) -> str | None:
        """How many of these texts and groups stand among the evaluation passages, as a sentence; None if none does."""
        also = learned_from(evaluation)
        texts, groups = len(self.texts & also.texts), len(self.groups & also.groups)
        if not texts and not groups:
            return None
        found = f"{texts} texts and {groups} groups"
        return f"{found} of the evaluation passages stand in the training data too; figures on them would mean nothing"

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, in the shape `read_learned` takes."""
        return {"labels": sorted([text, *frames] for text, frames in self.labels), "groups": sorted(self.groups)}


@dataclass(frozen=True)
class NewLabels:
    """Passages that are new to a model. Of `corrected` it learned the text with other labels; `beside` stand in groups it knows."""

    passages: Dataset
    corrected: int
    beside: int


def learned_from(dataset: Dataset) -> Learned:
    """What a model has learned once it was trained on `dataset`."""
    return Learned(frozenset(_labels(dataset)), frozenset(dataset.groups))


def read_learned(content: Mapping[str, Any], source: str) -> Learned:
    """The inverse of `as_dict`. Raises TrainingError, naming the source."""
    try:
        return Learned(frozenset((text, tuple(frames)) for text, *frames in content["labels"]), frozenset(content["groups"]))
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"{source} is no list of labels that a model has learned from") from error


def _labels(dataset: Dataset) -> list[tuple[str, tuple[str, ...]]]:
    return [(text_digest(passage.text), tuple(sorted(passage.frames))) for passage in dataset.passages]
