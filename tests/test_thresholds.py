"""Calibration and cut points."""

import numpy as np
import pytest

from training.thresholds import choose_floors, choose_thresholds, fit_calibration


def drawn(n: int, slope: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores whose true log-odds are slope * score - 1."""
    generator = np.random.default_rng(seed)
    scores = generator.normal(size=(n, 1)) * 3
    return scores, generator.random((n, 1)) < 1 / (1 + np.exp(1 - slope * scores))


def test_calibration_finds_the_slope_and_offset_the_labels_were_drawn_with():
    calibration = fit_calibration(*drawn(20000, slope=0.5))
    assert abs(calibration.slopes[0] - 0.5) < 0.03
    assert abs(calibration.offsets[0] + 1) < 0.05


def test_calibration_never_turns_a_ranking_round():
    scores, labels = drawn(50, slope=-1.0)
    assert fit_calibration(scores, labels).slopes[0] > 0


def test_the_threshold_parts_what_can_be_parted():
    probabilities = np.array([[0.1], [0.2], [0.7], [0.8]])
    assert choose_thresholds(probabilities, np.array([[False], [False], [True], [True]])).round(2).tolist() == [0.45]


def test_of_cuts_that_are_about_as_good_the_middle_is_taken():
    """From .2 to .8 every cut finds 100 of 101 carriers, or the last one too with nothing else."""
    probabilities = np.array([*np.full(100, 0.9), 0.2, *np.full(200, 0.1)])[:, None]
    labels = np.array([True] * 101 + [False] * 200)[:, None]
    (cut,) = choose_thresholds(probabilities, labels)
    low, high = 0.15, 0.55
    assert np.log(cut / (1 - cut)) == pytest.approx((np.log(low / (1 - low)) + np.log(high / (1 - high))) / 2)


def test_passages_of_one_probability_are_never_parted():
    probabilities = np.array([0.7, 0.7, 0.7, 0.3])[:, None]
    assert choose_thresholds(probabilities, np.array([[True], [False], [True], [False]]))[0] == pytest.approx(0.5)


def test_few_of_a_frames_passages_fall_below_its_floor_and_none_is_above_the_threshold():
    scores, labels = drawn(2000, slope=1.0)
    probabilities = fit_calibration(scores, labels).probabilities(scores)
    thresholds = choose_thresholds(probabilities, labels)
    floors = choose_floors(probabilities, labels, thresholds)
    assert 0 < floors[0] <= thresholds[0] < 1
    assert (probabilities[labels] < floors[0]).mean() <= 0.05
