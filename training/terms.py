"""Words and word pairs of labelled texts, counted once however many folds are made of the texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

from framing.errors import TrainingError
from framing.features import TermWeights

FEWEST_TEXTS = 2
"""Texts that a term must stand in to be weighed."""


@dataclass(frozen=True)
class WeighedTerms:
    """A vocabulary learned from some of the texts, and the weights (n, terms) of its terms in all of them."""

    vocabulary: TermWeights
    matrix: Any


@dataclass(frozen=True)
class CountedTerms:
    """How often each term stands in each of n texts: `counts` (n, terms), sparse, the terms in the order of `names`."""

    names: NDArray[Any]
    counts: Any

    def weighed(self, rows: NDArray[np.intp] | None = None) -> WeighedTerms:
        """TF-IDF by what stands in the texts `rows`, or in all, equal to what `TermWeights` gives when serving.

        Raises TrainingError where no term stands in FEWEST_TEXTS of them.
        """
        learned = self.counts if rows is None else self.counts[rows]
        columns = np.flatnonzero(np.bincount(learned.indices, minlength=len(self.names)) >= FEWEST_TEXTS)
        if not len(columns):
            raise TrainingError("no word stands in two of the passages; words cannot be weighed")
        transformer = TfidfTransformer(sublinear_tf=True).fit(learned[:, columns])
        terms = {str(term): column for column, term in enumerate(self.names[columns])}
        vocabulary = TermWeights(terms, transformer.idf_.astype(np.float32))
        return WeighedTerms(vocabulary, sp.csr_array(transformer.transform(self.counts[:, columns])))


def count_terms(texts: Sequence[str]) -> CountedTerms:
    """Count words of two letters or more, and pairs of words that follow one another. Raises TrainingError where there is none."""
    return _counted(tuple(texts))


@lru_cache(maxsize=1)  # the folds, the fit to all passages and the floors ask for the same texts
def _counted(texts: tuple[str, ...]) -> CountedTerms:
    vectorizer = CountVectorizer(ngram_range=(1, 2), dtype=np.float64)
    try:
        counts = vectorizer.fit_transform(texts)
    except ValueError as error:
        raise TrainingError("no word stands in two of the passages; words cannot be weighed") from error
    return CountedTerms(vectorizer.get_feature_names_out(), sp.csr_array(counts))


def terms_matrix(vocabulary: TermWeights, texts: Sequence[str]) -> Any:
    """The weights (n, terms) of texts by a vocabulary that was learned elsewhere, sparse."""
    terms = [vocabulary.transform(text) for text in texts]
    starts = np.cumsum([0] + [len(row.columns) for row in terms])
    weights = np.concatenate([row.weights for row in terms]).astype(np.float64)
    return sp.csr_array((weights, np.concatenate([row.columns for row in terms]), starts), shape=(len(texts), len(vocabulary.columns)))
