"""`framing labels suspects`: labels that are likely wrong, to be read again."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import click

from framing.artifact import CODEBOOK_FILE
from framing.codebook import Codebook, load_codebook
from framing.commands import model_option
from framing.data import Dataset, LabelledPassage, check_open, load_rows
from framing.errors import DataError
from framing.label_columns import importable
from framing.labels import Role, open_store
from framing.labels.current import current_labels
from framing.labels.exchange import labelled_passages
from training.commands import SEED, jobs_option, say_stage
from training.recipes import recipe_named
from training.run import Run
from training.suspects import find_suspects, unseen_probabilities

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_RECIPE = recipe_named("frozen")


@click.command("suspects")
@click.option("--data", type=_FILE, multiple=True, help="Labelled passages: CSV, JSON lines or Parquet. May be repeated.")
@click.option("--labels", "where", envvar="FRAMING_LABELS", show_envvar=True, help="In place of files: the label store.")
@click.option(
    "--codebook", "book", type=_FILE, show_default="with --data that of the model; else any",
    help="The codebook of the passages; of a store, only labels made by it.",
)  # fmt: skip
@model_option
@click.option("--seed", type=SEED, default=0, show_default=True)
@jobs_option("folds")
def command(data: tuple[Path, ...], where: str | None, book: Path | None, folder: Path, seed: int, jobs: int) -> None:
    """Labels that are likely wrong, the worst first, as JSON lines: each with the frames in doubt and their probabilities.

    The probabilities are those of the recipe `frozen` over passages it has not seen. Put `frames` right and import the lines with
    --replace.
    """
    if data:
        check_open(data)
        dataset, adjudicated = _in_files(data, load_codebook(book or folder / CODEBOOK_FILE))
    elif where is not None:
        dataset, adjudicated = _stored(where, book)
    else:
        raise click.UsageError("name the labels: --data FILE, or --labels (FRAMING_LABELS) and the label store")
    probabilities = unseen_probabilities(dataset, _RECIPE, Run(seed, jobs, on_stage=say_stage))
    for suspect in find_suspects(dataset, probabilities):
        role: Role | None = "adjudicator" if suspect.passage in adjudicated else None
        row = importable(suspect.as_row(role), dataset.codebook.names)
        click.echo(json.dumps(row, ensure_ascii=False).encode())


def _in_files(data: tuple[Path, ...], codebook: Codebook) -> tuple[Dataset, frozenset[LabelledPassage]]:
    """The labels of files, and those of adjudicators."""
    try:
        rows = load_rows(data, codebook, roles=True)
    except DataError:
        rows = load_rows(data, codebook)  # a column `role` may say something else
    return Dataset(codebook, tuple(row.passage for row in rows)), frozenset(row.passage for row in rows if row.role == "adjudicator")


def _stored(where: str, book: Path | None) -> tuple[Dataset, frozenset[LabelledPassage]]:
    """The labels that hold, and those of adjudicators."""
    with closing(open_store(where, create=False)) as store:
        current = current_labels(store, load_codebook(book) if book else None)
    decided = {text.adjudication.label.text for text in current.texts if text.adjudication}
    dataset = Dataset(current.codebook, tuple(labelled_passages(current)))
    return dataset, frozenset(passage for passage in dataset.passages if passage.text in decided)
