"""States of a label store as data sets: the same from their digest, whatever has been said since."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

import pytest

pytest.importorskip("sqlalchemy", reason="skipped: sqlalchemy is not installed")

from sqlalchemy import text

from framing.codebook import Codebook, Frame
from framing.data import load_dataset
from framing.errors import FramingError, StoreError
from framing.labels import Label, Origin, open_store
from framing.labels.current import current_labels
from framing.labels.exchange import export_labels
from framing.labels.states import rebuild, settled_dataset, state_digest, take_state
from framing.labels.tables import states


@pytest.fixture
def store(label_place):
    with closing(open_store(label_place)) as opened:
        yield opened


@pytest.fixture
def kept(store, tiny_codebook):
    """Two texts that are settled, and one on which coders disagree."""
    said = [
        Label("Rain fell.", ("rain",), "anna", origin=Origin(group="monday", style="wire", language="en")),
        Label("Frost came.", ("frost", "rain"), "anna"),
        Label("Nothing.", (), "anna"),
        Label("Nothing.", ("rain",), "ben"),
    ]
    return store.keep(said, tiny_codebook)


def test_the_data_set_is_what_an_export_of_settled_labels_holds(store, kept, tiny_codebook, tmp_path):
    current = current_labels(store)
    export_labels(current, tmp_path / "settled.jsonl", settled=True)
    assert settled_dataset(current).digest == load_dataset([tmp_path / "settled.jsonl"], tiny_codebook).digest
    assert [(one.text, one.frames) for one in settled_dataset(current).passages] == [
        ("Rain fell.", ("rain",)), ("Frost came.", ("rain", "frost")),
    ]  # fmt: skip


def test_a_state_gives_its_data_set_again_after_labels_were_replaced_withdrawn_and_added(store, kept, tiny_codebook):
    state, before = take_state(store)
    assert (state.digest, state.last, state.codebook) == (state_digest(before), kept[-1].id, None)
    assert abs((datetime.now(UTC) - state.taken_at).total_seconds()) < 60
    store.keep(
        [
            Label("Rain fell.", ("frost",), "anna", replaces=kept[0].id),
            Label("Frost came.", (), "anna", replaces=kept[1].id, withdrawn=True),
            Label("Nothing.", (), "dora", "adjudicator"),
            Label("Hail fell.", (), "anna"),
        ],
        tiny_codebook,
    )
    later, after = take_state(store)
    assert [one.text for one in after.passages] == ["Nothing.", "Rain fell.", "Hail fell."]
    for digest, passages, told in ((state.digest, before, state), (later.digest[:12].upper(), after, later)):
        assert rebuild(store, digest) == (told, passages)


def test_a_withdrawal_that_was_the_last_word_counts(store, kept, tiny_codebook):
    store.keep([Label("Frost came.", (), "anna", replaces=kept[1].id, withdrawn=True)], tiny_codebook)
    state, dataset = take_state(store)
    assert state.last == kept[-1].id + 1
    assert rebuild(store, state.digest)[1].texts == dataset.texts == ["Rain fell."]


def test_the_same_content_is_one_state_however_often_it_is_taken(store, kept):
    assert take_state(store)[0] == take_state(store)[0]
    assert len(store.states()) == 1


def test_a_state_of_one_codebook_holds_its_labels_alone(store, kept, tiny_codebook):
    revised = Codebook("Weather, revised", tiny_codebook.frames)
    store.keep([Label("Hail fell.", (), "anna")], revised)
    state, dataset = take_state(store, tiny_codebook)
    assert (state.codebook, dataset.codebook, len(dataset)) == (tiny_codebook.digest, tiny_codebook, 2)
    assert rebuild(store, state.digest) == (state, dataset)
    assert len(take_state(store)[1]) == 3


def test_two_codebooks_over_the_same_passages_are_two_states_and_each_gives_its_own_again(store, tiny_codebook):
    books = [tiny_codebook, Codebook("Weather, revised", tiny_codebook.frames)]
    (first,) = store.keep([Label("Rain fell.", ("rain",), "anna")], books[0])
    earlier, before = take_state(store)
    store.keep([Label("Rain fell.", ("rain",), "anna", replaces=first.id)], books[1])
    later, after = take_state(store)
    assert before.digest == after.digest
    assert earlier.digest != later.digest
    for state, dataset, book in ((earlier, before, books[0]), (later, after, books[1])):
        assert rebuild(store, state.digest) == (state, dataset)
        assert dataset.codebook == book


def test_the_same_passages_in_another_order_are_another_state(store, kept, tiny_codebook):
    state, before = take_state(store)
    store.keep([Label("Rain fell.", ("rain",), "anna", replaces=kept[0].id, origin=kept[0].label.origin)], tiny_codebook)
    later, after = take_state(store)
    assert before.texts == after.texts[::-1] == ["Rain fell.", "Frost came."]
    assert before.digest == after.digest
    assert rebuild(store, state.digest)[1].texts == before.texts
    assert rebuild(store, later.digest)[1].texts == after.texts


def test_states_in_columns_of_another_version_are_one_sentence(store, kept, label_place):
    with store._database.writing() as connection:
        states.drop(connection)
        connection.execute(text("CREATE TABLE label_state (digest VARCHAR(64) PRIMARY KEY, until INTEGER)"))
    for ask in (store.states, lambda: take_state(store)):
        with pytest.raises(StoreError, match="^label store .*: .*last") as refused:
            ask()
        assert "\n" not in str(refused.value)


def test_a_store_from_before_states_were_kept_gets_their_table_with_the_first(store, kept, label_place):
    with store._database.writing() as connection:
        states.drop(connection)
    assert store.states() == ()
    with pytest.raises(FramingError, match="'0123456789' names no state of the label store, or several; the last that were taken: none"):
        rebuild(store, "0123456789")
    state, _ = take_state(store)
    with closing(open_store(label_place, create=False)) as again:
        assert tuple(again.states()) == (state,)


@pytest.mark.parametrize("digest", ["", "abc", "0" * 64])
def test_a_digest_that_names_no_single_state_is_refused_with_those_there_are(store, kept, digest):
    state, _ = take_state(store)
    with pytest.raises(
        FramingError, match=f"names no state of the label store, or several; the last that were taken: {state.digest[:12]} of 20"
    ):
        rebuild(store, digest)


def test_labels_that_do_not_give_the_digest_any_more_are_told(store, kept):
    state = store.take("f" * 64, kept[0].id, None)
    with pytest.raises(FramingError, match=f"the labels up to {kept[0].id} give state .*, not ffffffffffff: the store, or how texts"):
        rebuild(store, state.digest)


def test_a_store_in_which_nothing_is_settled_gives_no_data_set(store):
    book = Codebook("One", (Frame("rain", "Rain", "It rains."),))
    store.keep([Label("Rain.", ("rain",), "anna"), Label("Rain.", (), "ben")], book)
    with pytest.raises(FramingError, match="no text in the label store is settled"):
        take_state(store)
