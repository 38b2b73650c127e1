"""Rows gathered into the row groups of a Parquet file, in columns that give every value back as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from framing.row_values import UnwritableError, check_columns, plain_value, text_cell

_WHOLE = 2**53
"""Up to here a float holds every whole number."""
ROW_GROUP = 1000
"""Rows that are kept in memory and written together."""


class ColumnTypes:
    """Types that hold every value of the rows it is told, for who can read these twice. Raises ImportError without pyarrow.

    `add` and `finish` raise UnwritableError, with the row, for a value that not even text can hold.
    """

    def __init__(self) -> None:
        import pyarrow  # noqa: F401 - whether it is there is known before the first row

        self.types: dict[str, Any] = {}
        self.as_text: set[str] = set()
        """Columns that only JSON text can hold: of mixed kinds, or with nothing in any row."""
        self._rows: list[Mapping[str, Any]] = []
        self._told = 0
        self._large: set[str] = set()
        """Columns with whole numbers that a float does not hold."""
        self._names: dict[str, None] = {}

    def add(self, fields: Mapping[str, Any]) -> None:
        self._rows.append(dict(fields))
        self._names.update(dict.fromkeys(fields))
        if len(self._rows) == ROW_GROUP:
            self._settle()

    def finish(self) -> None:
        self._settle()
        self.as_text.update(name for name in self._names if name not in self.types)

    def _settle(self) -> None:
        for name in self._names:
            values = [row.get(name) for row in self._rows]
            kind = None if all(value is None for value in values) else self._kind(name, values)
            if kind is not None:
                self.types[name] = kind
            elif any(value is not None for value in values):
                self.as_text.add(name)
                self.types.pop(name, None)
                self._check_texts(values)
        self._told += len(self._rows)
        self._rows.clear()

    def _kind(self, name: str, values: Sequence[Any]) -> Any | None:
        """A type for these values and those before, None where there is none."""
        if name in self.as_text:
            return None
        known = self.types.get(name)
        self._large |= {name} if any(isinstance(value, int) and abs(value) > _WHOLE for value in values) else set()
        try:
            array = _exact_array(values, known)
            if array is None and str(known) == "int64" and name not in self._large:
                array = _exact_array(values, "float64")  # whole numbers so far, and now others
        except RecursionError:
            return None
        return None if array is None else array.type

    def _check_texts(self, values: Sequence[Any]) -> None:
        for row, value in enumerate(values, self._told + 1):
            try:
                text_cell(value)
            except UnwritableError as error:
                raise UnwritableError(str(error), row) from error


class RowGroups:
    """Rows gathered into Parquet row groups; the first group settles the type of each column of which `like` does not tell it."""

    def __init__(self, path: Path, like: str | Path | ColumnTypes | None) -> None:
        self._path = path
        self._as_text: set[str] = set()
        if isinstance(like, ColumnTypes):
            self._types, self._metadata = dict(like.types), None
            self._as_text |= like.as_text
        else:
            self._types, self._metadata = _types_of(like)
        self._columns: list[str] = []
        self._rows: list[Mapping[str, Any]] = []
        self._written = 0
        self._writer: Any = None

    def write(self, fields: Mapping[str, Any]) -> None:
        if not self._columns:
            self._columns.extend(fields)
        check_columns(fields, self._columns)
        self._rows.append(dict(fields))
        if len(self._rows) == ROW_GROUP:
            self._write_group()

    def finish(self) -> None:
        if self._rows or self._writer is None:
            self._write_group()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _write_group(self) -> None:
        import pyarrow
        from pyarrow.parquet import ParquetWriter

        table = pyarrow.table({name: self._array(name) for name in self._columns}, metadata=self._metadata)
        if self._writer is None:
            self._writer = ParquetWriter(self._path, table.schema)
        self._writer.write_table(table)
        self._written += len(self._rows)
        self._rows.clear()

    def _array(self, name: str) -> Any:
        values = [row.get(name) for row in self._rows]
        array = None if name in self._as_text else _exact_array(values, self._types.get(name))
        if array is None and name in self._types:
            row = next(row for row, value in enumerate(values) if _exact_array([value], self._types[name]) is None)
            kind = f"the column '{name}' is {self._types[name]} and cannot hold this value; write JSON lines instead"
            raise UnwritableError(kind, self._written + row + 1)
        if array is None:
            self._as_text.add(name)
            return _exact_array([text_cell(value) for value in values], "string")
        self._types[name] = array.type
        return array


def _types_of(path: str | Path | None) -> tuple[dict[str, Any], dict[bytes, bytes] | None]:
    """Column types and notes of a Parquet file; none of a file of another format, or one that cannot be read."""
    import pyarrow
    from pyarrow.parquet import read_schema

    if path is None or Path(path).suffix.lower() != ".parquet":
        return {}, None
    try:
        schema = read_schema(path)
    except (pyarrow.ArrowException, OSError):  # whoever reads its rows says so
        return {}, None
    return {column.name: column.type for column in schema if not pyarrow.types.is_null(column.type)}, schema.metadata


def _exact_array(values: Sequence[Any], kind: Any) -> Any | None:
    """An Arrow array of this type (None: as the values ask) that gives the same values back, or None if there is none."""
    import pyarrow

    try:
        array = pyarrow.array(values, kind)
        if kind is None:
            array = pyarrow.array(values, _with_text_for_nothing(array.type))
    except (pyarrow.ArrowException, OverflowError):
        return None
    # An untyped column is left to JSON text, which takes what the later rows may bring; Parquet has no empty objects.
    if pyarrow.types.is_null(array.type) or "struct<>" in str(array.type):
        return None
    back = array.to_pylist()
    same = (back == values or plain_value(back) == plain_value(values)) and _booleans(back) == _booleans(values)
    return array if same else None


def _booleans(value: Any) -> Any:
    """Where true and false stand in a value: to Python and to pyarrow they equal 1 and 0."""
    value = value.tolist() if hasattr(value, "tolist") else value  # numpy's own
    if isinstance(value, Mapping):
        return {key: found for key, entry in value.items() if (found := _booleans(entry))}
    if isinstance(value, list | tuple):
        return {at: found for at, entry in enumerate(value) if (found := _booleans(entry))}
    return isinstance(value, bool)


def _with_text_for_nothing(kind: Any) -> Any:
    """The type with text in place of what was always missing inside lists and objects."""
    import pyarrow

    def inner(kind: Any) -> Any:
        return pyarrow.string() if pyarrow.types.is_null(kind) else _with_text_for_nothing(kind)

    if pyarrow.types.is_list(kind):
        return pyarrow.list_(inner(kind.value_type))
    if pyarrow.types.is_struct(kind):
        return pyarrow.struct([field.with_type(inner(field.type)) for field in kind])
    return kind
