"""`framing train`: its options. MLflow is opened in another process while this one imports the rest."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from framing.importing import importing
from training import tracking
from training.commands import SEED, cache_options, jobs_option, rules_option
from training.recipes import AUTO, CHAMPION, RECIPES

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("train")
@click.option("--data", "data", type=_FILE, multiple=True, help="Labelled passages: CSV, JSON lines or Parquet. May be repeated.")
@click.option("--from-labels", is_flag=True, help="Train on the settled labels of the label store, beside those of --data if any is given.")
@click.option(
    "--labels", "where", envvar="FRAMING_LABELS", show_envvar=True,
    help="The label store: a file, or postgresql+psycopg2://USER@HOST/DATABASE.",
)  # fmt: skip
@click.option("--state", metavar="DIGEST", help="With --from-labels: the data set that a run with this tag `labels.state` took.")
@click.option("--codebook", "codebook", type=_FILE, help="The frames, as TOML or JSON; with --from-labels alone, by default the store's.")
@click.option(
    "--recipe", "asked", default="frozen", show_default=True, type=click.Choice([*(recipe.name for recipe in RECIPES), AUTO]),
    help=f"How to train; {AUTO}: the one that suits the number and the languages of the passages, which is said with the reason.",
)  # fmt: skip
@click.option(
    "--over", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="For refit: the model folder to start from; default: the registry's champion.",
)  # fmt: skip
@click.option(
    "--trained-on", type=_FILE, multiple=True, help="For refit: the files that the model it starts from learned from, where no run tells."
)
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
    help="Also answer each passage without its kind (its id up to the first hyphen); "
    "default: unless the recipe fine-tunes, or starts from a champion.",
)  # fmt: skip
@click.option("--track/--no-track", default=True, help="Log to MLflow (MLFLOW_TRACKING_URI, or sqlite:///mlflow.db) and register.")
@click.option("--seed", type=SEED, default=0, show_default=True)
@cache_options
@jobs_option("folds and intervals")
def command(**given: Any) -> None:
    """Train a model from labelled passages and a codebook.

    The model is cross-validated over whole groups, measured beside three floors, saved as a folder, logged to MLflow and
    registered as `framing`.
    """
    if given["promote"] and (given["evaluation"] is None or not given["track"]):
        raise click.UsageError("--promote needs --evaluation and cannot go with --no-track")
    from_champion = any(recipe.name == given["asked"] and recipe.encoder == CHAMPION for recipe in RECIPES) and given["folder"] is None
    with ExitStack() as stack:
        mlflow = stack.enter_context(tracking.beside()) if given["track"] or from_champion else None
        with importing():
            from training.commands.training import carry_out

        carry_out(mlflow, **given)
