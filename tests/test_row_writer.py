"""Rows that are written come back as they were; a file is written whole or not at all."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from framing.errors import DataError, MissingExtra
from framing.row_groups import ROW_GROUP
from framing.row_writer import open_rows_writer
from framing.rows import read_rows

Fields = dict[str, Any]
SUFFIXES = [".csv", ".jsonl", ".ndjson", ".parquet"]


def write(path: Path, rows: list[Fields], like: Path | None = None) -> Path:
    with open_rows_writer(path, like) as writer:
        for row in rows:
            writer.write(row)
    return path


def break_off(path: Path) -> None:
    with open_rows_writer(path) as writer:
        writer.write({"text": "new"})
        raise ZeroDivisionError


def read(path: Path) -> list[Fields]:
    return [row.fields for row in read_rows(path)]


# Every format


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_texts_come_back_as_they_were_in_every_format(tmp_path: Path, suffix: str) -> None:
    rows = [{"id": "1", "text": ' "one",\r\ntwo\rthree\u2028é 😀; '}, {"id": "2", "text": "\ttab"}, {"id": "", "text": ""}]
    assert read(write(tmp_path / f"a{suffix}", rows)) == rows


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_file_appears_only_when_all_rows_are_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    with open_rows_writer(path) as writer:
        writer.write({"text": "one"})
        assert not path.exists()
        assert writer.rows == 1
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a{suffix}", [{"text": "old"}])
    with pytest.raises(ZeroDivisionError):
        break_off(path)
    assert read(path) == [{"text": "old"}]
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_can_be_rewritten_while_it_is_read(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a{suffix}", [{"n": "1"}, {"n": "2"}])
    with open_rows_writer(path) as writer:
        for row in read_rows(path):
            writer.write({**row.fields, "more": "x"})
    assert read(path) == [{"n": "1", "more": "x"}, {"n": "2", "more": "x"}]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_without_rows_can_be_written_and_read(tmp_path: Path, suffix: str) -> None:
    assert read(write(tmp_path / f"a{suffix}", [])) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_missing_folder_is_named_before_the_work_begins(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "missing" / f"a{suffix}"
    with pytest.raises(DataError) as refused:
        write(path, [{"text": "one"}])
    assert str(refused.value) == f"{path}: cannot be written (No such file or directory)"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_error_of_the_caller_is_not_taken_for_one_of_the_file(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(FileNotFoundError), open_rows_writer(tmp_path / f"a{suffix}"):
        (tmp_path / "another").read_text()


def test_another_format_is_refused_with_what_is_accepted(tmp_path: Path) -> None:
    with pytest.raises(DataError) as refused:
        write(tmp_path / "a.xlsx", [])
    assert str(refused.value) == (
        f"{tmp_path}/a.xlsx: the format is told by the end of the name; accepted are .csv, .jsonl, .ndjson, .parquet"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_half_a_surrogate_pair_is_refused_by_row(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    with pytest.raises(DataError) as refused:
        write(path, [{"text": "one"}, {"text": "\ud83d"}])
    assert "holds half of a surrogate pair, which is no character" in str(refused.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_value_without_a_json_form_is_refused_by_row(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(DataError) as refused:
        write(tmp_path / f"a{suffix}", [{"x": 1}, {"x": {"y": object()}}])
    assert str(refused.value) == f"{tmp_path}/a{suffix}, row 2: holds a value of the type object, which JSON does not have"


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_value_nested_too_deeply_is_refused_by_row(tmp_path: Path, suffix: str) -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(DataError, match="row 1: is nested too deeply"):
        write(tmp_path / f"a{suffix}", [{"x": deep}])


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_columns_are_fixed_by_the_first_row(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(DataError) as refused:
        write(tmp_path / f"a{suffix}", [{"text": "one"}, {"text": "two", "note": "new"}])
    assert str(refused.value) == (
        f"{tmp_path}/a{suffix}, row 2: the field 'note' is not among the columns of the first row; write JSON lines instead"
    )


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_first_row_without_fields_is_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(DataError, match="row 1: has no fields, and columns need names; write JSON lines instead"):
        write(tmp_path / f"a{suffix}", [{}])


@pytest.mark.parametrize(("suffix", "nothing"), [(".csv", ""), (".parquet", None)])
def test_a_later_row_may_lack_a_column(tmp_path: Path, suffix: str, nothing: str | None) -> None:
    path = write(tmp_path / f"a{suffix}", [{"text": "one", "note": "x"}, {"text": "two"}])
    assert read(path)[1] == {"text": "two", "note": nothing}


# JSON lines


def test_json_lines_hold_one_readable_object_a_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [{"text": "é", "n": 1, "share": 0.5, "none": None, "frames": ("a", "b")}, {"other": True}])
    assert path.read_text() == '{"text": "é", "n": 1, "share": 0.5, "none": null, "frames": ["a", "b"]}\n{"other": true}\n'


def test_values_that_json_does_not_have_stand_in_a_form_that_it_has(tmp_path: Path) -> None:
    moment = datetime.datetime(2026, 3, 1, 12, 30, tzinfo=datetime.UTC)
    row = {"at": moment, "day": moment.date(), "price": Decimal("1.50"), "raw": b"\x00\xff", "share": np.float32(0.5), "yes": np.True_}
    (back,) = read(write(tmp_path / "a.jsonl", [{**row, "nan": float("nan"), "list": [np.inf]}]))
    assert back == {
        "at": "2026-03-01T12:30:00+00:00",
        "day": "2026-03-01",
        "price": "1.50",
        "raw": "AP8=",
        "share": 0.5,
        "yes": True,
        "nan": None,
        "list": [None],
    }


# CSV


def test_csv_holds_text_as_it_is_and_everything_else_as_json(tmp_path: Path) -> None:
    row = {"text": "[1]", "n": 1, "share": 0.5, "yes": True, "none": None, "frames": ["a", "b"], "more": {"x": "é"}}
    path = write(tmp_path / "a.csv", [row])
    assert path.read_bytes().decode() == ('text,n,share,yes,none,frames,more\r\n[1],1,0.5,true,,"[""a"", ""b""]","{""x"": ""é""}"\r\n')


@pytest.mark.parametrize("name", ["a;b;c", "a\tb", 'a "b" c', "a, b", ""])
def test_a_column_name_never_passes_for_a_separator(tmp_path: Path, name: str) -> None:
    rows = [{name: "x", "text": "y"}]
    assert read(write(tmp_path / "a.csv", rows)) == rows


# Parquet


def test_parquet_keeps_types_lists_and_objects(tmp_path: Path) -> None:
    moment = datetime.datetime(2026, 3, 1, 12, 30)  # noqa: DTZ001
    rows = [
        {"text": "one", "n": 1, "share": 0.5, "yes": True, "at": moment, "frames": ["a"], "more": {"x": 1.0}, "raw": b"\xff"},
        {"text": None, "n": None, "share": None, "yes": None, "at": None, "frames": [], "more": None, "raw": None},
    ]
    assert read(write(tmp_path / "a.parquet", rows)) == rows


def test_parquet_is_written_in_row_groups(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", [{"n": n} for n in range(2 * ROW_GROUP + 1)])
    assert parquet.ParquetFile(path).metadata.num_row_groups == 3
    assert [fields["n"] for fields in read(path)] == list(range(2 * ROW_GROUP + 1))


def test_a_list_that_is_empty_in_the_first_row_group_is_one_of_texts(tmp_path: Path) -> None:
    rows: list[Fields] = [{"frames": []}] * ROW_GROUP + [{"frames": ["energy_deal"]}]
    assert read(write(tmp_path / "a.parquet", rows)) == rows


def test_a_column_that_begins_with_nothing_takes_later_texts_as_they_are_and_the_rest_as_json(tmp_path: Path) -> None:
    rows: list[Fields] = [{"note": None}] * ROW_GROUP + [{"note": "x"}, {"note": 1}, {"note": None}]
    assert read(write(tmp_path / "a.parquet", rows))[-3:] == [{"note": "x"}, {"note": "1"}, {"note": None}]


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([1, "a"], ["1", "a"]),
        ([{"x": 1}, {"y": 2}], ['{"x": 1}', '{"y": 2}']),
        ([{}, None], ["{}", None]),
        ([[{}]], ["[{}]"]),
        ([2**70], [str(2**70)]),
        ([[1, "a"]], ['[1, "a"]']),
        ([2**60 + 1, 0.5], [str(2**60 + 1), "0.5"]),
        ([0.5, True], ["0.5", "true"]),
        ([[0.5], [True]], ["[0.5]", "[true]"]),
        ([{"q": 0.5}, {"q": False}], ['{"q": 0.5}', '{"q": false}']),
    ],
)
def test_what_a_parquet_column_would_change_stands_as_json_text(tmp_path: Path, values: list[Any], kept: list[Any]) -> None:
    path = write(tmp_path / "a.parquet", [{"x": value} for value in values])
    assert [fields["x"] for fields in read(path)] == kept


@pytest.mark.parametrize(
    ("first", "later", "kind"),
    [(1, "a", "int64"), (1, 1.5, "int64"), ("a", 1, "string"), ({"x": 1}, {"y": 1}, "struct<x: int64>")],
)
def test_a_later_value_that_does_not_fit_is_refused_by_row_and_column(tmp_path: Path, first: Any, later: Any, kind: str) -> None:
    path = tmp_path / "a.parquet"
    with pytest.raises(DataError) as refused:
        write(path, [{"n": first}] * (ROW_GROUP + 4) + [{"n": later}])
    assert str(refused.value) == (
        f"{path}, row {ROW_GROUP + 5}: the column 'n' is {kind} and cannot hold this value; write JSON lines instead"
    )
    assert list(tmp_path.iterdir()) == []


def test_types_of_another_parquet_file_are_kept(tmp_path: Path) -> None:
    kinds = {
        "n": pyarrow.int16(),
        "at": pyarrow.timestamp("ms", "UTC"),
        "style": pyarrow.dictionary(pyarrow.int8(), pyarrow.string()),
        "price": pyarrow.decimal128(10, 2),
        "note": pyarrow.int64(),
    }
    moment = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
    rows = [{"n": 1, "at": moment, "style": "headline", "price": Decimal("1.50"), "note": None}]
    parquet.write_table(pyarrow.Table.from_pylist(rows, pyarrow.schema(kinds)), tmp_path / "in.parquet")
    path = write(tmp_path / "out.parquet", [{**row, "more": 0.5} for row in read(tmp_path / "in.parquet")], like=tmp_path / "in.parquet")
    schema = parquet.read_schema(path)
    assert {name: schema.field(name).type for name in kinds} == kinds
    assert schema.field("more").type == pyarrow.float64()
    assert read(path) == [{**rows[0], "more": 0.5}]


@pytest.mark.parametrize("name", ["missing.parquet", "text.csv", "broken.parquet"])
def test_a_file_whose_types_are_unknown_leaves_them_to_the_rows(tmp_path: Path, name: str) -> None:
    (tmp_path / "broken.parquet").write_text("no")
    path = write(tmp_path / "out.parquet", [{"n": 1}], like=tmp_path / name)
    assert read(path) == [{"n": 1}]


def test_parquet_without_pyarrow_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match="writing Parquet needs packages that are not installed"):
        write(tmp_path / "a.parquet", [{"text": "one"}])
    assert list(tmp_path.iterdir()) == []


# Any rows at all

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
NAMES = st.lists(TEXTS.map(str.strip).filter(lambda name: name and name.strip('"\ufeff ') == name), min_size=1, max_size=4, unique=True)
SETTINGS = settings(deadline=None, max_examples=60)


@SETTINGS
@given(st.lists(st.dictionaries(TEXTS, VALUES, max_size=3), max_size=4))
def test_json_lines_give_any_values_back(tmp_path_factory: pytest.TempPathFactory, rows: list[Fields]) -> None:
    assert read(write(tmp_path_factory.getbasetemp() / "any.jsonl", rows)) == rows


@SETTINGS
@given(st.data())
def test_csv_gives_any_texts_back(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    names = data.draw(NAMES)
    rows = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(names, TEXTS)), max_size=4))
    assert read(write(tmp_path_factory.getbasetemp() / "any.csv", rows)) == rows


def _told_apart(value: Any) -> Any:
    """The value with its booleans as words: to Python true is 1."""
    if isinstance(value, list):
        return [_told_apart(entry) for entry in value]
    if isinstance(value, dict):
        return {key: _told_apart(entry) for key, entry in value.items()}
    return str(value) if isinstance(value, bool) else value


@SETTINGS
@given(st.data())
def test_parquet_gives_any_values_back_or_their_json_text(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    names = data.draw(st.lists(TEXTS, min_size=1, max_size=3, unique=True))
    rows = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(names, VALUES)), min_size=1, max_size=4))
    back = read(write(tmp_path_factory.getbasetemp() / "any.parquet", rows))
    for name in names:
        values = [row[name] for row in rows]
        as_text = [value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values]
        found = [row[name] for row in back]
        assert found in (values, as_text)
        assert found == as_text or _told_apart(found) == _told_apart(values)


_FULL = """
import random, resource, signal, sys
from pathlib import Path
from framing.errors import DataError
from framing.row_writer import open_rows_writer
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    with open_rows_writer(sys.argv[1]) as writer:
        for _ in range(2000):
            writer.write({"text": random.randbytes(50).hex()})
except DataError as error:
    print(error)
print(list(Path(sys.argv[1]).parent.iterdir()))
"""


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.parquet"])
def test_a_disk_that_takes_no_more_ends_in_a_sentence_and_leaves_nothing(tmp_path, name):
    ended = subprocess.run([sys.executable, "-c", _FULL, str(tmp_path / name)], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    assert re.search(rf"{name}: cannot be written \(.*File too large\)$", ended.stdout.splitlines()[0])
    assert ended.stdout.splitlines()[1] == "[]"


def test_a_uuid_is_written_as_text(tmp_path):
    with open_rows_writer(tmp_path / "out.jsonl") as writer:
        writer.write({"id": UUID(int=7)})
    assert json.loads((tmp_path / "out.jsonl").read_text()) == {"id": "00000000-0000-0000-0000-000000000007"}
