"""Bands of a cascade: where a first tier is not sure, chosen on some passages and judged on others."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.bands import Bands, Tiers, choose_bands, cross_fitted
from framing.heads import ABSENT, PRESENT
from training.metrics import Answers, macro_f1, value


def answers(probabilities: np.ndarray, labels: np.ndarray) -> Answers:
    return Answers(probabilities, np.where(probabilities >= 0.5, PRESENT, ABSENT).astype(np.int8), labels)


@pytest.fixture(scope="module")
def tiers() -> Tiers:
    """The first tier is wrong on a third of what it gives .4 to .6, and never elsewhere; the second is right everywhere."""
    random = np.random.default_rng(0)
    probabilities = random.random((1000, 2))
    labels = probabilities >= 0.5
    near = np.abs(probabilities - 0.5) < 0.1
    labels = labels ^ (near & (random.random(labels.shape) < 1 / 3))
    return Tiers(answers(probabilities, labels), answers(labels.astype(float), labels))


def lost(tiers: Tiers, asked: np.ndarray) -> float:
    return float(value(macro_f1, tiers.second) - value(macro_f1, tiers.together(asked)))


def test_a_passage_is_asked_if_one_of_its_frames_lies_in_its_band():
    bands = Bands(np.array([0.4, 0.5]), np.array([0.6, 0.5]))
    assert bands.asked(np.array([[0.4, 0.9], [0.6, 0.5], [0.1, 0.5], [0.5, 0.5]])).tolist() == [True, False, False, True]


def test_a_passage_that_is_asked_has_all_its_frames_from_the_second_tier():
    labels = np.array([[True, False], [True, False]])
    tiers = Tiers(answers(np.array([[0.1, 0.9], [0.1, 0.9]]), labels), answers(np.array([[0.8, 0.2], [0.8, 0.2]]), labels))
    both = tiers.together(np.array([True, False]))
    assert both.probabilities.tolist() == [[0.8, 0.2], [0.1, 0.9]]
    assert both.decisions.tolist() == [[PRESENT, ABSENT], [ABSENT, PRESENT]]


def test_bands_lie_where_the_first_tier_errs_and_are_no_wider_than_the_loss_demands(tiers):
    bands = choose_bands(tiers, 0.01)
    asked = bands.asked(tiers.first.probabilities)
    assert lost(tiers, asked) <= 0.01
    assert (bands.lows > 0.35).all()
    assert (bands.highs < 0.65).all()
    assert 0.25 < asked.mean() < 0.4  # 36% of the passages have a frame between .4 and .6
    assert choose_bands(tiers, 0.05).asked(tiers.first.probabilities).mean() < asked.mean()


def test_nobody_is_asked_where_the_first_tier_is_good_enough(tiers):
    same = Tiers(tiers.second, tiers.second)
    assert not choose_bands(same, 0.01).asked(same.first.probabilities).any()


def test_everybody_is_asked_where_nothing_less_will_do():
    labels = np.array([[True], [False], [True], [False]])
    tiers = Tiers(answers(np.array([[0.1], [0.9], [0.2], [0.8]]), labels), answers(labels.astype(float), labels))
    assert choose_bands(tiers, 0.0).asked(tiers.first.probabilities).all()


def test_what_a_passage_is_asked_by_never_comes_from_its_own_group(tiers):
    groups = [str(at // 2) for at in range(1000)]
    before = cross_fitted(tiers, groups, 0.01)
    labels = tiers.first.labels.copy()
    labels[:2] = ~labels[:2]
    relabelled = Tiers(answers(tiers.first.probabilities, labels), answers(labels.astype(float), labels))
    assert cross_fitted(relabelled, groups, 0.01)[:2].tolist() == before[:2].tolist()
    assert lost(tiers, before) < 0.02
