"""What people write first: all-MiniLM-L6-v2 by sentence-transformers in fp32, and logistic regression for each frame over its vectors.

The weights that the default model was fine-tuned to exist as its compiled graph alone, so these are the ones it was fine-tuned from:
the same architecture at the same cost for a text.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.transformer.source import MINILM, load_source

HEADS_FILE = "heads.joblib"
Probabilities = list[dict[str, float]]


class PlainModel:
    """The encoder, and the heads of a folder that `save_heads` has filled."""

    def __init__(self, folder: str | Path) -> None:
        import joblib

        self.encoder = load_source(MINILM)
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
