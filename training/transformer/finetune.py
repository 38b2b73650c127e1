"""Fine-tune an encoder end to end on labelled passages."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

if TYPE_CHECKING:
    import numpy as np
    from sentence_transformers import SentenceTransformer
    from torch import Tensor

    from framing.encoder import Vectors

OnStep = Callable[[int, int], None]
"""Told (steps done, steps in all)."""


@dataclass(frozen=True, slots=True)
class FineTuning:
    """How long and how hard to fine-tune; the learning rate rises over the first tenth of the steps, then falls to 0."""

    epochs: int = 3
    least_steps: int = 250
    """Where the epochs give fewer steps there are more of them: a thousand headlines teach too little in three."""
    most_epochs: int = 10
    learning_rate: float = 2e-4
    batch_size: int = 32
    scale: float = 8.0
    """Unit vectors are multiplied by this before the linear layer, so that its weights stay small."""
    probe_strength: float = 10.0
    """Inverse regularisation strength of the logistic regressions that the linear layer starts from."""
    word_embeddings: bool = False
    """Whether the embedding tables learn too. Kept as they are, a word the passages never use still stands beside its
    synonyms, and a step takes a third less time."""


def finetune(
    model: SentenceTransformer,
    texts: Sequence[str],
    labels: NDArray[np.bool_],
    budget: FineTuning,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> None:
    """Fine-tune `model` in place with binary cross-entropy on labels (n, k) over its scaled unit vectors.

    The linear layer starts as logistic regressions over the vectors as they were (linear probing, then fine-tuning: Kumar et al.
    2022): from zeros a rare frame would teach the encoder little else than noise before its weights had grown.

    The same seed, number of threads and processor give the same weights. `on_step` is told (steps done, steps in all).
    """
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    torch.manual_seed(seed)
    targets = torch.tensor(labels, dtype=torch.float32)
    vectors = model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
    head = linear_probe(vectors, labels, budget)

    def loss(vectors: Tensor, rows: Sequence[int]) -> Tensor:
        return binary_cross_entropy_with_logits(head(budget.scale * vectors), targets[rows])

    teach(model, texts, loss, list(head.parameters()), budget, seed, on_step)


def teach(
    model: SentenceTransformer,
    texts: Sequence[str],
    loss: Callable[[Tensor, Sequence[int]], Tensor],
    beside: Sequence[Tensor],
    budget: FineTuning,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> None:
    """Change the weights of `model`, and those `beside` that `loss` uses, so that the loss of the texts' unit vectors falls.

    `loss` is given the vectors (rows, dimensions) of a batch, and which texts they are. Where the processor has instructions for
    bfloat16, products are taken in it, which halves the time.
    """
    import torch

    pieces = [model.tokenizer(text, truncation=True, max_length=model.max_seq_length)["input_ids"] for text in texts]
    epochs = _epochs(budget, len(texts))
    batches = [batch for epoch in range(epochs) for batch in _batches(pieces, budget.batch_size, random.Random(seed + epoch))]
    learning = [*_learning(model, budget), *beside]
    optimizer, schedule = _optimizer(learning, budget, len(batches))
    model.train()
    for step, rows in enumerate(batches, 1):
        with torch.autocast("cpu", torch.bfloat16, enabled=products_in_bfloat16()):
            vectors = model(_padded([pieces[row] for row in rows], model.tokenizer.pad_token_id))["sentence_embedding"].float()
        found = loss(torch.nn.functional.normalize(vectors, dim=1), rows)
        optimizer.zero_grad()
        found.backward()
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        schedule.step()
        if on_step is not None:
            on_step(step, len(batches))
    model.eval()


def linear_probe(vectors: Vectors, labels: NDArray[np.bool_], budget: FineTuning) -> Any:
    """A linear layer over scaled unit vectors (n, dimensions) that answers as logistic regressions over them do."""
    import torch

    from training.scores import fit_regressions

    probe = fit_regressions(vectors.astype("float64"), labels, budget.probe_strength)
    head = torch.nn.Linear(vectors.shape[1], labels.shape[1])
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(probe.weights / budget.scale))
        head.bias.copy_(torch.from_numpy(probe.intercepts))
    return head


def products_in_bfloat16() -> bool:
    """Whether the processor has instructions for bfloat16."""
    import torch

    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _epochs(budget: FineTuning, texts: int) -> int:
    steps = -(-texts // budget.batch_size)
    return max(budget.epochs, min(-(-budget.least_steps // steps), budget.most_epochs))


def _batches(pieces: Sequence[Sequence[int]], size: int, order: random.Random) -> Iterator[list[int]]:
    """Shuffled batches of texts of like length, so that little is spent on padding."""
    rows = list(range(len(pieces)))
    order.shuffle(rows)
    stretch = size * 16
    batches = []
    for start in range(0, len(rows), stretch):
        alike = sorted(rows[start : start + stretch], key=lambda row: len(pieces[row]))
        batches += [alike[at : at + size] for at in range(0, len(alike), size)]
    order.shuffle(batches)
    yield from batches


def _padded(pieces: Sequence[Sequence[int]], pad: int) -> dict[str, Tensor]:
    import torch

    longest = max(map(len, pieces))
    ids = torch.full((len(pieces), longest), pad)
    mask = torch.zeros((len(pieces), longest), dtype=torch.long)
    for row, numbers in enumerate(pieces):
        ids[row, : len(numbers)] = torch.tensor(numbers)
        mask[row, : len(numbers)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def _learning(model: SentenceTransformer, budget: FineTuning) -> list[Any]:
    transformer = model[0].auto_model
    transformer.embeddings.requires_grad_(budget.word_embeddings)
    return [weights for weights in transformer.parameters() if weights.requires_grad]


def _optimizer(learning: list[Any], budget: FineTuning, steps: int) -> tuple[Any, Any]:
    import torch

    rising = max(1, steps // 10)
    optimizer = torch.optim.AdamW(learning, lr=budget.learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / rising, max(0.0, (steps - step) / max(1, steps - rising)))
    )
    return optimizer, schedule
