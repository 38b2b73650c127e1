"""Rows of fields read from CSV, JSON lines and Parquet files, one row at a time."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from framing.errors import BadRow, DataError, MissingExtra

MAX_CELL = 2**24
"""Characters of a CSV cell; beyond it a quote was left open rather than a text that long was meant."""
_BATCH = 256
"""Rows of a Parquet file that are in memory at a time."""
_NUL = "holds a NUL character (\\u0000), which no text has"
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


class Row(NamedTuple):
    """One row; `number` counts from 1 as an editor shows the file: the line a row starts on, in Parquet the record."""

    number: int
    fields: dict[str, Any]


def read_rows(path: str | Path) -> Iterator[Row]:
    """The rows of a file, by its suffix, one at a time in little memory; a CSV cell is always text.

    A bad row ends the rows: the rest of the file is only searched for more of them, and one DataError names all.
    """
    bad = []
    for row in scan_rows(path):
        if isinstance(row, BadRow):
            bad.append(row)
        elif not bad:
            yield row
    if bad:
        raise DataError(bad)


def scan_rows(path: str | Path) -> Iterator[Row | BadRow]:
    """Like `read_rows`, but what cannot be read comes as a BadRow in its place, and the rows after it still come.

    Empty lines are skipped. Raises MissingExtra for Parquet if pyarrow is not installed, and nothing else.
    """
    path, source = Path(path), str(path)
    scan = _SCANS.get(path.suffix.lower())
    if scan is None:
        yield BadRow(source, None, UNKNOWN_FORMAT)
        return
    try:
        with path.open("rb") as file:
            if file.peek(2)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
                yield BadRow(source, None, "is UTF-16 text; save it as UTF-8 (in Excel: 'CSV UTF-8')")
            else:
                yield from scan(file, source)
    except OSError as error:
        yield BadRow(source, None, f"cannot be read ({error.strerror or error})")


def _lines(file: BinaryIO) -> Iterator[str]:
    """Lines as editors count them. A byte that is not UTF-8 comes as half of a surrogate pair, so that its line is known."""
    return io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")


def _broken(text: str) -> str | None:
    """What keeps a raw line from being text, if anything."""
    found = _NO_TEXT.search(text)
    if found is None:
        return None
    return "holds a NUL byte, which no text has" if found[0] == "\0" else "holds bytes that are not UTF-8; save the file as UTF-8"


def _scan_csv(file: BinaryIO, source: str) -> Iterator[Row | BadRow]:
    # The limit belongs to the whole process: it is raised, never lowered.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_CELL))
    records = _csv_records(_lines(file), source)
    header = next(records, None)
    if header is None:
        return
    if isinstance(header, BadRow):
        yield header
        return
    line, columns = header[0], _column_names(header[1])
    if problem := _twice(columns) if columns else "the header names no column":
        yield BadRow(source, line, problem)
        return
    for record in records:
        if isinstance(record, BadRow):
            yield record
        elif not _is_blank_line(record[1], columns):
            yield _csv_row(*record, columns, source)


def _csv_records(lines: Iterator[str], source: str) -> Iterator[tuple[int, list[str]] | BadRow]:
    """Cells of each record with the line it starts on, the header first; cells may span lines."""
    skipped = 0
    for first in lines:
        if first.strip():
            break
        skipped += 1
    else:
        return
    reader = csv.reader(chain([first], lines), strict=True, **_dialect(first))
    while True:
        start = skipped + reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            too_long = "limit" in str(error)
            yield BadRow(source, start, _csv_problem(str(error)))
            if too_long:
                return
            continue
        if cells is None:
            return
        if problem := _broken("".join(cells)):
            yield BadRow(source, start, problem)
        elif cells:
            yield start, cells


def _dialect(header: str) -> dict[str, Any]:
    """The separator, and whether spaces after it are padding, from the header alone: texts below may hold any sign."""
    bare = re.sub(r'"[^"]*"', "", header)
    delimiter = max(",;\t", key=bare.count)
    padded = bare.count(delimiter) == bare.count(delimiter + " ") > 0
    return {"delimiter": delimiter, "skipinitialspace": padded}


def _csv_problem(message: str) -> str:
    if "limit" in message:
        return f"a cell is longer than {MAX_CELL:,} characters: a quote is left open"
    if "end of data" in message:
        return "a quote is opened here and never closed"
    return "text follows a closing quote; a quote inside a quoted cell is written twice"


def _column_names(cells: list[str]) -> list[str]:
    names = [re.sub(r'^"(.*)"$', r"\1", cell.strip().strip("\ufeff")).strip() for cell in cells]
    while names and not names[-1]:  # spreadsheets add separators at the end
        names.pop()
    return names


def _twice(columns: list[str]) -> str | None:
    return next((f"the column '{name}' stands twice" for name, count in Counter(columns).items() if count > 1), None)


def _is_blank_line(cells: list[str], columns: list[str]) -> bool:
    return len(cells) == 1 < len(columns) and not cells[0].strip()


def _csv_row(number: int, cells: list[str], columns: list[str], source: str) -> Row | BadRow:
    if len(cells) < len(columns) or any(cell.strip() for cell in cells[len(columns) :]):
        found = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
        return BadRow(source, number, f"has {found} where the header has {len(columns)}")
    return Row(number, dict(zip(columns, cells, strict=False)))


def _scan_json_lines(file: BinaryIO, source: str) -> Iterator[Row | BadRow]:
    for number, line in enumerate(_lines(file), 1):
        if line.strip():
            yield _json_row(number, line, source)


def _json_row(number: int, line: str, source: str) -> Row | BadRow:
    try:
        return Row(number, _json_object(line))
    except ValueError as error:
        return BadRow(source, number, str(error))


def _json_object(line: str) -> dict[str, Any]:
    """Raises ValueError with the problem as its text."""
    if problem := _broken(line):
        raise ValueError(problem)
    try:
        value = json.loads(line.lstrip("\ufeff").rstrip(), object_pairs_hook=_fields_once)
        escaped = "\\ud" in line.lower() or "\\u0000" in line
        unwritable = _NO_TEXT.search("".join(_texts(value))) if escaped else None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not valid JSON: {error.msg} at character {error.colno}") from error
    except RecursionError as error:
        raise ValueError("is JSON nested too deeply") from error
    if unwritable:
        raise ValueError(_NUL if unwritable[0] == "\0" else "holds half of a surrogate pair (\\ud800 to \\udfff), which is no character")
    if not isinstance(value, dict):
        raise ValueError("is JSON, but not an object {...} with named fields")
    return value


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value, names of fields included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for entry in value.values():
            yield from _texts(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)


def _fields_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        name = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the field '{name}' stands twice")
    return fields


def _scan_parquet(file: BinaryIO, source: str) -> Iterator[Row | BadRow]:
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise MissingExtra("reading Parquet", "parquet") from error
    try:
        # A buffer size makes pyarrow read a row group piece by piece instead of whole.
        table = ParquetFile(file, buffer_size=2**20, pre_buffer=False)
        if problem := _twice(table.schema_arrow.names):
            yield BadRow(source, None, problem)
            return
        number = 1
        for batch in table.iter_batches(_BATCH):
            yield from (_parquet_row(number + index, batch.slice(index, 1), source) for index in range(batch.num_rows))
            number += batch.num_rows
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        yield BadRow(source, None, f"is not a readable Parquet file ({reason})")


def _parquet_row(number: int, record: Any, source: str) -> Row | BadRow:
    try:
        fields = record.to_pylist()[0]
        if "\0" in "".join(_texts(fields)):
            return BadRow(source, number, _NUL)
        return Row(number, fields)
    except (ValueError, OverflowError) as error:  # text that is not UTF-8, a date beyond the year 9999
        return BadRow(source, number, f"holds a value that cannot be read: {error}")


_SCANS: dict[str, Callable[[BinaryIO, str], Iterator[Row | BadRow]]] = {
    ".csv": _scan_csv,
    ".jsonl": _scan_json_lines,
    ".ndjson": _scan_json_lines,
    ".parquet": _scan_parquet,
}
UNKNOWN_FORMAT = f"the format is told by the end of the name; accepted are {', '.join(_SCANS)}"
