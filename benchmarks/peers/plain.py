"""What people write first: all-MiniLM-L6-v2 by sentence-transformers in fp32, and logistic regression for each frame over its vectors.

The weights of the default model exist as its compiled graph alone, so these are the ones that it was fine-tuned from: the same
architecture, with all of its layers or with fewer.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.transformer.shorten import first_layers
from training.transformer.source import MINILM, load_source

LAYERS = "PLAIN_LAYERS"
"""Variable of the environment: how many of the first layers are left. The heads were trained with all, and answer at the same cost."""
HEADS_FILE = "heads.joblib"
Probabilities = list[dict[str, float]]


class PlainModel:
    """The encoder, and the heads of a folder that `save_heads` has filled."""

    def __init__(self, folder: str | Path) -> None:
        import joblib

        whole = load_source(MINILM)
        self.encoder = first_layers(whole, int(os.environ[LAYERS])) if LAYERS in os.environ else whole
        self.names, self.heads = joblib.load(Path(folder) / HEADS_FILE)

    def predict(self, texts: Sequence[str]) -> Probabilities:
        """The probability of each frame, by name, for each text."""
        found = self.heads.predict_proba(self.encoder.encode(list(texts), show_progress_bar=False))
        return [dict(zip(self.names, row, strict=True)) for row in found.tolist()]


def save_heads(folder: Path, texts: Sequence[str], labels: Any, names: Sequence[str]) -> None:
    """Train heads on texts with labels (n, k), and write them to the folder."""
    import joblib
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    vectors = load_source(MINILM).encode(list(texts), show_progress_bar=False)
    heads = OneVsRestClassifier(LogisticRegression(max_iter=1000)).fit(vectors, labels)
    joblib.dump((list(names), heads), folder / HEADS_FILE)
