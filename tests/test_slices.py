"""Answers cut by what passages are like."""

import numpy as np
import pytest

from framing.data import LabelledPassage
from tests.test_robustness import ANSWERS, GROUPS, MANY
from training.slices import kind_of, length_of, slices


def passage(name: str, words: int = 3, style: str | None = None, language: str | None = None) -> LabelledPassage:
    return LabelledPassage(name, "word " * words, (), name, style, language=language)


PASSAGES = [
    passage("a-1", style="wire"),
    passage("a-2", style="wire"),
    passage("b-1", language="de"),
    passage("b-2", 40),
    passage("b-3", 90),
]


def test_slices_name_their_passages_and_labels():
    cut = slices(ANSWERS, PASSAGES, ["rain"], list("abcde"))
    assert [(part.name, part.passages, part.labels) for part in cut["style"]] == [("none given", 3, 1), ("wire", 2, 1)]
    assert cut["style"][1].micro_f1.value == 1.0
    assert [part.name for part in cut["length"]] == ["30 to 60 words", "over 60 words", "under 30 words"]
    assert [(part.name, part.passages) for part in cut["language"]] == [("de", 1), ("en", 4)]
    assert [(part.name, part.labels) for part in cut["frame"]] == [("rain", 2)]


def test_a_slice_without_labels_has_no_figure():
    assert [part.micro_f1.value for part in slices(ANSWERS, PASSAGES, ["rain"], list("abcde"))["length"]] == [None, None, 2 / 3]


def test_a_slice_has_an_interval_unless_it_stands_in_few_groups():
    half = [passage(f"{'a' if row < 30 else 'b'}-{row}") for row in range(60)]
    whole, part = slices(MANY, half, ["rain"], GROUPS, draws=50)["frame"][0], slices(MANY, half, ["rain"], GROUPS, draws=50)["kind"][0]
    assert whole.micro_f1.low is not None
    assert part.micro_f1.value is not None
    assert part.micro_f1.low is None
    singles = [str(row) for row in range(60)]
    first, second = slices(MANY, half, ["rain"], singles, draws=50)["kind"]
    assert [(part.name, part.passages) for part in (first, second)] == [("a", 30), ("b", 30)]
    assert first.micro_f1.low < first.micro_f1.value < first.micro_f1.high


@pytest.mark.parametrize(("kinds", "cut_by_kind"), [(6, True), (7, False), (60, False)])
def test_ids_that_begin_in_too_many_ways_are_no_kinds(kinds, cut_by_kind):
    answers = MANY.rows(np.arange(60))
    assert ("kind" in slices(answers, [passage(f"x{row % kinds}-{row}") for row in range(60)], ["rain"], GROUPS, draws=0)) is cut_by_kind


def test_styles_of_more_names_than_anybody_reads_are_not_cut_by(monkeypatch):
    monkeypatch.setattr("training.slices.MOST_PARTS", 59)
    answers = MANY.rows(np.arange(60))
    assert "style" not in slices(answers, [passage("x", style=f"s{row}") for row in range(60)], ["rain"], GROUPS, draws=0)


def test_the_kind_is_what_stands_before_the_first_hyphen():
    assert kind_of(passage("h-12-3")) == "h"
    assert length_of(passage("x", 60)) == "30 to 60 words"


def test_a_script_without_spaces_has_its_words_by_letters():
    assert length_of(LabelledPassage("a", "北京提出停火建议" * 8, (), "a")) == "30 to 60 words"
    assert length_of(LabelledPassage("a", "北京提出停火建议", (), "a")) == "under 30 words"
