"""`framing score`: label each row of a file of rows."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from tqdm import tqdm

from framing import artifact
from framing.batch import score_file
from framing.commands import fallback_option, model_option


@click.command
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@model_option
@fallback_option
def command(source: Path, target: Path, folder: Path, fallback: Path | None) -> None:
    """Label each row of IN as one passage, and write all rows with their labels to OUT.

    Both are CSV (.csv), JSON lines (.jsonl) or Parquet (.parquet) by suffix. IN has a column 'text'. OUT has all
    columns of IN, and predicted_frames, probabilities, decisions and model. OUT appears when it is complete; one that
    was there before is replaced.
    """
    model = artifact.with_fallback(artifact.load_model(folder), folder, fallback)
    with tqdm(unit=" rows", disable=None, file=sys.stderr) as bar:

        def on_rows(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        score_file(model, source, target, on_rows)
