"""Bulk scoring from file to file beside a plain loop over sentence-transformers, in rounds that take turns.

Run alone on the machine: python -m benchmarks.bulk --rows 2000 --rounds 5
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import click
import numpy as np

from benchmarks.options import plain_errors
from benchmarks.rounds import machine, rates, ratios, spread, versions
from framing.artifact import DEFAULT_FOLDER, load_model
from framing.batch import score_file
from framing.heads import sigmoid
from framing.model import FramingModel
from framing.row_writer import open_rows_writer
from framing.rows import read_rows
from training.report import table
from training.transformer.source import MINILM, load_source

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

SEEDS = Path(__file__).parent.parent / "seeds" / "passages.jsonl"
OURS, PLAIN, HALF = "framing score", "sentence-transformers fp32", "sentence-transformers bf16"
PACKAGES = ("onnxruntime", "torch", "sentence-transformers")
AT_ONCE = 256
"""Rows that the plain loop hands to `encode`, which sorts them by length into batches of its own."""

Scoring = Callable[[Path, Path], object]
"""Reads rows with a `text` from one file and writes them with their probabilities to another."""


@click.command()
@click.option("--model", "folder", type=click.Path(path_type=Path), default=DEFAULT_FOLDER, help="Default: the shipped model.")
@click.option("--rows", type=click.IntRange(1), default=2000, show_default=True, help="Passages of the seeds, no text twice.")
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True)
@plain_errors
def command(folder: Path, rows: int, rounds: int) -> None:
    """Time bulk scoring and a plain loop on the same passages, and print rows a second and their ratio."""
    model = load_model(folder)
    contenders: Mapping[str, Scoring] = {
        OURS: lambda source, target: score_file(model, source, target),
        PLAIN: encode_loop(load_source(MINILM), model),
        HALF: encode_loop(load_source(MINILM).bfloat16(), model),
    }
    texts = passages(rows)
    words = median(len(text.split()) for text in texts)
    click.echo(f"{len(texts)} passages, {words:.0f} words (median), {rounds} rounds; {machine()}; {versions(PACKAGES)}")
    click.echo(report(measure(contenders, texts, rounds)))


def passages(rows: int) -> list[str]:
    """Texts from all over the seeds, each once: what is remembered does not count."""
    texts = list(dict.fromkeys(str(row.fields["text"]) for row in read_rows(SEEDS)))
    return texts[:: max(1, len(texts) // rows)][:rows]


def encode_loop(encoder: SentenceTransformer, model: FramingModel) -> Scoring:
    """What is written first: read some lines, `encode` them, logistic heads, write the lines. Its heads weigh the vectors alone."""
    weights, intercepts, names = model.heads.vector_weights, model.heads.intercepts, model.codebook.names

    def score(source: Path, target: Path) -> None:
        with source.open(encoding="utf-8") as lines, target.open("w", encoding="utf-8") as out:
            while chunk := [json.loads(line) for line in islice(lines, AT_ONCE)]:
                vectors = np.asarray(encoder.encode([row["text"] for row in chunk], show_progress_bar=False), np.float64)
                for row, found in zip(chunk, sigmoid(vectors @ weights.T + intercepts).tolist(), strict=True):
                    out.write(json.dumps({**row, "probabilities": dict(zip(names, found, strict=True))}, ensure_ascii=False) + "\n")

    return score


def measure(contenders: Mapping[str, Scoring], texts: Sequence[str], rounds: int) -> dict[str, list[float]]:
    """Rows a second of each contender, by round."""
    with tempfile.TemporaryDirectory() as scratch:
        source, target = write_texts(Path(scratch) / "in.jsonl", texts), Path(scratch) / "out.jsonl"
        return rates({name: partial(scoring, source, target) for name, scoring in contenders.items()}, len(texts), rounds)


def write_texts(path: Path, texts: Sequence[str]) -> Path:
    """JSON lines of texts."""
    with open_rows_writer(path) as writer:
        for text in texts:
            writer.write({"text": text})
    return path


def report(speeds: Mapping[str, Sequence[float]]) -> str:
    """A line for each contender: rows a second, and how many times the plain loop; medians, in brackets the lowest and highest."""
    rows = [(name, spread(own), spread(ratios(own, speeds[PLAIN]), 2)) for name, own in speeds.items()]
    return table(("contender", "rows a second", "times the plain loop"), rows)


if __name__ == "__main__":
    command()
