"""What people write first: all-MiniLM-L6-v2 by sentence-transformers in fp32, and logistic regression for each frame over its vectors.

The weights of the default model exist as its compiled graph alone, so these are the ones that it was fine-tuned from: the same
architecture, whole or cut as a recipe cuts it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.recipes import recipe_named
from training.transformer.shorten import cut
from training.transformer.source import MINILM, load_source

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

CUT = "PLAIN_CUT"
"""Variable of the environment: the recipe as which the encoder is cut. The heads were trained on the whole, and answer at the same cost."""
HEADS_FILE = "heads.joblib"
Probabilities = list[dict[str, float]]


class PlainModel:
    """The encoder, and the heads of a folder that `save_heads` has filled."""

    def __init__(self, folder: str | Path) -> None:
        import joblib

        self.encoder = untaught(os.environ.get(CUT, "finetuned"))
        self.names, self.heads = joblib.load(Path(folder) / HEADS_FILE)

    def predict(self, texts: Sequence[str]) -> Probabilities:
        """The probability of each frame, by name, for each text."""
        found = self.heads.predict_proba(self.encoder.encode(list(texts), show_progress_bar=False))
        return [dict(zip(self.names, row, strict=True)) for row in found.tolist()]


def untaught(recipe: str) -> SentenceTransformer:
    """The encoder as a recipe cuts it, if it does, before it is taught anything."""
    shortening, whole = recipe_named(recipe).shortening, load_source(MINILM)
    return whole if shortening is None else cut(whole, shortening)


def save_heads(folder: Path, texts: Sequence[str], labels: Any, names: Sequence[str]) -> None:
    """Train heads on texts with labels (n, k), and write them to the folder."""
    import joblib
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    vectors = load_source(MINILM).encode(list(texts), show_progress_bar=False)
    heads = OneVsRestClassifier(LogisticRegression(max_iter=1000)).fit(vectors, labels)
    joblib.dump((list(names), heads), folder / HEADS_FILE)
