"""Which passages a model was trained on, as its run remembers it: enough to know them again, and none of their text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from framing.data import Dataset, own_group


@dataclass(frozen=True, slots=True)
class Seen:
    """Digests of texts, and the names of their groups."""

    texts: frozenset[str]
    groups: frozenset[str]

    def as_dict(self) -> dict[str, list[str]]:
        """The content as plain JSON values."""
        return {"texts": sorted(self.texts), "groups": sorted(self.groups)}

    def overlap(self, evaluation: Dataset) -> str | None:
        """How many of these texts and groups stand among the evaluation passages, as a sentence; None if none does."""
        also = seen_of(evaluation)
        texts, groups = len(self.texts & also.texts), len(self.groups & also.groups)
        if not texts and not groups:
            return None
        found = f"{texts} texts and {groups} groups"
        return f"{found} of the evaluation passages stand in the training data too; figures on them would mean nothing"


def seen_of(dataset: Dataset) -> Seen:
    """What is kept of a data set; texts that count as the same have one digest."""
    return Seen(frozenset(map(own_group, dataset.texts)), frozenset(dataset.groups))


def seen_from(content: Mapping[str, Sequence[str]]) -> Seen:
    """What `as_dict` gave."""
    return Seen(frozenset(content["texts"]), frozenset(content["groups"]))
