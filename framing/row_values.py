"""The values of a row as JSON has them, and as a cell of text."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID


class UnwritableError(Exception):
    """A value that a format cannot hold; `row` counts from 1, None for the row at hand."""

    def __init__(self, problem: str, row: int | None = None) -> None:
        super().__init__(problem)
        self.row = row


def check_columns(fields: Mapping[str, Any], columns: Sequence[str]) -> None:
    """Refuse a row that the columns of the first row do not hold. Raises UnwritableError."""
    if not columns:
        raise UnwritableError("has no fields, and columns need names; write JSON lines instead")
    new = [name for name in fields if name not in columns]
    if new:
        raise UnwritableError(f"the field '{new[0]}' is not among the columns of the first row; write JSON lines instead")


def text_cell(value: Any) -> str | None:
    """Text as it is, nothing as None, everything else as JSON text. Raises UnwritableError."""
    return value if value is None or isinstance(value, str) else json_text(value)


def json_text(value: Any) -> str:
    """One line of JSON. Raises UnwritableError."""
    try:
        return json.dumps(plain_value(value), ensure_ascii=False, allow_nan=False)
    except RecursionError as error:
        raise UnwritableError("is nested too deeply") from error


def plain_value(value: Any) -> Any:
    """The value as JSON has it: not-a-number and the infinities as null, times in ISO form, bytes in base 64."""
    if isinstance(value, Mapping):
        return {str(key): plain_value(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(entry) for entry in value]
    if hasattr(value, "tolist"):  # numpy's own numbers and arrays
        return plain_value(value.tolist())
    for kinds, plain in _PLAIN:
        if isinstance(value, kinds):
            return plain(value)
    raise UnwritableError(f"holds a value of the type {type(value).__name__}, which JSON does not have")


_PLAIN: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    ((type(None), str, bool, int), lambda value: value),
    (float, lambda value: value if math.isfinite(value) else None),
    ((date, time), lambda value: value.isoformat()),
    ((Decimal, timedelta, UUID), str),
    (bytes, lambda value: base64.b64encode(value).decode()),
)
