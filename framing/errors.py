"""Every error that framing raises on purpose.

FramingError                 what a person can read and act on; the command line prints it without a traceback
├── CodebookError            a codebook that cannot be used, by file and frame
├── DataError                labelled data or rows to score that cannot be read, all bad rows at once
├── LabelsRefused            labels that cannot be kept, all bad ones at once; none of them was kept
├── KeyReused                an idempotency key that came before, with another body
├── StoreError               a label store that cannot be opened, read or written
├── TextError                text that cannot be labelled: empty, or too long
├── EncoderError             an encoder that is missing, unsupported or inconsistent with its tokenizer
├── ModelFolderError         a model folder that is altered, incomplete or newer than this program
├── TrainingError            a training run that cannot start or give a usable model
├── RulesError               promotion rules that cannot be used, by file and rule
├── PromotionRefused         a model that the promotion rules keep from answering
└── MissingExtra             a command whose packages are not installed
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class FramingError(Exception):
    """Base of all errors of this package; its text is a sentence for a person."""


class CodebookError(FramingError):
    """A codebook is wrong: says in which file and frame, what was found and what is accepted."""

    def __init__(self, source: str, problem: str, frame: str | None = None) -> None:
        where = source if frame is None else f"{source}, frame '{frame}'"
        super().__init__(f"{where}: {problem}")
        self.source = source
        self.frame = frame


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row that was refused; `row` counts from 1 as an editor shows the file, None for the file as a whole."""

    source: str
    row: int | None
    problem: str

    def __str__(self) -> str:
        return f"{self.source}: {self.problem}" if self.row is None else f"{self.source}, row {self.row}: {self.problem}"


class DataError(FramingError):
    """Rows that were refused, in file order, and how many `uncounted` ones more; nothing of the data was kept."""

    shown = 20

    def __init__(self, rows: Sequence[BadRow], uncounted: int = 0) -> None:
        self.rows = tuple(rows)
        lines = [str(row) for row in self.rows[: self.shown]]
        if (more := len(self.rows) + uncounted - self.shown) > 0:
            lines.append(f"and {more} more rows")
        super().__init__("\n".join(lines))


@dataclass(frozen=True, slots=True)
class BadLabel:
    """One label that was refused; `number` counts from 0 in the order they were given, `field` is what is wrong in it, if one is."""

    number: int
    problem: str
    field: str
    conflict: bool = False
    """Whether it is good in itself, and only what the store holds by now stands against it."""


class LabelsRefused(FramingError):
    """Labels that were refused, all of them, in order; nothing of what was given with them was kept."""

    def __init__(self, labels: Sequence[BadLabel]) -> None:
        self.labels = tuple(labels)
        super().__init__("\n".join(f"label {bad.number + 1}: '{bad.field}' {bad.problem}" for bad in self.labels))

    @property
    def conflict(self) -> bool:
        """Whether nothing is wrong but that others came first."""
        return all(bad.conflict for bad in self.labels)


class KeyReused(FramingError):
    """An idempotency key names one request for ever; this one came before with another body."""

    def __init__(self) -> None:
        super().__init__("the idempotency key was used before, for other labels; a new request needs a new key")


class StoreError(FramingError):
    """A label store that cannot be used now: says which and why, without its password."""

    def __init__(self, store: str, problem: str) -> None:
        super().__init__(f"label store {store}: {problem}")


class TextError(FramingError):
    """Text that cannot be labelled."""


class EncoderError(FramingError):
    """An encoder that cannot be used."""


class ModelFolderError(FramingError):
    """A model folder that is refused: says which file and why."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path


class TrainingError(FramingError):
    """A training run that cannot start, or that cannot give a usable model."""


class RulesError(FramingError):
    """Promotion rules are wrong: says in which file and rule, what was found and what is accepted."""

    def __init__(self, source: str, problem: str, rule: str | None = None) -> None:
        where = source if rule is None else f"{source}, rule '{rule}'"
        super().__init__(f"{where}: {problem}")
        self.source = source
        self.rule = rule


class PromotionRefused(FramingError):
    """The promotion rules said no; `reasons` are the sentences of those that did."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__("not promoted: " + "; ".join(self.reasons))


class MissingExtra(FramingError):
    """A command or format needs packages that the installation does not have."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs packages that are not installed: pip install 'framing[{extra}]' from the checkout")
        self.extra = extra
