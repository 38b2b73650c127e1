"""Who takes part in a benchmark: recipes of this project and peers, trained on the same passages and asked the same ones."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import click
import numpy as np

from benchmarks.peers import setfit
from framing.data import Dataset
from framing.errors import MissingExtra, TrainingError
from framing.heads import ABSENT, PRESENT, Array
from training.folds import check_trainable
from training.metrics import Answers, answers_of
from training.recipes import Recipe, recipe_named
from training.run import Run
from training.train import fit
from training.transformer.weights import make_cache

PEERS = ("setfit",)
FEWEST_FOLDS = 2
DECISION_RULE = (
    "Decisions: a frame is found from its threshold up, and not found below; `unsure` is not used, as published systems do not. "
    f"A recipe chooses its thresholds on held-out answers within the train part; SetFit cuts at its own {setfit.CUT}. "
    "mAP uses no threshold."
)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a contender answered, and what its table should say beside it."""

    answers: Answers
    note: str = ""


class Contender(Protocol):
    """Anything that learns from one data set and answers another of the same codebook."""

    @property
    def name(self) -> str: ...

    def answer(self, train: Dataset, test: Dataset, seed: int) -> Answered:
        """Raises a FramingError where `train` cannot carry it."""


@dataclass(frozen=True, slots=True)
class RecipeContender:
    """A recipe, with fewer folds where the passages do not carry its own."""

    recipe: Recipe
    cache: Path | None = None
    """Where fine-tuned transformers are kept."""

    @property
    def name(self) -> str:
        return self.recipe.name

    def answer(self, train: Dataset, test: Dataset, seed: int) -> Answered:
        recipe = with_possible_folds(self.recipe, train, seed)
        with tempfile.TemporaryDirectory() as scratch:
            model = fit(train, recipe, Path(scratch), run=Run(seed, cache=self.cache, quiet=True)).model
            probabilities = answers_of(model, test).probabilities
        notes = [] if recipe.folds == self.recipe.folds else [f"{recipe.folds} folds in place of {self.recipe.folds}"]
        if self.cache is not None and recipe.finetuning is not None:
            notes.append("seconds without fine-tuning where a cache had its weights")
        return Answered(cut_at(probabilities, model.heads.thresholds, test), "; ".join(notes))


@dataclass(frozen=True, slots=True)
class SetFitContender:
    """SetFit, trained for at most `steps` steps."""

    steps: int = setfit.STEPS

    @property
    def name(self) -> str:
        return f"SetFit, at most {self.steps} steps"

    def answer(self, train: Dataset, test: Dataset, seed: int) -> Answered:
        probabilities = setfit.fit_predict(train, test, seed, self.steps)
        about = float(f"{setfit.steps_of_epoch(train.labels):.1g}")
        note = f"cut short: an epoch is about {about:,.0f} steps" if setfit.is_bounded(train.labels, self.steps) else "a whole epoch"
        return Answered(cut_at(probabilities, setfit.CUT, test), note)


def cut_at(probabilities: Array, thresholds: Array | float, test: Dataset) -> Answers:
    """Answers where every frame is decided by its threshold alone."""
    return Answers(probabilities, np.where(probabilities >= thresholds, PRESENT, ABSENT).astype(np.int8), test.labels)


def with_possible_folds(recipe: Recipe, train: Dataset, seed: int) -> Recipe:
    """The recipe with as many of its folds as the passages carry. Raises TrainingError where they do not carry two."""
    for folds in range(recipe.folds, FEWEST_FOLDS, -1):
        try:
            check_trainable(train, folds, seed)
        except TrainingError:
            continue
        return replace(recipe, folds=folds)
    check_trainable(train, FEWEST_FOLDS, seed)
    return replace(recipe, folds=FEWEST_FOLDS)


def contenders(recipes: Sequence[Recipe], peers: Sequence[str], setfit_steps: int, cache: Path | None = None) -> list[Contender]:
    """The recipes, and those of the peers that are installed; a peer that is not is told and left out. Raises UsageError for nobody.

    The folder `cache`, where fine-tuned transformers are kept, is made if it is missing.
    """
    if cache is not None:
        make_cache(cache)
    found: list[Contender] = [RecipeContender(recipe, cache) for recipe in recipes]
    if "setfit" in peers:
        try:
            setfit.check_installed()
        except MissingExtra as error:
            click.echo(f"skipped: {error}", err=True)
        else:
            found.append(SetFitContender(setfit_steps))
    if not found:
        raise click.UsageError("nobody takes part: name a --recipe, or an installed --peer")
    return found


def recipes_asked(names: Sequence[str], none: bool) -> list[Recipe]:
    """The recipes of these names, in their order; `none` takes them all away."""
    return [] if none else [recipe_named(name) for name in names]
