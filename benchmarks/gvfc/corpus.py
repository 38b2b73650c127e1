"""The corpus as it lies in its folder: five published folds, nine frames, headlines."""

from __future__ import annotations

import json
from pathlib import Path

from framing.codebook import Codebook, Frame
from framing.data import Dataset, LabelledPassage, text_key

FOLDS = 5
DEFAULT_FOLDER = Path("../shared/benchmarks/gvfc")


def read_codebook(folder: Path) -> Codebook:
    """The corpus's frames by their names."""
    rows = [json.loads(row) for path in folder.glob("en_fold*.jsonl") for row in path.read_text(encoding="utf-8").splitlines()]
    names = sorted({name for row in rows for name in row["labels"]})
    return Codebook("Gun violence", tuple(Frame(name, name.replace("_", " "), "as in the corpus") for name in names))


def load_part(path: Path, codebook: Codebook) -> Dataset:
    """One part of a fold; headlines of the same text are one group."""
    rows = [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]
    passages = [
        LabelledPassage(
            f"{path.stem}-{at}", row["text"], tuple(name for name in codebook.names if name in row["labels"]), text_key(row["text"])
        )
        for at, row in enumerate(rows)
    ]  # fmt: skip
    return Dataset(codebook, tuple(passages))


def load_fold(folder: Path, fold: int, codebook: Codebook) -> tuple[Dataset, Dataset]:
    """The train and the test part of a published fold, as they are."""
    train, test = (load_part(folder / f"en_fold{fold}_{part}.jsonl", codebook) for part in ("train", "test"))
    return train, test
