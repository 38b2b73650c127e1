"""Figures over resamples of whole groups."""

import numpy as np
import pytest

from training.intervals import FEWEST_GROUPS, Figure, bootstrapped, group_weights


def test_a_group_is_drawn_whole():
    weights = group_weights(["a", "b", "a", "c"], 200)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()


def test_the_value_is_that_of_all_passages_and_stands_in_its_interval():
    mean = np.arange(20.0)
    (figure,) = bootstrapped(lambda weights: (weights @ mean / weights.sum(axis=1))[:, None], [str(row) for row in range(20)], draws=300)
    assert figure.value == pytest.approx(9.5)
    assert figure.low < 9.5 < figure.high


def test_draws_with_nothing_to_measure_are_left_out():
    """The last group alone has what is measured; a third of the draws are without it."""
    groups = [str(row) for row in range(FEWEST_GROUPS)]
    assert bootstrapped(lambda weights: np.where(weights[:, -1:] > 0, 0.5, np.nan), groups, draws=100) == [Figure(0.5, 0.5, 0.5)]
    assert bootstrapped(lambda weights: np.full((len(weights), 1), np.nan), groups, draws=10) == [Figure(None)]


def test_few_groups_give_no_interval():
    groups = [str(row) for row in range(FEWEST_GROUPS - 1)]
    assert bootstrapped(lambda weights: weights[:, :1], groups, draws=10) == [Figure(1.0)]


def test_a_figure_reads_as_its_value_and_interval():
    assert [str(Figure(0.5, 0.25, 0.75)), str(Figure(0.5)), str(Figure(None))] == ["0.500 [0.250, 0.750]", "0.500", "-"]
