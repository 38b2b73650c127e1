"""What a recipe feeds its heads beside the vectors: weighted words and word pairs (TF-IDF)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"(?u)\b\w\w+\b")


class Terms(NamedTuple):
    """The weighted terms of one text: column numbers, and weights that have length 1 together; both empty if no term is known."""

    columns: NDArray[np.int32]
    weights: NDArray[np.float32]


@dataclass(frozen=True)
class TermWeights:
    """A fitted TF-IDF vocabulary, applied without scikit-learn, whose import takes longer than the whole service.

    Equal to `TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)` with the same vocabulary: lower case, words of two
    letters or more, single words and pairs, (1 + ln count) * idf, then length 1.
    """

    columns: Mapping[str, int]
    idf: NDArray[np.float32]

    def transform(self, text: str) -> Terms:
        counts = Counter(column for term in _terms(text) if (column := self.columns.get(term)) is not None)
        columns = np.fromiter(counts.keys(), np.int32, len(counts))
        weights = (1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))) * self.idf[columns]
        length = float(np.sqrt((weights * weights).sum()))
        return Terms(columns, weights / length if length else weights)


def _terms(text: str) -> Iterator[str]:
    words = _WORD.findall(text.lower())
    yield from words
    for first, second in zip(words, words[1:], strict=False):
        yield f"{first} {second}"
