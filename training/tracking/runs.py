"""A training run as MLflow keeps it, with all that compares it to others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import framing
from framing.artifact import CARD_FILE, MANIFEST_FILE, write_run
from framing.data import Dataset
from framing.encoder import KINDS
from training.metrics import measure_all
from training.promote import answers_of
from training.record import flat, metrics_of, run_figures, run_metrics, run_tables
from training.tracking.registry import REGISTERED, Version, version_of
from training.tracking.store import connect

if TYPE_CHECKING:
    from training.train import Trained

_SERVING = ("numpy", "onnxruntime", "tokenizers", "sentencex", "py3langid", "pandas")
_EXAMPLE = "Ankara offered to host both delegations and to put its own draft of a ceasefire on the table."
_PYFUNC = Path(__file__).parents[1] / "pyfunc.py"


def log_training(dataset: Dataset, trained: Trained, evaluation: Dataset | None = None) -> Version:
    """Log a training run with all that compares it to others, and register its model as a new version.

    Figures on `evaluation`, passages it was not trained on, are logged as `evaluation/...`.
    """
    import mlflow

    client = connect()
    manifest = trained.manifest
    recipe = dict(manifest.recipe)
    with mlflow.start_run(run_name=f"{recipe['name']}-{manifest.version}") as run:
        mlflow.log_params(flat(recipe))
        mlflow.set_tags(
            {
                "recipe": recipe["name"],
                "data.sha256": dataset.digest,
                "codebook.sha256": dataset.codebook.digest,
                "encoder.fingerprint": str(manifest.encoder["fingerprint"]),
                "framing.version": manifest.version,
            }
        )
        _log_data(dataset, "training")
        if evaluation is not None:
            _log_data(evaluation, "evaluation")
            figures = measure_all(answers_of(trained.model, evaluation), evaluation.codebook.names, evaluation.groups)
            mlflow.log_metrics(metrics_of(figures, "evaluation/"))
            mlflow.set_tag("evaluation.sha256", evaluation.digest)
        mlflow.log_metrics(run_metrics(trained.judged, recipe["name"], dataset.codebook.names))
        for name, figure in run_figures(trained.judged, dataset.codebook.names).items():
            mlflow.log_figure(figure, f"figures/{name}.png")
        for name, table in run_tables(trained.judged, dataset).items():
            mlflow.log_table(table, f"tables/{name}.json")
        write_run(trained.folder, run.info.run_id)
        for name in (CARD_FILE, MANIFEST_FILE):
            mlflow.log_artifact(str(trained.folder / name), "card")
        logged = _log_model(trained)
    version = mlflow.register_model(logged.model_uri, REGISTERED, tags={"framing.version": manifest.version, "recipe": recipe["name"]})
    return version_of(client, str(version.version))


def _log_model(trained: Trained) -> Any:
    import mlflow
    import pandas as pd
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
    return mlflow.pyfunc.log_model(
        name="model",
        python_model=str(_PYFUNC),
        artifacts={"folder": str(trained.folder)},
        code_paths=[str(Path(framing.__file__).parent)],
        pip_requirements=_pinned((*_SERVING, *KINDS[str(trained.manifest.encoder["kind"])].packages)),
        signature=ModelSignature(Schema([ColSpec(DataType.string, "text")]), outputs),
        input_example=pd.DataFrame({"text": [_EXAMPLE]}),
    )


def _pinned(packages: tuple[str, ...]) -> list[str]:
    from importlib.metadata import version

    return [f"{package}=={version(package)}" for package in packages]


def _log_data(dataset: Dataset, context: str) -> None:
    import mlflow
    import pandas as pd
    from mlflow.data.pandas_dataset import from_pandas

    frame = pd.DataFrame(
        {"id": passage.id, "group": passage.group, "text": passage.text, "frames": ";".join(passage.frames)} for passage in dataset.passages
    )
    mlflow.log_input(from_pandas(frame, name=f"{context} passages", digest=dataset.digest[:36]), context=context)
