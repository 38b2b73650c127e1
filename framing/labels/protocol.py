"""What the rest of the program may do with a label store, and how it gets one without importing sqlalchemy itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from framing.codebook import Codebook
from framing.errors import MissingExtra
from framing.labels.label import Chain, KeptLabel, Label, LabelPage, LabelQuery, LabelState, Once


class Labels(Protocol):
    """A label store: labels are added to it, and never changed or removed."""

    def keep(self, labels: Sequence[Label], codebook: Codebook, once: Once | None = None) -> tuple[KeptLabel, ...]:
        """Keep all labels or none; when this returns, they are on the disk.

        What a label does not tell of its text's origin is taken from the label that it replaces.
        A request that was kept before, by its key in `once`, is not kept again: the answer is what it was then.
        Raises LabelsRefused for all labels that cannot be kept, KeyReused, StoreError.
        """

    def page(self, asked: LabelQuery) -> LabelPage:
        """Labels that fit, in the order in which they were kept. Raises StoreError."""

    def current(self, until: int | None = None) -> Iterator[KeptLabel]:
        """Every label that holds now, or that held when label `until` was the last. Raises StoreError."""

    def last(self) -> int:
        """The id of the last label, 0 where there is none. Raises StoreError."""

    def take(self, digest: str, last: int, codebook: str | None) -> LabelState:
        """Remember a state by the digest of its data set; one that was taken before stays as it was. Raises StoreError."""

    def states(self) -> Sequence[LabelState]:
        """The states that were taken, in the order of time. Raises StoreError."""

    def heads(self, chains: Iterable[Chain]) -> Mapping[Chain, KeptLabel]:
        """The last label of each chain that has one; it may say that its coder has withdrawn. Raises StoreError."""

    def codebooks(self) -> Mapping[str, Codebook]:
        """Every codebook that labels were made by, under its digest. Raises StoreError."""

    def close(self) -> None:
        """Let go of the database."""


def open_store(where: str, create: bool = True) -> Labels:
    """Open the label store at `where`: a file (SQLite), or postgresql+psycopg2://USER@HOST/DATABASE.

    One that is not there yet is made, or refused without `create`. Raises StoreError, and MissingExtra without sqlalchemy.
    """
    try:
        from framing.labels.store import open_label_store

        return open_label_store(where, create)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("framing"):
            raise
        raise MissingExtra(f"keeping labels (which looked for {error.name})", "labels") from error
