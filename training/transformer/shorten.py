"""A smaller transformer: the first layers of a whole one, with all or some of their hidden units, taught to give its vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from framing.errors import EncoderError
from training.transformer.finetune import FineTuning, OnStep, linear_probe, teach

if TYPE_CHECKING:
    import numpy as np
    from sentence_transformers import SentenceTransformer
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Shortening:
    """How much of a transformer stays, and how long and hard that learns from the whole."""

    layers: int
    units: int | None = None
    """Hidden units of a layer that stay, of those between the two products of its feed-forward part. They become rectified linear ones:
    GELU takes a tenth of the time of a compiled graph. None: all as they are."""
    likeness: float = 10.0
    """How much the likeness of vectors counts beside the cross-entropy of labels."""
    teaching: FineTuning = FineTuning()


def cut(model: SentenceTransformer, how: Shortening) -> SentenceTransformer:
    """`model`, cut in place. Raises EncoderError where it has no more layers, or no more units, than are to stay."""
    transformer = model[0].auto_model
    layers, units = len(transformer.encoder.layer), transformer.config.intermediate_size
    if layers <= how.layers:
        raise EncoderError(f"the encoder has {layers} layers; to be cut to {how.layers} it must have more")
    if how.units is not None and units <= how.units:
        raise EncoderError(f"a layer of the encoder has {units} hidden units; to be cut to {how.units} it must have more")
    transformer.encoder.layer = transformer.encoder.layer[: how.layers]
    transformer.config.num_hidden_layers = how.layers
    if how.units is not None:
        for layer in transformer.encoder.layer:
            _narrow(layer, how.units)
        transformer.config.update({"intermediate_size": how.units, "hidden_act": "relu"})
    return model


def _narrow(layer: Any, units: int) -> None:
    """Keep the units with the largest product of the norms of their weights, in and out.

    Pruning by magnitude, in the manner of Li et al. 2017 ("Pruning Filters for Efficient ConvNets"), who go by the weights in alone.
    """
    import torch

    into, out = layer.intermediate.dense, layer.output.dense
    magnitude = into.weight.norm(dim=1) * out.weight.norm(dim=0)
    kept = magnitude.topk(units).indices.sort().values
    into.weight, into.bias = (torch.nn.Parameter(values[kept].detach().clone()) for values in (into.weight, into.bias))
    out.weight = torch.nn.Parameter(out.weight[:, kept].detach().clone())
    into.out_features = out.in_features = units
    layer.intermediate.intermediate_act_fn = torch.nn.ReLU()


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
