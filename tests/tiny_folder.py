"""Model folders that are saved and loaded in milliseconds: a static encoder over a few words, and heads that differ by one number."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from framing.artifact import Manifest, save_model
from framing.codebook import Codebook, Frame
from framing.encoder import StaticEncoder
from framing.heads import Heads
from framing.model import FramingModel
from framing.prediction import ModelIdentity

WEATHER = Codebook("Weather", (Frame("rain", "Rain", "It rains."), Frame("frost", "Frost", "It freezes.")))
WORDS = ("[UNK]", "rain", "frost", "fell", "all", "day", "regen", "fiel")


def save_tiny(folder: Path, lean: float, languages: Sequence[str] = ("en",), codebook: Codebook = WEATHER) -> Manifest:
    """A model that finds each frame by its word; the higher `lean`, the surer it is of every frame in every text."""
    encoder = _encoder(folder.with_name(f"{folder.name}.encoder"))
    weights = 6 * np.eye(len(WORDS))[1 : 1 + len(codebook.frames)]
    frames = len(codebook.frames)
    heads = Heads(weights, None, np.full(frames, lean), np.full(frames, 0.5), np.full(frames, 0.2))
    identity = ModelIdentity("tiny", "unsaved", codebook.digest, None)
    manifest = Manifest(
        name="tiny", version="unsaved", created="2026-01-01", recipe={"name": "static"}, encoder={}, codebook=codebook.digest,
        data={}, metrics={}, versions={}, languages=tuple(languages),
    )  # fmt: skip
    model = FramingModel(codebook, encoder, None, heads, identity, tuple(languages))
    return save_model(model, folder, manifest, ["Rain fell all day.", "Frost."], "A card.")


def _encoder(folder: Path) -> StaticEncoder:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token=WORDS[0]))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    np.savez(folder / "static.npz", vectors=np.eye(len(WORDS), dtype=np.float16))
    return StaticEncoder(folder)
