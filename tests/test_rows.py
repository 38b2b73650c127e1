"""Rows are read from CSV, JSON lines and Parquet; what cannot be read is named by file and row."""

from __future__ import annotations

import csv
import json
import sys
import tracemalloc
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from framing.errors import BadRow, DataError, MissingExtra
from framing.rows import Row, read_rows, scan_rows

Scan = Callable[[str, bytes | str], list[Row | BadRow]]


@pytest.fixture(scope="session")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    """Rows and bad rows of a file of this name and content; errors call the file by its name."""
    folder = tmp_path_factory.mktemp("rows")

    def scanned(name: str, content: bytes | str) -> list[Row | BadRow]:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return [BadRow(name, row.row, row.problem) if isinstance(row, BadRow) else row for row in scan_rows(path)]

    return scanned


# Reading on and stopping


def test_rows_come_with_the_line_they_start_on(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text\n1,one\n2,two\n")
    assert list(read_rows(tmp_path / "a.csv")) == [(2, {"id": "1", "text": "one"}), (3, {"id": "2", "text": "two"})]


def test_all_bad_rows_are_gathered_and_no_row_follows_the_first_of_them(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "one"}\n{"text": \n{"text": "three"}\n[4]\n')
    rows = read_rows(path)
    assert next(rows) == (1, {"text": "one"})
    with pytest.raises(DataError) as refused:
        next(rows)
    assert str(refused.value) == (
        f"{path}, row 2: is not valid JSON: Expecting value at character 9\n"
        f"{path}, row 4: is JSON, but not an object {{...}} with named fields"
    )


def test_scanning_goes_on_after_a_bad_row(scan: Scan) -> None:
    assert scan("a.jsonl", '{"n": 1}\nx\n{"n": 3}\n') == [
        Row(1, {"n": 1}),
        BadRow("a.jsonl", 2, "is not valid JSON: Expecting value at character 1"),
        Row(3, {"n": 3}),
    ]


@pytest.mark.parametrize("name", ["a.xlsx", "a.json", "a.csv.gz", "a.txt", "a", ".csv"])
def test_another_format_is_refused_with_what_is_accepted(scan: Scan, name: str) -> None:
    problem = "the format is told by the end of the name; accepted are .csv, .jsonl, .ndjson, .parquet"
    assert scan(name, "text\none\n") == [BadRow(name, None, problem)]


@pytest.mark.parametrize("name", ["a.CSV", "a.Csv"])
def test_the_suffix_may_be_in_capitals(scan: Scan, name: str) -> None:
    assert scan(name, "text\none\n") == [Row(2, {"text": "one"})]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_missing_file_is_named(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(DataError) as refused:
        list(read_rows(tmp_path / f"missing{suffix}"))
    assert str(refused.value) == f"{tmp_path}/missing{suffix}: cannot be read (No such file or directory)"


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_folder_is_not_a_file_of_rows(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"folder{suffix}").mkdir()
    with pytest.raises(DataError, match=r"cannot be read \(Is a directory\)"):
        list(read_rows(tmp_path / f"folder{suffix}"))


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
@pytest.mark.parametrize("content", ["", "\n", "\n  \r\n\n", "\ufeff"])
def test_a_file_with_nothing_in_it_has_no_rows(scan: Scan, name: str, content: str) -> None:
    assert scan(name, content) == []


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_utf_16_file_is_told_to_become_utf_8(scan: Scan, name: str, codec: str) -> None:
    mark = "" if codec == "utf-16" else "\ufeff"
    problem = "is UTF-16 text; save it as UTF-8 (in Excel: 'CSV UTF-8')"
    assert scan(name, (mark + 'text\n{"text": "one"}\n').encode(codec)) == [BadRow(name, None, problem)]


# CSV


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        ("\ufeffid,text\n1,one\n", {"id": "1", "text": "one"}),
        ('\ufeff"id","text"\n1,one\n', {"id": "1", "text": "one"}),
        (" id , text \n1,one\n", {"id": "1", "text": "one"}),
        ('id, "text"\n1, "one, two"\n', {"id": "1", "text": "one, two"}),
        ('id; "text";x\n1;one;2\n', {"id": "1", "text": "one", "x": "2"}),
        ("id;text\n1;one, two\n", {"id": "1", "text": "one, two"}),
        ("id\ttext\n1\tone, two; three\n", {"id": "1", "text": "one, two; three"}),
        ("text\none\n", {"text": "one"}),
        ('"text; as printed",id\none,1\n', {"text; as printed": "one", "id": "1"}),
        (",text\n0,one\n", {"": "0", "text": "one"}),
        ("id,text,,\n1,one,,\n", {"id": "1", "text": "one"}),
        ("id,text\r\n1,one\r\n", {"id": "1", "text": "one"}),
        ("id,text\r1,one\r", {"id": "1", "text": "one"}),
        ("id,text\n1,one", {"id": "1", "text": "one"}),
        ('id,text\n1,"say ""one"""\n', {"id": "1", "text": 'say "one"'}),
        ("id,text\n1,  one  \n", {"id": "1", "text": "  one  "}),
    ],
    ids=lambda value: repr(value) if isinstance(value, str) else "",
)
def test_csv_is_forgiving_about_form(scan: Scan, content: str, fields: dict[str, str]) -> None:
    (row,) = scan("a.csv", content)
    assert isinstance(row, Row)
    assert row.fields == fields


def test_a_csv_row_is_named_by_the_line_on_which_it_starts(scan: Scan) -> None:
    content = '\nid,text\n1,"first\nsecond\r\nthird"\n\n2,after\n   \n3,"one\rtwo"\n4,end\n'
    assert [(row.number, row.fields["id"]) for row in scan("a.csv", content) if isinstance(row, Row)] == [
        (3, "1"),
        (7, "2"),
        (9, "3"),
        (11, "4"),
    ]


def test_line_breaks_inside_quotes_are_kept_as_they_are(scan: Scan) -> None:
    (row,) = scan("a.csv", 'text\n"a\nb\r\nc\rd\u2028e"\n')
    assert row == (2, {"text": "a\nb\r\nc\rd\u2028e"})


def test_the_separator_is_looked_for_in_the_header_only(scan: Scan) -> None:
    rows = scan("a.csv", "id,text\n1,a;b;c;d\n2,e\tf\tg\n")
    assert [row.fields["text"] for row in rows if isinstance(row, Row)] == ["a;b;c;d", "e\tf\tg"]


@pytest.mark.parametrize(
    ("content", "bad"),
    [
        ("id,text,id\n1,one,2\n", BadRow("a.csv", 1, "the column 'id' stands twice")),
        ("id,text, id\n1,one,2\n", BadRow("a.csv", 1, "the column 'id' stands twice")),
        (",,\n1,one,2\n", BadRow("a.csv", 1, "the header names no column")),
        ("id,text\n1,one,two\n", BadRow("a.csv", 2, "has 3 cells where the header has 2")),
        ("id,text\n1\n", BadRow("a.csv", 2, "has 1 cell where the header has 2")),
        ('id,text\n1,"one\n2,two\n', BadRow("a.csv", 2, "a quote is opened here and never closed")),
        (
            'id,text\n1,"say "one" now"\n',
            BadRow("a.csv", 2, "text follows a closing quote; a quote inside a quoted cell is written twice"),
        ),
        ("id,text\n1,o\0ne\n", BadRow("a.csv", 2, "holds a NUL byte, which no text has")),
        ("id,te\0xt\n1,one\n", BadRow("a.csv", 1, "holds a NUL byte, which no text has")),
    ],
    ids=lambda value: repr(value) if isinstance(value, str) else "",
)
def test_csv_that_cannot_be_understood_is_named_by_row(scan: Scan, content: str, bad: BadRow) -> None:
    assert scan("a.csv", content) == [bad]


def test_bytes_that_are_not_utf_8_are_named_by_row_and_the_rest_is_read(scan: Scan) -> None:
    problem = "holds bytes that are not UTF-8; save the file as UTF-8"
    assert scan("a.csv", b"text\none\ncaf\xe9\nthree\n") == [
        Row(2, {"text": "one"}),
        BadRow("a.csv", 3, problem),
        Row(4, {"text": "three"}),
    ]
    assert scan("a.jsonl", b'{"n": 1}\n{"n": "\xe9"}\n{"n": 3}\n') == [Row(1, {"n": 1}), BadRow("a.jsonl", 2, problem), Row(3, {"n": 3})]


def test_a_cell_may_be_longer_than_the_csv_module_allows_by_default(scan: Scan) -> None:
    assert scan("a.csv", "text\n" + "x" * 300_000 + "\n") == [Row(2, {"text": "x" * 300_000})]


def test_a_limit_that_others_set_higher_is_left_alone(scan: Scan) -> None:
    before = csv.field_size_limit(2**30)
    try:
        scan("a.csv", "text\none\n")
        assert csv.field_size_limit() == 2**30
    finally:
        csv.field_size_limit(before)


def test_a_quote_left_open_in_a_huge_file_ends_the_reading(scan: Scan) -> None:
    content = 'id,text\n1,"one\n' + ("2," + "x" * 1_000_000 + "\n") * 20
    assert scan("a.csv", content) == [BadRow("a.csv", 2, "a cell is longer than 16,777,216 characters: a quote is left open")]


# JSON lines


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson"])
def test_json_values_keep_their_types(scan: Scan, name: str) -> None:
    content = '\ufeff{"text": "one", "n": 1, "share": 0.5, "yes": true, "none": null, "frames": ["a"], "more": {"x": []}}\n'
    fields = {"text": "one", "n": 1, "share": 0.5, "yes": True, "none": None, "frames": ["a"], "more": {"x": []}}
    assert scan(name, content) == [Row(1, fields)]


def test_json_rows_are_named_by_line_and_empty_lines_are_skipped(scan: Scan) -> None:
    assert scan("a.jsonl", '\r\n{"n": "a\u2028b"}\n  \n{"n": 2}') == [Row(2, {"n": "a\u2028b"}), Row(4, {"n": 2})]


def test_a_byte_order_mark_in_the_middle_of_joined_files_is_forgiven(scan: Scan) -> None:
    assert scan("a.jsonl", '{"n": 1}\n\ufeff{"n": 2}\n') == [Row(1, {"n": 1}), Row(2, {"n": 2})]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"text": "one"', "is not valid JSON: Expecting ',' delimiter at character 15"),
        ("{'text': 'one'}", "is not valid JSON: Expecting property name enclosed in double quotes at character 2"),
        ('["one"]', "is JSON, but not an object {...} with named fields"),
        ('"one"', "is JSON, but not an object {...} with named fields"),
        ("null", "is JSON, but not an object {...} with named fields"),
        ('{"text": "one", "text": "two"}', "the field 'text' stands twice"),
        ('{"text": "o\0ne"}', "holds a NUL byte, which no text has"),
        (r'{"text": "\ud83d alone"}', r"holds half of a surrogate pair (\ud800 to \udfff), which is no character"),
        ('{"n": ' + "[" * 100_000, "is JSON nested too deeply"),
    ],
)
def test_json_that_cannot_be_understood_is_named_by_row(scan: Scan, line: str, problem: str) -> None:
    assert scan("a.jsonl", f'{{"n": 1}}\n{line}\n') == [Row(1, {"n": 1}), BadRow("a.jsonl", 2, problem)]


def test_a_number_with_thousands_of_digits_is_a_bad_row(scan: Scan) -> None:
    (bad,) = scan("a.jsonl", '{"n": ' + "1" * 10_000 + "}\n")
    assert isinstance(bad, BadRow)


def test_a_surrogate_pair_written_as_escapes_is_one_character(scan: Scan) -> None:
    assert scan("a.jsonl", r'{"text": "\ud83d\ude00"}') == [Row(1, {"text": "\U0001f600"})]


# Parquet


def test_parquet_rows_are_records_with_their_types(tmp_path: Path) -> None:
    table = {"text": ["one", "two"], "n": [1, None], "frames": [["a"], []], "more": [{"x": 1.5}, None]}
    parquet.write_table(pyarrow.table(table), tmp_path / "a.parquet")
    assert list(read_rows(tmp_path / "a.parquet")) == [
        (1, {"text": "one", "n": 1, "frames": ["a"], "more": {"x": 1.5}}),
        (2, {"text": "two", "n": None, "frames": [], "more": None}),
    ]


def test_parquet_records_are_counted_across_row_groups(tmp_path: Path) -> None:
    parquet.write_table(pyarrow.table({"n": list(range(1, 1001))}), tmp_path / "a.parquet", row_group_size=300)
    assert all(number == fields["n"] for number, fields in read_rows(tmp_path / "a.parquet"))
    assert sum(1 for _ in read_rows(tmp_path / "a.parquet")) == 1000


def test_a_parquet_file_without_records_has_no_rows(tmp_path: Path) -> None:
    parquet.write_table(pyarrow.table({"text": pyarrow.array([], "string")}), tmp_path / "a.parquet")
    assert list(read_rows(tmp_path / "a.parquet")) == []


@pytest.mark.parametrize("content", [b"", b"text\none\n", b"PAR1 and no more PAR1"])
def test_what_is_not_parquet_is_refused(scan: Scan, content: bytes) -> None:
    (bad,) = scan("a.parquet", content)
    assert isinstance(bad, BadRow)
    assert bad.row is None
    assert bad.problem.startswith("is not a readable Parquet file (")


def test_a_parquet_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    table = pyarrow.Table.from_arrays([pyarrow.array(["one"]), pyarrow.array(["two"])], ["text", "text"])
    parquet.write_table(table, tmp_path / "a.parquet")
    assert list(scan_rows(tmp_path / "a.parquet")) == [BadRow(f"{tmp_path}/a.parquet", None, "the column 'text' stands twice")]


def test_a_parquet_text_that_is_not_utf_8_is_named_by_row(tmp_path: Path) -> None:
    texts = pyarrow.Array.from_buffers(pyarrow.string(), 3, pyarrow.array([b"one", b"caf\xe9", b"three"]).buffers())
    parquet.write_table(pyarrow.table({"text": texts}), tmp_path / "a.parquet")
    first, bad, third = scan_rows(tmp_path / "a.parquet")
    assert (first, third) == ((1, {"text": "one"}), (3, {"text": "three"}))
    assert isinstance(bad, BadRow)
    assert bad.row == 2


def test_parquet_without_pyarrow_names_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.parquet").touch()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"reading Parquet needs packages that are not installed: pip install 'framing\[parquet\]'"):
        list(read_rows(tmp_path / "a.parquet"))


# Any input at all

SETTINGS = settings(deadline=None, max_examples=100)
CSV_SOUP = st.text(st.sampled_from('ab,;\t"\n\r \ufeff\0é\u2028'), max_size=60)
JSON_SOUP = st.text(st.sampled_from('{}[]":,\\u d8nul1e9\n\r'), max_size=60)


@SETTINGS
@given(st.sampled_from([".csv", ".jsonl"]), st.one_of(st.binary(max_size=200), CSV_SOUP.map(str.encode), JSON_SOUP.map(str.encode)))
def test_any_bytes_give_rows_or_bad_rows_in_order(scan: Scan, suffix: str, content: bytes) -> None:
    rows = scan(f"any{suffix}", content)
    numbers = [row.row if isinstance(row, BadRow) else row.number for row in rows]
    assert all(isinstance(row, Row | BadRow) for row in rows)
    assert None in numbers or numbers == sorted(set(numbers))
    lines = content.count(b"\n") + content.count(b"\r") + 1
    assert all(number is None or 1 <= number <= lines for number in numbers)


@settings(deadline=None, max_examples=60)
@given(position=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_damaged_parquet_file_gives_rows_or_bad_rows(
    scan: Scan, tmp_path_factory: pytest.TempPathFactory, position: int, byte: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "sound.parquet"
    if not path.exists():
        parquet.write_table(pyarrow.table({"text": ["one", "two"] * 50, "n": range(100)}), path)
    content = bytearray(path.read_bytes())
    content[position % len(content)] = byte
    assert all(isinstance(row, Row | BadRow) for row in scan("damaged.parquet", bytes(content)))


@SETTINGS
@given(st.lists(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=10) | st.lists(st.booleans())), max_size=5))
def test_json_lines_of_any_objects_are_read_as_they_were_written(scan: Scan, objects: list[dict[str, Any]]) -> None:
    content = "".join(json.dumps(entry) + "\n" for entry in objects)
    expected = [Row(number, entry) for number, entry in enumerate(objects, 1)]
    refused = [number for number, entry in enumerate(objects, 1) if any(map(_is_no_text, [*entry, *entry.values()]))]
    assert [row for row in scan("any.jsonl", content) if isinstance(row, Row)] == [row for row in expected if row.number not in refused]


def _is_no_text(value: object) -> bool:
    return isinstance(value, str) and any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value)


def test_an_escaped_nul_is_refused_as_a_raw_one_is(scan: Scan) -> None:
    (row,) = scan("nul.jsonl", '{"text": "a", "more": [{"b": "\\u0000"}]}\n')
    assert isinstance(row, BadRow)
    assert row.problem == "holds a NUL character (\\u0000), which no text has"


# Memory


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_large_file_is_read_in_little_memory(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"large{suffix}"
    line = '{"text": "' + "x" * 980 + '"}\n'
    path.write_text(('"text"\n' if suffix == ".csv" else "") + (line if suffix == ".jsonl" else "x" * 980 + "\n") * 8000)
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_rows(path)) == 8000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 7_000_000
    assert peak < 1_000_000


def test_a_large_parquet_file_is_read_in_little_memory(tmp_path: Path) -> None:
    texts = [f"{number} " + "x" * 2000 for number in range(8000)]
    parquet.write_table(pyarrow.table({"text": texts}), tmp_path / "large.parquet", compression=None, use_dictionary=False)
    before = pyarrow.total_allocated_bytes()
    rows = read_rows(tmp_path / "large.parquet")
    most = max(pyarrow.total_allocated_bytes() - before for _ in islice(rows, 8000))
    assert most < 8_000_000
