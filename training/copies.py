"""Near copies: passages of different groups that are half one another's words, found before anything is trained on them.

A near copy in another group would stand on two sides of a fold, and its answer would be remembered rather than found. So
groups with near copies of one another are joined, and the joined groups are what folds and intervals go by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from sklearn.feature_extraction.text import CountVectorizer

from framing.data import Dataset
from training.folds import split_groups

WORDS = 5
"""Words in a row that count as one shingle."""
SHARE = 0.5
"""Share of the shorter passage's shingles that stand in the other, from which two are near copies."""
FEWEST_COMMON = 3
"""Shingles that near copies share at least, unless they are the same words: one stock phrase makes no copy of a short headline."""
_ROWS = 500
UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Ranges of letters of scripts that write no spaces between words, as in a set of a regular expression."""
_WORD = rf"[{UNSPACED}]|[^\W{UNSPACED}]+"
"""A word, or one letter of a script that writes no spaces."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts by their places, and the share of the shorter's shingles that both hold."""

    first: int
    second: int
    share: float


@dataclass(frozen=True, slots=True)
class NearCopy:
    """The ids of two passages of different groups that are near copies, and the share they have in common."""

    first: str
    second: str
    share: float

    def __str__(self) -> str:
        return f"{self.first} and {self.second} ({self.share:.2f})"


@dataclass(frozen=True)
class Copies:
    """Near copies across groups, the most alike first; `crossing` of them would have stood on two sides of a fold.

    `groups` (n,) are the passages' groups with those of near copies joined, `joined` says how many fewer they are.
    """

    pairs: tuple[NearCopy, ...]
    crossing: int
    groups: tuple[str, ...]
    joined: int

    def regrouped(self, dataset: Dataset) -> Dataset:
        """The same passages in the joined groups."""
        passages = (replace(passage, group=group) for passage, group in zip(dataset.passages, self.groups, strict=True))
        return Dataset(dataset.codebook, tuple(passages))


def find_copies(dataset: Dataset, folds: int, seed: int = 0) -> Copies:
    """Near copies across the groups of `dataset`, as `folds` by these groups would have parted them."""
    groups = np.asarray(dataset.groups)
    pairs = sorted((pair for pair in near_pairs(dataset.texts) if groups[pair.first] != groups[pair.second]), key=lambda pair: -pair.share)
    if not pairs:
        return Copies((), 0, tuple(dataset.groups), 0)
    fold_of = np.zeros(len(groups), int)
    for number, (_, test) in enumerate(split_groups(groups, folds, seed)):
        fold_of[test] = number
    crossing = sum(fold_of[pair.first] != fold_of[pair.second] for pair in pairs)
    named = (NearCopy(dataset.passages[pair.first].id, dataset.passages[pair.second].id, pair.share) for pair in pairs)
    joined = _joined(groups, pairs)
    return Copies(tuple(named), int(crossing), joined, len(set(groups)) - len(set(joined)))


def joined_groups(dataset: Dataset) -> tuple[str, ...]:
    """The groups (n,) of the passages, with those of near copies of one another as one: what intervals are resampled by."""
    return find_copies(dataset, 2).groups  # the folds only say which copies they would have parted


def copies_between(training: Dataset, evaluation: Dataset) -> tuple[NearCopy, ...]:
    """Near copies of training passages (first) among evaluation passages (second)."""
    border = len(training)
    passages = training.passages + evaluation.passages
    pairs = near_pairs(training.texts + evaluation.texts)
    return tuple(
        NearCopy(passages[pair.first].id, passages[pair.second].id, pair.share) for pair in pairs if pair.first < border <= pair.second
    )


def near_pairs(texts: Sequence[str]) -> tuple[Pair, ...]:
    """All pairs of near copies. A text of fewer than WORDS words, such as "read more", is a copy of nothing."""
    return _pairs(tuple(texts))


@lru_cache(maxsize=1)  # what was found ahead of a training is asked for by it
def _pairs(texts: tuple[str, ...]) -> tuple[Pair, ...]:
    vectorizer = CountVectorizer(ngram_range=(WORDS, WORDS), token_pattern=_WORD, binary=True, dtype=np.float32)
    try:
        shingles = sp.csr_array(vectorizer.fit_transform(texts))
    except ValueError:  # no text has a single shingle
        return ()
    sizes = np.diff(shingles.indptr)
    columns = shingles.T.tocsr()
    found: list[Pair] = []
    for start in range(0, len(texts), _ROWS):  # a block at a time: the product of all by all may not fit
        common = (shingles[start : start + _ROWS] @ columns).tocoo()
        first, second = common.row + start, common.col
        shares = common.data / np.minimum(sizes[first], sizes[second])
        same = (common.data == sizes[first]) & (common.data == sizes[second])
        near = (first < second) & (shares >= SHARE) & (same | (common.data >= FEWEST_COMMON))
        rows = zip(first[near], second[near], shares[near], strict=True)
        found += [Pair(int(one), int(other), float(share)) for one, other, share in rows]
    return tuple(found)


def _joined(groups: NDArray[np.str_], pairs: Sequence[Pair]) -> tuple[str, ...]:
    """A group for each passage: of groups that near copies connect, the first by name."""
    names, codes = np.unique(groups, return_inverse=True)
    ends = codes[[pair.first for pair in pairs]], codes[[pair.second for pair in pairs]]
    links = sp.coo_array((np.ones(len(pairs)), ends), shape=(len(names), len(names)))
    _, parts = connected_components(links, directed=False)
    _, firsts = np.unique(parts, return_index=True)
    return tuple(str(names[firsts[parts[code]]]) for code in codes)
