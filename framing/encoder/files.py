"""The files of an encoder: looked for, read, and hashed to its fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from framing.errors import EncoderError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TOKENIZER_FILE = "tokenizer.json"


def require(folder: Path, names: Iterable[str]) -> None:
    """Raise EncoderError, naming the first file that `folder` lacks."""
    for name in names:
        if not (folder / name).is_file():
            raise EncoderError(f"{folder / name} is missing")


def open_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer of a file, without padding. Raises EncoderError."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # noqa: BLE001 - tokenizers raises nothing more special
        raise EncoderError(f"{path} cannot be read: {error}") from error
    tokenizer.no_padding()
    return tokenizer


def fingerprint_of(paths: Iterable[Path]) -> str:
    """sha256 over the content of files, in hexadecimal."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()
