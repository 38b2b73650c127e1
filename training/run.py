"""How a training run is carried out, whatever is trained: one value that every step is handed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from training.cache import TextCache


@dataclass(frozen=True, slots=True)
class Run:
    """Seed, threads, and who is told of progress; nothing here but the seed changes the model."""

    seed: int = 0
    jobs: int = -1
    """Threads for folds and intervals; -1: one a core."""
    quiet: bool = False
    """Whether bars are shown nowhere; they are shown on a terminal only."""
    cache: Path | None = None
    """Folder where fine-tuned transformers are kept, and taken from for the same texts, labels, seed and budget."""
    texts: TextCache = TextCache()
    """Where vectors are kept, and taken from for the same texts and encoder."""
    on_stage: Callable[[str], None] = lambda _: None
