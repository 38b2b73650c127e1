"""A pool: texts that wait for labels, read from a file and checked as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from framing.errors import BadRow, DataError
from framing.label_columns import RefusedRowError, read_language, read_name, read_text, text_problem
from framing.labels.checks import MAX_NAME, NAME_RULE, is_name
from framing.labels.label import text_digest
from framing.rows import Row, scan_rows


@dataclass(frozen=True, slots=True)
class PoolText:
    """One text of a pool, and what its row tells of it."""

    text: str
    digest: str
    """As the label store names the text."""
    id: str
    group: str | None = None
    style: str | None = None
    language: str | None = None


def load_pool(path: str | Path) -> tuple[PoolText, ...]:
    """Read a pool from a CSV, JSON lines or Parquet file; of texts that count as the same the first is kept.

    Columns: `text`, and as far as there are any, `id` (else file name and row), `group`, `style`, `language`. Others are left aside.
    Raises DataError with every row that is refused; then nothing is read.
    """
    source, reading = Path(path), _Reading()
    bad: list[BadRow] = []
    columns: dict[str, None] = {}
    for row in scan_rows(source):
        if isinstance(row, BadRow):
            bad.append(row)
            continue
        columns.update(dict.fromkeys(row.fields))
        try:
            reading.take(_pool_text(row, source.name))
        except RefusedRowError as refusal:
            bad.append(BadRow(str(source), row.number, str(refusal)))
    if columns and (problem := text_problem(columns)):
        raise DataError([BadRow(str(source), None, problem)])
    if bad or not columns:
        raise DataError(bad or [BadRow(str(source), None, "holds no rows")])
    return tuple(reading.texts.values())


class _Reading:
    """The texts so far by their digests, and whose id each is."""

    def __init__(self) -> None:
        self.texts: dict[str, PoolText] = {}
        self._bearers: dict[str, str] = {}

    def take(self, found: PoolText) -> None:
        """Keep a text that is new. Raises RefusedRowError for an id that another text bears: two labels could not be told apart by it."""
        if self._bearers.setdefault(found.id, found.digest) != found.digest:
            raise RefusedRowError(f"has the id '{found.id}' of another text")
        self.texts.setdefault(found.digest, found)


def _pool_text(row: Row, file: str) -> PoolText:
    text = read_text(row.fields)
    group, style = (read_name(row.fields, column) for column in ("group", "style"))
    own = read_name(row.fields, "id") or f"{file[: MAX_NAME // 2]}:{row.number}"
    for column, name in (("id", own), ("group", group), ("style", style)):
        if name is not None and not is_name(name):  # its label would be refused
            raise RefusedRowError(f"'{column}' {NAME_RULE}")
    return PoolText(text, text_digest(text), own, group, style, read_language(row.fields))
