"""A model labels passages, gives evidence, and is honest about what it did not read."""

from dataclasses import replace

import numpy as np
import pytest

from framing.heads import Heads
from framing.model import FramingModel
from framing.parts import MOST_PARTS
from framing.prediction import ModelIdentity

ARTICLE = "Rain rain rain.\n\nThe mayor spoke. Rain, rain again.\n\nLeave a Reply\n\nThe frost, the frost."


def test_each_passage_has_its_frames_and_the_sentences_that_carry_them(tiny_model):
    answer = tiny_model.predict(ARTICLE)
    assert [passage.present for passage in answer.passages] == [("rain",), ("rain",), (), ("frost",)]
    carried = answer.passages[1].frames[0].evidence
    assert [sentence.text for sentence in carried] == ["Rain, rain again."]
    assert all(ARTICLE[sentence.start : sentence.end] == sentence.text for sentence in carried)


def test_every_passage_is_a_slice_of_the_text(tiny_model):
    assert all(ARTICLE[passage.start : passage.end] == passage.text for passage in tiny_model.predict(ARTICLE).passages)


def test_furniture_is_left_out_with_its_reason_and_not_counted_in_the_profile(tiny_model):
    answer = tiny_model.predict(ARTICLE)
    assert [(passage.text, passage.frames) for passage in answer.left_out] == [("Leave a Reply", ())]
    assert answer.left_out[0].left_out
    scored = [passage for passage in answer.passages if passage.left_out is None]
    rain = sum(len(passage.text) for passage in scored[:2]) / sum(len(passage.text) for passage in scored)
    assert answer.profile[0].frame == "rain"
    assert abs(answer.profile[0].present - rain) < 1e-9


def test_a_passage_in_another_language_is_unsure_and_says_why(tiny_model: FramingModel):
    german = "Rain rain rain rain ist das Wort, das der Bürgermeister gestern in seiner langen Rede vor dem Stadtrat immer wieder nannte."
    passage = tiny_model.predict(german).passages[0]
    assert passage.language == "de"
    assert {frame.decision for frame in passage.frames} == {"unsure"}
    assert "trained on en" in passage.warnings[0]


GERMAN = "Regen, Regen und noch einmal Regen: so beschrieb der Bürgermeister gestern die Lage in seiner langen Rede vor dem Stadtrat."
FINNISH = "Kaupunginjohtaja kertoi eilen pitkässä puheessaan, että sade jatkuu koko viikon ja joet tulvivat monessa kylässä."


@pytest.fixture
def with_german(tiny_model: FramingModel) -> FramingModel:
    """The tiny model, with one that was trained on German beside it and finds `rain` where the word Regen weighs."""
    direction = tiny_model.encoder.direction("regen").astype(np.float64)  # type: ignore[attr-defined]
    weights = np.stack([14 * direction / np.linalg.norm(direction), np.zeros_like(direction)])
    heads = Heads(weights, None, np.array([-4.0, -4.0]), np.array([0.7, 0.7]), np.array([0.3, 0.3]))
    german = replace(tiny_model, heads=heads, identity=ModelIdentity("german", "2", "c", None), languages=("de", "en"))
    return replace(tiny_model, fallback=german)


def test_heads_that_read_parts_find_what_one_sentence_of_a_long_passage_says(with_german):
    hint = "Der Bürgermeister eröffnete am Montag die neue Markthalle der Stadt und blieb bis zum Abend. Dann fiel Regen."
    by_whole, by_parts = with_german.fallback, replace(with_german.fallback, heads=replace(with_german.fallback.heads, parts=True))
    probabilities = [reader.read([hint], ["de"]).probabilities[0] for reader in (by_whole, by_parts)]
    assert probabilities[1][0] > 0.7 > probabilities[0][0]
    assert probabilities[1][1] == probabilities[0][1]
    assert np.array_equal(by_parts.read([GERMAN, hint], ["de", "de"]).probabilities[1], probabilities[1])


def test_more_parts_than_are_read_are_told(with_german):
    by_parts = replace(with_german, fallback=replace(with_german.fallback, heads=replace(with_german.fallback.heads, parts=True)))
    few, many = (by_parts.read(["Es regnet nun. " * sentences], ["de"]).truncated[0] for sentences in (9, MOST_PARTS))
    assert (few, many) == (False, True)


def test_a_fallback_answers_for_its_languages_with_its_own_cuts_and_by_its_name(with_german):
    english, german = with_german.score(["Rain, rain and rain.", GERMAN])
    assert (english.present, english.model, english.frames[0].threshold) == (("rain",), "tiny:1", 0.5)
    assert (german.present, german.model, german.frames[0].threshold) == (("rain",), "german:2", 0.7)
    assert german.warnings == ()


def test_english_stays_with_the_model_even_if_the_fallback_knows_it(with_german):
    assert with_german.score(["The rain fell all day and the river rose."])[0].model == "tiny:1"


def test_a_language_that_neither_knows_is_unsure_and_both_are_named(with_german):
    answer = with_german.score([FINNISH])[0]
    assert {frame.decision for frame in answer.frames} == {"unsure"}
    assert answer.warnings[0].startswith("this model was trained on de, en; the passage reads as fi")


def test_evidence_in_a_passage_is_read_by_the_model_that_read_the_passage(with_german):
    passage = with_german.predict(GERMAN + " Regen!", split="none").passages[0]
    assert [sentence.text for sentence in passage.frames[0].evidence][-1] == "Regen!"


def test_an_answer_is_the_same_with_and_without_foreign_neighbours(with_german):
    together = with_german.read(["rain rain", GERMAN, "frost"]).probabilities
    alone = np.vstack([with_german.read([text]).probabilities for text in ("rain rain", GERMAN, "frost")])
    assert np.array_equal(together, alone)


def test_a_headline_too_short_to_tell_its_language_is_read_in_that_of_the_text_around(with_german):
    answer = with_german.predict(f"Regen kommt heute\n\n{GERMAN}\n\nLesen Sie auch: Zehn Gärten")
    headline, passage, link = answer.passages
    assert (headline.language, headline.model, headline.present) == ("de", "german:2", ("rain",))
    assert (passage.language, link.language) == ("de", "de")
    assert with_german.predict("Regen kommt heute").passages[0].language == "en"


def test_text_beyond_the_encoder_is_said(tiny_model):
    passage = tiny_model.predict("rain " * 250, split="none").passages[0]
    assert passage.truncated
    assert "end was not seen" in passage.warnings[0]


def test_score_takes_each_text_as_one_passage_even_if_it_looks_like_furniture(tiny_model):
    answers = tiny_model.score(["Leave a Reply", "rain rain\n\nrain"])
    assert [(answer.left_out, answer.present) for answer in answers] == [(None, ()), (None, ("rain",))]


def test_nothing_to_score_is_an_empty_answer(tiny_model):
    assert tiny_model.score([]) == ()
