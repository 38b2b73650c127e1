"""`framing train`: labelled passages and a codebook to a judged, logged and registered model."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from framing.codebook import load_codebook
from framing.data import Dataset, load_dataset
from training import tracking
from training.advice import advise
from training.commands.promotion import promoted, rules_option, tell
from training.halves import check_apart, check_open, evaluation_name, load_evaluation
from training.kinds import KindsOut
from training.promotion import challenge, conclude, user
from training.recipes import RECIPES, recipe_named
from training.report import copies_section
from training.rules import load_rules
from training.run import Run
from training.train import Trained, train
from training.transformer.weights import make_cache

AUTO = "auto"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("train")
@click.option(
    "--data", "data", type=_FILE, multiple=True, required=True, help="Labelled passages: CSV, JSON lines or Parquet. May be repeated."
)
@click.option("--codebook", "codebook", type=_FILE, required=True, help="The frames, as TOML or JSON.")
@click.option(
    "--recipe", "asked", default="frozen", show_default=True, type=click.Choice([*(recipe.name for recipe in RECIPES), AUTO]),
    help=f"How to train; {AUTO}: the one that suits the number and the languages of the passages, which is said with the reason.",
)  # fmt: skip
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Where the model folder goes; default runs/RECIPE.")
@click.option(
    "--evaluation", type=_FILE, help="Passages from another source than the training data, to measure on and to decide a promotion."
)
@click.option(
    "--promote", is_flag=True, help="Move the alias champion to the new version if the promotion rules allow; needs --evaluation."
)
@rules_option
@click.option(
    "--leave-kinds-out/--keep-kinds", default=None,
    help="Also answer each passage without its kind (its id up to the first hyphen); default: unless the recipe fine-tunes.",
)  # fmt: skip
@click.option("--track/--no-track", default=True, help="Log to MLflow (MLFLOW_TRACKING_URI, or sqlite:///mlflow.db) and register.")
@click.option("--seed", default=0, show_default=True)
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="FRAMING_CACHE",
    show_envvar=True,
    help="Folder where fine-tuned transformers are kept, for other runs on the same passages.",
)
@click.option("--jobs", default=-1, show_default=True, help="Threads for folds and intervals; -1: one a core.")
def command(
    data: tuple[Path, ...], codebook: Path, asked: str, out: Path | None, evaluation: Path | None,
    promote: bool, rules: Path, leave_kinds_out: bool | None, track: bool, seed: int, cache: Path | None, jobs: int,
) -> None:  # fmt: skip
    """Train a model from labelled passages and a codebook.

    The model is cross-validated over whole groups, measured beside three floors, saved as a folder, logged to MLflow and
    registered as `framing`.
    """
    if promote and (evaluation is None or not track):
        raise click.UsageError("--promote needs --evaluation and cannot go with --no-track")
    asked_of_it = load_rules(rules)  # what is wrong with them is known before hours of work
    frames = load_codebook(codebook)
    check_open(data)
    dataset = load_dataset(data, frames)
    held_back = load_evaluation(evaluation, frames) if evaluation else None
    if held_back is not None:
        check_apart(dataset, held_back)
    recipe = _recipe(asked, dataset)
    if cache is not None:
        make_cache(cache)
    if track:
        tracking.connect()  # a store that cannot be reached is known before hours of work
    run = Run(seed, jobs, cache=cache, on_stage=_say)
    trained = train(dataset, recipe_named(recipe), out or Path("runs") / recipe, run=run, leave_kinds_out=leave_kinds_out)
    _report(trained, recipe)
    if not track:
        return
    _say("logging to MLflow")
    version = tracking.log_training(dataset, trained, held_back, evaluation_name=evaluation_name(evaluation) if evaluation else "none")
    click.echo(f"registered as {tracking.REGISTERED} version {version.number}, run {version.run}")
    if evaluation is None:
        click.echo("no --evaluation: the run compares with others by its cross-validation alone, which holds for the same data only")
    if promote:
        client = tracking.connect()
        tried = challenge(client, version, evaluation, asked_of_it)
        tell(tried.verdict)
        click.echo(promoted(conclude(client, tried, user())))


def _recipe(asked: str, dataset: Dataset) -> str:
    if asked != AUTO:
        return asked
    advice = advise(dataset)
    click.echo(f"recipe {advice.recipe}: {advice.reason}")
    return advice.recipe


def _say(stage: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"… {stage}", err=True)


def _report(trained: Trained, recipe: str) -> None:
    for who, named in trained.measures.items():
        click.echo(f"{who:30} macro F1 {named['macro_f1']}  mAP {named['mean_average_precision']}")
    for frame in trained.model.codebook.names:
        click.echo(f"  {frame:28} F1 {trained.measures[recipe][f'f1/{frame}']}")
    kinds = trained.judged.kinds
    if isinstance(kinds, KindsOut):
        click.echo(f"{'kinds left out':30} macro F1 {kinds.measures['macro_f1']}  mAP {kinds.measures['mean_average_precision']}")
    else:
        click.echo(f"kinds left out: {kinds.reason}")
    click.echo(copies_section(trained.judged.copies))
    click.echo(f"model {trained.manifest.version} in {trained.folder}")
