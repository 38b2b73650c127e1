"""All that a training run is remembered by, written to one folder and one value, and logged at once."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure as Drawing

from framing.data import Dataset
from framing.encoder import KINDS
from training.comparison import EvaluationSet
from training.copies import joined_groups
from training.metrics import answers_of, measure_all
from training.record import Table, answer_figures, answers_table, flat, metrics_of, run_figures, run_metrics, run_tables
from training.tracking.registry import LEARNED, Version
from training.tracking.runs import TABLES, Input, Record, evaluation_input, evaluation_tags, log_run

if TYPE_CHECKING:
    from training.train import Trained


def log_training(
    dataset: Dataset,
    trained: Trained,
    evaluation: Dataset | None = None,
    *,
    evaluation_name: str = "evaluation",
    tags: Mapping[str, str] | None = None,
    log: Callable[[Record], Version] = log_run,
) -> Version:
    """Log a training run with all that compares it to others, and register its model as a new version.

    Answers for `evaluation`, passages it was not trained on, are logged as metrics and figures `evaluation/...` and as a table;
    every recipe's under the same names. Without them the tag `evaluation.name` is `none`. `tags` are added to the run's own.
    `log` is what logs it, here or in a process that has MLflow open.
    """
    held_back = None if evaluation is None else EvaluationSet(evaluation_name, evaluation)
    with tempfile.TemporaryDirectory() as scratch:
        return log(_record(dataset, trained, held_back, tags or {}, Path(scratch)))


def _record(dataset: Dataset, trained: Trained, evaluation: EvaluationSet | None, tags: Mapping[str, str], files: Path) -> Record:
    """The run as a value, its figures, tables and what it has learned from written to `files`."""
    manifest, frames = trained.manifest, dataset.codebook.names
    recipe = dict(manifest.recipe)
    of_version = {"framing.version": manifest.version, "recipe": str(recipe["name"])}
    about = {
        "kind": "training",
        "data.sha256": dataset.digest,
        "codebook.sha256": dataset.codebook.digest,
        "encoder.fingerprint": str(manifest.encoder["fingerprint"]),
    }
    figures, tables = run_figures(trained.judged, frames), run_tables(trained.judged, trained.passages)
    metrics = [run_metrics(trained.judged, str(recipe["name"]), frames)]
    if evaluation is not None:
        answers = answers_of(trained.model, evaluation.dataset)
        figures |= {f"evaluation/{name}": figure for name, figure in answer_figures(answers, frames).items()}
        tables["evaluation"] = answers_table(answers, evaluation.dataset)
        metrics.append(metrics_of(measure_all(answers, frames, joined_groups(evaluation.dataset)), "evaluation/"))
    _write_files(files, figures, tables, trained.learned.as_dict())
    return Record(
        name=f"{recipe['name']}-{manifest.version}",
        params=flat(recipe),
        tags={**about, **of_version, **_notes(trained), **evaluation_tags(evaluation), **tags},
        metrics=tuple(metrics),
        inputs=(Input(dataset, "training", "training passages"), *([evaluation_input(evaluation)] if evaluation else [])),
        files=files,
        model=trained.folder,
        version=of_version,
        packages=KINDS[str(manifest.encoder["kind"])].packages,
    )


def _write_files(folder: Path, figures: Mapping[str, Drawing], tables: Mapping[str, Table], learned: Mapping[str, Any]) -> None:
    contents = {f"{TABLES}/{name}.json": _as_mlflow_reads(table) for name, table in tables.items()} | {LEARNED: learned}
    for name, content in contents.items():
        _place(folder, name).write_text(json.dumps(content), encoding="utf-8")
    for name, figure in figures.items():
        figure.savefig(_place(folder, f"figures/{name}.png"))


def _as_mlflow_reads(table: Table) -> dict[str, Any]:
    """A table as `mlflow.load_table` and the comparison of tables in the browser take it: names, and rows."""
    return {"columns": list(table), "data": list(zip(*table.values(), strict=True))}


def _place(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _notes(trained: Trained) -> dict[str, str]:
    """How a model was made over another, where it was."""
    origin, new = trained.manifest.recipe.get("over"), trained.manifest.data.get("new")
    tags = {f"over.{key}": str(value) for key, value in (origin or {}).items() if value is not None}
    tags |= {} if new is None else {"data.new": str(new)}
    return tags | ({"notes": " ".join(trained.judged.notes)} if trained.judged.notes else {})
