"""A trial of fewer layers: the first ones of the fine-tuned transformer, taught to give the vectors of the whole one. Not a recipe.

One fold of the seeds: both learn from its train part, and logistic regressions over their vectors answer its test part.
Run: python -m benchmarks.layers --cache runs/weights
"""

from __future__ import annotations

import copy
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from benchmarks.options import every_option, plain_errors, weights_option
from benchmarks.recipes import SEEDS, thinned
from framing.codebook import load_codebook
from framing.data import Dataset, load_dataset
from framing.encoder import CompiledEncoder, Vectors
from framing.heads import ABSENT, PRESENT, Array, sigmoid
from training.copies import find_copies
from training.folds import split_groups
from training.intervals import Figure, bootstrapped
from training.metrics import Answers, macro_f1, mean_average_precision
from training.recipes import Recipe, recipe_named
from training.report import table
from training.run import Run
from training.scores import fit_regressions
from training.transformer.build import finetuned
from training.transformer.compile import compile_encoder
from training.transformer.finetune import FineTuning, teach
from training.transformer.source import load_source

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

LIKENESS = 10.0
"""How much the likeness of vectors counts beside the cross-entropy of labels."""
TIMED, ROUNDS = 200, 7
HEADER = ("layers", "mAP", "mAP lost", "macro F1, cut at .5", "macro F1 lost", "times as fast, tokenizer and graph on one thread")


@dataclass(frozen=True)
class Tried:
    """A transformer of some layers: what it gives for the test part, and its compiled graph."""

    layers: int
    answers: Answers
    graph: CompiledEncoder


@click.command()
@click.option("--layers", type=click.IntRange(1), multiple=True, default=(4,), show_default=True, help="May be repeated.")
@weights_option
@every_option
@plain_errors
def command(layers: tuple[int, ...], cache: Path | None, every: int) -> None:
    """Say what fewer layers gain in speed and lose in accuracy."""
    recipe = recipe_named("finetuned")
    dataset = thinned(load_dataset([SEEDS / "passages.jsonl"], load_codebook(SEEDS / "codebook.toml")), every)
    dataset = find_copies(dataset, recipe.folds).regrouped(dataset)
    train, test = (dataset.subset(rows) for rows in split_groups(dataset.groups, recipe.folds)[0])
    with tempfile.TemporaryDirectory() as scratch:
        assert recipe.finetuning is not None
        whole = load_source(recipe.encoder)
        finetuned(whole, train, recipe, Run(cache=cache))
        known = _vectors(whole, train.texts)
        tried = [_tried(whole, known, train, test, recipe, Path(scratch) / "whole")]
        for count in layers:
            short = shortened(whole, count)
            teach_likeness(short, known, train, recipe.finetuning)
            tried.append(_tried(short, _vectors(short, train.texts), train, test, recipe, Path(scratch) / str(count)))
        click.echo(f"{len(train)} passages to train on, {len(test)} to answer\n")
        click.echo(table(HEADER, table_rows(tried, test)))


def shortened(model: SentenceTransformer, layers: int) -> SentenceTransformer:
    """A copy with the first so many layers."""
    short = copy.deepcopy(model)
    transformer = short[0].auto_model
    transformer.encoder.layer = transformer.encoder.layer[:layers]
    transformer.config.num_hidden_layers = layers
    return short


def teach_likeness(model: SentenceTransformer, known: Vectors, train: Dataset, budget: FineTuning, seed: int = 0) -> None:
    """Teach `model` the vectors (n, dimensions) that a better one gives for the passages, and their labels beside."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    torch.manual_seed(seed)
    targets, labels = torch.tensor(known), torch.tensor(train.labels, dtype=torch.float32)
    head = torch.nn.Linear(known.shape[1], train.labels.shape[1])

    def loss(vectors: Any, rows: Sequence[int]) -> Any:
        unlike = 1 - (vectors * targets[rows]).sum(1).mean()
        return LIKENESS * unlike + binary_cross_entropy_with_logits(head(budget.scale * vectors), labels[rows])

    teach(model, train.texts, loss, list(head.parameters()), budget, seed)


def _vectors(model: SentenceTransformer, texts: Sequence[str]) -> Vectors:
    return np.asarray(model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False), np.float32)


def _tried(model: SentenceTransformer, known: Vectors, train: Dataset, test: Dataset, recipe: Recipe, folder: Path) -> Tried:
    scores = fit_regressions(known.astype(np.float64), train.labels, recipe.vector_strength)(_vectors(model, test.texts).astype(np.float64))
    answers = Answers(sigmoid(scores), np.where(scores > 0, PRESENT, ABSENT).astype(np.int8), test.labels)
    return Tried(len(model[0].auto_model.encoder.layer), answers, compile_encoder(model, folder, threads=1))


def table_rows(tried: Sequence[Tried], test: Dataset) -> list[list[str]]:
    """A line for each, the whole one first: its figures, what it lost of the whole one's, and its speed beside it."""
    whole, *others = tried
    speeds = ["1", *(f"{times_as_fast(whole, one, test.texts):.2f}" for one in others)]
    return [[str(one.layers), *map(str, _figures(whole, one, test)), speed] for one, speed in zip(tried, speeds, strict=True)]


def _figures(whole: Tried, one: Tried, test: Dataset) -> list[Figure]:
    def measure(weights: Array) -> Array:
        columns = []
        for measured in (mean_average_precision, macro_f1):
            own = measured(one.answers, weights)
            columns += [own, measured(whole.answers, weights) - own]
        return np.stack(columns, axis=1)

    return bootstrapped(measure, test.groups, jobs=-1)


def times_as_fast(whole: Tried, one: Tried, texts: Sequence[str]) -> float:
    """Processor seconds of the whole one over those of the other: the median of rounds in which they take turns."""
    chosen = texts[:: max(1, len(texts) // TIMED)][:TIMED]
    ratios = []
    for turn in range(ROUNDS + 1):
        pair = (whole, one) if turn % 2 else (one, whole)
        taken = {tried.layers: _seconds(tried.graph, chosen) for tried in pair}
        ratios.append(taken[whole.layers] / taken[one.layers])
    return float(np.median(ratios[1:]))


def _seconds(encoder: CompiledEncoder, texts: Sequence[str]) -> float:
    start = time.process_time()
    encoder.encode(texts)
    return time.process_time() - start


if __name__ == "__main__":
    command()
