"""`framing evaluate`: a model folder judged on labelled passages."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from framing.artifact import load_model, read_manifest
from framing.data import load_dataset
from framing.errors import BadRow, DataError
from training.card import comparison_table, frame_table
from training.metrics import measure_all
from training.promote import answers_of

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("evaluate")
@click.option(
    "--model", "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=Path("models/default"), show_default=True
)
@click.option("--data", "data", type=_FILE, multiple=True, required=True, help="Labelled passages the model was not trained on.")
@click.option("--json", "as_json", is_flag=True, help="Every figure as JSON.")
@click.option("--jobs", default=-1, show_default=True)
def command(folder: Path, data: tuple[Path, ...], as_json: bool, jobs: int) -> None:
    """Judge a model on labelled passages it has not seen, with intervals bootstrapped over groups."""
    model = load_model(folder)
    dataset = load_dataset(data, model.codebook)
    if dataset.digest == read_manifest(folder).data.get("digest"):
        raise DataError([BadRow(", ".join(map(str, data)), None, "is the model's own training data; figures on it would mean nothing")])
    measures = measure_all(answers_of(model, dataset), model.codebook.names, dataset.groups, jobs=jobs)
    if as_json:
        click.echo(json.dumps({name: asdict(figure) for name, figure in measures.items()}, indent=1))
        return
    click.echo(f"model {model.identity.name} {model.identity.version} on {len(dataset)} passages in {len(set(dataset.groups))} groups\n")
    click.echo(comparison_table({"model": measures}) + "\n")
    click.echo(frame_table(measures, model.codebook.names))
