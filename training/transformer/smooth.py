"""Make a wide transformer ready for int8: what its hidden units give is evened out, and their weights make up for it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_TEXTS = 64
"""Of those it learned from; what a unit gives at most is told by few."""
_SHARE = 0.75
"""Of the unevenness that the weights take over; of .5, .75 and 1 the one that kept the vectors of a fine-tuned all-mpnet-base-v2 best."""
_LEAST = 1e-4


def smooth(model: SentenceTransformer, texts: Sequence[str]) -> None:
    """Divide what each hidden unit gives by a factor, and multiply its weights by it, in place: the vectors stay as they were.

    In large transformers a few units give dozens of times what others do, and one scale of int8 for all of them tells little of
    these. SmoothQuant (Xiao et al. 2023), on the second product of the feed-forward parts alone: it is there that int8 loses the vectors
    of all-mpnet-base-v2. How much each unit gives is measured on some of `texts`.
    """
    import torch

    layers = model[0].auto_model.encoder.layer
    with torch.no_grad():
        for layer, most in zip(layers, _most_given(model, texts[:: -(-len(texts) // _TEXTS)]), strict=True):
            weights = layer.output.dense.weight
            heaviest = weights.abs().amax(dim=0).clamp(min=_LEAST)
            factors = most.clamp(min=_LEAST) ** _SHARE / heaviest ** (1 - _SHARE)
            weights.mul_(factors)
            layer.intermediate.intermediate_act_fn = _divided(layer.intermediate.intermediate_act_fn, factors)


def _most_given(model: SentenceTransformer, texts: Sequence[str]) -> list[Any]:
    """The largest absolute value (units,) that each hidden unit of each layer gives."""
    import torch

    layers = model[0].auto_model.encoder.layer
    most = [torch.zeros(layer.output.dense.in_features) for layer in layers]

    def see(at: int, _: Any, given: tuple[Any, ...]) -> None:
        most[at] = torch.maximum(most[at], given[0].abs().amax(dim=(0, 1)))

    hooks = [layer.output.dense.register_forward_pre_hook(partial(see, at)) for at, layer in enumerate(layers)]
    model.encode(list(texts), batch_size=1, show_progress_bar=False)  # one at a time: padding is no text
    for hook in hooks:
        hook.remove()
    return most


def _divided(function: Any, factors: Any) -> Any:
    import torch

    class Divided(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.function = function
            self.register_buffer("shares", 1 / factors)

        def forward(self, values: Any) -> Any:
            return self.function(values) * self.shares

    return Divided()
