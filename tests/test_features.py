"""TF-IDF terms as scikit-learn gives them, without scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from framing.features import TermWeights

TEXTS = [
    "Gas flows east, gas flows west.",
    "The gas deal was signed.",
    "A mediator met both sides; both sides left.",
    "Öl für Zürich, oil for Zürich",
]


@pytest.fixture(scope="module")
def pair() -> tuple[TfidfVectorizer, TermWeights]:
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit(TEXTS)
    return vectorizer, TermWeights(vectorizer.vocabulary_, vectorizer.idf_.astype(np.float32))


def dense(weights: TermWeights, text: str) -> np.ndarray:
    terms = weights.transform(text)
    row = np.zeros(len(weights.columns))
    row[terms.columns] = terms.weights
    return row


@given(
    st.text()
    | st.lists(st.sampled_from(["gas", "flows", "east", "deal", "mediator", "both", "sides", "zürich", ".", ",", "unknown"])).map(" ".join)
)
def test_terms_equal_those_of_scikit_learn_for_any_text(pair, text):
    vectorizer, weights = pair
    assert np.allclose(dense(weights, text), vectorizer.transform([text]).toarray()[0], atol=1e-5)


def test_a_text_without_known_words_has_no_terms(pair):
    assert len(pair[1].transform("nothing here").columns) == 0
