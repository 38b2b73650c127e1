"""A trial of a cascade: a quick tier answers what it is sure of, the accurate one the rest. Nothing of it is built into serving.

Both tiers answer passages they were not trained on, on the same folds. How sure is sure enough is chosen on part of the groups such that
at most LOSS of macro F1 is lost there, and judged on the others.
Run: python -m benchmarks.cascade --cache runs/weights
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np

from benchmarks.bands import Asked, Tiers, choose_bands, cross_fitted
from benchmarks.contenders import cut_at
from benchmarks.gvfc.corpus import DEFAULT_FOLDER, FOLDS, load_fold, read_codebook
from benchmarks.options import every_option, plain_errors, weights_option
from benchmarks.recipes import EVALUATION, SEEDS, own_data, thinned
from framing.codebook import load_codebook
from framing.data import Dataset
from framing.heads import Array
from framing.model import FramingModel
from training.copies import find_copies
from training.halves import check_apart, load_evaluation
from training.heldout import HeldOut
from training.intervals import Figure, bootstrapped
from training.metrics import Answers, answers_of, macro_f1
from training.recipes import RECIPES, Recipe, recipe_named
from training.report import table
from training.run import Run
from training.train import Fitted, fit
from training.transformer.weights import make_cache

ACCURATE = "finetuned"
LOSS = 0.01
"""Macro F1 that the cascade may lose of the accurate tier's."""
PROMISE = 10.0
"""How many times the accurate tier's throughput the cascade is to have."""
TIMED = 200
ROUNDS = 5
HEADER = (
    "passages", "first tier", "number", "asked of the encoder", "macro F1, accurate tier", "macro F1, first tier", "macro F1, cascade",
    "lost", "first tier, times as fast", "cascade, times as fast",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """Passages to train both tiers on, and others, by name, for finished models."""

    name: str
    train: Dataset
    tests: Mapping[str, Dataset]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `ratio` is how many times as fast as the accurate tier the first one is."""

    passages: str
    first: str
    number: int
    asked: Figure
    """Share of the passages that go on to the accurate tier."""
    accurate: Figure
    alone: Figure
    cascade: Figure
    lost: Figure
    ratio: float

    @property
    def throughput(self) -> float:
        """Times the accurate tier's: every passage costs the first tier, those asked both."""
        assert self.asked.value is not None
        return 1 / (1 / self.ratio + self.asked.value)

    @property
    def kept(self) -> bool:
        """Whether these passages keep the promise."""
        assert self.lost.value is not None
        return self.lost.value <= LOSS and self.throughput >= PROMISE


@click.command()
@click.option(
    "--first", "names", multiple=True, default=["static"], show_default=True, type=click.Choice([recipe.name for recipe in RECIPES]),
    help="Recipe of the first tier; may be repeated.",
)  # fmt: skip
@click.option("--data", "folder", type=click.Path(path_type=Path), default=DEFAULT_FOLDER, show_default=True, help="The corpus GVFC.")
@click.option("--fold", type=click.IntRange(0, FOLDS - 1), default=0, show_default=True, help="The fold of GVFC.")
@weights_option
@every_option
@plain_errors
def command(names: tuple[str, ...], folder: Path, fold: int, cache: Path | None, every: int) -> None:
    """Say what a cascade would gain and lose on the seeds and on a fold of GVFC."""
    with tempfile.TemporaryDirectory() as scratch:
        weights = cache or Path(scratch)
        make_cache(weights)
        run = Run(cache=weights)
        rows: list[Row] = []
        for source in sources(folder, fold):
            click.echo(f"{source.name}: {len(source.train)} passages to train on", err=True)
            found = list(trial(replace(source, train=thinned(source.train, every)), [recipe_named(name) for name in names], run))
            click.echo(table(HEADER, [cells(row) for row in found]) + "\n")
            rows += found
    click.echo("\n".join(verdict(name, [row for row in rows if row.first == name]) for name in names))


def sources(folder: Path, fold: int) -> Iterator[Source]:
    """The seeds with the halves for tuning, and a published fold where the corpus lies in its folder."""
    codebook = load_codebook(SEEDS / "codebook.toml")
    accurate = recipe_named(ACCURATE)
    seeds = own_data(accurate, codebook)
    tests = {f"{Path(name).stem} (tune)": load_evaluation(SEEDS / name, codebook) for name in EVALUATION}
    for test in tests.values():
        check_apart(seeds, test)
    yield Source("seeds", find_copies(seeds, accurate.folds).regrouped(seeds), tests)
    if folder.is_dir():
        train, test = load_fold(folder, fold, read_codebook(folder))
        yield Source(f"GVFC, fold {fold}", train, {f"GVFC, fold {fold}, test part": test})
    else:
        click.echo(f"skipped: the corpus is not at {folder}", err=True)


def trial(source: Source, firsts: Sequence[Recipe], run: Run) -> Iterator[Row]:
    """Train both tiers; judge the cascade on held-out passages by cross-fitted bands, on others by bands from all held-out ones."""
    recipe = recipe_named(ACCURATE)
    with tempfile.TemporaryDirectory() as scratch:
        accurate = fit(source.train, recipe, Path(scratch) / recipe.name, run=run)
        for first in firsts:
            quick = fit(source.train, replace(first, folds=recipe.folds), Path(scratch) / first.name, run=run)
            ratio = times_as_fast(quick.model, accurate.model, source.train.texts)
            yield from _judged(source, first.name, quick, accurate, ratio)


def _judged(source: Source, first: str, quick: Fitted, accurate: Fitted, ratio: float) -> Iterator[Row]:
    held_out = Tiers(_unseen(quick.unseen, source.train), _unseen(accurate.unseen, source.train))
    asked = cross_fitted(held_out, source.train.groups, LOSS)
    yield measured(f"{source.name}, held out", first, held_out, asked, source.train.groups, ratio)
    bands = choose_bands(held_out, LOSS)
    for name, test in source.tests.items():
        tiers = Tiers(_finished(quick.model, test), _finished(accurate.model, test))
        yield measured(name, first, tiers, bands.asked(tiers.first.probabilities), test.groups, ratio)


def _finished(model: FramingModel, test: Dataset) -> Answers:
    return cut_at(answers_of(model, test).probabilities, model.heads.thresholds, test)


def _unseen(found: HeldOut, dataset: Dataset) -> Answers:
    return Answers(found.probabilities, found.decisions, dataset.labels)


def measured(name: str, first: str, tiers: Tiers, asked: Asked, groups: Sequence[str], ratio: float) -> Row:
    """The figures of a cascade that asks its second tier for some passages, with intervals over groups."""
    together = tiers.together(asked)

    def measure(weights: Array) -> Array:
        second, alone, cascade = (macro_f1(answers, weights) for answers in (tiers.second, tiers.first, together))
        return np.stack([weights @ asked / weights.sum(axis=1), second, alone, cascade, second - cascade], axis=1)

    asked_share, accurate, alone, cascade, lost = bootstrapped(measure, groups, jobs=-1)
    return Row(name, first, len(groups), asked_share, accurate, alone, cascade, lost, ratio)


def times_as_fast(quick: FramingModel, accurate: FramingModel, texts: Sequence[str], rounds: int = ROUNDS) -> float:
    """Processor seconds a passage of `accurate` over those of `quick`: the median of rounds in which they take turns.

    Processor time rather than wall time: with every core at work on passages of its own it is what sets the throughput, however well
    each tier shares out its passages today.
    """
    chosen = texts[:: max(1, len(texts) // TIMED)][:TIMED]
    taken = np.array([[_processor_seconds(model, chosen) for model in (quick, accurate)] for _ in range(rounds + 1)])[1:]
    return float(np.median(taken[:, 1] / taken[:, 0]))


def _processor_seconds(model: FramingModel, texts: Sequence[str]) -> float:
    start = time.process_time()
    model.read(texts)
    return time.process_time() - start


def cells(row: Row) -> list[str]:
    """A line as the table shows it."""
    figures = (row.asked, row.accurate, row.alone, row.cascade, row.lost)
    return [row.passages, f"`{row.first}`", f"{row.number:,}", *map(str, figures), f"{row.ratio:.1f}", f"{row.throughput:.1f}"]


def verdict(first: str, rows: Sequence[Row]) -> str:
    """Whether every set of passages keeps the promise, and what share of passages it leaves room for."""
    room = "; ".join(
        f"{row.passages}: {row.asked.value:.0%} asked where at most {max(0.0, 1 / PROMISE - 1 / row.ratio):.1%} may be, "
        f"{row.throughput:.1f} times as fast, {row.lost.value:.3f} lost"
        for row in rows
    )
    kept = "kept" if all(row.kept for row in rows) else "not kept"
    return f"promise ({PROMISE:.0f} times the throughput, at most {LOSS} macro F1 lost) {kept} with `{first}` first: {room}"


if __name__ == "__main__":
    command()
