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

from framing.errors import TrainingError
from framing.files import whole_file
from training.transformer.finetune import FineTuning, products_in_bfloat16
from training.transformer.shorten import Shortening
from training.transformer.source import pooling_of

_VERSION = 2
"""To be raised when fine-tuning or shortening changes, so that weights of before are not taken for those of now."""

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def weights_key(
    model: SentenceTransformer, texts: Sequence[str], labels: NDArray[np.bool_], how: FineTuning | Shortening, seed: int
) -> str:
    """A name for the weights that learning so will give: equal only for the same start, texts, labels (n, k), `how` and seed."""
    told = [_VERSION, asdict(how), seed, products_in_bfloat16(), model.max_seq_length, pooling_of(model)]
    digest = hashlib.sha256(json.dumps([told, list(texts)]).encode())
    digest.update(np.packbits(labels).tobytes())
    for name, weights in sorted(model[0].auto_model.state_dict().items()):
        digest.update(name.encode() + weights.numpy().tobytes())
    return digest.hexdigest()[:32]


def make_cache(folder: Path) -> None:
    """Make the folder, before hours of work. Raises TrainingError where it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(folder / "writable"):
            pass
        (folder / "writable").unlink()
    except OSError as error:
        raise TrainingError(f"the cache {folder} cannot be written ({error.strerror}); name another with --cache") from error


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
