"""What a model has learned from, and what is new to it."""

from dataclasses import replace

import pytest

from framing.codebook import Codebook
from framing.data import Dataset, LabelledPassage
from framing.errors import TrainingError
from training.learned import learned_from, read_learned


@pytest.fixture
def data(tiny_codebook: Codebook) -> Dataset:
    texts = (("Rain fell.", ("rain",)), ("Frost came.", ("frost",)), ("Nothing.", ()))
    return Dataset(tiny_codebook, tuple(LabelledPassage(text, text, frames, f"g/{text[0]}") for text, frames in texts))


def with_passage(data: Dataset, **changes: object) -> Dataset:
    return Dataset(data.codebook, (replace(data.passages[0], **changes), *data.passages[1:]))


def test_the_same_labels_are_not_new_whatever_else_a_row_says(data):
    told = with_passage(data, id="other", coder="anna", text="  Rain   fell. ")
    assert len(learned_from(data).new_in(told).passages) == 0


def test_a_new_text_and_a_text_with_other_labels_are_new_and_counted_apart(data):
    known = learned_from(data)
    corrected = known.new_in(with_passage(data, frames=("rain", "frost")))
    assert (corrected.passages.texts, corrected.corrected, corrected.beside) == (["Rain fell."], 1, 1)
    fresh = known.new_in(with_passage(data, text="Hail fell.", group="elsewhere"))
    assert (fresh.passages.texts, fresh.corrected, fresh.beside) == (["Hail fell."], 0, 0)


def test_what_was_learned_adds_up(data):
    more = with_passage(data, text="Hail fell.", group="elsewhere")
    both = learned_from(data) | learned_from(more)
    assert len(both.new_in(data).passages) == len(both.new_in(more).passages) == 0


def test_a_label_that_is_put_back_to_what_it_was_is_new_again(data):
    corrected = with_passage(data, frames=("frost",))
    assert (learned_from(data) | learned_from(corrected)).new_in(data).passages.texts == ["Rain fell."]


def test_it_is_kept_as_plain_values_that_do_not_hold_a_text(data):
    content = learned_from(data).as_dict()
    assert read_learned(content, "here") == learned_from(data)
    assert "Rain" not in str(content["labels"])
    with pytest.raises(TrainingError, match="here is no list of labels"):
        read_learned({"labels": [1]}, "here")


def test_texts_that_count_as_the_same_and_groups_are_known_again(data):
    known = learned_from(data)
    assert known.overlap(with_passage(data, text="Rain   fell.", group="elsewhere").subset([0, 1])) == (
        "2 texts and 1 groups of the evaluation passages stand in the training data too; figures on them would mean nothing"
    )
    assert known.overlap(with_passage(data, text="Rain fell today.", group="elsewhere").subset([0])) is None
