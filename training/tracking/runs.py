"""Training runs as MLflow keeps them: logged from a value and a folder, by whatever process has MLflow open."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framing.artifact import CARD_FILE, MANIFEST_FILE, read_manifest, write_run
from framing.data import Dataset
from framing.errors import TrainingError
from training.tracking.pyfuncs import as_pyfunc
from training.tracking.registry import REGISTERED, Version, version_of
from training.tracking.store import asking, connect

if TYPE_CHECKING:
    from training.comparison import EvaluationSet

_SERVING = ("numpy", "onnxruntime", "tokenizers", "sentencex", "py3langid", "pandas")
TABLES = "tables"
"""Folder of a run's tables, which MLflow shows once a tag names them."""


@dataclass(frozen=True, slots=True)
class Input:
    """Passages that a run has used, what for (`context`), and what they are called."""

    dataset: Dataset
    context: str
    name: str


@dataclass(frozen=True, slots=True)
class Record:
    """A training run as it is to be logged; both folders outlive that."""

    name: str
    params: Mapping[str, Any]
    tags: Mapping[str, str]
    metrics: tuple[Mapping[str, float], ...]
    """In parts, of which MLflow takes a thousand entries each."""
    inputs: tuple[Input, ...]
    files: Path
    """The run's artifacts, each under its path in the run; the model's card and manifest are added."""
    model: Path
    version: Mapping[str, str]
    """Tags of the registered version."""
    packages: tuple[str, ...]
    """What the model's encoder needs beside what every model does."""


def prepare_logging() -> None:
    """Have MLflow find out what it keeps until it ends: which modules are whose, and which commit this is. That takes half a second."""
    with suppress(ImportError):  # its own affairs; without this, it does so when it logs
        from mlflow.tracking.context.registry import resolve_tags
        from mlflow.utils.requirements_utils import warn_dependency_requirement_mismatches

        warn_dependency_requirement_mismatches(_pinned(_SERVING))
        resolve_tags()


def log_run(record: Record) -> Version:
    """Log a training run, and register its model as a new version.

    Raises TrainingError where the store cannot be written; the model's folder stays, and names the run once that holds the files.
    """
    import mlflow

    client = connect()
    kept = f"the model is in {record.model}"
    _check_own(record)
    with asking(f"{kept}, but its run could not be logged"), mlflow.start_run(run_name=record.name) as run:
        mlflow.log_params(dict(record.params))
        mlflow.set_tags({**record.tags, "mlflow.loggedArtifacts": _tables(record.files)})
        for used in record.inputs:
            log_data(used)
        mlflow.log_artifacts(str(record.files))
        write_run(record.model, run.info.run_id)  # who asks what the model has learned from finds the run, and that in it
        for name in (CARD_FILE, MANIFEST_FILE):
            mlflow.log_artifact(str(record.model / name), "card")
        packages = _pinned((*_SERVING, *record.packages))
        # Before the metrics: MLflow copies those that are there to the model one by one, which takes seconds.
        logged = mlflow.pyfunc.log_model(name="model", pip_requirements=packages, **as_pyfunc(record.model))
        for metrics in record.metrics:
            mlflow.log_metrics(dict(metrics), model_id=logged.model_id)
    _check_own(record)
    with asking(f"{kept} and in run {run.info.run_id}, but could not be registered"):
        version = mlflow.register_model(logged.model_uri, REGISTERED, tags=dict(record.version))
    return version_of(client, str(version.version))


def _check_own(record: Record) -> None:
    found = read_manifest(record.model).version
    if found != record.version.get("framing.version", found):
        by = "put there by another training or by `framing models follow`"
        raise TrainingError(f"{record.model} holds another model now ({found}), {by}; give each its own --out")


def _tables(files: Path) -> str:
    """What `log_table` would have written in the tag, at a tenth of its speed."""
    names = sorted(path.name for path in (files / TABLES).glob("*.json"))
    return json.dumps([{"path": f"{TABLES}/{name}", "type": "table"} for name in names])


def evaluation_input(evaluation: EvaluationSet) -> Input:
    """The passages of an evaluation set as what a run was measured on."""
    return Input(evaluation.dataset, "evaluation", evaluation.name)


def evaluation_tags(evaluation: EvaluationSet | None) -> dict[str, str]:
    """What a run says of the passages it was measured on, if there are any beside its own."""
    if evaluation is None:
        return {"evaluation.name": "none"}
    return {
        "evaluation.name": evaluation.name,
        "evaluation.sha256": evaluation.dataset.digest,
        "evaluation.passages": str(len(evaluation.dataset)),
    }


def tag_evaluation(evaluation: EvaluationSet) -> None:
    """Say in the run that is open which passages it was measured on."""
    import mlflow

    log_data(evaluation_input(evaluation))
    mlflow.set_tags(evaluation_tags(evaluation))


def _pinned(packages: tuple[str, ...]) -> list[str]:
    from importlib.metadata import version

    return [f"{package}=={version(package)}" for package in packages]


def log_data(used: Input) -> None:
    """Log a data set as an input of the run that is open."""
    import mlflow
    import pandas as pd
    from mlflow.data.pandas_dataset import from_pandas

    frame = pd.DataFrame(
        {"id": passage.id, "group": passage.group, "text": passage.text, "frames": ";".join(passage.frames)}
        for passage in used.dataset.passages
    )
    mlflow.log_input(from_pandas(frame, name=used.name, digest=used.dataset.digest[:36]), context=used.context)
