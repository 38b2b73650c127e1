"""Evaluation passages stand in two halves: one to tune on, and a sealed one, of which every reading is written down."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from framing.codebook import Codebook
from framing.data import Dataset, load_dataset, read_rows
from framing.errors import BadRow, DataError
from framing.prediction import ModelIdentity
from training.metrics import Figure

Half = Literal["tune", "sealed"]
HALVES: tuple[Half, ...] = ("tune", "sealed")
LOG = "sealed.md"
_HEADER = "# Readings of sealed passages\n\n| date | passages | model | macro F1 | mAP | reason |\n| --- | --- | --- | --- | --- | --- |\n"


def load_half(path: Path, codebook: Codebook, half: Half) -> Dataset:
    """The passages of a file whose column `half` says so. Raises DataError if no row has it."""
    dataset = load_dataset([path], codebook)
    wanted = {row.fields["id"] for row in read_rows(path) if row.fields.get("half") == half}
    rows = [at for at, passage in enumerate(dataset.passages) if passage.id in wanted]
    if not rows:
        raise DataError([BadRow(str(path), None, f"has no row whose column 'half' is '{half}'")])
    return dataset.subset(rows)


def log_reading(folder: Path, passages: str, model: ModelIdentity, measures: dict[str, Figure], reason: str) -> None:
    """Add a line to the log beside the sealed passages."""
    log = folder / LOG
    known = log.read_text(encoding="utf-8") if log.exists() else _HEADER
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    figures = f"{measures['macro_f1']} | {measures['mean_average_precision']}"
    log.write_text(f"{known}| {today} | {passages} | {model.name} {model.version} | {figures} | {_cell(reason)} |\n", encoding="utf-8")


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())


def describe(paths: Sequence[Path], half: str | None) -> str:
    """Which passages were read, for a log or a heading."""
    return ", ".join(path.name for path in paths) + (f" ({half})" if half else "")
