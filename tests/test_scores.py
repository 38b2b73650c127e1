"""The scores of one block of features: regressions, and networks with a hidden layer."""

import numpy as np
from sklearn.utils import shuffle

from training.hidden_units import HiddenUnits
from training.scores import fit_networks, fit_regressions


def test_hidden_units_say_nothing_of_a_frame_that_is_in_no_text_but_that_it_is_rare():
    labels = np.array([[False, True], [False, False]] * 20)
    scores = fit_networks(np.eye(40, 6), labels, HiddenUnits(units=4))
    assert (scores(np.eye(40, 6))[:, 0] < -2).all()


def test_a_fold_without_a_rare_frame_falls_back_to_its_share():
    scores = fit_regressions(np.ones((4, 2)), np.array([[False], [False], [False], [False]]), 1.0)
    assert scores(np.ones((1, 2))).round(3).tolist() == [[round(float(np.log((1 / 6) / (5 / 6))), 3)]]


def test_a_network_sees_the_texts_in_another_order_in_every_epoch(monkeypatch):
    orders = []

    def noted(rows, random_state):
        orders.append(shuffle(rows, random_state=random_state).tolist())
        return np.array(orders[-1])

    monkeypatch.setattr("sklearn.neural_network._multilayer_perceptron.shuffle", noted)
    labels = np.arange(60).reshape(30, 2) % 3 == 0
    fit_networks(np.eye(30), labels, HiddenUnits(units=2, networks=1, steps=9, batch_size=10))
    assert len(orders) == len({tuple(order) for order in orders}) == 3
