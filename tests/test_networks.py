"""Networks with a hidden layer, over features and over bags of them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from framing.heads import Bags
from training import networks
from training.hidden_units import HiddenUnits
from training.networks import _batches, _scores, fit_networks
from training.parallel import in_threads

FEW = HiddenUnits(units=4)


def test_hidden_units_say_nothing_of_a_frame_that_is_in_no_text_but_that_it_is_rare():
    labels = np.array([[False, True], [False, False]] * 20)
    scores = fit_networks(np.eye(40, 6), labels, FEW)
    assert (scores(np.eye(40, 6))[:, 0] < -2).all()


@pytest.mark.parametrize(("texts", "epochs"), [(30, 3), (7, 9), (1000, 1)])
def test_a_network_sees_all_texts_in_another_order_in_every_epoch(texts, epochs):
    seen = np.concatenate(list(_batches(texts, HiddenUnits(steps=9, batch_size=10), seed=0)))
    orders = seen.reshape(epochs, texts).tolist()
    assert len({tuple(order) for order in orders}) == epochs
    assert all(sorted(order) == list(range(texts)) for order in orders)


def bags_with_a_sign(texts: int, seed: int) -> tuple[Bags, np.ndarray]:
    """Three parts a text, of which one is the sign in half of them; the whole is their mean, in which it is hard to see."""
    generator = np.random.default_rng(seed)
    parts = generator.normal(size=(texts, 3, 16))
    labels = generator.random((texts, 1)) < 0.5
    sign = np.full(16, 1.0)
    where = generator.integers(3, size=texts)
    parts[np.arange(texts), where] += np.where(labels, sign, 0)
    parts /= np.linalg.norm(parts, axis=2, keepdims=True)
    wholes = parts.mean(axis=1)
    flat = parts.reshape(-1, 16).astype(np.float32)
    return Bags((wholes / np.linalg.norm(wholes, axis=1, keepdims=True)).astype(np.float32), flat, np.full(texts, 3)), labels


def test_what_one_part_of_a_text_says_is_found_better_by_its_parts_than_in_the_whole():
    how = HiddenUnits(units=16, networks=1, steps=200)
    (bags, labels), (fresh, truth) = bags_with_a_sign(1500, 0), bags_with_a_sign(500, 1)
    by_parts, by_wholes = fit_networks(bags, labels, how)(fresh), fit_networks(bags.wholes, labels, how)(fresh.wholes)
    right = [float(((scores > 0) == truth).mean()) for scores in (by_parts, by_wholes)]
    assert right[0] > right[1] + 0.05


def test_the_same_bags_and_labels_give_the_same_networks_and_another_number_of_them_others():
    bags, labels = bags_with_a_sign(60, 0)
    how = HiddenUnits(units=4, networks=2, steps=5)
    first, again, one = (fit_networks(bags, labels, each) for each in (how, how, replace(how, networks=1)))
    assert np.array_equal(first(bags), again(bags))
    assert first.layer.weights.shape == (8, 16)
    assert one.layer.weights.shape == (4, 16)


def test_bags_are_scored_in_learning_as_they_are_in_answering_where_all_scores_are_below_nothing_too():
    bags, _ = bags_with_a_sign(20, 0)
    weights = np.array([[-1.0] * 16, [1.0] * 16], np.float32)
    learning = _scores(bags, lambda vectors: vectors @ torch.from_numpy(weights).T - 5)
    assert np.allclose(learning.numpy(), bags.scores(lambda vectors: vectors @ weights.T - 5), atol=1e-5)


def test_each_network_is_taught_on_one_thread_whichever_thread_asks(monkeypatch):
    threads = []

    def noted(X, targets, how, seed):
        threads.append(torch.get_num_threads())
        return taught(X, targets, how, seed)

    taught = networks._fit_network
    monkeypatch.setattr(networks, "_fit_network", noted)
    bags, labels = bags_with_a_sign(20, 0)
    in_threads(lambda _: fit_networks(bags, labels, HiddenUnits(units=2, networks=2, steps=1)), range(3), 2)
    assert threads == [1] * 6
