"""Label the rows of a file of any size in little memory: each row is one passage, answered as the model answers it alone.

What is slow, the answers, is kept in a journal as they come; what is quick, the target, is written anew by a run that goes on
from there. So an interrupted run gives the same bytes as any other, in every format.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Any

from framing.ahead import ahead
from framing.encoder import available_cores
from framing.errors import BadRow, DataError
from framing.files import same_file
from framing.journal import Journal, Origin, open_journal
from framing.model import FramingModel, ToRead
from framing.prediction import PassageAnswer
from framing.reading_cache import ReadingCache
from framing.row_groups import ColumnTypes
from framing.row_writer import column_types, open_rows_writer, refusals_named
from framing.rows import Row, read_rows, scan_rows
from framing.runtime import runtime

TEXT = "text"
LABELS = ("predicted_frames", "probabilities", "decisions", "predicted_language", "text_truncated", "model")
"""The columns that scoring adds."""
CHUNK = 32
"""Rows that are scored together."""
MOST_BAD = 1000
"""Refused rows that are kept; of a file of millions, others are counted."""
_JSON_LINES = (".jsonl", ".ndjson")

Labels = dict[str, Any]
OnRows = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class CheckedRows:
    """A file whose every row can be scored: how many rows, and each column that any of them has."""

    count: int
    columns: tuple[str, ...]


def score_file(model: FramingModel, source: str | Path, target: str | Path, on_rows: OnRows | None = None, fresh: bool = False) -> int:
    """Write every row of `source` with its labels to `target`, in order; returns their number.

    The source is read twice: all rows are checked before the first is scored, so that a bad one is known before hours
    of work. `on_rows` is told how many rows are done, and of how many. What an interrupted run left beside `target` is gone
    on with, if source and model are the same; `fresh` starts over. Raises DataError, and then `target` is as it was: for all
    rows without text, for a source that has a column of the labels, for a target that is the source or that cannot be gone on with.
    """
    source, target = Path(source), Path(target)
    if same_file(source, target):
        raise DataError([BadRow(str(target), None, "is the file the rows come from; write to another one")])
    types = column_types(target, source)
    with refusals_named(target):
        checked = check_rows(source, types)
    # A format with fixed columns takes them from the first row.
    columns = dict.fromkeys(() if target.suffix.lower() in _JSON_LINES else checked.columns)
    journals = open_journal(target, _origin(model, source), fresh)
    with journals as journal, open_rows_writer(target, like=types or source, beside=journal.unfinished) as writer:
        for row, labels in labelled_rows(model, islice(read_rows(source), checked.count), journal):
            writer.write({**({} if writer.rows else columns), **row.fields, **_cells(target, labels)})
            if on_rows and (writer.rows % CHUNK == 0 or writer.rows == checked.count):
                on_rows(writer.rows, checked.count)
        if writer.rows < checked.count:
            journal.forget()
            raise DataError([BadRow(str(source), None, "was changed while it was scored")])
    return checked.count


def labelled_rows(model: FramingModel, rows: Iterator[Row], journal: Journal) -> Iterator[tuple[Row, Labels]]:
    """Each row with its labels: from the journal as far as that goes, then from the model, and into the journal."""
    for labels, row in zip(journal.kept(), rows, strict=False):  # in this order no row is taken for which there are no labels
        yield row, labels
    cache = ReadingCache(model)

    def score(chunk: tuple[Row, ...]) -> tuple[tuple[Row, ...], list[Labels]]:
        texts = [row.fields[TEXT] for row in chunk]
        return chunk, [scored_fields(answer) for answer in model.scored(texts, cache.read(ToRead(texts, [None] * len(texts))))]

    # One chunk a core: while the encoder's threads work on some, the words and languages of others are looked at.
    for chunk, found in ahead(score, iter(lambda: tuple(islice(rows, CHUNK)), ()), available_cores()):
        journal.keep(found)
        yield from zip(chunk, found, strict=True)


def _origin(model: FramingModel, source: Path) -> Origin:
    """All that the labels depend on."""
    with source.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    readers = (model,) if model.fallback is None else (model, model.fallback)
    described = [(str(reader.identity), reader.identity.codebook, reader.encoder.fingerprint, reader.languages) for reader in readers]
    try:
        version = metadata.version("framing")
    except metadata.PackageNotFoundError:
        version = "from a checkout"
    return {
        "input": content,
        "model": hashlib.sha256(repr(described).encode()).hexdigest(),
        "version of framing": version,
        "set of columns": " ".join(LABELS),
        "runtime": runtime(),
    }


def scored_fields(answer: PassageAnswer) -> Labels:
    """What scoring says of one passage, in columns."""
    return {
        "predicted_frames": list(answer.present),
        "probabilities": {frame.frame: frame.probability for frame in answer.frames},
        "decisions": {frame.frame: frame.decision for frame in answer.frames},
        "predicted_language": answer.language,
        "text_truncated": answer.truncated,
        "model": answer.model,
    }


def _cells(target: Path, labels: Labels) -> Labels:
    """The labels as a format has them: the list of frames as a;b in a CSV cell."""
    return {**labels, "predicted_frames": ";".join(labels["predicted_frames"])} if target.suffix.lower() == ".csv" else labels


def check_rows(source: Path, types: ColumnTypes | None = None) -> CheckedRows:
    """Read all rows once, and tell them to `types`. Raises DataError with the rows that cannot be scored."""
    bad: list[BadRow] = []
    columns: dict[str, None] = {}
    count = more = 0
    for row in scan_rows(source):
        if len(bad) >= 2 * MOST_BAD:
            more += len(bad) - MOST_BAD
            del bad[MOST_BAD:]
        if isinstance(row, BadRow):
            bad.append(row)
            continue
        if not count and source.suffix.lower() not in _JSON_LINES:
            _check_header(source, row)
        count += 1
        columns.update(dict.fromkeys(row.fields))
        if types is not None:
            types.add(row.fields)
        if problem := _problem(row.fields):
            bad.append(BadRow(str(source), row.number, problem))
    taken = [name for name in LABELS if name in columns]
    if taken or bad:
        raise DataError([*(BadRow(str(source), None, f"already has a column '{name}', which scoring adds") for name in taken), *bad], more)
    if not count:
        raise DataError([BadRow(str(source), None, "has no rows")])
    if types is not None:
        types.finish()
    return CheckedRows(count, tuple(columns))


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
