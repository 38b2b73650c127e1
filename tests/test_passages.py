"""What a run is trained on: files, the label store, or both."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace

import pytest

pytest.importorskip("sqlalchemy", reason="skipped: sqlalchemy is not installed")

from framing.data import Dataset, LabelledPassage
from framing.errors import StoreError
from framing.labels import Label, open_store
from framing.labels.states import state_digest
from training.passages import joined, read_passages


@pytest.fixture
def place(tmp_path, tiny_codebook) -> str:
    where = str(tmp_path / "labels.db")
    with closing(open_store(where)) as store:
        store.keep([Label("Rain fell.", ("frost",), "anna"), Label("Hail fell.", (), "anna")], tiny_codebook)
    return where


@pytest.fixture
def file(tmp_path):
    rows = [{"text": "Rain  fell.", "frames": ["rain"], "group": "monday"}, {"text": "Frost came.", "frames": ["frost"]}]
    path = tmp_path / "base.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_files_alone_are_read_as_they_are(file, tiny_codebook):
    passages = read_passages([file], None, tiny_codebook)
    assert (len(passages.dataset), passages.state, passages.tags) == (2, None, {})


def test_the_store_alone_brings_its_codebook_and_a_digest_that_gives_the_same_passages_later(place, tiny_codebook):
    first = read_passages([], place, None)
    assert first.dataset.codebook == tiny_codebook
    assert first.tags == {"labels.state": state_digest(first.dataset), "labels.last": "2"}
    with closing(open_store(place)) as store:
        store.keep([Label("More rain.", ("rain",), "anna")], tiny_codebook)
    assert len(read_passages([], place, None).dataset) == 3
    assert read_passages([], place, None, first.state.digest) == first


def test_on_a_text_that_both_hold_the_store_has_the_last_word_and_the_file_its_group(place, file, tiny_codebook):
    both = read_passages([file], place, tiny_codebook)
    found = {one.text: (one.frames, one.group) for one in both.dataset.passages}
    assert found["Rain fell."] == (("frost",), "monday")
    assert list(found) == ["Frost came.", "Rain fell.", "Hail fell."]
    assert both.state == read_passages([], place, None).state


def test_labels_by_a_codebook_with_the_same_frames_in_other_words_are_counted_where_they_are_left_out(place, tiny_codebook):
    reworded = replace(tiny_codebook, title="Reworded")
    with closing(open_store(place)) as store:
        store.keep([Label("More rain.", ("rain",), "anna")], reworded)
    found = read_passages([], place, reworded)
    assert (len(found.dataset), found.reworded) == (1, 2)
    assert read_passages([], place, reworded, found.state.digest) == found
    assert read_passages([], place, None).reworded == 0


def test_two_texts_of_one_id_are_told_apart(tiny_codebook):
    one, other = (Dataset(tiny_codebook, (LabelledPassage("a", text, (), text),)) for text in ("Rain.", "Frost."))
    assert [passage.id.partition("#")[0] for passage in joined(one, other).passages] == ["a", "a"]
    assert len({passage.id for passage in joined(one, other).passages}) == 2


def test_a_store_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(StoreError, match="there is no such file"):
        read_passages([], str(tmp_path / "nowhere.db"), None)
    assert list(tmp_path.iterdir()) == []
