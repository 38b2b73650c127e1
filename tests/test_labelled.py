"""Which texts have a label, in a store that others write to."""

from __future__ import annotations

import pytest

pytest.importorskip("sqlalchemy", reason="skipped: sqlalchemy is not installed")

from framing.labels import Label
from framing.labels.label import MAX_PAGE, text_digest
from framing.labels.labelled import LabelledTexts
from framing.labels.store import open_label_store


@pytest.fixture
def store(label_place):
    store = open_label_store(label_place)
    yield store
    store.close()


def test_a_text_is_known_as_soon_as_anybody_has_labelled_it_also_through_another_server(store, label_place, tiny_codebook):
    labelled = LabelledTexts(store)
    assert labelled.digests() == frozenset()
    store.keep([Label("Rain fell.", ("rain",), "anna"), Label("Rain fell.", (), "ben")], tiny_codebook)
    assert labelled.digests() == {text_digest("Rain fell.")}
    other = open_label_store(label_place)
    other.keep([Label("Frost.", ("frost",), "ben")], tiny_codebook)
    other.close()
    assert labelled.digests() == {text_digest("Rain fell."), text_digest("Frost.")}


def test_a_text_whose_every_label_was_taken_back_waits_again(store, tiny_codebook):
    labelled = LabelledTexts(store)
    anna, ben = store.keep([Label("Rain.", ("rain",), "anna"), Label("Rain.", ("rain",), "ben")], tiny_codebook)
    store.keep([Label("Rain.", (), "anna", replaces=anna.id, withdrawn=True)], tiny_codebook)
    assert labelled.digests() == {text_digest("Rain.")}
    (gone,) = store.keep([Label("Rain.", (), "ben", replaces=ben.id, withdrawn=True)], tiny_codebook)
    assert labelled.digests() == frozenset()
    store.keep([Label("Rain.", ("rain",), "ben", replaces=gone.id)], tiny_codebook)
    assert labelled.digests() == {text_digest("Rain.")}


def test_more_labels_than_a_page_holds_are_all_known(tmp_path, tiny_codebook):
    store = open_label_store(str(tmp_path / "labels.db"))
    store.keep([Label(f"Text {number}.", (), "anna") for number in range(MAX_PAGE + 1)], tiny_codebook)
    assert len(LabelledTexts(store).digests()) == MAX_PAGE + 1
    store.close()
