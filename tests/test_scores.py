"""The scores of one block of features: regressions, and how bags are scored."""

import numpy as np

from framing.heads import Bags
from training.scores import BlockScores, fit_regressions


def test_a_fold_without_a_rare_frame_falls_back_to_its_share():
    scores = fit_regressions(np.ones((4, 2)), np.array([[False], [False], [False], [False]]), 1.0)
    assert scores(np.ones((1, 2))).round(3).tolist() == [[round(float(np.log((1 / 6) / (5 / 6))), 3)]]


def test_a_bag_is_scored_by_the_whole_and_the_best_part_of_each_frame_and_the_intercept_once():
    scores = BlockScores(np.eye(2), np.array([0.5, 0.0]))
    bag = Bags(np.array([[1, 10]], np.float32), np.array([[2, 30], [3, 20]], np.float32), np.array([2]))
    assert scores(bag).tolist() == [[1 + 3 + 0.5, 10 + 30]]


def test_many_bags_are_scored_as_each_alone(monkeypatch):
    monkeypatch.setattr("training.scores.BAGS_AT_ONCE", 2)
    scores = BlockScores(np.eye(2), np.zeros(2))
    bags = Bags(np.ones((5, 2), np.float32), np.arange(30, dtype=np.float32).reshape(15, 2), np.arange(1, 6))
    assert scores(bags).tolist() == [scores(bags[row : row + 1])[0].tolist() for row in range(5)]
    assert scores(bags[:0]).shape == (0, 2)
