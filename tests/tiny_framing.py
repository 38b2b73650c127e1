"""The command line as a process of its own, over a pickled model: `python -m tests.tiny_framing predict --model PICKLE ...`."""

from __future__ import annotations

import pickle
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from framing import artifact, cli
from framing.encoder import EncodedTexts
from framing.model import FramingModel
from tests.conftest import WordEncoder


@dataclass(frozen=True)
class SlowEncoder(WordEncoder):
    """Takes `pause` seconds for each text, so that there is time to interrupt it."""

    pause: float = 0.0

    def encode(self, texts: Sequence[str]) -> EncodedTexts:
        time.sleep(self.pause * len(texts))
        return super().encode(texts)


def unpickled(path: Path) -> FramingModel:
    return pickle.loads(path.read_bytes())


if __name__ == "__main__":
    artifact.load_model = unpickled
    cli.main()
