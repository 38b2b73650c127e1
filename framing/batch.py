"""Label the rows of a file of any size in little memory: each row is one passage, answered as the model answers it alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from framing.errors import BadRow, DataError
from framing.model import FramingModel
from framing.prediction import PassageAnswer
from framing.row_writer import open_rows_writer
from framing.rows import Row, read_rows, scan_rows

TEXT = "text"
LABELS = ("predicted_frames", "probabilities", "decisions", "model")
"""The columns that scoring adds."""
CHUNK = 64
"""Rows that are in memory at a time."""
_JSON_LINES = (".jsonl", ".ndjson")

OnRows = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class CheckedRows:
    """A file whose every row can be scored: how many rows, and each column that any of them has."""

    count: int
    columns: tuple[str, ...]


def score_file(model: FramingModel, source: str | Path, target: str | Path, on_rows: OnRows | None = None) -> int:
    """Write every row of `source` with its labels to `target`, in order; returns their number.

    The source is read twice: all rows are checked before the first is scored, so that a bad one is known before hours
    of work. `on_rows` is told how many rows are done, and of how many. Raises DataError, and then `target` is as it was:
    for all rows without text, for a source that has a column of the labels, for a target that is the source.
    """
    source, target = Path(source), Path(target)
    if source.exists() and target.exists() and target.samefile(source):
        raise DataError([BadRow(str(target), None, "is the file the rows come from; write to another one")])
    checked = check_rows(source)
    free = target.suffix.lower() in _JSON_LINES
    with open_rows_writer(target, like=source) as writer:
        for fields in scored_rows(model, islice(read_rows(source), checked.count), as_text=target.suffix.lower() == ".csv"):
            # A format with fixed columns takes them from the first row.
            writer.write(fields if free or writer.rows else {**dict.fromkeys(checked.columns), **fields})
            if on_rows and (writer.rows % CHUNK == 0 or writer.rows == checked.count):
                on_rows(writer.rows, checked.count)
        if writer.rows < checked.count:
            raise DataError([BadRow(str(source), None, "was changed while it was scored")])
    return checked.count


def check_rows(source: Path) -> CheckedRows:
    """Read all rows once. Raises DataError with every row that cannot be scored."""
    bad: list[BadRow] = []
    columns: dict[str, None] = {}
    count = 0
    for row in scan_rows(source):
        if isinstance(row, BadRow):
            bad.append(row)
            continue
        if not count and source.suffix.lower() not in _JSON_LINES:
            _check_header(source, row)
        count += 1
        columns.update(dict.fromkeys(row.fields))
        if problem := _problem(row.fields):
            bad.append(BadRow(str(source), row.number, problem))
    taken = [name for name in LABELS if name in columns]
    if taken or bad:
        raise DataError([*(BadRow(str(source), None, f"already has a column '{name}', which scoring adds") for name in taken), *bad])
    if not count:
        raise DataError([BadRow(str(source), None, "has no rows")])
    return CheckedRows(count, tuple(columns))


def scored_rows(model: FramingModel, rows: Iterable[Row], as_text: bool = False) -> Iterator[dict[str, Any]]:
    """The fields of each row with the labels behind them; `as_text` gives the list of frames as a;b, for a CSV cell."""
    rows = iter(rows)
    while chunk := tuple(islice(rows, CHUNK)):
        answers = model.score([row.fields[TEXT] for row in chunk])
        for row, answer in zip(chunk, answers, strict=True):
            labels = scored_fields(answer)
            if as_text:
                labels["predicted_frames"] = ";".join(answer.present)
            yield {**row.fields, **labels}


def scored_fields(answer: PassageAnswer) -> dict[str, Any]:
    """What scoring says of one passage, in columns."""
    return {
        "predicted_frames": list(answer.present),
        "probabilities": {frame.frame: frame.probability for frame in answer.frames},
        "decisions": {frame.frame: frame.decision for frame in answer.frames},
        "model": answer.model,
    }


def _check_header(source: Path, first: Row) -> None:
    """Say once what else every row would say."""
    if TEXT not in first.fields:
        raise DataError([BadRow(str(source), None, f"has no column '{TEXT}'; its columns are {', '.join(first.fields)}")])


def _problem(fields: dict[str, Any]) -> str | None:
    text = fields.get(TEXT)
    if text is None:
        return f"has no '{TEXT}'"
    if not isinstance(text, str):
        return f"'{TEXT}' is not text but {type(text).__name__}"
    return None if text.strip() else f"'{TEXT}' is empty"
