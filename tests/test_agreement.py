"""Agreement of coders, against figures that were worked out by hand or printed in Krippendorff's own text."""

from __future__ import annotations

import numpy as np
import pytest

from framing.errors import FramingError
from framing.labels import KeptLabel, Label
from framing.labels.agreement import agreement, alpha, count_values, pairwise
from framing.labels.current import CurrentLabels


def units(*coders: str) -> np.ndarray:
    """A row of values for each coder, one sign a text; a dot is a text that the coder has not seen."""
    return count_values([[value for value in column if value != "."] for column in zip(*coders, strict=True)])


def current(codebook, *labels: Label) -> CurrentLabels:
    kept = [KeptLabel(number, label, label.chain.text_digest, codebook.digest, None) for number, label in enumerate(labels, 1)]
    return CurrentLabels(codebook, tuple(kept))


def test_alpha_of_two_coders_and_two_values_is_krippendorffs_own():
    """Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section A: alpha .095, six of ten texts alike."""
    counts = units("0100000000", "1110010100")
    assert alpha(counts) == pytest.approx(1 - 19 * 4 / (14 * 6), abs=1e-12)
    assert round(alpha(counts), 3) == 0.095
    assert pairwise(counts) == 0.6


def test_alpha_of_four_coders_five_values_and_gaps_is_krippendorffs_own():
    """The same, section C: alpha .743; the text that one coder alone has seen does not count."""
    counts = units("12332141 2...".replace(" ", ""), "1233224125.3", ".3332342251.", "123324412 51.".replace(" ", ""))
    assert round(alpha(counts), 3) == 0.743


def test_alpha_with_a_gap_is_what_it_is_by_hand():
    """Texts aa, ab, bb and one a alone. Pairs differ in one text of two values: observed (2/1)/6 = 1/3.

    Of the six values three are a and three b: expected (36 - 9 - 9) / (6 * 5) = 3/5, and alpha 1 - (1/3)/(3/5) = 4/9.
    """
    counts = units("aaba", "abb.")
    assert alpha(counts) == pytest.approx(4 / 9, abs=1e-12)
    assert pairwise(counts) == pytest.approx(2 / 3)


def test_three_coders_of_whom_one_differs_by_hand():
    """Texts aab, aaa, bb: observed ((9 - 5)/2)/8 = 1/4; five a and three b: expected (64 - 34)/56 = 15/28; alpha 8/15."""
    counts = units("aab", "aab", "ba.")
    assert alpha(counts) == pytest.approx(8 / 15, abs=1e-12)
    assert pairwise(counts) == pytest.approx((1 + 3 + 1) / (3 + 3 + 1))


def test_perfect_agreement_is_1_and_no_variation_says_nothing():
    assert alpha(units("ab", "ab")) == 1
    assert alpha(units("aa", "aa")) is None
    assert alpha(units("ab", "..")) is None


def test_alpha_does_not_depend_on_the_order_of_coders_or_texts():
    assert alpha(units("aabb", "abba", "bbb.")) == pytest.approx(alpha(units("bb.b", "baab", "baba")))


def test_agreement_is_given_over_whole_answers_and_by_frame(tiny_codebook):
    found = agreement(
        current(
            tiny_codebook,
            Label("1", ("rain",), "anna"), Label("1", ("rain",), "ben"),
            Label("2", ("rain", "frost"), "anna"), Label("2", ("rain",), "ben"),
            Label("3", (), "anna"), Label("3", (), "ben"),
            Label("alone", ("frost",), "anna"),
            Label("1", (), "dora", "adjudicator"),
        )
    )  # fmt: skip
    assert (found.texts, found.coders, found.disputed) == (3, ("anna", "ben"), 1)
    assert found.frames["rain"].alpha == 1
    assert (found.frames["rain"].agreement, found.frames["rain"].present) == (1, 4)
    # frost: five times no and once yes, in texts nn, yn, nn: observed 2/6, expected (36 - 26)/30, alpha 0
    assert found.frames["frost"].alpha == pytest.approx(0, abs=1e-12)
    assert (found.frames["frost"].agreement, found.frames["frost"].present) == (pytest.approx(2 / 3), 1)
    # whole answers: r r, rf r, - -: three r, one rf, two -: observed 2/6, expected (36 - 9 - 1 - 4)/30, alpha 1 - 10/22
    assert found.whole.alpha == pytest.approx(12 / 22)
    assert found.whole.present == 4


def test_without_a_text_of_two_coders_there_is_nothing_to_compare(tiny_codebook):
    with pytest.raises(FramingError, match="no text was labelled by two coders"):
        agreement(current(tiny_codebook, Label("1", (), "anna"), Label("2", (), "ben"), Label("1", (), "ben", "adjudicator")))
