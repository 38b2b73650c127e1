"""Bulk scoring from file to file beside a plain loop over sentence-transformers, in rounds that take turns.

Run alone on the machine: python -m benchmarks.bulk --rows 2000 --rounds 5
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import click
import numpy as np

from benchmarks.options import plain_errors
from framing.artifact import DEFAULT_FOLDER, load_model
from framing.batch import score_file
from framing.encoder import available_cores
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
AT_ONCE = 256
"""Rows that the plain loop hands to `encode`, which sorts them by length into batches of its own."""
WARMING = 32

Scoring = Callable[[Path, Path], object]
"""Reads rows with a `text` from one file and writes them with their probabilities to another."""


@dataclass(frozen=True, slots=True)
class Speeds:
    """Rows a second of one contender, by round; the rounds of all contenders stand side by side."""

    name: str
    rows: tuple[float, ...]

    def over(self, other: Speeds) -> tuple[float, ...]:
        """How many times as fast as the other, round by round."""
        return tuple(own / theirs for own, theirs in zip(self.rows, other.rows, strict=True))


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
    click.echo(f"{len(texts)} passages, {median(len(text.split()) for text in texts):.0f} words (median), {rounds} rounds; {machine()}")
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


def measure(contenders: Mapping[str, Scoring], texts: Sequence[str], rounds: int) -> list[Speeds]:
    """Rows a second of each contender, once warm: every round asks all of them, each time another first."""
    with tempfile.TemporaryDirectory() as scratch:
        few, all_of_them = (write_texts(Path(scratch) / f"{len(part)}.jsonl", part) for part in (texts[:WARMING], [*texts]))
        for scoring in contenders.values():
            scoring(few, Path(scratch) / "out.jsonl")
        speeds: dict[str, list[float]] = {name: [] for name in contenders}
        for number in range(rounds):
            for name in turned(list(contenders), number):
                start = time.perf_counter()
                contenders[name](all_of_them, Path(scratch) / "out.jsonl")
                speeds[name].append(len(texts) / (time.perf_counter() - start))
    return [Speeds(name, tuple(rows)) for name, rows in speeds.items()]


def turned(names: Sequence[str], by: int) -> Iterator[str]:
    """The names in their order, begun `by` places later."""
    return (names[(place + by) % len(names)] for place in range(len(names)))


def write_texts(path: Path, texts: Sequence[str]) -> Path:
    """JSON lines of texts."""
    with open_rows_writer(path) as writer:
        for text in texts:
            writer.write({"text": text})
    return path


def report(speeds: Sequence[Speeds]) -> str:
    """A line for each contender: rows a second, and how many times the plain loop; medians, in brackets the lowest and highest."""
    plain = next(own for own in speeds if own.name == PLAIN)
    rows = [(own.name, _spread(own.rows, 0), _spread(own.over(plain), 2)) for own in speeds]
    return table(("contender", "rows a second", "times the plain loop"), rows)


def _spread(values: Sequence[float], digits: int) -> str:
    return f"{median(values):.{digits}f} [{min(values):.{digits}f}, {max(values):.{digits}f}]"


def machine() -> str:
    """Processor, cores and the versions that matter."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor())
    versions = ", ".join(f"{package} {metadata.version(package)}" for package in ("onnxruntime", "torch", "sentence-transformers"))
    return f"{name}, {available_cores()} of {os.cpu_count()} cores; {versions}"


if __name__ == "__main__":
    command()
