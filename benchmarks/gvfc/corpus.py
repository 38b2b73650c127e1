"""The corpus as it lies in its folder: five published folds, nine frames, headlines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from framing.codebook import Codebook, Frame
from framing.data import Dataset, LabelledPassage, read_rows, text_key
from framing.errors import BadRow, DataError

FOLDS = 5
DEFAULT_FOLDER = Path("../shared/benchmarks/gvfc")


def read_codebook(folder: Path) -> Codebook:
    """The corpus's frames by their names. Raises DataError."""
    names = sorted({name for path in sorted(folder.glob("en_fold*.jsonl")) for row in _rows(path) for name in row["labels"]})
    if not names:
        raise DataError([BadRow(str(folder), None, "holds no labelled headlines; wanted are en_fold0_train.jsonl and its like")])
    return Codebook("Gun violence", tuple(Frame(name, name.replace("_", " "), "as in the corpus") for name in names))


def load_part(path: Path, codebook: Codebook) -> Dataset:
    """One part of a fold; headlines of the same text are one group. Raises DataError."""
    passages = [
        LabelledPassage(
            f"{path.stem}-{at}", row["text"], tuple(name for name in codebook.names if name in row["labels"]), text_key(row["text"])
        )
        for at, row in enumerate(_rows(path))
    ]  # fmt: skip
    return Dataset(codebook, tuple(passages))


def _rows(path: Path) -> list[dict[str, Any]]:
    rows = [row.fields for row in read_rows(path)]
    for number, row in enumerate(rows, 1):
        if not isinstance(row.get("text"), str) or not isinstance(row.get("labels"), list):
            raise DataError([BadRow(str(path), number, "has no 'text' and list of 'labels'")])
    return rows


def load_fold(folder: Path, fold: int, codebook: Codebook) -> tuple[Dataset, Dataset]:
    """The train and the test part of a published fold, as they are."""
    train, test = (load_part(folder / f"en_fold{fold}_{part}.jsonl", codebook) for part in ("train", "test"))
    return train, test
