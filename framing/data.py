"""Labelled passages: rows of files, checked against a codebook, all of them or none."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framing.codebook import Codebook
from framing.errors import BadRow, DataError
from framing.label_columns import (
    NO_LABELS,
    NO_TEXT,
    SOME_LABELS,
    RefusedRowError,
    Role,
    column_problem,
    read_frames,
    read_language,
    read_name,
    read_role,
    read_text,
)
from framing.row_writer import open_rows_writer
from framing.rows import Row, read_rows, scan_rows

__all__ = [
    "Dataset",
    "LabelledPassage",
    "LabelledRow",
    "check_open",
    "load_dataset",
    "load_rows",
    "open_rows_writer",
    "own_group",
    "read_rows",
    "text_key",
]


@dataclass(frozen=True, slots=True)
class LabelledPassage:
    """A passage as one coder labelled it; `text` is exactly as it was given, `frames` follow the codebook's order."""

    id: str
    text: str
    frames: tuple[str, ...]
    group: str
    """Passages of one group are never split between training and test."""
    style: str | None = None
    coder: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """A passage and the row it was read from, which counts from 1 as an editor shows the file."""

    source: str
    row: int
    passage: LabelledPassage
    role: Role | None = None
    """Of the passage's coder, where the row says it."""
    named: bool = True
    """Whether the row gives the passage's id; one that does not is called by its file and number."""


@dataclass(frozen=True)
class Dataset:
    """Passages labelled by one codebook, in the order of their files."""

    codebook: Codebook
    passages: tuple[LabelledPassage, ...]

    def __len__(self) -> int:
        return len(self.passages)

    @property
    def texts(self) -> list[str]:
        return [passage.text for passage in self.passages]

    @property
    def groups(self) -> list[str]:
        return [passage.group for passage in self.passages]

    @cached_property
    def labels(self) -> NDArray[np.bool_]:
        """Whether passage i carries frame j of the codebook, (n, k), not to be written to."""
        rows = [[name in passage.frames for name in self.codebook.names] for passage in self.passages]
        labels = np.array(rows, np.bool_).reshape(len(self), len(self.codebook.names))
        labels.setflags(write=False)
        return labels

    @cached_property
    def digest(self) -> str:
        """sha256 over the content, in hexadecimal: the same in any order, from any folder and in any format."""
        return hashlib.sha256("\n".join(sorted(_canonical(passage) for passage in self.passages)).encode()).hexdigest()

    def subset(self, indices: Sequence[int] | NDArray[Any]) -> Dataset:
        """The passages at these positions, in this order, or those where a mask of booleans is true."""
        positions = np.arange(len(self))[list(indices)]
        return Dataset(self.codebook, tuple(self.passages[position] for position in positions))


def load_dataset(paths: Sequence[str | Path], codebook: Codebook) -> Dataset:
    """Read labelled passages from CSV, JSON lines or Parquet files.

    Columns: `text`; `frames`, as a list or as names with ; between them, or else one column a frame that holds 0 or 1,
    true or false, yes or no; and, as far as there are any, `id` (else file name and row), `group` (else equal texts are
    one group), `style`, `coder`, `language`. Other columns are left aside. Of a text that one coder labelled twice in
    the same way the first row is kept; of several coders, one row each. The rows of one text may share an id.

    Raises DataError with every row that is refused; then nothing is read.
    """
    return Dataset(codebook, tuple(row.passage for row in load_rows(paths, codebook)))


def load_rows(paths: Sequence[str | Path], codebook: Codebook, coder: str | None = None, roles: bool = False) -> tuple[LabelledRow, ...]:
    """The passages that `load_dataset` reads, each with its row; `coder` labelled those that name nobody.

    With `roles` the column `role` is read too, and somebody who codes and adjudicates counts as two.
    """
    files = [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
    if not files:
        raise DataError([BadRow("labelled data", None, "no file was given")])
    reading = _Reading(codebook, coder, roles)
    for path, name in zip(files, _file_names(files), strict=True):
        reading.read(path, name)
    if reading.refused:
        raise DataError(reading.refused)
    return tuple(reading.rows())


def check_open(paths: Sequence[Path], instead: str = "say --half tune, or --half sealed with --reason") -> None:
    """Raise DataError if any of the files has sealed passages, which are read by their half alone."""
    for path in paths:
        if any(row.fields.get("half") == "sealed" for row in read_rows(path)):
            raise DataError([BadRow(str(path), None, f"has sealed passages; {instead}")])


def own_group(text: str) -> str:
    """The group of a text that is in no other: equal for texts that count as the same."""
    return "text:" + hashlib.sha256(text_key(text).encode()).hexdigest()[:16]


def text_key(text: str) -> str:
    """What two texts have in common that count as the same: composed characters (NFC), and any white space as one space."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _canonical(passage: LabelledPassage) -> str:
    content = (passage.id, passage.text, sorted(passage.frames), passage.group, passage.style, passage.coder, passage.language)
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _file_names(paths: Iterable[Path]) -> Iterator[str]:
    """A name for each file that does not tell its folder; the second one of equal names is `name#2`."""
    seen: Counter[str] = Counter()
    for path in paths:
        seen[path.name] += 1
        yield path.name if seen[path.name] == 1 else f"{path.name}#{seen[path.name]}"


@dataclass(frozen=True, slots=True)
class _Place:
    source: str
    row: int

    def seen_from(self, other: _Place) -> str:
        return f"row {self.row}" if self.source == other.source else f"row {self.row} of {self.source}"


class _Reading:
    """What is known while files are read one after the other: the passages so far, and the rows that were refused."""

    def __init__(self, codebook: Codebook, coder: str | None, roles: bool) -> None:
        self.refused: list[BadRow] = []
        self._names = codebook.names
        self._coder = coder
        self._roles = roles and "role" not in self._names  # a frame may be called so
        self._rows: list[tuple[str, LabelledRow]] = []
        self._labels: dict[tuple[str, str | None, Role], tuple[_Place, tuple[str, ...]]] = {}
        self._ids: dict[str, tuple[_Place, str]] = {}
        self._groups: dict[str, tuple[_Place, str]] = {}

    def rows(self) -> Iterator[LabelledRow]:
        """The passages with their rows; one that names no group is in the group that another row of the same text names, or in its own."""
        for key, row in self._rows:
            _, group = self._groups.get(key, (None, own_group(key)))
            yield replace(row, passage=replace(row.passage, group=row.passage.group or group))

    def read(self, path: Path, name: str) -> None:
        """Read one file; a row without an id is called `name:row`."""
        refused: list[BadRow] = []
        columns: dict[str, None] = {}
        for row in scan_rows(path):
            if isinstance(row, BadRow):
                refused.append(row)
                continue
            columns.update(dict.fromkeys(row.fields))
            try:
                role = read_role(row.fields) if self._roles else None
                named = read_name(row.fields, "id") is not None
                self._take(LabelledRow(str(path), row.number, self._passage(row, name), role, named))
            except RefusedRowError as problem:
                refused.append(BadRow(str(path), row.number, str(problem)))
        self.refused += self._with_file_problem(str(path), columns, refused)

    def _with_file_problem(self, source: str, columns: dict[str, None], refused: list[BadRow]) -> list[BadRow]:
        """Put what is wrong with the whole file before its rows, in place of the same complaint for every row."""
        if any(bad.row is None for bad in refused):
            return refused
        if not columns:
            return refused or [BadRow(source, None, "holds no rows")]
        if "text" not in columns:
            refused = [bad for bad in refused if bad.problem != NO_TEXT]
        problem = column_problem(columns, self._names)
        if problem:
            refused = [bad for bad in refused if not bad.problem.startswith((NO_LABELS, SOME_LABELS))]
        return [BadRow(source, None, problem), *refused] if problem else refused

    def _passage(self, row: Row, name: str) -> LabelledPassage:
        return LabelledPassage(
            text=read_text(row.fields),
            frames=read_frames(row.fields, self._names),
            id=read_name(row.fields, "id") or f"{name}:{row.number}",
            group=read_name(row.fields, "group") or "",
            style=read_name(row.fields, "style"),
            coder=read_name(row.fields, "coder") or self._coder,
            language=read_language(row.fields),
        )

    def _take(self, row: LabelledRow) -> None:
        """Keep a passage, unless the same labels of the same coder are kept already. Raises RefusedRowError."""
        passage, place = row.passage, _Place(row.source, row.row)
        key = text_key(passage.text)
        there, text = self._ids.setdefault(passage.id, (place, key))
        if text != key:
            raise RefusedRowError(f"has the id '{passage.id}' of {there.seen_from(place)}, which holds another text")
        if passage.group:
            there, group = self._groups.setdefault(key, (place, passage.group))
            if group != passage.group:
                raise RefusedRowError(f"is in the group '{passage.group}', but the same text is in '{group}' in {there.seen_from(place)}")
        who = (key, passage.coder, row.role or "coder")
        labelled = self._labels.get(who)
        if labelled is not None:
            _refuse_other_labels(passage.frames, place, *labelled)
            return
        self._labels[who] = (place, passage.frames)
        self._rows.append((key, row))


def _refuse_other_labels(frames: tuple[str, ...], place: _Place, there: _Place, frames_there: tuple[str, ...]) -> None:
    if frames != frames_there:
        here, before = (", ".join(names) or "no frame" for names in (frames, frames_there))
        raise RefusedRowError(f"labels the text of {there.seen_from(place)} in another way: {here} here, {before} there")
