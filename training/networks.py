"""Networks with one hidden layer that score frames in vectors, or in bags of them: with training.transformer the only door to torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from framing.heads import Bags, HiddenLayer
from training.hidden_units import HiddenUnits
from training.parallel import one_thread
from training.scores import BlockScores, Labels

if TYPE_CHECKING:
    from torch import Tensor


def fit_networks(X: Any, labels: Labels, how: HiddenUnits) -> BlockScores:
    """Fit networks to all frames at once, by features (n, columns) or by bags; not calibrated. The same give the same scores.

    A bag is scored by the whole text, and by the part that scores highest: a text carries a frame where a part of it does, and which one
    need not be known (multiple-instance learning with the highest instance: Zhou and Zhang 2002, for networks).
    """
    import torch

    known: Any = X if isinstance(X, Bags) else np.asarray(X if isinstance(X, np.ndarray) else X.toarray(), np.float32)
    targets = torch.from_numpy(labels.astype(np.float32))
    torch.get_num_threads()  # a thread's first question to torch sets what `one_thread` then limits
    with one_thread():
        fitted = [_fit_network(known, targets, how, seed) for seed in range(how.networks)]
    units, unit_intercepts, weights, intercepts = zip(*fitted, strict=True)
    layer = HiddenLayer(how.scale * np.vstack(units), np.hstack(unit_intercepts))
    return BlockScores(np.hstack(weights) / how.networks, np.mean(intercepts, axis=0), layer)


def _fit_network(X: Any, targets: Tensor, how: HiddenUnits, seed: int) -> list[NDArray[np.float64]]:
    """Weights (units, columns) and intercepts (units,) of the units, weights (k, units) and intercepts (k,) of the frames."""
    from torch.nn.functional import binary_cross_entropy_with_logits, linear
    from torch.optim import Adam

    units, unit_intercepts, weights, intercepts = learning = _drawn(X.shape[1], how.units, targets.shape[1], seed)

    def score(vectors: Tensor) -> Tensor:
        return linear(linear(how.scale * vectors, units, unit_intercepts).relu(), weights)

    decayed = {"params": [units, weights], "weight_decay": how.penalty / how.batch_size}
    optimizer = Adam([decayed, {"params": [unit_intercepts, intercepts]}], lr=how.learning_rate)
    for rows in _batches(len(targets), how, seed):
        loss = binary_cross_entropy_with_logits(_scores(X[rows], score) + intercepts, targets[rows], reduction="sum") / len(rows)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return [learned.detach().numpy().astype(np.float64) for learned in learning]


def _drawn(columns: int, units: int, frames: int, seed: int) -> list[Tensor]:
    """What a network starts from: weights drawn as by Glorot and Bengio (2010), and no intercepts."""
    import torch

    generator = torch.Generator().manual_seed(seed)  # of its own: others may draw on other threads

    def weights(*shape: int) -> Tensor:
        bound = (6 / sum(shape)) ** 0.5
        return torch.empty(shape).uniform_(-bound, bound, generator=generator).requires_grad_()

    def zeros(size: int) -> Tensor:
        return torch.zeros(size, requires_grad=True)

    return [weights(units, columns), zeros(units), weights(frames, units), zeros(frames)]


def _batches(texts: int, how: HiddenUnits, seed: int) -> Iterator[NDArray[np.intp]]:
    """Batches of the texts in another order in each epoch: as many epochs as come nearest to the steps, at least one."""
    order = np.random.default_rng(seed)
    size = min(how.batch_size, texts)
    for _ in range(max(1, round(how.steps * size / texts))):
        shuffled = order.permutation(texts)
        yield from (shuffled[start : start + size] for start in range(0, texts, size))


def _scores(X: Any, score: Callable[[Tensor], Tensor]) -> Tensor:
    """Scores (n, k) of features or bags, without intercepts: what `Bags.scores` gives, for learning."""
    import torch

    if not isinstance(X, Bags):
        return score(torch.from_numpy(X))
    wholes, parts = score(torch.from_numpy(X.wholes)), score(torch.from_numpy(X.parts))
    text_of = torch.from_numpy(np.repeat(np.arange(len(X)), X.counts))
    return wholes + torch.zeros_like(wholes).scatter_reduce(0, text_of[:, None].expand_as(parts), parts, "amax", include_self=False)
