"""The estimator: scikit-learn's own checks, calibration, groups, and the heads it hands to serving."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from framing.heads import Bags
from training.classifier import FrameClassifier
from training.hidden_units import HiddenUnits

ONLY_INDICATORS = "labels are 0/1 columns, one for each frame; this check gives class names or numbers"
NOT_APPLICABLE = {
    "check_estimators_dtypes": ONLY_INDICATORS,
    "check_classifier_data_not_an_array": ONLY_INDICATORS,
    "check_classifiers_classes": ONLY_INDICATORS,
    "check_classifiers_train": ONLY_INDICATORS,
    "check_classifier_not_supporting_multiclass": ONLY_INDICATORS,
    "check_fit2d_1feature": ONLY_INDICATORS,
    "check_estimator_sparse_array": ONLY_INDICATORS,
    "check_estimator_sparse_matrix": ONLY_INDICATORS,
    "check_classifier_multioutput": "predict cuts at each frame's own threshold, not at 0.5",
    "check_decision_proba_consistency": "a frame has one probability, not one for each of two classes",
}


LAYERED = FrameClassifier(C=(HiddenUnits(units=4, networks=1, steps=4),), folds=2)


@parametrize_with_checks([FrameClassifier(), LAYERED], expected_failed_checks=lambda _: NOT_APPLICABLE)
def test_scikit_learn_finds_the_estimator_well_mannered(estimator, check):
    check(estimator)
    assert clone(estimator).get_params() == estimator.get_params()


def drawn(groups: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Three passages a group that share most of their features, and labels that follow two of the columns."""
    generator = np.random.default_rng(seed)
    centres = np.repeat(generator.normal(size=(groups, 8)), 3, axis=0)
    X = centres + 0.1 * generator.normal(size=centres.shape)
    y = np.stack([centres[:, 0] > 0, centres[:, 1] > 0.5], axis=1)
    return X, y.astype(int), [f"g{row // 3}" for row in range(len(X))]


def test_it_learns_what_decides_each_frame():
    X, y, groups = drawn(200)
    fresh, truth, _ = drawn(200, seed=1)
    predicted = FrameClassifier().fit(X, y, groups=groups).predict(fresh)
    assert (predicted == truth).mean() > 0.93


def test_a_block_of_many_sparse_columns_does_not_drown_a_dense_one():
    X, y, groups = drawn()
    noise = sp.csr_array(sp.random(len(X), 2000, density=0.01, random_state=0))
    alone = FrameClassifier().fit(X, y, groups=groups)
    beside = FrameClassifier().fit((X, noise), y, groups=groups)
    assert np.corrcoef(alone.held_out_logits_.ravel(), beside.held_out_logits_.ravel())[0, 1] > 0.85


def test_hidden_units_learn_what_no_linear_score_can():
    X, _, groups = drawn(200)
    y = np.stack([X[:, 0] * X[:, 1] > 0, X[:, 2] > 0], axis=1).astype(int)
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    linear = FrameClassifier().fit(unit, y, groups=groups)
    hidden = FrameClassifier(C=(HiddenUnits(units=32, networks=1, steps=400),)).fit(unit, y, groups=groups)
    right = [((classifier.held_out_logits_ > 0) == y).mean(axis=0) for classifier in (linear, hidden)]
    assert right[0][0] < 0.6
    assert right[1][0] > 0.8
    assert right[1][1] > 0.9


def bags_of(X: np.ndarray) -> Bags:
    """Texts whose parts are the row, and the row turned round."""
    parts = np.stack([X, X[:, ::-1]], axis=1).reshape(-1, X.shape[1]).astype(np.float32)
    return Bags(X.astype(np.float32), parts, np.full(len(X), 2))


@pytest.mark.parametrize("frames", [1, 2])
@pytest.mark.parametrize("made", [np.float32, bags_of])
def test_heads_over_hidden_units_give_the_estimators_probabilities_beside_terms(frames, made):
    X, y, groups = drawn()
    y = y[:, :frames]
    blocks = made(X[:, :5]), X[:, 5:]
    classifier = FrameClassifier((HiddenUnits(units=8, networks=2, steps=50), 10.0)).fit(blocks, y, groups=groups)
    heads = classifier.to_heads()
    terms = [(np.arange(3), row.astype(np.float32)) for row in X[:, 5:]]
    assert heads.layer.weights.shape == (16, 5)
    assert heads.parts is (made is bags_of)
    assert np.allclose(heads.probabilities(blocks[0], terms), classifier.predict_proba(blocks), atol=1e-5)
    again = FrameClassifier((HiddenUnits(units=8, networks=2, steps=50), 10.0), n_jobs=2).fit(blocks, y, groups=groups)
    assert np.array_equal(again.held_out_logits_, classifier.held_out_logits_)
    assert np.array_equal(again.predict_proba(blocks), classifier.predict_proba(blocks))


def test_hidden_units_over_terms_cannot_be_served_and_are_refused():
    X, y, groups = drawn()
    classifier = FrameClassifier((10.0, HiddenUnits(units=4, networks=1, steps=20))).fit((X[:, :5], X[:, 5:]), y, groups=groups)
    with pytest.raises(ValueError, match="only the first block, that of the vectors, may have hidden units"):
        classifier.to_heads()


def test_blocks_of_other_texts_than_the_labels_are_an_error():
    X, y, _ = drawn()
    with pytest.raises(ValueError, match="blocks have 180, 179 rows, y has 180"):
        FrameClassifier().fit((X, X[1:]), y)


def test_held_out_scores_from_elsewhere_decide_the_thresholds():
    X, y, groups = drawn()
    own = FrameClassifier().fit(X, y, groups=groups)
    doubtful = np.random.default_rng(0).normal(size=y.shape)
    modest = FrameClassifier().fit(X, y, groups=groups, held_out_scores=[doubtful])
    assert (modest.calibration_.slopes < own.calibration_.slopes).all()


def test_the_heads_for_serving_give_the_estimators_probabilities():
    X, y, groups = drawn()
    blocks = X[:, :5], X[:, 5:]
    classifier = FrameClassifier().fit(blocks, y, groups=groups)
    heads = classifier.to_heads()
    terms = [(np.arange(3), row.astype(np.float32)) for row in X[:, 5:]]
    served = heads.probabilities(X[:, :5].astype(np.float32), terms)
    assert np.allclose(served, classifier.predict_proba(blocks), atol=1e-5)
    assert np.array_equal(heads.thresholds, classifier.thresholds_)
