"""The labels that hold now, read whole, under one codebook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from framing.codebook import Codebook
from framing.data import own_group
from framing.errors import FramingError
from framing.labels.checks import MAX_NAME
from framing.labels.label import KeptLabel, Origin, first_known
from framing.labels.protocol import Labels


@dataclass(frozen=True)
class CurrentLabels:
    """Labels that hold now, in the order in which they were kept; their frames are those of `codebook`."""

    codebook: Codebook
    labels: tuple[KeptLabel, ...]

    @property
    def texts(self) -> tuple[CodedText, ...]:
        """Every text with all that is said of it, in the order in which texts came."""
        found: dict[str, list[KeptLabel]] = {}
        for kept in self.labels:
            found.setdefault(kept.text_digest, []).append(kept)
        return tuple(CodedText(tuple(labels)) for labels in found.values())

    def row_id(self, text: CodedText, own: str | None) -> str:
        """What a row on this text is called: by its `own` id, marked where another text bears that too, and without one by the text itself.

        No two texts are ever called the same. A correction changes no name; another text that takes or gives up the same id does.
        """
        name = own or own_group(text.labels[0].label.text)
        digest = text.labels[0].text_digest
        if self._bearers.get(name, set()) <= {digest}:
            return name
        mark = f"#{digest[:16]}"
        return name[: MAX_NAME - len(mark)] + mark

    @cached_property
    def _bearers(self) -> dict[str, set[str]]:
        """Of each id, the digests of the texts that bear it."""
        found: dict[str, set[str]] = {}
        for kept in self.labels:
            if kept.label.origin.id:
                found.setdefault(kept.label.origin.id, set()).add(kept.text_digest)
        return found


@dataclass(frozen=True, slots=True)
class CodedText:
    """One text and the labels that hold on it, one of each coder, and those of adjudicators."""

    labels: tuple[KeptLabel, ...]

    @property
    def origin(self) -> Origin:
        """What is known of where the text comes from, by whoever said it first."""
        return first_known(kept.label.origin for kept in self.labels)

    @property
    def group(self) -> str:
        """The group that all rows on the text are in."""
        return self.origin.group or own_group(self.labels[0].label.text)

    @property
    def answers(self) -> tuple[KeptLabel, ...]:
        """What coders say, by name."""
        return tuple(sorted((kept for kept in self.labels if kept.label.role == "coder"), key=lambda kept: kept.label.coder))

    @property
    def adjudication(self) -> KeptLabel | None:
        """What an adjudicator decided; of several, the last."""
        return max((kept for kept in self.labels if kept.label.role == "adjudicator"), key=lambda kept: kept.id, default=None)

    @property
    def disputed(self) -> frozenset[str]:
        """The frames that some coders see in the text and others do not."""
        said = Counter(name for kept in self.answers for name in kept.label.frames)
        return frozenset(name for name, count in said.items() if count < len(self.answers))

    @property
    def settled(self) -> KeptLabel | None:
        """The one label to go by: the adjudicator's, or the first of coders who all agree; None while they disagree."""
        if self.adjudication is not None:
            return self.adjudication
        return None if self.disputed else min(self.answers, key=lambda kept: kept.id)


def current_labels(store: Labels, codebook: Codebook | None = None, until: int | None = None) -> CurrentLabels:
    """The labels made by `codebook`; without one those of all codebooks, if these have the same frames.

    They are those that hold now, or that held when label `until` was the last. Raises FramingError if there are none, or if the
    frames differ and somebody must choose.
    """
    labels = tuple(kept for kept in store.current(until) if codebook is None or kept.codebook == codebook.digest)
    known = store.codebooks()  # after the labels: whatever they were made by is there by now
    if not labels:
        raise FramingError("the store holds no labels" + (f" by codebook {codebook.digest[:12]}" if codebook else ""))
    used = Counter(kept.codebook for kept in labels)
    if len({frozenset(known[digest].names) for digest in used}) > 1:
        raise FramingError(f"the labels were made by codebooks with different frames; choose one with --codebook:\n{_listed(used)}")
    return CurrentLabels(known[labels[-1].codebook], labels)


def _listed(used: Counter[str]) -> str:
    lines: Iterator[str] = (f"  {digest[:12]}: {count} labels" for digest, count in used.most_common())
    return "\n".join(lines)
