"""Rows scored from file to file: complete, in order, as the model answers each alone, and all or nothing."""

from __future__ import annotations

import csv
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from framing.batch import CHUNK, LABELS, score_file
from framing.encoder import EncodedTexts
from framing.errors import DataError
from framing.journal import journal_of
from framing.row_groups import ROW_GROUP
from framing.row_writer import open_rows_writer
from framing.rows import read_rows
from tests.conftest import ROOT, WordEncoder

TEXTS = ["Rain.", "Frost.", "Rain and frost.", "Nothing new."]


def write_rows(path: Path, rows: list[dict]) -> Path:
    with open_rows_writer(path) as writer:
        for row in rows:
            writer.write(row)
    return path


def rows_of(path: Path) -> list[dict]:
    return [row.fields for row in read_rows(path)]


def problems(error: pytest.ExceptionInfo[DataError]) -> list[tuple[int | None, str]]:
    return [(row.row, row.problem) for row in error.value.rows]


@pytest.mark.parametrize("source", ["in.csv", "in.jsonl", "in.parquet"])
@pytest.mark.parametrize("target", ["out.csv", "out.jsonl", "out.parquet"])
def test_every_row_comes_back_in_order_with_the_answer_it_gets_alone(tiny_model, tmp_path, source, target):
    texts = [f"{TEXTS[number % 4]} Number {number}." for number in range(2 * CHUNK + 3)]
    write_rows(tmp_path / source, [{"id": f"r{number}", "text": text} for number, text in enumerate(texts)])

    assert score_file(tiny_model, tmp_path / source, tmp_path / target) == len(texts)

    rows = rows_of(tmp_path / target)
    assert [(row["id"], row["text"]) for row in rows] == [(f"r{number}", text) for number, text in enumerate(texts)]
    for row in rows:
        (alone,) = tiny_model.score([row["text"]])
        frames, probabilities, decisions, language, truncated, model = (row[name] for name in LABELS)
        if target == "out.csv":
            frames, probabilities, decisions, truncated = (
                [name for name in frames.split(";") if name],
                *map(json.loads, (probabilities, decisions, truncated)),
            )
        assert tuple(frames) == alone.present
        assert probabilities == {frame.frame: frame.probability for frame in alone.frames}
        assert decisions == {frame.frame: frame.decision for frame in alone.frames}
        assert (language, truncated, model) == ("en", False, "tiny:1")


def test_a_csv_cell_holds_frames_between_semicolons_and_the_rest_as_json(tiny_model, tmp_path):
    (tmp_path / "in.csv").write_text('id;text\n7;"Rain; frost"\n8;None of it\n', encoding="utf-8")
    score_file(tiny_model, tmp_path / "in.csv", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    assert list(first) == ["id", "text", *LABELS]
    assert (first["id"], first["text"], first["predicted_frames"]) == ("7", "Rain; frost", "rain;frost")
    assert json.loads(first["decisions"]) == {"rain": "present", "frost": "present"}
    assert second["predicted_frames"] == ""


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
fields = st.dictionaries(st.text(max_size=6).filter(lambda name: name not in LABELS), json_values, max_size=4)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(fields, min_size=1, max_size=4))
def test_all_fields_of_a_json_row_are_kept_as_they_are(tiny_model, tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("rows")
    rows = [{**row, "text": "Rain.\u2028 „Frost“"} for row in rows]
    lines = [json.dumps(row) for row in rows]
    if any("\\u0000" in line or "\\ud" in line for line in lines):
        return  # no character, refused by the reader
    (folder / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    score_file(tiny_model, folder / "in.jsonl", folder / "out.jsonl")
    assert [{name: row[name] for name in row if name not in LABELS} for row in rows_of(folder / "out.jsonl")] == rows


def test_columns_of_a_parquet_file_keep_their_types(tiny_model, tmp_path):
    write_rows(tmp_path / "in.parquet", [{"text": "Rain.", "year": 2023, "share": 0.5, "tags": ["a", "b"]}])
    score_file(tiny_model, tmp_path / "in.parquet", tmp_path / "out.parquet")
    before, after = (parquet.read_schema(tmp_path / name) for name in ("in.parquet", "out.parquet"))
    assert [after.field(name).type for name in before.names] == before.types
    assert rows_of(tmp_path / "out.parquet")[0]["tags"] == ["a", "b"]


@pytest.mark.parametrize(
    ("first", "later", "written"),
    [
        (3, 3.5, (3.0, 3.5)),
        (3, "many", ("3", "many")),
        (None, 7, (None, 7)),
        ([1], {"a": 1}, ("[1]", '{"a": 1}')),
        ({"a": 1}, {"a": "x"}, ('{"a": 1}', '{"a": "x"}')),
        ([1], ["x"], ("[1]", '["x"]')),
        (3, True, ("3", "true")),
        (2**53 + 1, 3.5, ("9007199254740993", "3.5")),
    ],
)
def test_a_parquet_column_holds_what_only_a_late_row_has(tiny_model, tmp_path, first, later, written):
    """What a row cannot hold would else be known after all those before it were scored."""
    rows = [{"text": "Rain.", "value": first}] * ROW_GROUP + [{"text": "Rain.", "value": later}]
    score_file(tiny_model, write_rows(tmp_path / "in.jsonl", rows), tmp_path / "out.parquet")
    values = [row["value"] for row in rows_of(tmp_path / "out.parquet")]
    assert (values[0], values[-1]) == written
    assert values[:-1] == [written[0]] * ROW_GROUP


def test_a_row_that_parquet_cannot_hold_is_known_before_any_is_scored(tiny_model, tmp_path):
    deep: list = []
    for _ in range(700):
        deep = [deep]
    rows = [{"text": "Rain.", "value": "x"}] * (ROW_GROUP + 1) + [{"text": "Rain.", "value": deep}]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    unread = replace(tiny_model, encoder=None)
    with pytest.raises(DataError, match=f"out.parquet, row {ROW_GROUP + 2}: is nested too deeply"):
        score_file(unread, tmp_path / "in.jsonl", tmp_path / "out.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_a_field_that_only_later_rows_have_becomes_a_column(tiny_model, tmp_path):
    write_rows(tmp_path / "in.jsonl", [{"text": "Rain."}, {"text": "Frost.", "note": "late"}])
    score_file(tiny_model, tmp_path / "in.jsonl", tmp_path / "out.csv")
    assert [row["note"] for row in rows_of(tmp_path / "out.csv")] == ["", "late"]
    score_file(tiny_model, tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert ["note" in row for row in rows_of(tmp_path / "out.jsonl")] == [False, True]


def test_text_in_another_language_is_scored_with_the_same_columns_and_its_language_told(tiny_model, tmp_path):
    write_rows(tmp_path / "in.jsonl", [{"text": "Президенты подписали договор о поставках природного газа в Китай."}])
    score_file(tiny_model, tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    (row,) = rows_of(tmp_path / "out.jsonl")
    assert row["decisions"] == {"rain": "unsure", "frost": "unsure"}
    assert row["predicted_language"] == "ru"
    assert set(row) == {"text", *LABELS}


def test_a_passage_longer_than_the_encoder_reads_is_marked(tiny_model, tmp_path):
    write_rows(tmp_path / "in.jsonl", [{"text": "Rain. " * words} for words in (5, 5000)])
    score_file(tiny_model, tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert [row["text_truncated"] for row in rows_of(tmp_path / "out.jsonl")] == [False, True]


def test_all_rows_without_text_are_named_and_nothing_is_written(tiny_model, tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text(
        '{"id": 1}\n{"text": "Rain."}\n{"text": " \\t"}\n{"text": null}\n{"text": 5}\n{"text": ["Rain."]}\n{broken\n', encoding="utf-8"
    )
    with pytest.raises(DataError) as error:
        score_file(tiny_model, source, tmp_path / "out.jsonl")
    *missing, (line, broken) = problems(error)
    assert missing == [
        (1, "has no 'text'"),
        (3, "'text' is empty"),
        (4, "has no 'text'"),
        (5, "'text' is not text but int"),
        (6, "'text' is not text but list"),
    ]
    assert line == 7
    assert broken.startswith("is not valid JSON")
    assert list(tmp_path.iterdir()) == [source]


def test_a_table_without_a_text_column_is_refused_in_one_sentence(tiny_model, tmp_path):
    (tmp_path / "in.csv").write_text("id,body\n" + "1,Rain.\n" * 50, encoding="utf-8")
    with pytest.raises(DataError) as error:
        score_file(tiny_model, tmp_path / "in.csv", tmp_path / "out.csv")
    assert problems(error) == [(None, "has no column 'text'; its columns are id, body")]


@pytest.mark.parametrize("column", LABELS)
@pytest.mark.parametrize("name", ["in.csv", "in.jsonl", "in.parquet"])
def test_a_source_that_has_a_column_of_the_labels_is_refused(tiny_model, tmp_path, name, column):
    write_rows(tmp_path / name, [{"text": "Rain.", column: "mine"}, {"text": "Frost.", column: "mine"}])
    with pytest.raises(DataError) as error:
        score_file(tiny_model, tmp_path / name, tmp_path / "out.csv")
    assert problems(error) == [(None, f"already has a column '{column}', which scoring adds")]
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(("name", "content"), [("in.csv", "text\n"), ("in.csv", ""), ("in.jsonl", "\n")])
def test_a_source_without_rows_is_refused(tiny_model, tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match="has no rows"):
        score_file(tiny_model, tmp_path / name, tmp_path / "out.csv")


def test_the_source_is_not_written_over_by_whatever_name(tiny_model, tmp_path):
    source = write_rows(tmp_path / "in.csv", [{"text": "Rain."}])
    (tmp_path / "link.csv").symlink_to(source)
    (tmp_path / "twin.csv").hardlink_to(source)
    for target in ("in.csv", "link.csv", "twin.csv"):
        with pytest.raises(DataError, match="is the file the rows come from"):
            score_file(tiny_model, source, tmp_path / target)
    assert rows_of(source) == [{"text": "Rain."}]


@pytest.mark.parametrize(
    ("source", "target"), [("in.txt", "out.csv"), ("in.csv", "out.xlsx"), ("nothing.csv", "out.csv"), ("in.csv", "no/out.csv")]
)
def test_files_that_cannot_be_read_or_written_are_named(tiny_model, tmp_path, source, target):
    for name in ("in.csv", "in.txt"):
        (tmp_path / name).write_text("text\nRain.\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"in\.txt|out\.xlsx|nothing\.csv|no/out\.csv"):
        score_file(tiny_model, tmp_path / source, tmp_path / target)


def test_what_stood_at_the_target_stays_when_scoring_fails_and_goes_when_it_succeeds(tiny_model, tmp_path):
    target = tmp_path / "out.jsonl"
    target.write_text("before", encoding="utf-8")
    source = write_rows(tmp_path / "in.jsonl", [{"text": "Rain."}, {"text": ""}])
    with pytest.raises(DataError):
        score_file(tiny_model, source, target)
    assert target.read_text(encoding="utf-8") == "before"
    score_file(tiny_model, write_rows(source, [{"text": "Rain."}]), target)
    assert len(rows_of(target)) == 1


def test_progress_is_told_after_each_chunk_and_at_the_end(tiny_model, tmp_path):
    source = write_rows(tmp_path / "in.jsonl", [{"text": "Rain."}] * (CHUNK + 5))
    told: list[tuple[int, int]] = []
    score_file(tiny_model, source, tmp_path / "out.jsonl", lambda done, total: told.append((done, total)))
    assert told == [(CHUNK, CHUNK + 5), (CHUNK + 5, CHUNK + 5)]


def test_rows_added_while_scoring_runs_wait_for_the_next_run(tiny_model, tmp_path):
    source = write_rows(tmp_path / "in.jsonl", [{"text": "Rain.", "note": "x" * 2000}] * (2 * CHUNK))

    def append(done: int, total: int) -> None:
        with source.open("a", encoding="utf-8") as file:
            file.write('{"text": "Frost."}\n')

    assert score_file(tiny_model, source, tmp_path / "out.jsonl", append) == 2 * CHUNK
    assert len(rows_of(tmp_path / "out.jsonl")) == 2 * CHUNK


def test_rows_that_vanish_while_scoring_runs_are_noticed(tiny_model, tmp_path):
    line = json.dumps({"text": "Rain.", "note": "x" * 2000}) + "\n"
    source = tmp_path / "in.jsonl"
    source.write_text(line * (9 * CHUNK), encoding="utf-8")
    with pytest.raises(DataError, match="was changed while it was scored"):
        score_file(tiny_model, source, tmp_path / "out.jsonl", lambda done, total: os.truncate(source, 6 * CHUNK * len(line)))
    assert list(tmp_path.iterdir()) == [source]


PEAK_OF_A_RUN = """
import pickle, resource, sys
from pathlib import Path
from framing.batch import score_file
model, source, target = map(Path, sys.argv[1:])
score_file(pickle.loads(model.read_bytes()), source, target)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_a_process_takes_no_more_memory_for_ten_times_the_rows(tiny_model, tmp_path):
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(tiny_model))

    def megabytes(rows: int) -> int:
        source = tmp_path / "in.jsonl"
        source.write_text("".join(json.dumps({"text": f"Rain {n}.", "note": "x" * 20_000}) + "\n" for n in range(rows)), encoding="utf-8")
        arguments = [str(tmp_path / "model.pickle"), str(source), str(tmp_path / "out.csv")]
        return int(subprocess.run([sys.executable, "-c", PEAK_OF_A_RUN, *arguments], check=True, capture_output=True, cwd=ROOT).stdout)

    assert megabytes(2000) < megabytes(200) + 12  # the file is 40 megabytes


# --- interrupted runs ---


@dataclass(frozen=True)
class CountingEncoder(WordEncoder):
    """Notes each text that it reads."""

    read: list[str] = field(default_factory=list)

    def encode(self, texts: Sequence[str]) -> EncodedTexts:
        self.read.extend(texts)
        return super().encode(texts)


ROWS = 8 * CHUNK + 3


def interrupt(done: int, total: int) -> None:
    if done == 3 * CHUNK:
        raise KeyboardInterrupt


def interrupted(model, source: Path, target: Path) -> Path:
    """A run that ended early; returns what it left."""
    with pytest.raises(KeyboardInterrupt):
        score_file(model, source, target, interrupt)
    assert not target.exists()
    return journal_of(target)


@pytest.fixture
def many_rows(tmp_path) -> Path:
    return write_rows(tmp_path / "in.jsonl", [{"id": n, "text": f"{TEXTS[n % 4]} „{n}“ \u2028."} for n in range(ROWS)])


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_an_interrupted_run_goes_on_and_gives_the_bytes_of_one_that_was_not(tiny_model, many_rows, tmp_path, suffix):
    whole, target = tmp_path / f"whole{suffix}", tmp_path / f"out{suffix}"
    score_file(tiny_model, many_rows, whole)
    interrupted(tiny_model, many_rows, target)

    encoder, told = CountingEncoder(), []
    score_file(replace(tiny_model, encoder=encoder), many_rows, target, lambda done, total: told.append((done, total)))

    assert target.read_bytes() == whole.read_bytes()
    assert 0 < len(encoder.read) <= ROWS - 3 * CHUNK
    assert (told[0], told[-1]) == ((CHUNK, ROWS), (ROWS, ROWS))
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", whole.name, target.name}


@pytest.mark.parametrize("torn", [b'{"predicted_frames": ["ra', b"\0" * 4096, b'{"predicted\xff": 1}\n{}\n', b""])
def test_what_a_power_cut_tore_is_cut_off(tiny_model, many_rows, tmp_path, torn):
    score_file(tiny_model, many_rows, tmp_path / "whole.jsonl")
    left = interrupted(tiny_model, many_rows, tmp_path / "out.jsonl")
    with left.open("ab") as file:
        file.write(torn)
    score_file(tiny_model, many_rows, tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_a_run_that_was_interrupted_twice_goes_on_twice(tiny_model, many_rows, tmp_path):
    score_file(tiny_model, many_rows, tmp_path / "whole.jsonl")
    target = tmp_path / "out.jsonl"
    sizes = [interrupted(tiny_model, many_rows, target).stat().st_size for _ in range(2)]
    assert sizes[0] <= sizes[1]
    score_file(tiny_model, many_rows, target)
    assert target.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_what_stood_at_the_target_stays_until_the_run_is_complete(tiny_model, many_rows, tmp_path):
    target = tmp_path / "out.jsonl"
    target.write_text("before", encoding="utf-8")
    with pytest.raises(KeyboardInterrupt):
        score_file(tiny_model, many_rows, target, interrupt)
    assert target.read_text(encoding="utf-8") == "before"


def test_another_input_model_or_runtime_does_not_go_on_but_says_how_to_start_over(tiny_model, many_rows, tmp_path, monkeypatch):
    target = tmp_path / "out.jsonl"
    left = interrupted(tiny_model, many_rows, target)
    kept = left.read_bytes()
    other = replace(tiny_model, languages=("en", "de"))
    changed = write_rows(tmp_path / "changed.jsonl", [{"text": "Frost."}])
    for model, source, what in (
        (other, many_rows, "another model"),
        (tiny_model, changed, "another input"),
        (other, changed, "another input and another model"),
    ):
        with pytest.raises(DataError, match=rf"out\.jsonl\.part: was left by an interrupted run with {what}; --fresh starts over"):
            score_file(model, source, target)
    monkeypatch.setattr("framing.batch.runtime", lambda: "another onnxruntime")
    with pytest.raises(DataError, match="interrupted run with another runtime; --fresh"):
        score_file(tiny_model, many_rows, target)
    monkeypatch.undo()
    monkeypatch.setattr("framing.batch.LABELS", LABELS[:3])
    with pytest.raises(DataError, match="interrupted run with another set of columns; --fresh"):
        score_file(tiny_model, many_rows, target)
    assert left.read_bytes() == kept
    score_file(other, changed, target, fresh=True)
    assert [row["text"] for row in rows_of(target)] == ["Frost."]
    assert not left.exists()


def test_a_fresh_run_reads_every_row_again(tiny_model, many_rows, tmp_path):
    interrupted(tiny_model, many_rows, tmp_path / "out.jsonl")
    encoder = CountingEncoder()
    score_file(replace(tiny_model, encoder=encoder), many_rows, tmp_path / "out.jsonl", fresh=True)
    assert len(encoder.read) == ROWS


@pytest.mark.parametrize("fresh", [False, True])
def test_a_file_of_somebody_else_is_not_taken_for_an_interrupted_run(tiny_model, many_rows, tmp_path, fresh):
    other = tmp_path / "out.jsonl.part"
    other.write_text("half a download", encoding="utf-8")
    with pytest.raises(DataError, match=r"out\.jsonl\.part: .* holds something else; move it"):
        score_file(tiny_model, many_rows, tmp_path / "out.jsonl", fresh=fresh)
    assert other.read_text(encoding="utf-8") == "half a download"


def test_two_runs_to_one_target_do_not_mix(tiny_model, many_rows, tmp_path):
    refused = []

    def second(done: int, total: int) -> None:
        with pytest.raises(DataError, match="is being written by another run") as error:
            score_file(tiny_model, many_rows, tmp_path / "out.jsonl")
        refused.append(error)

    score_file(tiny_model, many_rows, tmp_path / "out.jsonl", second)
    assert refused
    assert len(rows_of(tmp_path / "out.jsonl")) == ROWS


def test_a_text_that_comes_again_is_read_once(tiny_model, tmp_path):
    source = write_rows(tmp_path / "in.jsonl", [{"id": n, "text": TEXTS[n % 4]} for n in range(10 * CHUNK)])
    encoder = CountingEncoder()
    score_file(replace(tiny_model, encoder=encoder), source, tmp_path / "out.jsonl")
    assert sorted(encoder.read) == sorted(TEXTS)
    assert [(row["id"], row["predicted_frames"]) for row in rows_of(tmp_path / "out.jsonl")][:4] == [
        (0, ["rain"]), (1, ["frost"]), (2, ["rain", "frost"]), (3, []),
    ]  # fmt: skip


def test_a_name_that_is_too_long_is_named(tiny_model, tmp_path):
    source = write_rows(tmp_path / "in.jsonl", [{"text": "Rain."}])
    with pytest.raises(DataError, match=r"x+\.csv.*: cannot be written \(File name too long\)"):
        score_file(tiny_model, source, tmp_path / f"{'x' * 300}.csv")
    with pytest.raises(DataError, match=r"x+\.csv: cannot be read \(File name too long\)"):
        score_file(tiny_model, tmp_path / f"{'x' * 300}.csv", tmp_path / "out.csv")


def test_of_very_many_bad_rows_the_last_are_counted_only(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setattr("framing.batch.MOST_BAD", 30)
    (tmp_path / "in.jsonl").write_text('{"body": "Rain."}\nbroken\n' * 250, encoding="utf-8")
    source = tmp_path / "in.jsonl"
    with pytest.raises(DataError, match="and 480 more rows") as error:
        score_file(tiny_model, source, tmp_path / "out.csv")
    assert len(error.value.rows) <= 60
