"""The heads in a model folder: arrays in one file, the terms that they weigh in another."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from framing.errors import ModelFolderError
from framing.features import TermWeights
from framing.files import write_json
from framing.heads import Heads, HiddenLayer

HEADS_FILE = "heads.npz"
TERMS_FILE = "terms.json"


def write_heads(folder: Path, heads: Heads, vocabulary: TermWeights | None) -> None:
    """Write heads, and the terms that they weigh, to the two files."""
    arrays: dict[str, Any] = {
        "vector_weights": heads.vector_weights, "intercepts": heads.intercepts,
        "thresholds": heads.thresholds, "floors": heads.floors,
    }  # fmt: skip
    if heads.layer is not None:
        arrays |= {"layer_weights": heads.layer.weights, "layer_intercepts": heads.layer.intercepts}
    if heads.parts:
        arrays["parts"] = np.array(True)
    terms: list[str] = []
    if vocabulary is not None and heads.term_weights is not None:
        arrays |= {"term_weights": heads.term_weights, "idf": vocabulary.idf}
        terms = sorted(vocabulary.columns, key=vocabulary.columns.__getitem__)
    np.savez(folder / HEADS_FILE, **arrays)
    write_json(folder / TERMS_FILE, terms)


def read_heads(folder: Path, frames: int, dimensions: int) -> tuple[Heads, TermWeights | None]:
    """Heads for so many frames over vectors of so many dimensions, and their terms. Raises ModelFolderError for files that hold others."""
    try:
        with np.load(folder / HEADS_FILE, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        terms = json.loads((folder / TERMS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ModelFolderError(folder / HEADS_FILE, f"cannot be read: {error}") from error
    units = np.size(arrays.get("layer_intercepts", ()))
    shapes = {
        "vector_weights": (frames, units or dimensions), "intercepts": (frames,), "thresholds": (frames,), "floors": (frames,),
    }  # fmt: skip
    if units:
        shapes |= {"layer_weights": (units, dimensions), "layer_intercepts": (units,)}
    if "parts" in arrays:
        shapes["parts"] = ()
    if terms:
        shapes |= {"term_weights": (frames, len(terms)), "idf": (len(terms),)}
    found = {name: array.shape for name, array in arrays.items()}
    if found != shapes:
        raise ModelFolderError(folder / HEADS_FILE, f"holds arrays {found}; the codebook and encoder ask for {shapes}")
    idf = arrays.pop("idf", None)
    layer = HiddenLayer(arrays.pop("layer_weights"), arrays.pop("layer_intercepts")) if units else None
    parts = bool(arrays.pop("parts", False))
    heads = Heads(**{"term_weights": None, "layer": layer, "parts": parts, **arrays})
    vocabulary = None if idf is None else TermWeights({term: column for column, term in enumerate(terms)}, idf)
    return heads, vocabulary
