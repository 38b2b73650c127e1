"""What heads learn from: the vectors of passages, or with those of their parts."""

from __future__ import annotations

from framing.data import Dataset
from framing.encoder import Encoder, Vectors
from framing.heads import Bags
from framing.parts import with_parts
from training.cache import NO_CACHE, CachedEncoder, TextCache, with_languages
from training.recipes import Recipe

Features = Vectors | Bags
"""Vectors (n, dimensions) of n passages, or bags."""


def features_of(dataset: Dataset, recipe: Recipe, encoder: Encoder, texts: TextCache = NO_CACHE) -> Features:
    """The features of all passages by an encoder, as the recipe's heads read them: bags where they read parts."""
    cached = CachedEncoder(encoder, texts)
    wholes = cached.encode(dataset.texts).vectors
    if not recipe.reads_parts(len(dataset)):
        return wholes
    languages = [passage.language or "" for passage in with_languages(dataset, texts).passages]
    return with_parts(cached, dataset.texts, languages, wholes)
