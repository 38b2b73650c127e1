"""What `framing train` does: labelled passages and a codebook to a judged, logged and registered model."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import click

from framing.codebook import Codebook, load_codebook
from framing.data import Dataset, load_dataset
from framing.errors import TrainingError
from training import tracking
from training.advice import advise
from training.commands import say_stage, text_cache
from training.commands.promotion import promoted, tell
from training.copies import copies_between, near_pairs
from training.halves import check_apart, check_unknown, evaluation_name, load_evaluation
from training.kinds import KindsOut
from training.passages import Passages, read_passages
from training.promotion import challenge, conclude, user
from training.recipes import AUTO, CHAMPION, Recipe, recipe_named
from training.refit import Champion, open_champion, with_lesson_told
from training.report import copies_section, named_copies
from training.rules import load_rules
from training.run import Run
from training.terms import count_terms
from training.tracking.contenders import sound
from training.tracking.training_runs import log_training
from training.train import Trained, train
from training.transformer.weights import make_cache

FEW = 2000
"""Passages that are looked at in the time in which MLflow is opened, whether that turns out to be of use or not."""


def carry_out(
    mlflow: tracking.Beside | None, *, data: tuple[Path, ...], from_labels: bool, where: str | None, state: str | None,
    codebook: Path | None, asked: str, folder: Path | None, trained_on: tuple[Path, ...], out: Path | None, evaluation: Path | None,
    promote: bool, rules: Path, leave_kinds_out: bool | None, track: bool, seed: int, cache: Path | None, no_cache: bool, jobs: int,
) -> None:  # fmt: skip
    """Train as the options of the command say. `mlflow` is the process that logs, which a run that is not tracked may do without."""
    asked_of_it = load_rules(rules)  # what is wrong with them is known before hours of work
    passages = _passages(data, from_labels, where, state, codebook)
    dataset = passages.dataset
    held_back = _held_back(evaluation, dataset) if evaluation else None
    recipe = recipe_named(_recipe(asked, dataset))
    if recipe.encoder != CHAMPION and (folder is not None or trained_on):
        raise click.UsageError(f"--over and --trained-on are for recipes that start from a model; '{recipe.name}' does not")
    kept = None if no_cache else cache
    if kept is not None:
        make_cache(kept)
    if mlflow is not None:
        checked = mlflow.ask(tracking.check_store)
        look_ahead(dataset)
        checked()  # a store that cannot be reached is known before hours of work
    run = Run(seed, jobs, cache=kept, texts=text_cache(cache, no_cache), on_stage=say_stage)
    with _champion(mlflow, recipe, folder, trained_on, dataset.codebook) as champion:
        if mlflow is not None:
            mlflow.ahead(tracking.prepare_logging)
        if champion is not None and champion.learned is not None and held_back is not None:
            check_unknown(champion.learned, held_back)
        trained = train(dataset, recipe, out or Path("runs") / recipe.name, "framing", run, leave_kinds_out, champion)
    _report(trained, recipe.name)
    if mlflow is None or not track:
        return
    say_stage("logging to MLflow")
    called = evaluation_name(evaluation) if evaluation else "none"
    version = log_training(dataset, trained, held_back, evaluation_name=called, tags=passages.tags, log=partial(mlflow, tracking.log_run))
    click.echo(f"registered as {tracking.REGISTERED} version {version.number}, run {version.run}")
    if evaluation is None:
        click.echo("no --evaluation: the run compares with others by its cross-validation alone, which holds for the same data only")
    if promote:
        client = tracking.connect()
        tried = challenge(client, version, evaluation, asked_of_it, texts=run.texts)
        tell(tried.verdict)
        click.echo(promoted(conclude(client, tried, user())))


def _held_back(evaluation: Path, dataset: Dataset) -> Dataset:
    """The passages to measure on, which stand apart from those to train on; of near copies is told."""
    held_back = load_evaluation(evaluation, dataset.codebook)
    check_apart(dataset, held_back)
    if copies := copies_between(dataset, held_back):
        click.echo(f"near copies of training passages (first) among those of --evaluation: {named_copies(copies)}")
    return held_back


def _passages(data: tuple[Path, ...], from_labels: bool, where: str | None, state: str | None, codebook: Path | None) -> Passages:
    if not data and not from_labels:
        raise click.UsageError("name labelled files with --data, or --from-labels for those of the label store, or both")
    if from_labels and not where:
        raise click.UsageError("--from-labels needs --labels, or FRAMING_LABELS, which says where the label store is")
    if state and not from_labels:
        raise click.UsageError("--state is one of the label store: it needs --from-labels")
    if codebook is None and not from_labels:
        raise click.UsageError("--data needs --codebook, the frames that the passages were labelled by")
    passages = read_passages(data, where if from_labels else None, load_codebook(codebook) if codebook else None, state)
    if passages.state is not None:
        click.echo(f"labels: state {passages.state.digest[:12]} of the store; --state {passages.state.digest[:12]} builds it again")
    if passages.reworded:
        click.echo(
            f"{passages.reworded} labels were left out: their codebooks have the same frames in other words; without --codebook all count"
        )
    return passages


@contextmanager
def _champion(
    mlflow: tracking.Beside | None, recipe: Recipe, folder: Path | None, trained_on: tuple[Path, ...], codebook: Codebook
) -> Iterator[Champion | None]:
    """The model that the recipe starts from, if it starts from one."""
    told = load_dataset(trained_on, codebook) if trained_on else None
    if recipe.encoder != CHAMPION:
        yield None
    elif folder is not None:
        yield with_lesson_told(open_champion(folder), told)
    else:
        assert mlflow is not None
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:  # the other process may still be writing to it
            found, learned = mlflow(tracking.fetch_champion, Path(scratch))
            with sound("the champion"):
                champion = open_champion(found, learned)
            yield with_lesson_told(champion, told)


def look_ahead(dataset: Dataset) -> None:
    """Count words and find near copies while MLflow is opened. A champion that goes on from new labels alone has no use for that."""
    if len(dataset) <= FEW:
        with suppress(TrainingError):  # if it matters, the training says so
            count_terms(dataset.texts)
        near_pairs(dataset.texts)


def _recipe(asked: str, dataset: Dataset) -> str:
    if asked != AUTO:
        return asked
    advice = advise(dataset)
    click.echo(f"recipe {advice.recipe}: {advice.reason}")
    return advice.recipe


def _report(trained: Trained, recipe: str) -> None:
    for who, named in trained.measures.items():
        click.echo(f"{who:30} macro F1 {named['macro_f1']}  mAP {named['mean_average_precision']}")
    for frame in trained.model.codebook.names:
        click.echo(f"  {frame:28} F1 {trained.measures[recipe][f'f1/{frame}']}")
    for note in trained.judged.notes:
        click.echo(note)
    kinds = trained.judged.kinds
    if isinstance(kinds, KindsOut):
        click.echo(f"{'kinds left out':30} macro F1 {kinds.measures['macro_f1']}  mAP {kinds.measures['mean_average_precision']}")
    else:
        click.echo(f"kinds left out: {kinds.reason}")
    click.echo(copies_section(trained.judged.copies))
    click.echo(f"model {trained.manifest.version} in {trained.folder}")
