"""Contrast pairs, slices, shares and kinds, on answers small enough to count by hand."""

import numpy as np
import pytest

from framing.data import LabelledPassage
from framing.heads import ABSENT, PRESENT
from training.metrics import Answers, f1, value
from training.robustness import contrast_pairs, f1_at_shares, kind_of, length_of, risk_coverage, slices

LABELS = np.array([[True], [False], [True], [False], [False]])
ANSWERS = Answers(
    probabilities=np.array([[0.9], [0.2], [0.4], [0.6], [0.1]]),
    decisions=np.array([[PRESENT], [ABSENT], [ABSENT], [PRESENT], [ABSENT]], np.int8),
    labels=LABELS,
)


def passage(name: str, words: int = 3, style: str | None = None) -> LabelledPassage:
    return LabelledPassage(name, "word " * words, (), name, style)


def test_a_contrast_pair_is_one_passage_with_and_one_without_the_frame_in_one_group():
    found = contrast_pairs(ANSWERS, ["a", "a", "b", "b", "c"])
    assert (found.pairs, found.ranked, found.decided) == (2, 0.5, 0.5)


def test_without_pairs_there_is_nothing_to_rank():
    assert contrast_pairs(ANSWERS, list("abcde")).pairs == 0


def test_slices_name_their_passages_and_labels():
    passages = [passage("a-1", style="wire"), passage("a-2", style="wire"), passage("b-1"), passage("b-2", 40), passage("b-3", 90)]
    cut = slices(ANSWERS, passages)
    assert [(part.name, part.passages, part.labels) for part in cut["style"]] == [("none given", 3, 1), ("wire", 2, 1)]
    assert cut["style"][1].micro_f1 == 1.0
    assert [part.name for part in cut["kind"]] == ["a", "b"]
    assert [part.name for part in cut["length"]] == ["30 to 60 words", "over 60 words", "under 30 words"]


def test_the_kind_is_what_stands_before_the_first_hyphen():
    assert kind_of(passage("h-12-3")) == "h"
    assert length_of(passage("x", 60)) == "30 to 60 words"


def test_at_the_share_that_is_there_f1_is_what_it_was_and_it_falls_with_the_share():
    own = float(LABELS.mean())
    found = f1_at_shares(ANSWERS, (own, 0.05))
    assert found[own][0] == pytest.approx(value(f1, ANSWERS)[0])
    assert found[0.05][0] < found[own][0]


def test_risk_is_taken_over_the_surest_decisions_first():
    assert risk_coverage(ANSWERS, steps=5) == [(0.2, 0.0), (0.4, 0.0), (0.6, 0.0), (0.8, 0.25), (1.0, 0.4)]
