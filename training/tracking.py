"""Runs, the registry and its aliases: the only door to mlflow."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import framing
from framing.artifact import CARD_FILE, MANIFEST_FILE, check_replaceable, load_model, write_run
from framing.data import Dataset
from framing.encoder import KINDS
from framing.errors import MissingExtra, TrainingError
from framing.files import whole_folder
from framing.model import FramingModel
from training.learned import Learned, read_learned
from training.metrics import measure_all
from training.promote import Verdict, answers_of
from training.record import flat, metrics_of, run_figures, run_metrics, run_tables
from training.refit import Champion, open_champion

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from training.train import Trained

DEFAULT_STORE = "sqlite:///mlflow.db"
EXPERIMENT = "framing"
REGISTERED = "framing"
CHAMPION = "champion"
LEARNED = "data/learned.json"
"""Artifact of a run: digests of the texts that its model has learned from, with labels and groups."""
_SERVING = ("numpy", "onnxruntime", "tokenizers", "sentencex", "py3langid", "pandas")


@dataclass(frozen=True, slots=True)
class Version:
    """One version in the registry, with the aliases that point at it."""

    number: str
    run: str
    aliases: tuple[str, ...]
    tags: Mapping[str, str]


def connect() -> MlflowClient:
    """A client on MLFLOW_TRACKING_URI, or on the local store. Raises MissingExtra, or TrainingError where it cannot be reached."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # seven take minutes to say that nobody answers
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", str(sys.stderr.isatty()))
    try:
        import mlflow
    except ImportError as error:
        raise MissingExtra("the model registry", "train") from error
    uri = os.environ.get("MLFLOW_TRACKING_URI", DEFAULT_STORE)
    mlflow.set_tracking_uri(uri)
    try:
        mlflow.set_experiment(EXPERIMENT)
        mlflow.set_experiment_tag("mlflow.experimentKind", "custom_model_development")
    except Exception as error:  # noqa: BLE001 - the store may be a database, a server or a folder, each with errors of its own
        raise TrainingError(f"the MLflow store at {uri} cannot be used: {str(error).splitlines()[0]}") from error
    return mlflow.MlflowClient()


def log_training(dataset: Dataset, trained: Trained, evaluation: Dataset | None = None, tags: Mapping[str, str] | None = None) -> Version:
    """Log a training run with all that compares it to others, and register its model as a new version.

    Figures on `evaluation`, passages it was not trained on, are logged as `evaluation/...`; `tags` are added to the run's own.
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
                **_notes(trained),
                **(tags or {}),
            }
        )
        _log_data(dataset, "training")
        if evaluation is not None:
            _log_data(evaluation, "evaluation")
            figures = measure_all(answers_of(trained.model, evaluation), evaluation.codebook.names, evaluation.groups)
            mlflow.log_metrics(metrics_of(figures, "evaluation/"))
            mlflow.set_tag("evaluation.sha256", evaluation.digest)
        write_run(trained.folder, run.info.run_id)
        logged = _log_model(trained)  # before the metrics: MLflow copies those that are there to the model one by one, which takes seconds
        mlflow.log_metrics(run_metrics(trained.judged, recipe["name"], dataset.codebook.names), model_id=logged.model_id)
        for name, figure in run_figures(trained.judged, dataset.codebook.names).items():
            mlflow.log_figure(figure, f"figures/{name}.png")
        for name, table in run_tables(trained.judged, trained.passages).items():
            mlflow.log_table(table, f"tables/{name}.json")
        mlflow.log_dict(trained.learned.as_dict(), LEARNED)
        for name in (CARD_FILE, MANIFEST_FILE):
            mlflow.log_artifact(str(trained.folder / name), "card")
    version = mlflow.register_model(logged.model_uri, REGISTERED, tags={"framing.version": manifest.version, "recipe": recipe["name"]})
    return version_of(client, str(version.version))


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
        python_model=str(Path(__file__).with_name("pyfunc.py")),
        artifacts={"folder": str(trained.folder)},
        code_paths=[str(Path(framing.__file__).parent)],
        pip_requirements=_pinned((*_SERVING, *KINDS[str(trained.manifest.encoder["kind"])].packages)),
        signature=ModelSignature(Schema([ColSpec(DataType.string, "text")]), outputs),
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


def version_of(client: MlflowClient, number: str) -> Version:
    """A version of the registered model, by number. Raises TrainingError if there is none."""
    from mlflow.exceptions import MlflowException

    try:
        found = client.get_model_version(REGISTERED, number)
    except MlflowException as error:
        raise TrainingError(f"there is no version {number} of '{REGISTERED}'; see `framing models list`") from error
    return Version(str(found.version), str(found.run_id), tuple(found.aliases), dict(found.tags))


def versions(client: MlflowClient) -> list[Version]:
    """All versions of the registered model, newest first."""
    found = client.search_model_versions(f"name='{REGISTERED}'")
    return sorted((version_of(client, str(entry.version)) for entry in found), key=lambda version: -int(version.number))


def champion(client: MlflowClient) -> Version | None:
    """The version the alias `champion` points at, if any."""
    return next((version for version in versions(client) if CHAMPION in version.aliases), None)


def record_verdict(client: MlflowClient, version: Version, verdict: Verdict) -> None:
    """Write the verdict's reasons on the version, and move the alias `champion` to it if it passed."""
    client.set_model_version_tag(REGISTERED, version.number, "promotion", "passed" if verdict.passed else "refused")
    client.set_model_version_tag(REGISTERED, version.number, "promotion.reasons", "; ".join(verdict.reasons))
    if verdict.passed:
        client.set_registered_model_alias(REGISTERED, CHAMPION, version.number)


def load_version(version: Version) -> FramingModel:
    """The model of a version, loaded whole into memory."""
    with _downloaded(version) as folder:
        return load_model(folder)


@contextmanager
def opened_champion(client: MlflowClient) -> Iterator[Champion]:
    """The champion, its files there as long as the block lasts. Raises TrainingError if there is none."""
    version = champion(client)
    if version is None:
        raise TrainingError(f"no version of '{REGISTERED}' is the champion yet; promote one, or name a model folder with --over")
    with _downloaded(version) as folder:
        yield open_champion(folder, _learned(version))


def _learned(version: Version) -> Learned | None:
    """What a version's run says that its model has learned from; None where it is of before such lists were kept."""
    import mlflow
    from mlflow.exceptions import MlflowException

    try:
        return read_learned(mlflow.artifacts.load_dict(f"runs:/{version.run}/{LEARNED}"), f"{LEARNED} of run {version.run}")
    except MlflowException:
        return None


def export_version(version: Version, folder: Path) -> None:
    """Copy the model folder of a version to `folder`, in one step."""
    check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _downloaded(version) as source, whole_folder(folder) as scratch:
        shutil.copytree(source, scratch, dirs_exist_ok=True)


@contextmanager
def _downloaded(version: Version) -> Iterator[Path]:
    import mlflow

    with tempfile.TemporaryDirectory() as scratch:
        local = mlflow.artifacts.download_artifacts(f"models:/{REGISTERED}/{version.number}", dst_path=scratch)
        yield next(Path(local).rglob(MANIFEST_FILE)).parent
