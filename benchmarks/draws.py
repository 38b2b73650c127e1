"""A few labelled passages drawn from many, as somebody who begins to label would have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from framing.data import Dataset, text_key


def apart_from(pool: Dataset, test: Dataset) -> Dataset:
    """The passages of `pool` but whole groups of which a passage, or its text, stands in `test`."""
    texts = {text_key(text) for text in test.texts}
    met = set(test.groups) | {passage.group for passage in pool.passages if text_key(passage.text) in texts}
    return pool.subset([row for row, passage in enumerate(pool.passages) if passage.group not in met])


def draw(pool: Dataset, examples: int | None, seed: int) -> Dataset:
    """`examples` passages of each frame, and as many without any as `pool` has beside them; None draws all.

    Passages of several frames count for each. A frame has fewer where the pool has, and more where the only way to fill
    another frame is with passages they share.
    """
    if examples is None:
        return pool
    order = np.random.default_rng(seed).permutation(len(pool)).tolist()
    carriers = [row for row in order if pool.passages[row].frames]
    chosen = _fill(pool, carriers, examples)
    bare = [row for row in order if not pool.passages[row].frames]
    share = len(bare) / max(1, len(carriers))
    return pool.subset(sorted([*chosen, *bare[: round(share * len(chosen))]]))


def _fill(pool: Dataset, carriers: list[int], examples: int) -> list[int]:
    """First the passages that overfill no frame, then for each frame that is still short whatever carries it."""
    chosen: dict[int, None] = {}
    counts: Counter[str] = Counter()

    def take(rows: Iterable[int]) -> None:
        for row in rows:
            chosen[row] = None
            counts.update(pool.passages[row].frames)

    for row in carriers:
        if all(counts[frame] < examples for frame in pool.passages[row].frames):
            take([row])
    for frame in pool.codebook.names:
        left = [row for row in carriers if row not in chosen and frame in pool.passages[row].frames]
        take(left[: max(0, examples - counts[frame])])
    return list(chosen)
