"""Features to probabilities, probabilities to decisions."""

from dataclasses import replace

import numpy as np
import pytest

from framing.heads import ABSENT, PRESENT, UNSURE, Bags, Heads, HiddenLayer, sigmoid

HEADS = Heads(
    vector_weights=np.array([[2.0, 0.0], [0.0, -1.0]]),
    term_weights=np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 4.0]]),
    intercepts=np.array([-1.0, 0.5]),
    thresholds=np.array([0.6, 0.5]),
    floors=np.array([0.2, 0.5]),
)


def test_vectors_terms_and_intercept_add_up():
    vectors = np.array([[1, 0], [0, 1]], np.float32)
    terms = [(np.array([0, 2]), np.array([0.5, 0.5])), (np.array([], int), np.array([]))]
    assert HEADS.logits(vectors, terms).tolist() == [[2 + 0.5 - 1, 2 + 0.5], [-1, -1 + 0.5]]


def test_a_row_does_not_depend_on_its_neighbours_by_a_single_bit():
    generator = np.random.default_rng(1)
    linear = Heads(generator.normal(size=(3, 384)), None, np.zeros(3), np.full(3, 0.5), np.full(3, 0.5))
    layer = HiddenLayer(generator.normal(size=(64, 384)), np.ones(64))
    vectors = generator.normal(size=(50, 384)).astype(np.float32)
    for heads in (linear, replace(linear, vector_weights=generator.normal(size=(3, 64)), layer=layer)):
        bags = Bags(vectors[:9], vectors[:45], np.arange(1, 10))
        for texts, reader in ((vectors, heads), (bags, replace(heads, parts=True))):
            alone = [reader.logits(texts[row : row + 1])[0] for row in range(len(texts))]
            assert np.array_equal(reader.logits(texts), np.array(alone))


BAGS = Bags(
    wholes=np.array([[1, 0], [0, 1], [0, 0]], np.float32),
    parts=np.array([[2, 2], [0, 1], [1, 3], [1, 1], [5, 0]], np.float32),
    counts=np.array([1, 3, 1]),
)


def test_a_bag_weighs_as_the_whole_and_the_part_that_weighs_most_for_each_frame_and_has_the_intercept_once():
    heads = replace(HEADS, term_weights=None, parts=True)
    # of the second text the third part has the most first columns, the first the fewest second ones
    assert heads.logits(BAGS).tolist() == [[2 + 4 - 1, -2 + 0.5], [0 + 2 - 1, -1 - 1 + 0.5], [10 - 1, 0.5]]


@pytest.mark.parametrize(("parts", "texts"), [(True, BAGS.wholes), (False, BAGS)])
def test_heads_refuse_what_they_do_not_read(parts, texts):
    with pytest.raises(ValueError, match="heads that read parts take bags, and others take vectors"):
        replace(HEADS, term_weights=None, parts=parts).logits(texts)


def test_bags_are_picked_by_rows_in_any_order_with_their_own_parts():
    assert len(BAGS[1:]) == 2
    for rows, parts in ((slice(1, 2), [1, 2, 3]), (np.array([2, 1]), [4, 1, 2, 3]), (np.array([True, False, True]), [0, 4])):
        picked = BAGS[rows]
        assert np.array_equal(picked.wholes, BAGS.wholes[rows])
        assert np.array_equal(picked.parts, BAGS.parts[parts])
        assert picked.shape == (len(picked), 2)


def test_heads_over_a_layer_weigh_what_its_units_give_and_terms_as_ever():
    layer = HiddenLayer(weights=np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 0.0]]), intercepts=np.array([0.0, 0.0, 0.5]))
    heads = replace(HEADS, vector_weights=np.array([[1.0, 10.0, 100.0], [0.0, 0.0, 1.0]]), layer=layer)
    terms = [(np.array([0]), np.array([3.0]))]
    # the units give 1 + 2, then 1 - 2 and 0.5 - 1, which are below 0
    assert heads.logits(np.array([[1, 2]], np.float32), terms).tolist() == [[3 - 1 + 3, 0.5]]


def test_present_from_the_threshold_up_absent_below_the_floor_unsure_between():
    probabilities = np.array([[0.6, 0.5], [0.5999, 0.4999], [0.2, 0.0], [0.1999, 1.0]])
    assert HEADS.decide(probabilities).tolist() == [[PRESENT, PRESENT], [UNSURE, ABSENT], [UNSURE, ABSENT], [ABSENT, PRESENT]]


def test_sigmoid_bears_any_log_odds():
    assert sigmoid(np.array([-1e9, 0.0, 1e9])).tolist() == [0.0, 0.5, 1.0]
