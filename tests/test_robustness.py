"""Contrast pairs, other shares of frames and the risk curve, on answers small enough to count by hand."""

import numpy as np
import pytest

from framing.heads import ABSENT, PRESENT
from training.metrics import Answers, f1, value
from training.robustness import contrast_pairs, f1_at_shares, risk_coverage

LABELS = np.array([[True], [False], [True], [False], [False]])
ANSWERS = Answers(
    probabilities=np.array([[0.9], [0.2], [0.4], [0.6], [0.1]]),
    decisions=np.array([[PRESENT], [ABSENT], [ABSENT], [PRESENT], [ABSENT]], np.int8),
    labels=LABELS,
)
MANY = Answers(*(np.tile(part, (12, 1)) for part in (ANSWERS.probabilities, ANSWERS.decisions, LABELS)))
"""The same five passages in twelve groups."""
GROUPS = [f"g{row // 5}" for row in range(60)]


def test_a_contrast_pair_is_one_passage_with_and_one_without_the_frame_in_one_group():
    found = contrast_pairs(ANSWERS, ["a", "a", "b", "b", "c"])
    assert (found.pairs, found.ranked.value, found.decided.value) == (2, 0.5, 0.5)


def test_without_pairs_there_is_nothing_to_rank():
    found = contrast_pairs(ANSWERS, list("abcde"))
    assert (found.pairs, found.ranked.value) == (0, None)


def test_the_interval_of_contrast_pairs_is_over_groups():
    """Two kinds of group, one always right and one always wrong, so that what is drawn decides; groups all alike give no width."""
    alike = contrast_pairs(MANY, GROUPS, draws=50)
    assert alike.ranked.low == alike.ranked.value == alike.ranked.high
    pairs = [group for row in range(12) for group in (f"right{row}", f"right{row}", f"wrong{row}", f"wrong{row}", f"alone{row}")]
    found = contrast_pairs(MANY, pairs, draws=200)
    assert found.ranked.low < found.ranked.value == 0.5 < found.ranked.high


def test_at_the_share_that_is_there_f1_is_what_it_was_and_it_falls_with_the_share():
    own = float(LABELS.mean())
    there, rare = f1_at_shares(MANY, GROUPS, (own, 0.05), draws=20)
    assert there.f1[0].value == pytest.approx(value(f1, ANSWERS)[0])
    assert there.macro_f1.value == there.f1[0].value
    assert rare.f1[0].value < there.f1[0].value


def test_the_rarer_a_frame_the_higher_the_cut_that_serves_it_best():
    often, rare = f1_at_shares(ANSWERS, list("abcde"), (0.6, 0.05))
    assert often.best_cuts[0].value == pytest.approx(0.3)  # finds both carriers and one passage too many
    assert rare.best_cuts[0].value == pytest.approx(0.75)
    assert rare.best_f1[0].value == pytest.approx(2 / 3)
    assert rare.best_f1[0].value >= rare.f1[0].value


def test_risk_is_taken_over_the_surest_decisions_first():
    curve = risk_coverage(ANSWERS, list("abcde"), steps=5)
    assert [at.coverage for at in curve] == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert [at.risk.value for at in curve] == pytest.approx([0, 0, 0, 0.25, 0.4])


def test_risk_has_an_interval_over_groups():
    singles = [str(row) for row in range(60)]
    last = risk_coverage(MANY, singles, draws=100)[-1]
    assert last.risk.low < last.risk.value < last.risk.high


def test_pairs_lie_in_a_group_and_intervals_resample_what_the_groups_lie_in():
    """Joining two pages that share a report makes no pairs between their other paragraphs."""
    assert contrast_pairs(ANSWERS, ["a", "a", "b", "b", "c"], list("vvvvw")) == contrast_pairs(ANSWERS, ["a", "a", "b", "b", "c"])


def test_a_frame_that_no_passage_carries_has_no_cut_and_no_figure():
    none = Answers(ANSWERS.probabilities, ANSWERS.decisions, np.zeros_like(ANSWERS.labels))
    (at,) = f1_at_shares(none, list("abcde"), (0.1,))
    assert (at.best_cuts[0].value, at.best_f1[0].value, at.f1[0].value) == (None, None, None)
