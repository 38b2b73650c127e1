"""The registered versions of the model, and the folders in them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from framing.artifact import MANIFEST_FILE, check_replaceable
from framing.errors import TrainingError
from framing.files import whole_folder
from training.learned import Learned, read_learned

if TYPE_CHECKING:
    from mlflow import MlflowClient

REGISTERED = "framing"
CHAMPION = "champion"
_UNKNOWN = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
"""What MLflow calls a version that is not there, and a number that is none."""
LEARNED = "data/learned.json"
"""Artifact of a run: digests of the texts that its model has learned from, with labels and groups."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version in the registry, with the aliases that point at it."""

    number: str
    run: str
    aliases: tuple[str, ...]
    tags: Mapping[str, str]


def version_of(client: MlflowClient, number: str) -> Version:
    """A version of the registered model, by number. Raises TrainingError if there is none, or the registry cannot say."""
    from mlflow.exceptions import MlflowException

    try:
        found = client.get_model_version(REGISTERED, number)
    except MlflowException as error:
        if error.error_code not in _UNKNOWN:
            raise TrainingError(f"the registry cannot tell of version {number}: {str(error).splitlines()[0]}") from error
        raise TrainingError(f"there is no version {number} of '{REGISTERED}'; see `framing models list`") from error
    return Version(str(found.version), str(found.run_id), tuple(found.aliases), dict(found.tags))


def versions(client: MlflowClient) -> list[Version]:
    """All versions of the registered model, newest first."""
    found = client.search_model_versions(f"name='{REGISTERED}'")
    return sorted((version_of(client, str(entry.version)) for entry in found), key=lambda version: -int(version.number))


def export_version(version: Version, folder: Path) -> None:
    """Copy the model folder of a version to `folder`, in one step."""
    check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with downloaded(version_uri(version)) as source, whole_folder(folder) as scratch:
        shutil.copytree(source, scratch, dirs_exist_ok=True)


def version_uri(version: Version) -> str:
    """Where MLflow finds the artifacts of a version."""
    return f"models:/{REGISTERED}/{version.number}"


@contextmanager
def downloaded(uri: str) -> Iterator[Path]:
    """The model folder among the artifacts at `uri`, there until the block ends. Raises TrainingError if there is none."""
    with tempfile.TemporaryDirectory() as scratch:
        yield fetch(uri, Path(scratch))


def fetch(uri: str, folder: Path) -> Path:
    """Copy the artifacts at `uri` into `folder`; returns the model folder among them. Raises TrainingError if there is none."""
    import mlflow

    local = mlflow.artifacts.download_artifacts(uri, dst_path=str(folder))
    manifest = next(Path(local).rglob(MANIFEST_FILE), None)
    if manifest is None:
        raise TrainingError(f"{uri} holds no model of framing: there is no {MANIFEST_FILE} in it")
    return manifest.parent


def learned_in(run: str | None) -> Learned | None:
    """What a run says that its model has learned from; None where the store has no such run, or one from before runs did."""
    import mlflow
    from mlflow.exceptions import MlflowException

    if run is None:
        return None
    try:
        return read_learned(mlflow.artifacts.load_dict(f"runs:/{run}/{LEARNED}"), f"{LEARNED} of run {run}")
    except (MlflowException, OSError):
        return None
