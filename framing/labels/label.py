"""A label as it comes, a label as it is kept, and what one can ask for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from framing.data import text_key
from framing.label_columns import Role

MAX_PAGE = 1000
AT_ONCE = 10
"""How many may ask one open store at the same time; more of them wait."""


class Chain(NamedTuple):
    """What one person says of one text in one role: a first label, and each next one replaces the one before."""

    text_digest: str
    coder: str
    role: Role


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a text comes from, as far as that is known; the names are those of the columns of labelled data."""

    document: str | None = None
    start: int | None = None
    """Offset of the passage's first character in the document, and `end` after its last."""
    end: int | None = None
    id: str | None = None
    group: str | None = None
    style: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """One person's answer on one text; no frames says that it carries none."""

    text: str
    frames: tuple[str, ...]
    coder: str
    role: Role = "coder"
    replaces: int | None = None
    """The label that this one takes the place of: the last of its chain."""
    withdrawn: bool = False
    """Says that the label it replaces holds no longer, and nothing in its place."""
    origin: Origin = field(default_factory=Origin)
    codebook: str | None = None
    """Digest of the codebook that the coder had before them, where the label counts only under that one."""

    @property
    def chain(self) -> Chain:
        return Chain(text_digest(self.text), self.coder, self.role)


@dataclass(frozen=True, slots=True)
class KeptLabel:
    """A label in the store; `id` grows in the order in which labels were kept."""

    id: int
    label: Label
    text_digest: str
    codebook: str
    """Digest of the codebook that its coder followed."""
    kept_at: datetime
    """In UTC."""

    @property
    def chain(self) -> Chain:
        return Chain(self.text_digest, self.label.coder, self.label.role)


@dataclass(frozen=True, slots=True)
class LabelQuery:
    """Which labels are asked for: those that hold now, or with `history` all that were ever kept."""

    coder: str | None = None
    frame: str | None = None
    since: datetime | None = None
    history: bool = False
    after: int = 0
    """Only labels with a greater id: where the page before ended."""
    limit: int = 100


@dataclass(frozen=True, slots=True)
class LabelPage:
    """Labels in the order in which they were kept; `next` is the `after` of the next page, None at the end."""

    labels: tuple[KeptLabel, ...]
    next: int | None

    def __iter__(self) -> Iterator[KeptLabel]:
        return iter(self.labels)


@dataclass(frozen=True, slots=True)
class Once:
    """A request that may come twice and must count once: its key, and a digest of what it holds."""

    key: str
    body_digest: str


@dataclass(frozen=True, slots=True)
class LabelState:
    """A data set that a store gave: the digest of all that is in it, and what it was built from."""

    digest: str
    last: int
    """Id of the last label that counted."""
    codebook: str | None
    """Digest of the codebook whose labels alone counted; None where those of all codebooks did."""
    taken_at: datetime


def first_known(origins: Iterable[Origin]) -> Origin:
    """Of each field the first value that is known; a document goes with its own position only."""
    told = tuple(origins)
    place = next((origin for origin in told if origin.document is not None), Origin())
    names = ("id", "group", "style", "language")
    first = {name: next((value for origin in told if (value := getattr(origin, name)) is not None), None) for name in names}
    return Origin(place.document, place.start, place.end, **first)


def text_digest(text: str) -> str:
    """sha256 over `text_key`, in hexadecimal: equal for texts that count as the same."""
    return hashlib.sha256(text_key(text).encode()).hexdigest()
