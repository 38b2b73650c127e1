"""Sentences and clauses of a text, and their vectors beside those of the whole."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framing.encoder import EncodedTexts
from framing.parts import MOST_CHARACTERS, MOST_PARTS, parts_of, with_parts
from tests.conftest import WordEncoder


@pytest.mark.parametrize(
    ("language", "text", "parts"),
    [
        ("en", "It rained. He left.", ["It rained.", "He left."]),
        (
            "en",
            "The mayor opened the new market hall, said that it would rain all week, and left. Nobody stayed.",
            [
                "The mayor opened the new market hall, said that it would rain all week, and left.",
                "The mayor opened the new market hall,",
                "said that it would rain all week, and left.",  # what is short goes with what stands beside it
                "Nobody stayed.",
            ],
        ),
        (
            "en",
            "A budget of 1,000,000 crowns was found at half past 10:30 – the mayor did not say where it came from.",
            [
                "A budget of 1,000,000 crowns was found at half past 10:30 – the mayor did not say where it came from.",
                "A budget of 1,000,000 crowns was found at half past 10:30",
                "– the mayor did not say where it came from.",
            ],
        ),
        (
            "zh",
            "市长昨天为新的市场大厅剪彩，并且表示整个星期都会下雨。",
            ["市长昨天为新的市场大厅剪彩，并且表示整个星期都会下雨。", "市长昨天为新的市场大厅剪彩，", "并且表示整个星期都会下雨。"],
        ),
        (
            "zh",
            "市长昨天为新的市场大厅剪彩,并且表示整个星期都会下雨。门票价格为1,200元,比去年贵了一百元左右。",
            [
                "市长昨天为新的市场大厅剪彩,并且表示整个星期都会下雨。",
                "市长昨天为新的市场大厅剪彩,",
                "并且表示整个星期都会下雨。",
                "门票价格为1,200元,比去年贵了一百元左右。",
                "门票价格为1,200元,",
                "比去年贵了一百元左右。",
            ],
        ),
        (
            "ar",
            "افتتح العمدة أمس سوقا جديدة في وسط المدينة، وقال إن المطر سيستمر طوال الأسبوع.",
            [
                "افتتح العمدة أمس سوقا جديدة في وسط المدينة، وقال إن المطر سيستمر طوال الأسبوع.",
                "افتتح العمدة أمس سوقا جديدة في وسط المدينة،",
                "وقال إن المطر سيستمر طوال الأسبوع.",
            ],
        ),
        ("en", "", [""]),
        ("en", " \n", [" \n"]),
    ],
)
def test_a_text_has_its_sentences_each_followed_by_its_clauses_where_it_has_several(language, text, parts):
    assert list(parts_of(text, language)) == parts


@given(st.text(alphabet="ab,;:. –，。、\n", max_size=300), st.sampled_from(["en", "zh"]))
def test_every_part_stands_in_the_text_and_there_is_one_at_least(text, language):
    parts = parts_of(text, language)
    assert parts
    assert all(part in text for part in parts)


def test_of_a_long_text_the_parts_at_its_start_are_read():
    sentence = "It rained again on the whole of the town and on the hills around it. "
    parts = parts_of(sentence * 1000, "en")
    assert MOST_CHARACTERS // len(sentence) <= len(parts) <= MOST_CHARACTERS // len(sentence) + 1 < MOST_PARTS


def test_of_a_text_of_very_many_sentences_the_first_are_read():
    assert parts_of("Oh. Ja. " * 400, "de") == ("Oh.", "Ja.") * (MOST_PARTS // 2)


class Counting(WordEncoder):
    """Notes what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def encode(self, texts) -> EncodedTexts:
        self.asked += texts
        return super().encode(texts)


def test_a_part_is_encoded_once_and_one_that_is_a_whole_text_not_again():
    encoder = Counting()
    texts = ["It rained. He left.", "He left.", "It rained. She stayed."]
    wholes = WordEncoder().encode(texts).vectors
    bags = with_parts(encoder, texts, ["en"] * 3, wholes)
    assert encoder.asked == ["It rained.", "She stayed."]
    assert bags.counts.tolist() == [2, 1, 2]
    assert np.array_equal(bags.parts, WordEncoder().encode(["It rained.", "He left.", "He left.", "It rained.", "She stayed."]).vectors)
    assert bags.wholes is wholes
