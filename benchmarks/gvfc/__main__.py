"""The recipes on the five published folds of the Gun Violence Frame Corpus (ACL 2020), each trained on a fold's train part alone.

The corpus is not in this repository: without the folder that --data names, nothing is measured, and this says so.
Run: python -m benchmarks.gvfc --data ../shared/benchmarks/gvfc --recipe frozen --recipe finetuned
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np

from framing.codebook import Codebook, Frame
from framing.data import Dataset, LabelledPassage, text_key
from training.metrics import Answers, macro_f1, mean_average_precision, micro_f1, value
from training.promote import answers_of
from training.recipes import RECIPES, Recipe, recipe_named
from training.train import fit

FOLDS = 5
PUBLISHED = "BERT as published (Table 1): macro F1 .76, micro F1 .82"


@dataclass(frozen=True, slots=True)
class FoldResult:
    """Figures on one fold's test part; `repeated` of its headlines also stand in the train part with the same text."""

    macro_f1: float
    micro_f1: float
    mean_average_precision: float
    repeated: int


def load_part(path: Path, codebook: Codebook) -> Dataset:
    """One part of a fold; headlines of the same text are one group."""
    rows = [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]
    passages = [
        LabelledPassage(
            f"{path.stem}-{at}", row["text"], tuple(name for name in codebook.names if name in row["labels"]), text_key(row["text"])
        )
        for at, row in enumerate(rows)
    ]  # fmt: skip
    return Dataset(codebook, tuple(passages))


def read_codebook(folder: Path) -> Codebook:
    """The corpus's frames by their names."""
    rows = [json.loads(row) for path in folder.glob("en_fold*.jsonl") for row in path.read_text(encoding="utf-8").splitlines()]
    names = sorted({name for row in rows for name in row["labels"]})
    return Codebook("Gun violence", tuple(Frame(name, name.replace("_", " "), "as in the corpus") for name in names))


def run_fold(folder: Path, fold: int, codebook: Codebook, recipe: Recipe) -> FoldResult:
    """Train on the fold's train part, calibration and cut points included, and answer its test part."""
    train, test = (load_part(folder / f"en_fold{fold}_{part}.jsonl", codebook) for part in ("train", "test"))
    with tempfile.TemporaryDirectory() as scratch:
        # Every headline counts as a decision, so an unsure one is decided by its threshold, as published systems decide.
        model = fit(train, recipe, Path(scratch), quiet=True).model
        answers: Answers = answers_of(model, test)
    figures = [float(value(measure, answers)) for measure in (macro_f1, micro_f1, mean_average_precision)]
    return FoldResult(*figures, repeated=len(set(train.groups) & set(test.groups)))


@click.command()
@click.option("--data", "folder", type=click.Path(path_type=Path), default=Path("../shared/benchmarks/gvfc"), show_default=True)
@click.option("--recipe", "recipes", multiple=True, default=["frozen"], type=click.Choice([recipe.name for recipe in RECIPES]))
@click.option("--folds", default=FOLDS, show_default=True, help="How many of the five folds.")
def command(folder: Path, recipes: tuple[str, ...], folds: int) -> None:
    """Train and test each recipe on the published folds."""
    if not folder.is_dir():
        raise click.ClickException(f"skipped: the corpus is not at {folder}")
    codebook = read_codebook(folder)
    click.echo(f"{PUBLISHED}\n\n| recipe | macro F1 | micro F1 | mAP | repeated headlines |\n| --- | --- | --- | --- | --- |")
    for name in recipes:
        recipe = replace(recipe_named(name), folds=3)
        results = [run_fold(folder, fold, codebook, recipe) for fold in range(folds)]
        cells = [_spread([getattr(result, key) for result in results]) for key in ("macro_f1", "micro_f1", "mean_average_precision")]
        click.echo(f"| {name} | {' | '.join(cells)} | {sum(result.repeated for result in results)} |")


def _spread(figures: list[float]) -> str:
    return f"{np.mean(figures):.3f} ({min(figures):.3f} to {max(figures):.3f})"


if __name__ == "__main__":
    command()
