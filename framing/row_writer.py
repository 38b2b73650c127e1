"""Rows of fields written to CSV, JSON lines and Parquet files, a whole file or none."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from framing.errors import BadRow, DataError, MissingExtra
from framing.files import disk_refusals, whole_file
from framing.row_groups import ColumnTypes, RowGroups
from framing.row_values import UnwritableError, check_columns, json_text, text_cell
from framing.rows import UNKNOWN_FORMAT

Fields = Mapping[str, Any]
Write = Callable[[Fields], None]
Like = str | Path | ColumnTypes | None


class RowsWriter:
    """What `open_rows_writer` gives; `rows` counts the rows that were taken."""

    def __init__(self, path: Path, write: Write) -> None:
        self.path = path
        self.rows = 0
        self._write = write

    def write(self, fields: Fields) -> None:
        """Write one row. Raises DataError if the format cannot hold it, or if the disk is full."""
        with refusals_named(self.path, self.rows + 1):
            self._write(fields)
        self.rows += 1


@contextmanager
def open_rows_writer(path: str | Path, like: Like = None, beside: Path | None = None) -> Iterator[RowsWriter]:
    """Write rows to a file whose suffix tells the format; it takes its place when the block ends well, else nothing is left.

    JSON lines keep every row as it is. CSV and Parquet take their columns from the first row: later rows may lack some,
    but bring no others. CSV holds what is not text as JSON text; so does a Parquet column of mixed kinds. Parquet settles
    its types by the first 1,000 rows, or as `like` has them, another Parquet file or what `column_types` gave. Until the end the rows
    stand in `beside`, as `whole_file` has it.
    Raises DataError naming the file, and the row where it is one row that cannot be written.
    """
    path = Path(path)
    form = _FORMATS.get(path.suffix.lower())
    if form is None:
        raise DataError([BadRow(str(path), None, UNKNOWN_FORMAT)])
    with ExitStack() as opened:
        with refusals_named(path):
            unfinished = opened.enter_context(whole_file(path, beside))
            write = opened.enter_context(form(unfinished, like))
        yield RowsWriter(path, write)
        with refusals_named(path):
            opened.close()


def column_types(path: str | Path, source: str | Path) -> ColumnTypes | None:
    """What is to be told all rows of `source` before they are written to `path`, where that settles types and the source has none.

    Raises MissingExtra.
    """
    if Path(path).suffix.lower() != _PARQUET or Path(source).suffix.lower() == _PARQUET:
        return None
    with _arrow_there():
        return ColumnTypes()


@contextmanager
def refusals_named(path: Path, row: int | None = None) -> Iterator[None]:
    """Turn what a format or the disk refuses into a DataError."""
    try:
        with disk_refusals(lambda problem: DataError([BadRow(str(path), None, problem)])):
            yield
    except UnicodeEncodeError as error:
        raise DataError([BadRow(str(path), row, "holds half of a surrogate pair, which is no character")]) from error
    except UnwritableError as error:
        raise DataError([BadRow(str(path), error.row or row, str(error))]) from error


@contextmanager
def _text_file(path: Path, newline: str) -> Iterator[TextIO]:
    file = path.open("w", encoding="utf-8", newline=newline)
    try:
        yield file
    except BaseException:
        with suppress(OSError):  # what ended the block says more than that a full disk takes no rest either
            file.close()
        raise
    file.close()


@contextmanager
def _json_lines(path: Path, _like: Like) -> Iterator[Write]:
    with _text_file(path, "\n") as file:

        def write(fields: Fields) -> None:
            file.write(json_text(fields) + "\n")

        yield write


@contextmanager
def _csv(path: Path, _like: Like) -> Iterator[Write]:
    with _text_file(path, "") as file:
        writer = csv.writer(file)
        columns: list[str] = []

        def write(fields: Fields) -> None:
            if not columns:
                columns.extend(fields)
                # Quoted, so that a reader who looks for the separator in the header finds none in a name.
                ambiguous = any(set(name) & set(";\t") for name in columns)
                csv.writer(file, quoting=csv.QUOTE_ALL if ambiguous else csv.QUOTE_MINIMAL).writerow(columns)
            check_columns(fields, columns)
            writer.writerow([text_cell(fields.get(name)) or "" for name in columns])

        yield write


@contextmanager
def _parquet(path: Path, like: Like) -> Iterator[Write]:
    with _arrow_there():
        groups = RowGroups(path, like)
    try:
        yield groups.write
        groups.finish()
    finally:
        groups.close()


@contextmanager
def _arrow_there() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise MissingExtra("writing Parquet", "parquet") from error


_PARQUET = ".parquet"
_FORMATS: dict[str, Callable[[Path, Like], AbstractContextManager[Write]]] = {
    ".csv": _csv,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    _PARQUET: _parquet,
}
