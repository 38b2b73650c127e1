"""Measures on answers small enough to count by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from framing.heads import ABSENT, PRESENT, UNSURE
from training.metrics import (
    Answers,
    average_precision,
    brier,
    calibration_error,
    coverage,
    f1,
    measure_all,
    micro_f1,
    risk,
    value,
)

ANSWERS = Answers(
    probabilities=np.array([[0.9, 0.1], [0.8, 0.4], [0.3, 0.2], [0.1, 0.9]]),
    decisions=np.array([[PRESENT, ABSENT], [PRESENT, UNSURE], [UNSURE, ABSENT], [ABSENT, PRESENT]], np.int8),
    labels=np.array([[True, False], [False, True], [True, False], [False, True]]),
)


def test_an_unsure_frame_counts_as_not_found():
    assert value(f1, ANSWERS).tolist() == [0.5, pytest.approx(2 / 3)]
    assert value(micro_f1, ANSWERS) == pytest.approx(2 * 2 / (3 + 4))


def test_risk_is_taken_among_what_was_decided():
    assert value(coverage, ANSWERS) == 6 / 8
    assert value(risk, ANSWERS) == pytest.approx(1 / 6)


def test_brier_is_the_mean_squared_gap():
    assert value(brier, ANSWERS) == pytest.approx(np.mean([0.01, 0.01, 0.64, 0.36, 0.49, 0.04, 0.01, 0.01]))


def test_calibration_error_is_nought_where_shares_equal_probabilities():
    labels = np.array([[True]] * 3 + [[False]])
    perfect = Answers(np.full((4, 1), 0.75), np.full((4, 1), PRESENT, np.int8), labels)
    assert value(calibration_error, perfect) == pytest.approx(0)
    assert value(calibration_error, Answers(np.full((4, 1), 0.25), perfect.decisions, labels)) == pytest.approx(0.5)


def test_intervals_hold_the_value_and_widen_when_passages_stand_in_few_groups():
    generator = np.random.default_rng(0)
    labels = generator.random((400, 1)) < 0.5
    probabilities = np.clip(labels + generator.normal(size=(400, 1)) * 0.6, 0, 1)
    answers = Answers(probabilities, np.where(probabilities > 0.5, PRESENT, ABSENT).astype(np.int8), labels)
    single = measure_all(answers, ["a"], [str(row) for row in range(400)], draws=200, jobs=1)["macro_f1"]
    order = np.argsort(probabilities[:, 0] - labels[:, 0])
    alike = np.empty(400, int)
    alike[order] = np.arange(400) // 40  # passages with like errors stand in one group
    grouped = measure_all(answers, ["a"], [str(group) for group in alike], draws=200, jobs=1)["macro_f1"]
    assert single.low < single.value < single.high
    assert grouped.high - grouped.low > single.high - single.low


def test_the_same_seed_gives_the_same_intervals():
    generator = np.random.default_rng(0)
    labels, probabilities = generator.random((60, 2)) < 0.4, generator.random((60, 2))
    answers = Answers(probabilities, np.where(probabilities > 0.5, PRESENT, ABSENT), labels)
    groups = [str(row // 3) for row in range(60)]
    one, same, other = (measure_all(answers, ["x", "y"], groups, 40, seed, jobs) for seed, jobs in ((0, 1), (0, 2), (1, 1)))
    assert one == same
    assert one["macro_f1"].low is not None
    assert one["macro_f1"] != other["macro_f1"]


@given(st.integers(0, 10_000))
def test_average_precision_is_that_of_scikit_learn_ties_and_weights_included(seed):
    generator = np.random.default_rng(seed)
    labels, probabilities = generator.random((30, 2)) < 0.4, generator.integers(0, 6, (30, 2)) / 6
    labels[0] = True
    weights = generator.integers(0, 3, (1, 30)).astype(float)
    weights[0, 0] = 1
    answers = Answers(probabilities, np.zeros((30, 2), np.int8), labels)
    expected = [average_precision_score(labels[:, frame], probabilities[:, frame], sample_weight=weights[0]) for frame in range(2)]
    assert average_precision(answers, weights)[0] == pytest.approx(expected)


def test_what_a_resample_has_none_of_is_no_figure_and_no_nought():
    labels = np.zeros((60, 2), bool)
    labels[:2, 0] = True
    answers = Answers(np.where(labels, 0.9, 0.1), np.where(labels, PRESENT, ABSENT).astype(np.int8), labels)
    found = measure_all(answers, ["rare", "none"], [str(row) for row in range(60)], draws=200, jobs=1)
    assert [(found[f"{name}/rare"].value, found[f"{name}/rare"].low) for name in ("f1", "precision", "recall")] == [(1.0, 1.0)] * 3
    assert [found[f"{name}/none"].value for name in ("f1", "precision", "recall")] == [None] * 3
    unsure = Answers(answers.probabilities, np.full((60, 2), UNSURE, np.int8), labels)
    assert np.isnan(value(risk, unsure))
