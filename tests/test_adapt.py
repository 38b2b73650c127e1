"""Heads moved by new labels: as far as these ask for, and no further."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from framing.codebook import Codebook
from framing.data import Dataset, LabelledPassage
from framing.errors import TrainingError
from framing.heads import Heads, HiddenLayer
from tests.conftest import WordEncoder
from tests.test_training import weather
from training.adapt import _features, adapt, choose_variance, moved
from training.recipes import Adaptation
from training.run import Run

WEATHER = ("rain", "frost")


def heads_for(names: tuple[str, ...]) -> Heads:
    """Finds each frame where the word of its name weighs in a text."""
    directions = np.array([WordEncoder().direction(word) for word in names], np.float64)
    weights = 14 * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    return Heads(weights, None, np.full(len(names), -4.0), np.full(len(names), 0.5), np.full(len(names), 0.2))


@pytest.fixture
def drizzle(tiny_codebook: Codebook) -> Dataset:
    """Thirty passages of coders who call drizzle rain, thirty of frost, thirty of neither; each in a group of its own."""
    said = [("Some drizzle fell", ("rain",)), ("Some frost came", ("frost",)), ("Some wind blew", ())] * 30
    passages = (LabelledPassage(str(at), f"{text} on day {at}", frames, str(at)) for at, (text, frames) in enumerate(said))
    return Dataset(tiny_codebook, tuple(passages))


def test_without_variance_heads_stay_and_with_much_of_it_they_are_those_that_the_labels_alone_would_give():
    generator = np.random.default_rng(0)
    features = _features(generator.normal(size=(60, 3)).astype(np.float32), None, [""] * 60)
    labels = np.stack([features.toarray()[:, 0] + generator.normal(size=60) > 0], axis=1)
    prior = np.array([[0.3, -2.0, 1.0, 0.1]])
    assert moved(features, labels, prior, 0.0) is prior
    free = LogisticRegression(C=np.inf, tol=1e-8).fit(features.toarray()[:, :3], labels[:, 0])
    assert moved(features, labels, prior, 1e6)[0] == pytest.approx([*free.coef_[0], free.intercept_[0]], abs=0.01)


def test_a_step_is_where_the_pull_of_the_labels_and_of_the_prior_are_even():
    features = _features(np.array([[1.0, 0.0]], np.float32), None, ["x"])
    step = (moved(features, np.array([[True]]), np.zeros((1, 3)), 2.0) / 2.0)[0]
    pull = 1 - 1 / (1 + np.exp(-4 * step[0]))  # the logit is twice the step in the first weight, and twice that in the intercept
    assert step == pytest.approx([pull, 0, pull], abs=1e-4)


def test_labels_that_say_something_else_than_the_heads_move_them_and_cut_points_come_from_them(drizzle):
    vectors = WordEncoder().encode(drizzle.texts).vectors
    found = adapt(heads_for(WEATHER), None, drizzle, vectors, Adaptation(), 5, Run(jobs=1))
    assert found.variance > 0
    assert found.own_cuts
    right = (found.unseen.decisions == 2) == drizzle.labels
    assert right[:, 0].mean() > ((found.before.decisions == 2) == drizzle.labels)[:, 0].mean() + 0.2
    assert found.heads.probabilities(WordEncoder().encode(["More drizzle fell today"]).vectors)[0, 0] > 0.5


def test_labels_that_say_what_the_heads_say_leave_them_as_they_are_or_nearly():
    """Noise over a sure answer: whatever is chosen, no held-out answer gets worse."""
    data = weather(20)
    vectors = WordEncoder().encode(data.texts).vectors
    found = adapt(heads_for(data.codebook.names), None, data, vectors, Adaptation(enough=1000), 3, Run(jobs=1))
    assert not found.own_cuts
    assert np.array_equal(found.heads.thresholds, heads_for(data.codebook.names).thresholds)
    right, before = ((held.decisions == 2) == data.labels for held in (found.unseen, found.before))
    assert right.mean() >= before.mean() - 0.02


def test_heads_over_a_layer_are_moved_over_what_its_units_give_and_keep_it(drizzle):
    plain = heads_for(WEATHER)
    both_ways = np.vstack([np.eye(WordEncoder().dimensions), -np.eye(WordEncoder().dimensions)])
    layered = replace(
        plain,
        vector_weights=np.hstack([plain.vector_weights, -plain.vector_weights]),
        layer=HiddenLayer(both_ways, np.zeros(len(both_ways))),
    )
    vectors = WordEncoder().encode(drizzle.texts).vectors
    found = adapt(layered, None, drizzle, vectors, Adaptation(), 5, Run(jobs=1))
    assert found.heads.layer is layered.layer
    assert np.allclose(found.before.probabilities, adapt(plain, None, drizzle, vectors, Adaptation(), 5, Run(jobs=1)).before.probabilities)
    assert found.heads.probabilities(WordEncoder().encode(["More drizzle fell today"]).vectors)[0, 0] > 0.5


def test_heads_that_read_parts_are_not_moved_and_the_error_says_what_to_do(drizzle):
    vectors = WordEncoder().encode(drizzle.texts).vectors
    with pytest.raises(TrainingError, match="heads that read the parts of passages cannot be moved by new labels; train anew by their own"):
        adapt(replace(heads_for(WEATHER), parts=True), None, drizzle, vectors, Adaptation(), 5, Run(jobs=1))


def test_few_labels_keep_the_cut_points_and_make_a_frame_that_they_all_lack_less_likely(drizzle):
    few = drizzle.subset([row for row in range(12) if row % 3 != 1])
    found = adapt(heads_for(WEATHER), None, few, WordEncoder().encode(few.texts).vectors, Adaptation(), 3, Run(jobs=1))
    before, after, frost = heads_for(WEATHER), found.heads, few.codebook.names.index("frost")
    assert not found.own_cuts
    assert (after.thresholds.tolist(), after.floors.tolist()) == (before.thresholds.tolist(), before.floors.tolist())
    assert not few.labels[:, frost].any()
    assert found.variance > 0
    assert after.intercepts[frost] < before.intercepts[frost]
    assert "the new labels are too few for others" in found.notes[0]


def test_how_far_heads_may_move_is_chosen_on_groups_that_were_held_out(drizzle):
    """Labels that follow the group alone teach nothing about other groups."""
    generator = np.random.default_rng(1)
    side = {str(group): bool(generator.random() < 0.5) for group in range(10)}
    passages = (LabelledPassage(str(at), f"word{at % 10} x{at}", ("rain",) if side[str(at % 10)] else (), str(at % 10)) for at in range(60))
    unfair = Dataset(Codebook("One", drizzle.codebook.frames[:1]), tuple(passages))
    features = _features(WordEncoder().encode(unfair.texts).vectors, None, unfair.texts)
    flat = np.zeros((1, features.shape[1]))
    how = Adaptation(variances=(0.0, 10.0))
    assert choose_variance(features, unfair.labels, flat, unfair.groups, how) == 0.0
    assert choose_variance(features, unfair.labels, flat, [str(at) for at in range(60)], how) == 10.0
