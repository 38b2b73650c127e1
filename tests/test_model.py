"""A model labels passages, gives evidence, and is honest about what it did not read."""

from framing.model import FramingModel

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


def test_text_beyond_the_encoder_is_said(tiny_model):
    passage = tiny_model.predict("rain " * 250, split="none").passages[0]
    assert passage.truncated
    assert "end was not seen" in passage.warnings[0]


def test_score_takes_each_text_as_one_passage_even_if_it_looks_like_furniture(tiny_model):
    answers = tiny_model.score(["Leave a Reply", "rain rain\n\nrain"])
    assert [(answer.left_out, answer.present) for answer in answers] == [(None, ()), (None, ("rain",))]


def test_nothing_to_score_is_an_empty_answer(tiny_model):
    assert tiny_model.score([]) == ()
