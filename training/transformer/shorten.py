"""Fewer layers: the first ones of a transformer, taught to give the vectors of the whole one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from numpy.typing import NDArray

from framing.errors import EncoderError
from training.transformer.finetune import FineTuning, OnStep, linear_probe, teach

if TYPE_CHECKING:
    import numpy as np
    from sentence_transformers import SentenceTransformer
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Shortening:
    """How many layers stay, and how long and hard they learn from the whole transformer."""

    layers: int = 4
    likeness: float = 10.0
    """How much the likeness of vectors counts beside the cross-entropy of labels."""
    teaching: FineTuning = FineTuning()


def first_layers(model: SentenceTransformer, layers: int) -> SentenceTransformer:
    """`model`, cut in place to its first so many layers. Raises EncoderError where it has no more than that."""
    transformer = model[0].auto_model
    there = len(transformer.encoder.layer)
    if there <= layers:
        raise EncoderError(f"the encoder has {there} layers; to be cut to {layers} it must have more")
    transformer.encoder.layer = transformer.encoder.layer[:layers]
    transformer.config.num_hidden_layers = layers
    return model


def teach_likeness(
    short: SentenceTransformer,
    whole: SentenceTransformer,
    texts: Sequence[str],
    labels: NDArray[np.bool_],
    how: Shortening,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> None:
    """Teach `short` in place the unit vectors that `whole` gives for the texts, and their labels (n, k) beside.

    Layers left out and vectors learned again: Sanh et al. 2019 (DistilBERT), which starts from some of its teacher's layers too.
    The same seed, number of threads and processor give the same weights. `on_step` is told (steps done, steps in all).
    """
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    torch.manual_seed(seed)
    known = whole.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
    goals, targets = torch.tensor(known), torch.tensor(labels, dtype=torch.float32)
    head = linear_probe(known, labels, how.teaching)

    def loss(vectors: Tensor, rows: Sequence[int]) -> Tensor:
        unlike = 1 - (vectors * goals[rows]).sum(dim=1).mean()
        return how.likeness * unlike + binary_cross_entropy_with_logits(head(how.teaching.scale * vectors), targets[rows])

    teach(short, texts, loss, list(head.parameters()), how.teaching, seed, on_step)
