"""Evaluation passages stand in two halves: one to tune on, and a sealed one, of which every reading is written down."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from framing.codebook import Codebook
from framing.data import Dataset, load_dataset, read_rows, text_key
from framing.errors import BadRow, DataError, TrainingError
from framing.files import whole_file
from training.intervals import Figure
from training.learned import Learned, learned_from

Half = Literal["tune", "sealed"]
HALVES: tuple[Half, ...] = ("tune", "sealed")
LOG = "sealed.md"
_HEADER = "# Readings of sealed passages\n\n| date | passages | model | macro F1 | mAP | reason |\n| --- | --- | --- | --- | --- | --- |\n"


def check_apart(training: Dataset, evaluation: Dataset) -> None:
    """Raise TrainingError if a text or a group stands in both."""
    check_unknown(learned_from(training), evaluation)


def check_unknown(learned: Learned, evaluation: Dataset) -> None:
    """Raise TrainingError if a text or a group of the evaluation passages is among what was learned."""
    if found := learned.overlap(evaluation):
        raise TrainingError(found)


def load_evaluation(path: Path, codebook: Codebook) -> Dataset:
    """The passages that may decide something: of a file in halves the one for tuning, of another all."""
    return load_half(path, codebook, "tune") if _has_halves(path) else load_dataset([path], codebook)


def evaluation_name(path: Path) -> str:
    """What the passages that `load_evaluation` gives are called in a run."""
    return describe([path], "tune" if _has_halves(path) else None)


def _has_halves(path: Path) -> bool:
    return any("half" in row.fields for row in read_rows(path))


def load_half(path: Path, codebook: Codebook, half: Half) -> Dataset:
    """The passages of a file whose column `half` says so. Raises DataError if no row has it."""
    dataset = load_dataset([path], codebook)
    wanted = {text_key(row.fields["text"]) for row in read_rows(path) if row.fields.get("half") == half}
    rows = [at for at, passage in enumerate(dataset.passages) if text_key(passage.text) in wanted]
    if not rows:
        raise DataError([BadRow(str(path), None, f"has no row whose column 'half' is '{half}'")])
    return dataset.subset(rows)


def check_log(folder: Path) -> None:
    """Raise TrainingError where a reading could not be written down: before it is taken."""
    log = Path(os.path.realpath(folder / LOG))
    if not os.access(log.parent, os.W_OK | os.X_OK) or log.is_dir():
        raise TrainingError(f"{log} cannot be written, and every reading of sealed passages is written down there")


def log_reading(folder: Path, passages: str, model: str, measures: dict[str, Figure], reason: str) -> None:
    """Add a line to the log beside the sealed passages; `model` names what read them."""
    log = folder / LOG
    known = log.read_text(encoding="utf-8") if log.exists() else _HEADER
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    figures = f"{measures['macro_f1']} | {measures['mean_average_precision']}"
    with whole_file(log) as beside:
        beside.write_text(f"{known}| {today} | {passages} | {model} | {figures} | {_cell(reason)} |\n", encoding="utf-8")


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "/").split())


def describe(paths: Sequence[Path], half: str | None) -> str:
    """Which passages were read, for a log or a heading."""
    return ", ".join(path.name for path in paths) + (f" ({half})" if half else "")
