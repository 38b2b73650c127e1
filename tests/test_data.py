"""Labelled passages are read from files of every format, all of them or none."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from framing.codebook import Codebook, Frame, load_codebook
from framing.data import Dataset, LabelledPassage, load_dataset, open_rows_writer, text_key
from framing.errors import BadRow, DataError

ROOT = Path(__file__).parent.parent
CODEBOOK = Codebook("Two frames", (Frame("peace", "Peace", "Somebody mediates."), Frame("energy", "Energy", "Somebody sells gas.")))

Load = Callable[..., Dataset]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """The data set of files given by name and content, read from the folder they stand in."""
    monkeypatch.chdir(tmp_path)

    def loaded(files: dict[str, str | bytes]) -> Dataset:
        for name, content in files.items():
            Path(name).parent.mkdir(exist_ok=True)
            Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
        return load_dataset(list(files), CODEBOOK)

    return loaded


def problems(load: Load, files: dict[str, str | bytes]) -> list[str]:
    """The lines of the one error that these files give."""
    with pytest.raises(DataError) as refused:
        load(files)
    return str(refused.value).splitlines()


# What is read


def test_every_column_of_a_passage_is_read(load: Load) -> None:
    row = {
        "id": "a-1",
        "group": "g",
        "frames": ["energy", "peace"],
        "style": "headline",
        "coder": "anna",
        "language": "en",
        "text": " One\n",
    }
    assert load({"a.jsonl": json.dumps(row)}).passages == (
        LabelledPassage("a-1", " One\n", ("peace", "energy"), "g", "headline", "anna", "en"),
    )


def test_the_same_rows_give_the_same_data_in_every_form(load: Load) -> None:
    in_a_list = load({"x.jsonl": '{"id": 1, "text": "One", "frames": ["peace", "energy"]}\n{"id": 2, "text": "Two", "frames": []}'})
    in_a_cell = load({"x.csv": "\ufeffid; text ;frames\n1;One;energy,peace\n2;Two;\n"})
    in_columns = load({"y.csv": '"id","text","peace","energy"\n1,One,1,yes\n2,Two,,no\n'})
    parquet.write_table(pyarrow.table({"id": [1, 2], "text": ["One", "Two"], "peace": [1.0, None], "energy": [True, False]}), "x.parquet")
    assert in_a_list == in_a_cell == in_columns == load_dataset(["x.parquet"], CODEBOOK)
    assert in_a_list.digest == in_a_cell.digest == in_columns.digest


def test_an_id_is_made_of_file_name_and_row_if_there_is_none(load: Load) -> None:
    dataset = load(
        {"one/x.csv": "text,frames\nOne,\n\nTwo,\n", "two/x.csv": "text,frames\nThree,\n", "y.jsonl": '{"text": "Four", "frames": []}'}
    )
    assert [passage.id for passage in dataset.passages] == ["x.csv:2", "x.csv:4", "x.csv#2:2", "y.jsonl:1"]


def test_other_columns_are_left_aside(load: Load) -> None:
    assert load({"a.csv": "text,frames,note,coder\nOne,peace,x,anna\n"}).passages[0].coder == "anna"


def test_an_empty_frames_field_means_no_frame(load: Load) -> None:
    rows = '{"text": "One", "frames": "peace"}\n{"text": "Two", "frames": null}\n{"text": "Three", "frames": []}\n'
    assert [p.frames for p in load({"a.jsonl": rows}).passages] == [("peace",), (), ()]


def test_a_row_whose_frames_field_is_misspelt_is_no_row_without_frames(load: Load) -> None:
    assert problems(load, {"a.jsonl": '{"text": "One", "frames": "peace"}\n{"text": "Two", "frame": "peace"}\n'}) == [
        "a.jsonl, row 2: has no labels: neither 'frames' nor a column of a frame; an empty list says that there is none"
    ]


@pytest.mark.parametrize(("given", "code"), [("EN", "en"), ("en-US", "en"), ("pt_BR", "pt")])
def test_a_language_is_taken_without_its_region(load: Load, given: str, code: str) -> None:
    assert load({"a.csv": f"text,frames,language\nOne,peace,{given}\n"}).passages[0].language == code


def test_a_language_by_its_name_is_refused(load: Load) -> None:
    assert problems(load, {"a.csv": "text,frames,language\nOne,peace,English\n"}) == [
        "a.csv, row 2: 'language' is 'English'; it must be a code of two letters such as en or de"
    ]


def test_a_repeated_text_brings_its_group_with_it(load: Load) -> None:
    assert load({"a.csv": "text,frames,group\nOne,peace,\nTwo,,g\nOne,peace,g\n"}).groups == ["g", "g"]


def test_a_single_path_may_be_given_alone(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,frames\nOne,peace\n")
    assert len(load_dataset(str(tmp_path / "a.csv"), CODEBOOK)) == 1  # type: ignore[arg-type]


def test_the_shipped_passages_are_read() -> None:
    passages = ROOT / "seeds" / "passages.jsonl"
    if not passages.exists():
        passages = ROOT.parent / "shared" / "passages" / "passages.jsonl"
    dataset = load_dataset([passages], load_codebook(ROOT / "seeds" / "codebook.toml"))
    assert len(dataset) >= 1259
    assert len(set(dataset.groups)) >= 742
    assert dataset.labels.sum(axis=0).min() >= 300


# Equal texts


def test_a_text_labelled_twice_in_the_same_way_by_one_coder_is_kept_once(load: Load) -> None:
    rows = "id,text,frames,coder\n1,One  text,peace,anna\n2, One text,peace,anna\n3,One text,peace,anna\n"
    assert [passage.id for passage in load({"a.csv": rows}).passages] == ["1"]


def test_a_text_labelled_by_two_coders_is_kept_for_both_whether_they_agree_or_not(load: Load) -> None:
    rows = "id,text,frames,coder\n1,One,peace,anna\n1,One,energy,ben\n1,One,peace,carl\n"
    dataset = load({"a.csv": rows})
    assert [(passage.coder, passage.frames) for passage in dataset.passages] == [
        ("anna", ("peace",)),
        ("ben", ("energy",)),
        ("carl", ("peace",)),
    ]
    assert len(set(dataset.groups)) == 1


def test_equal_texts_without_a_group_share_one_that_is_told_by_the_text(load: Load) -> None:
    rows = "text,frames,coder\nCafe\u0301  one,,anna\nCaf\u00e9 one,,ben\nTwo,,anna\n"
    one, same, two = load({"a.csv": rows}).groups
    assert one == same != two
    assert load({"b.csv": "text,frames\nTwo,peace\n"}).groups == [two]


@pytest.mark.parametrize("rows", ["g,One,peace,anna\n,One,energy,ben\n", ",One,energy,ben\ng,One,peace,anna\n"])
def test_a_text_whose_group_one_coder_names_is_in_it_for_all_coders(load: Load, rows: str) -> None:
    assert load({"a.csv": "group,text,frames,coder\n" + rows}).groups == ["g", "g"]


def test_the_same_file_given_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,frames\nOne,peace\nTwo,\n")
    path = tmp_path / "a.csv"
    assert load_dataset([path, path], CODEBOOK) == load_dataset([path], CODEBOOK)


@given(st.text(max_size=20))
def test_a_text_key_is_stable_and_blind_to_white_space(text: str) -> None:
    assert text_key(text_key(text)) == text_key(text)
    assert text_key(f"  {text}\n".replace(" ", "\t ")) == text_key(text)


# What is refused


def test_all_bad_rows_of_all_files_stand_in_one_error_in_order(load: Load) -> None:
    files: dict[str, str | bytes] = {
        "a.csv": 'id,text,frames\n1,"One\ntext",peace\n2,,peace\n3,Three,war\n4,  ,\n1,Five,\n6,One text,energy\n7,x,peace;y,z\n',
        "b.jsonl": b'{"id": 8, "text": "Eight", "frames": "peace"}\n{"id": 9, "text": "\xff"}\n{"id": 10, "text": 10}\n'
        b'{"id": 11, "text": "Three", "frames": []}\n{"id": 12, "text": "One text", "frames": []}\n{"id": 8, "text": "Other", "frames": []}\n[]\n',
        "c.xlsx": "",
        "d.csv": "text,frames\n",
    }
    assert problems(load, files) == [
        "a.csv, row 4: the text is empty",
        "a.csv, row 5: unknown frame 'war'; accepted are peace, energy",
        "a.csv, row 6: the text is only white space",
        "a.csv, row 7: has the id '1' of row 2, which holds another text",
        "a.csv, row 8: labels the text of row 2 in another way: energy here, peace there",
        "a.csv, row 9: has 4 cells where the header has 3",
        "b.jsonl, row 2: holds bytes that are not UTF-8; save the file as UTF-8",
        "b.jsonl, row 3: the text is a number, not a text",
        "b.jsonl, row 5: labels the text of row 2 of a.csv in another way: no frame here, peace there",
        "b.jsonl, row 6: has the id '8' of row 1, which holds another text",
        "b.jsonl, row 7: is JSON, but not an object {...} with named fields",
        "c.xlsx: the format is told by the end of the name; accepted are .csv, .jsonl, .ndjson, .parquet",
        "d.csv: holds no rows",
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", ""), ("a.csv", "text,frames\n"), ("a.csv", "\n\n"), ("a.jsonl", ""), ("a.jsonl", "\n")],
)
def test_a_file_without_rows_is_an_error(load: Load, name: str, content: str) -> None:
    assert problems(load, {name: content}) == [f"{name}: holds no rows"]


def test_a_file_that_cannot_be_read_does_not_hide_the_errors_of_the_others(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("text,frames\nOne,war\n")
    with pytest.raises(DataError) as refused:
        load_dataset([tmp_path / "missing.csv", tmp_path / "b.csv"], CODEBOOK)
    assert refused.value.rows == (
        BadRow(str(tmp_path / "missing.csv"), None, "cannot be read (No such file or directory)"),
        BadRow(str(tmp_path / "b.csv"), 2, "unknown frame 'war'; accepted are peace, energy"),
    )


def test_no_file_at_all_is_an_error() -> None:
    with pytest.raises(DataError, match="labelled data: no file was given"):
        load_dataset([], CODEBOOK)


@pytest.mark.parametrize("content", ['{"text": "One"}\n', '{"text": "One", "label": "peace"}\n'])
def test_a_file_without_labels_is_an_error(load: Load, content: str) -> None:
    assert problems(load, {"a.jsonl": content}) == [
        "a.jsonl: has no labels: neither a column 'frames', nor one column a frame, named peace, energy"
    ]


def test_a_missing_text_column_is_told_once_and_broken_rows_beside_it(load: Load) -> None:
    assert problems(load, {"a.csv": "headline,frames\nOne,peace\nTwo,\nThree\n"}) == [
        "a.csv: has no column 'text'; its columns are headline, frames",
        "a.csv, row 4: has 1 cell where the header has 2",
    ]


def test_a_misspelt_frame_column_is_an_error_and_not_an_absent_frame(load: Load) -> None:
    assert problems(load, {"a.csv": "text,peace,enregy\nOne,0,1\n"}) == [
        "a.csv: has a column for the frame 'peace', but none for 'energy'; every frame needs one, or use a column 'frames'"
    ]


def test_a_csv_with_nothing_in_a_row_but_separators_has_an_empty_text(load: Load) -> None:
    assert problems(load, {"a.csv": "text,frames\nOne,peace\n,\n"}) == ["a.csv, row 3: the text is empty"]


def test_a_text_in_two_groups_is_refused(load: Load) -> None:
    rows = "group,text,frames,coder\ng,One,peace,anna\nh,One,peace,ben\n"
    assert problems(load, {"a.csv": rows}) == ["a.csv, row 3: is in the group 'h', but the same text is in 'g' in row 2"]


# The data set


@pytest.fixture
def dataset(load: Load) -> Dataset:
    return load({"a.csv": "id,group,text,frames\n1,g,One,peace\n2,h,Two,\n3,g,Three,energy;peace\n"})


def test_labels_texts_and_groups_stand_in_the_same_order(dataset: Dataset) -> None:
    assert len(dataset) == 3
    assert dataset.texts == ["One", "Two", "Three"]
    assert dataset.groups == ["g", "h", "g"]
    assert dataset.labels.tolist() == [[True, False], [False, False], [True, True]]
    assert dataset.labels.dtype == np.bool_


def test_labels_cannot_be_written_to(dataset: Dataset) -> None:
    with pytest.raises(ValueError, match="read-only"):
        dataset.labels[0, 0] = False


@pytest.mark.parametrize(
    ("indices", "ids"),
    [
        ([2, 0], ["3", "1"]),
        ((1,), ["2"]),
        (range(2), ["1", "2"]),
        ([], []),
        ([-1], ["3"]),
        (np.array([2, 2]), ["3", "3"]),
        (np.array([], np.int64), []),
        (np.array([True, False, True]), ["1", "3"]),
    ],
)
def test_a_subset_is_told_by_positions_or_by_a_mask(dataset: Dataset, indices: Any, ids: list[str]) -> None:
    subset = dataset.subset(indices)
    assert [passage.id for passage in subset.passages] == ids
    assert subset.labels.shape == (len(ids), 2)
    assert subset.codebook == dataset.codebook


def test_a_digest_does_not_depend_on_order_or_folder(load: Load) -> None:
    one = load({"one/x.csv": "text,frames\nOne,peace\nTwo,\n"})
    assert load({"two/x.csv": "text,frames\nOne,peace\nTwo,\n"}).digest == one.digest
    assert one.subset([1, 0]).digest == one.digest
    assert load({"y.csv": "frames,id,text\n,x.csv:3,Two\npeace,x.csv:2,One\n"}).digest == one.digest


def test_a_digest_is_the_same_on_every_machine() -> None:
    passage = LabelledPassage("1", "Café", ("peace", "energy"), "g")
    content = '["1","Café",["energy","peace"],"g",null,null,null]'
    assert Dataset(CODEBOOK, (passage,)).digest == hashlib.sha256(content.encode()).hexdigest()


@pytest.mark.parametrize("column", ["id", "text", "frames", "group", "style", "coder", "language"])
def test_a_digest_depends_on_every_column(load: Load, column: str) -> None:
    row = {"id": "1", "text": "One", "frames": "peace", "group": "g", "style": "s", "coder": "c", "language": "en"}
    changed = {**row, column: "de" if column == "language" else "energy"}
    assert load({"a.jsonl": json.dumps(row)}).digest != load({"b.jsonl": json.dumps(changed)}).digest


# Any data at all

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=15).filter(str.strip)
NAMES = WORDS.map(str.strip)


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    texts = draw(st.lists(WORDS, min_size=1, max_size=6, unique_by=text_key))
    ids = draw(st.lists(NAMES, min_size=len(texts), max_size=len(texts), unique=True))
    passages = [
        LabelledPassage(
            name,
            text,
            tuple(frame for frame in CODEBOOK.names if draw(st.booleans())),
            draw(NAMES),
            *(draw(st.none() | names) for names in (NAMES, NAMES, st.sampled_from(["en", "de", "zh"]))),
        )
        for name, text in zip(ids, texts, strict=True)
    ]
    return Dataset(CODEBOOK, tuple(passages))


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@settings(deadline=None, max_examples=60)
@given(dataset=datasets())
def test_a_data_set_that_is_written_is_read_again_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, dataset: Dataset
) -> None:
    path = tmp_path_factory.getbasetemp() / f"again{suffix}"
    with open_rows_writer(path) as writer:
        for passage in dataset.passages:
            writer.write(asdict(passage))
    again = load_dataset([path], CODEBOOK)
    assert again == dataset
    assert again.digest == dataset.digest


SOUP = st.text(st.sampled_from('text,frames;id"\n\r peace1[]{}:é\0'), max_size=80)


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from([".csv", ".jsonl"]),
    st.sampled_from([b"", b"text,frames\n", b"text;peace;energy\n", b'{"text": "One", "frames": []}\n']),
    st.one_of(st.binary(max_size=100), SOUP.map(str.encode)),
)
def test_any_bytes_give_a_data_set_or_a_data_error(tmp_path_factory: pytest.TempPathFactory, suffix: str, head: bytes, rest: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(head + rest)
    with contextlib.suppress(DataError):
        dataset = load_dataset([path], CODEBOOK)
        assert len(dataset) > 0
        assert all(passage.text.strip() for passage in dataset.passages)
