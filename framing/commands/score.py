"""`framing score`: label each row of a file of rows, here or on Spark."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

import click
from click.core import ParameterSource
from tqdm import tqdm

from framing import artifact
from framing.batch import score_file
from framing.commands import fallback_option, model_option
from framing.errors import MissingExtra
from framing.journal import journal_of

SPARK_MODEL = "champion"


@click.command
@click.argument("source", metavar="IN", type=click.Path())
@click.argument("target", metavar="OUT", type=click.Path())
@model_option
@fallback_option
@click.option("--fresh", is_flag=True, help="Start over, also where an interrupted run left answers to go on from.")
@click.option(
    "--spark", "master", metavar="MASTER",
    help="Score on Spark, for one at spark://HOST:7077; --model may then be a version or an alias in the registry, default champion.",
)  # fmt: skip
@click.pass_context
def command(ctx: click.Context, source: str, target: str, folder: Path, fallback: Path | None, fresh: bool, master: str | None) -> None:
    """Label each row of IN as one passage, and write all rows with their labels to OUT.

    Both are CSV (.csv), JSON lines (.jsonl) or Parquet (.parquet) by suffix. IN has a column 'text'. OUT has all
    columns of IN, and predicted_frames, probabilities, decisions, predicted_language (of a language that the model was not
    trained on every frame is unsure), text_truncated (its end was not read) and model. OUT appears when it is complete; one that
    was there before is replaced. A run that was interrupted leaves OUT.part, and the same command goes on from there.

    With --spark, IN is a Parquet file or a folder of them, and OUT a folder of Parquet files, where each row stands once,
    in no order.
    """
    if master is None:
        _score_here(source, target, folder, fallback, fresh)
        return
    if fresh:
        raise click.UsageError("--fresh does not go with --spark, which leaves nothing to go on from")
    given = ctx.get_parameter_source("folder") is not ParameterSource.DEFAULT
    # By name, since this package knows nothing of training, and may be there alone.
    if importlib.util.find_spec("training") is None:
        raise MissingExtra("scoring on Spark", "spark")
    spark = importlib.import_module("training.spark")
    spark.score_on_spark(source, target, master, str(folder) if given else SPARK_MODEL, fallback)


def _score_here(source: str, target: str, folder: Path, fallback: Path | None, fresh: bool) -> None:
    model = artifact.with_fallback(artifact.load_model(folder), folder, fallback)
    with tqdm(unit=" rows", disable=None, file=sys.stderr) as bar:

        def on_rows(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        try:
            score_file(model, source, target, on_rows, fresh)
        except KeyboardInterrupt:
            bar.close()
            left = journal_of(Path(target))
            if left.exists():
                click.echo(f"stopped; what is done is kept in {left}, and the same command goes on from there", err=True)
            raise
