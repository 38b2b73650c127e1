"""Terms counted once give the weights that serving gives."""

import numpy as np
import pytest

from framing.errors import TrainingError
from training.terms import count_terms, terms_matrix

TEXTS = ["Gas deal, gas deal again", "A gas deal", "Rain on the gas field", "rain on Sunday", ""]


def test_weights_are_those_that_serving_gives_the_same_text():
    terms = count_terms(TEXTS).weighed()
    assert np.allclose(terms.matrix.toarray(), terms_matrix(terms.vocabulary, TEXTS).toarray(), atol=1e-6)
    assert list(terms.vocabulary.columns) == ["deal", "gas", "gas deal", "on", "rain", "rain on"]


def test_a_fold_knows_the_terms_of_its_own_rows_alone_and_weighs_all_rows_by_them():
    terms = count_terms(TEXTS).weighed(np.array([0, 1]))
    assert list(terms.vocabulary.columns) == ["deal", "gas", "gas deal"]
    assert terms.matrix.toarray()[2].tolist() == [0, 1, 0]
    alone = count_terms(TEXTS[:2]).weighed()
    assert np.array_equal(alone.vocabulary.idf, terms.vocabulary.idf)


def test_texts_that_share_no_word_are_refused():
    with pytest.raises(TrainingError, match="no word stands in two"):
        count_terms(["one", "two"]).weighed()
    with pytest.raises(TrainingError, match="no word stands in two"):
        count_terms(["", "a"])
