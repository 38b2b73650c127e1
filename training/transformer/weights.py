"""Fine-tuned weights kept in a folder, so that recipes and runs that share them need them made once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from framing.files import whole_file
from training.transformer.finetune import FineTuning

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def weights_key(model: SentenceTransformer, texts: Sequence[str], labels: NDArray[np.bool_], budget: FineTuning, seed: int) -> str:
    """A name for the weights that fine-tuning will give: equal only for the same start, texts, labels (n, k), budget and seed."""
    digest = hashlib.sha256(json.dumps([list(texts), asdict(budget), seed]).encode())
    digest.update(np.packbits(labels).tobytes())
    for name, weights in sorted(model[0].auto_model.state_dict().items()):
        digest.update(name.encode() + weights.numpy().tobytes())
    return digest.hexdigest()[:32]


def write_weights(model: SentenceTransformer, path: Path) -> None:
    """Keep the transformer's weights in a file, which appears whole or not at all."""
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as beside:
        save_file(model[0].auto_model.state_dict(), str(beside))


def read_weights(model: SentenceTransformer, path: Path) -> None:
    """Give the transformer the weights of a file."""
    from safetensors.torch import load_file

    model[0].auto_model.load_state_dict(load_file(str(path)))
