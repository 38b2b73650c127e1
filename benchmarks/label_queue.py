"""How many labels the order of `framing labels next` saves against random order, on a published fold of the Gun Violence Frame Corpus.

Both orders start from the same few headlines. In each round the heads of `frozen` are fitted anew and tested on the fold's test part,
and the next headlines get the labels that the corpus has for them. The corpus is not in this repository: without the folder that
--data names, nothing is measured, and this says so.
Run: python -m benchmarks.label_queue --data ../shared/benchmarks/gvfc --out runs/label_queue.jsonl
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.contenders import Answered, cut_at, with_possible_folds
from benchmarks.draws import draw
from benchmarks.gvfc.corpus import DEFAULT_FOLDER, FOLDS
from benchmarks.learning_curve import Source, gvfc_source
from benchmarks.options import check_out, out_option, plain_errors, table_option
from benchmarks.trials import Key, Result, measured, read_results, spread, write_result
from framing.data import Dataset
from framing.encoder import EncodedTexts, Encoder
from framing.labels.label import text_digest
from framing.model import FramingModel
from framing.selection import PoolText, rank
from training.heldout import held_out
from training.metrics import answers_of
from training.recipes import recipe_named
from training.report import table
from training.run import Run
from training.train import fit_model
from training.transformer.build import build_encoder

RECIPE = recipe_named("frozen")
EXAMPLES = 4
"""Of each frame so many are among the first headlines, or no heads could be fitted; the rest of these are drawn at random."""
QUEUE, RANDOM = "queue", "random"
MEASURES = {"macro_f1": "macro F1", "mean_average_precision": "mAP"}

Order = Callable[[FramingModel, Dataset, int, int], list[int]]
"""A model, the headlines that are left, how many to choose of them, and a seed, to the rows that are chosen."""


@dataclass(frozen=True)
class KnownVectors:
    """An encoder that was asked about every text beforehand."""

    vectors: Mapping[str, NDArray[np.float32]]
    dimensions: int
    fingerprint: str

    def encode(self, texts: Sequence[str]) -> EncodedTexts:
        found = np.array([self.vectors[text] for text in texts], np.float32).reshape(len(texts), self.dimensions)
        return EncodedTexts(found, np.zeros(len(texts), np.bool_))


def by_queue(model: FramingModel, left: Dataset, count: int, _seed: int) -> list[int]:
    """The first of the order in which `framing labels next` gives them."""
    pool = [PoolText(passage.text, text_digest(passage.text), str(row)) for row, passage in enumerate(left.passages)]
    return [int(waiting.text.id) for waiting in rank(pool, model, count)[:count]]


def at_random(_model: FramingModel, left: Dataset, count: int, seed: int) -> list[int]:
    """Any of them."""
    order: list[int] = np.random.default_rng([seed, len(left)]).permutation(len(left)).tolist()
    return order[:count]


ORDERS: dict[str, Order] = {RANDOM: at_random, QUEUE: by_queue}


@click.command()
@click.option("--data", "folder", type=click.Path(path_type=Path), default=DEFAULT_FOLDER, show_default=True)
@click.option("--fold", "folds", type=click.IntRange(0, FOLDS - 1), multiple=True, default=[0], show_default=True, help="May be repeated.")
@click.option("--seeds", type=click.IntRange(1), default=5, show_default=True, help="Starts for each fold.")
@click.option("--batch", type=click.IntRange(1), default=50, show_default=True, help="Labels before the first round, and in each.")
@click.option("--rounds", type=click.IntRange(1), default=10, show_default=True)
@out_option
@table_option
@plain_errors
def command(folder: Path, folds: tuple[int, ...], seeds: int, batch: int, rounds: int, out: Path | None, only_table: bool) -> None:
    """Label by the queue and at random, from the same start, and test after every batch."""
    check_out(out, only_table)
    results = []
    for fold in () if only_table else folds:
        source = gvfc_source(folder, fold)
        for result in simulations(source, known_vectors(source), seeds, [batch * (number + 1) for number in range(rounds)]):
            click.echo(str(result), err=True)
            results.append(result)
            if out:
                write_result(out, result)
    click.echo("\n" + report(read_results(out) if out else results))


def known_vectors(source: Source) -> KnownVectors:
    """What the recipe's encoder says of every headline."""
    texts = list(dict.fromkeys(source.pool.texts + source.test.texts))
    with tempfile.TemporaryDirectory() as scratch:
        encoder = build_encoder(source.pool, RECIPE, Path(scratch), Run(quiet=True))
        vectors = encoder.encode(texts).vectors
        return KnownVectors(dict(zip(texts, vectors, strict=True)), encoder.dimensions, encoder.fingerprint)


def simulations(source: Source, encoder: Encoder, seeds: int, sizes: Sequence[int]) -> Iterator[Result]:
    """Every order from every start."""
    first_of_group = list({passage.group: row for row, passage in reversed(list(enumerate(source.pool.passages)))}.values())
    pool = source.pool.subset(sorted(first_of_group))
    for seed in range(seeds):
        for name in ORDERS:
            yield from simulate(Source(source.name, pool, source.test), encoder, name, seed, sizes)


def simulate(source: Source, encoder: Encoder, order: str, seed: int, sizes: Sequence[int]) -> Iterator[Result]:
    """Label as many headlines as `sizes` say, one batch after the other, with a model after each."""
    rows = first_rows(source.pool, sizes[0], seed)
    for number, size in enumerate(sizes):
        labelled = source.pool.subset(rows)
        began = time.perf_counter()
        model = refitted(labelled, encoder, seed)
        answers = cut_at(answers_of(model, source.test).probabilities, model.heads.thresholds, source.test)
        yield measured(Key(source.name, str(size), seed, order), len(labelled), time.perf_counter() - began, Answered(answers))
        if size != sizes[-1]:
            left = sorted(set(range(len(source.pool))) - set(rows))
            rows = rows + [left[row] for row in ORDERS[order](model, source.pool.subset(left), sizes[number + 1] - size, seed)]


def first_rows(pool: Dataset, size: int, seed: int) -> list[int]:
    """EXAMPLES of each frame, and then any, until there are `size`."""
    drawn = {passage.id for passage in draw(pool, EXAMPLES, seed).passages}
    order = np.random.default_rng(seed).permutation(len(pool)).tolist()
    return sorted(order, key=lambda row: pool.passages[row].id not in drawn)[: max(size, len(drawn))]


def refitted(labelled: Dataset, encoder: Encoder, seed: int) -> FramingModel:
    """The recipe's heads over known vectors, calibrated and cut by what they say of headlines held out."""
    recipe = with_possible_folds(RECIPE, labelled, seed)
    vectors = encoder.encode(labelled.texts).vectors
    unseen = held_out(labelled, recipe, vectors, Run(seed, jobs=1, quiet=True))
    return fit_model(labelled, recipe, encoder, vectors, unseen, recipe.name)


def report(results: Sequence[Result]) -> str:
    """Both orders side by side at each number of labels, and how many labels the queue needs for what random order reaches there."""
    sizes = sorted({int(result.key.part) for result in results})
    rows = [[str(size)] for size in sizes]
    for measure in MEASURES:
        curves = {name: [_figures(results, measure, name, size) for size in sizes] for name in ORDERS}
        means = {name: [float(np.mean(figures)) for figures in curve] for name, curve in curves.items()}
        for at, row in enumerate(rows):
            row += [spread(curves[name][at]) for name in ORDERS] + [labels_needed(sizes, means[QUEUE], means[RANDOM][at])]
    columns = [f"{label}, {name}" for label in MEASURES.values() for name in (*ORDERS, "labels the queue needs for it")]
    starts = len({(result.key.data, result.key.draw) for result in results})
    return f"Mean of {starts} starts, in brackets the lowest and highest.\n\n{table(['labels', *columns], rows)}"


def _figures(results: Sequence[Result], measure: str, order: str, size: int) -> list[float]:
    return [getattr(result, measure) for result in results if (result.key.contender, result.key.part) == (order, str(size))]


def labels_needed(sizes: Sequence[int], curve: Sequence[float], level: float) -> str:
    """Where a curve first reaches a level, by straight lines between what was measured."""
    for at, height in enumerate(curve):
        if height >= level:
            if not at:
                return str(sizes[0])
            share = (level - curve[at - 1]) / (height - curve[at - 1])
            return str(round(sizes[at - 1] + share * (sizes[at] - sizes[at - 1])))
    return f"more than {sizes[-1]}"


if __name__ == "__main__":
    command()
