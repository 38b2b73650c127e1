"""A training run as MLflow keeps it, with all that compares it to others."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import framing
from framing.artifact import CARD_FILE, MANIFEST_FILE, write_run
from framing.data import Dataset
from framing.encoder import KINDS
from framing.model import FramingModel
from training.comparison import EvaluationSet
from training.metrics import answers_of, measure_all
from training.record import answer_figures, answers_table, flat, metrics_of, run_figures, run_metrics, run_tables
from training.tracking.registry import LEARNED, REGISTERED, Version, version_of
from training.tracking.store import asking, connect

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from training.train import Trained

_SERVING = ("numpy", "onnxruntime", "tokenizers", "sentencex", "py3langid", "pandas")
_PYFUNC = Path(__file__).parents[1] / "pyfunc.py"


def log_training(
    dataset: Dataset,
    trained: Trained,
    evaluation: Dataset | None = None,
    *,
    evaluation_name: str = "evaluation",
    tags: Mapping[str, str] | None = None,
) -> Version:
    """Log a training run with all that compares it to others, and register its model as a new version.

    Answers for `evaluation`, passages it was not trained on, are logged as metrics and figures `evaluation/...` and as a table;
    every recipe's under the same names. Without them the tag `evaluation.name` is `none`. `tags` are added to the run's own.
    Raises TrainingError where the store cannot be written; the model's folder stays as it is.
    """
    import mlflow

    client = connect()
    manifest = trained.manifest
    recipe = dict(manifest.recipe)
    named, kept = f"{recipe['name']}-{manifest.version}", f"the model is in {trained.folder}"
    with asking(f"{kept}, but its run could not be logged"), mlflow.start_run(run_name=named) as run:
        mlflow.log_params(flat(recipe))
        mlflow.set_tags(
            {
                "kind": "training",
                "recipe": recipe["name"],
                "data.sha256": dataset.digest,
                "codebook.sha256": dataset.codebook.digest,
                "encoder.fingerprint": str(manifest.encoder["fingerprint"]),
                "framing.version": manifest.version,
                **_notes(trained),
                **(tags or {}),
            }
        )
        log_data(dataset, "training", "training passages")
        mlflow.log_dict(trained.learned.as_dict(), LEARNED)
        write_run(trained.folder, run.info.run_id)
        logged = _log_model(trained)  # before the metrics: MLflow copies those that are there to the model one by one, which takes seconds
        log_evaluation(trained.model, None if evaluation is None else EvaluationSet(evaluation_name, evaluation))
        mlflow.log_metrics(run_metrics(trained.judged, recipe["name"], dataset.codebook.names), model_id=logged.model_id)
        log_figures(run_figures(trained.judged, dataset.codebook.names))
        for name, table in run_tables(trained.judged, trained.passages).items():
            mlflow.log_table(table, f"tables/{name}.json")
        for name in (CARD_FILE, MANIFEST_FILE):
            mlflow.log_artifact(str(trained.folder / name), "card")
    with asking(f"{kept} and in run {run.info.run_id}, but could not be registered"):
        version = mlflow.register_model(logged.model_uri, REGISTERED, tags={"framing.version": manifest.version, "recipe": recipe["name"]})
    return version_of(client, str(version.version))


def log_evaluation(model: FramingModel, evaluation: EvaluationSet | None) -> None:
    """Log in the run that is open what `model` answers for the evaluation set: metrics, figures, and a table of its passages."""
    import mlflow

    if evaluation is None:
        mlflow.set_tag("evaluation.name", "none")
        return
    dataset, frames = evaluation.dataset, evaluation.dataset.codebook.names
    tag_evaluation(evaluation)
    answers = answers_of(model, dataset)
    mlflow.log_metrics(metrics_of(measure_all(answers, frames, dataset.groups), "evaluation/"))
    log_figures({f"evaluation/{name}": figure for name, figure in answer_figures(answers, frames).items()})
    mlflow.log_table(answers_table(answers, dataset), "tables/evaluation.json")


def tag_evaluation(evaluation: EvaluationSet) -> None:
    """Say in the run that is open which passages it was measured on."""
    import mlflow

    log_data(evaluation.dataset, "evaluation", evaluation.name)
    mlflow.set_tags(
        {
            "evaluation.name": evaluation.name,
            "evaluation.sha256": evaluation.dataset.digest,
            "evaluation.passages": str(len(evaluation.dataset)),
        }
    )


def log_figures(figures: Mapping[str, Drawing]) -> None:
    """Log figures by name in the run that is open."""
    import mlflow

    for name, figure in figures.items():
        mlflow.log_figure(figure, f"figures/{name}.png")


def _notes(trained: Trained) -> dict[str, str]:
    """How a model was made over another, where it was."""
    origin, new = trained.manifest.recipe.get("over"), trained.manifest.data.get("new")
    tags = {f"over.{key}": str(value) for key, value in (origin or {}).items() if value is not None}
    tags |= {} if new is None else {"data.new": str(new)}
    return tags | ({"notes": " ".join(trained.judged.notes)} if trained.judged.notes else {})


def _log_model(trained: Trained) -> Any:
    """The model folder as a pyfunc. It comes without an example: MLflow would open the model in order to try it, which takes seconds."""
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema
    from mlflow.types.schema import Array, Map

    outputs = Schema(
        [
            ColSpec(Array(DataType.string), "predicted_frames"),
            ColSpec(Map(DataType.double), "probabilities"),
            ColSpec(Map(DataType.string), "decisions"),
            ColSpec(DataType.string, "model"),
        ]
    )
    warnings.filterwarnings("ignore", ".*An input example was not provided", UserWarning)
    return mlflow.pyfunc.log_model(
        name="model",
        python_model=str(_PYFUNC),
        artifacts={"folder": str(trained.folder)},
        code_paths=[str(Path(framing.__file__).parent)],
        pip_requirements=_pinned((*_SERVING, *KINDS[str(trained.manifest.encoder["kind"])].packages)),
        signature=ModelSignature(Schema([ColSpec(DataType.string, "text")]), outputs),
    )


def _pinned(packages: tuple[str, ...]) -> list[str]:
    from importlib.metadata import version

    return [f"{package}=={version(package)}" for package in packages]


def log_data(dataset: Dataset, context: str, name: str) -> None:
    """Log a data set as an input of the run that is open."""
    import mlflow
    import pandas as pd
    from mlflow.data.pandas_dataset import from_pandas

    frame = pd.DataFrame(
        {"id": passage.id, "group": passage.group, "text": passage.text, "frames": ";".join(passage.frames)} for passage in dataset.passages
    )
    mlflow.log_input(from_pandas(frame, name=name, digest=dataset.digest[:36]), context=context)
