"""`framing models compare`: two models on the same passages."""

from __future__ import annotations

from pathlib import Path

import click

from framing.files import whole_file
from training import tracking
from training.commands import cache_options, jobs_option, text_cache
from training.compare import compare, joint_codebook
from training.comparison import EvaluationSet
from training.comparison_report import comparison_page, comparison_table, verdict_sentence
from training.halves import evaluation_name, load_evaluation


@click.command("compare")
@click.argument("old")
@click.argument("new")
@click.option(
    "--evaluation", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True,
    help="Labelled passages that neither model was trained on; of a file in halves, the one for tuning.",
)  # fmt: skip
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write the comparison, with plots and texts, as one page.")
@click.option("--track/--no-track", default=True, help="Log the comparison to MLflow; without, MLflow is not asked of two folders.")
@cache_options
@jobs_option("intervals")
def command(old: str, new: str, evaluation: Path, html: Path | None, track: bool, cache: Path | None, no_cache: bool, jobs: int) -> None:
    """Score models OLD and NEW on the same passages, and say which is better, how surely, and what they answer otherwise.

    OLD and NEW are each a version number, an alias (champion), the id of a run, or a model folder. Two folders with --no-track need
    no MLflow, which could say what they have learned from.
    """
    client = tracking.connect() if track or not all(map(tracking.names_folder, (old, new))) else None
    before, after = tracking.find(client, old), tracking.find(client, new)
    passages = load_evaluation(evaluation, joint_codebook(before.model, after.model))
    found = compare(before, after, EvaluationSet(evaluation_name(evaluation), passages), jobs=jobs, texts=text_cache(cache, no_cache))
    click.echo(comparison_table(found) + "\n")
    for note in found.notes:
        click.echo(f"- {note}")
    click.echo(verdict_sentence(found))
    if html:
        _write(html, comparison_page(found))
        click.echo(f"page: {html}")
    if track:
        click.echo(f"run: {tracking.log_comparison(found, before, after)}")


def _write(path: Path, page: str) -> None:
    try:
        with whole_file(path) as beside:
            beside.write_text(page, encoding="utf-8")
    except OSError as error:
        raise click.FileError(str(path), error.strerror) from error
