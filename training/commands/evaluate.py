"""`framing evaluate`: a model folder judged on labelled passages."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from framing.artifact import fallback_beside, load_model, read_manifest, with_fallback
from framing.codebook import Codebook
from framing.commands import fallback_option, model_option
from framing.data import Dataset, check_open, load_dataset
from framing.errors import BadRow, DataError, TrainingError
from framing.language import language_of
from training.cache import with_cache
from training.commands import cache_options, jobs_option, text_cache
from training.evaluate import MODEL, evaluate, evaluation_report
from training.halves import HALVES, Half, check_log, describe, load_half, log_reading
from training.refit import digests


@click.command("evaluate")
@model_option
@fallback_option
@click.option(
    "--data", type=click.Path(exists=True, dir_okay=False, path_type=Path), multiple=True, required=True,
    help="Labelled passages, which the model must not have been trained on.",
)  # fmt: skip
@click.option(
    "--training", type=click.Path(exists=True, dir_okay=False, path_type=Path), multiple=True,
    help="The passages the model was trained on: checked for overlap, and what the TF-IDF floor is fitted on.",
)  # fmt: skip
@click.option("--half", type=click.Choice(HALVES), help="Only the half of the passages that is for tuning, or the sealed one.")
@click.option("--reason", default="", help="Why the sealed half is read; written to sealed.md beside the data.")
@cache_options
@click.option("--json", "as_json", is_flag=True, help="Every figure as JSON.")
@jobs_option("intervals")
def command(
    folder: Path, fallback: Path | None, data: tuple[Path, ...], training: tuple[Path, ...], half: Half | None, reason: str,
    cache: Path | None, no_cache: bool, as_json: bool, jobs: int,
) -> None:  # fmt: skip
    """Judge a model on labelled passages it has not seen, beside three floors, with intervals bootstrapped over groups."""
    model = with_fallback(load_model(folder), folder, fallback)
    dataset = _load(data, model.codebook, half, reason)
    readers = {folder: model.identity}
    if model.fallback is not None and any(model.reader_of(language_of(text)) is model.fallback for text in dataset.texts):
        readers[fallback or fallback_beside(folder)] = model.fallback.identity
    manifests = [read_manifest(one) for one in readers]
    if any(dataset.digest in digests(manifest) for manifest in manifests):
        raise DataError([BadRow(describe(data, half), None, "is exactly the model's training data; figures on it would mean nothing")])
    check_open(training)
    reader = with_cache(model, text_cache(cache, no_cache))
    known = load_dataset(training, model.codebook) if training else None
    found = evaluate(reader, [manifest.data for manifest in manifests], dataset, known, jobs=jobs)
    measures = found.measures[MODEL]
    who = " with ".join(map(str, readers.values()))
    if half == "sealed":
        log_reading(data[0].parent, describe(data, half), who, measures, reason)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=1))
        return
    where = f"{describe(data, half)}: {len(dataset)} passages in {len(set(dataset.groups))} groups"
    click.echo(f"{who} on {where}\n")
    click.echo(evaluation_report(found, model.codebook.names))


def _load(data: tuple[Path, ...], codebook: Codebook, half: Half | None, reason: str) -> Dataset:
    if half is None:
        check_open(data)
        return load_dataset(data, codebook)
    if len(data) > 1:
        raise click.UsageError("--half takes one --data file")
    if half == "sealed":
        if not reason.strip():
            raise TrainingError("sealed passages are read only with a reason: --reason 'why now'")
        check_log(data[0].parent)
    return load_half(data[0], codebook, half)
