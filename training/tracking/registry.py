"""The registered versions of the model, and the folders in them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from framing.artifact import MANIFEST_FILE, check_golden, load_model, prepare_place
from framing.errors import MissingExtra, ModelFolderError, TrainingError
from framing.files import disk_refusals, whole_folder
from framing.prediction import ModelIdentity
from training.learned import Learned, read_learned
from training.tracking.store import NOT_THERE, asking, reason

if TYPE_CHECKING:
    from mlflow import MlflowClient

REGISTERED = "framing"
CHAMPION = "champion"
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

    with asking(f"the registry cannot tell of version {number}"):
        try:
            found = client.get_model_version(REGISTERED, number)
        except MlflowException as error:
            if error.error_code not in NOT_THERE:
                raise
            raise TrainingError(f"there is no version {number} of '{REGISTERED}'; see `framing models list`") from error
    return Version(str(found.version), str(found.run_id), tuple(found.aliases), dict(found.tags))


def version_by_alias(client: MlflowClient, alias: str) -> Version | None:
    """The version that an alias points at, if any. Raises TrainingError where the registry cannot say."""
    from mlflow.exceptions import MlflowException

    with asking(f"the registry cannot tell of the alias '{alias}'"):
        try:
            found = client.get_model_version_by_alias(REGISTERED, alias)
        except MlflowException as error:
            if error.error_code not in NOT_THERE:
                raise
            return None
    return version_of(client, str(found.version))


def versions(client: MlflowClient) -> list[Version]:
    """All versions of the registered model, newest first. Raises TrainingError where the registry cannot say."""
    with asking("the registry cannot tell which versions there are"):
        found = client.search_model_versions(f"name='{REGISTERED}'")
    return sorted((version_of(client, str(entry.version)) for entry in found), key=lambda version: -int(version.number))


def export_version(version: Version, folder: Path) -> ModelIdentity:
    """Copy the model folder of a version to `folder` in one step, if it is sound; returns which model that is.

    Raises TrainingError where the version cannot be had or is broken, MissingExtra where it cannot be checked here, ModelFolderError
    where the folder cannot be written.
    """
    prepare_place(folder)
    with downloaded(version_uri(version)) as source:
        identity = sound_version(version, source)
        with disk_refusals(partial(ModelFolderError, folder)), whole_folder(folder) as scratch:
            shutil.copytree(source, scratch, dirs_exist_ok=True)
    return identity


def copy_version(version: Version, folder: Path) -> None:
    """Copy what the registry holds for a version to `folder` in one step, sound or not."""
    prepare_place(folder)
    with downloaded(version_uri(version)) as source, whole_folder(folder) as scratch:
        shutil.copytree(source, scratch, dirs_exist_ok=True)


def sound_version(version: Version, folder: Path) -> ModelIdentity:
    """Which model a copy of a version holds. Raises TrainingError if it cannot be loaded, or does not give its golden answers, and
    MissingExtra where packages for that are not installed."""
    try:
        model = load_model(folder)
        check_golden(model, folder)
    except MissingExtra:
        raise
    except Exception as error:
        raise TrainingError(f"version {version.number} is broken: {reason(error)}") from error
    return model.identity


def version_uri(version: Version) -> str:
    """Where MLflow finds the artifacts of a version."""
    return f"models:/{REGISTERED}/{version.number}"


@contextmanager
def downloaded(uri: str) -> Iterator[Path]:
    """The model folder among the artifacts at `uri`, there until the block ends. Raises TrainingError if there is none to be had."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:  # whoever breaks a download off leaves threads that write
        yield fetch(uri, Path(scratch))


def fetch(uri: str, place: Path) -> Path:
    """Copy the artifacts at `uri` into the folder `place`; returns the model folder among them. Raises TrainingError as `download`."""
    return next(download(uri, place).rglob(MANIFEST_FILE)).parent


def download(uri: str, place: Path) -> Path:
    """A copy, in the folder `place`, of the artifacts at `uri`. Raises TrainingError if they hold no model, or cannot be had."""
    import mlflow

    with asking(f"the files of {uri} cannot be fetched"):
        copy = Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(place)))
    if not any(copy.rglob(MANIFEST_FILE)):
        raise TrainingError(f"{uri} holds no model of framing, or its files are gone: there is no {MANIFEST_FILE} in it")
    return copy


def learned_in(client: MlflowClient, run: str | None) -> Learned | None:
    """What a run says that its model has learned from; None where the store has no such run, or one from before runs did.

    Raises TrainingError where the store cannot say, so that nobody takes that for a run which does not.
    """
    import mlflow
    from mlflow.exceptions import MlflowException

    if run is None:
        return None
    with asking(f"what run {run} has learned from cannot be read"):
        try:
            content = mlflow.artifacts.load_dict(f"runs:/{run}/{LEARNED}")
        except MlflowException:  # one kind of error for a file that is not there and for one that cannot be fetched
            if _says_nothing(client, run):
                return None
            raise
    return read_learned(content, f"{LEARNED} of run {run}")


def _says_nothing(client: MlflowClient, run: str) -> bool:
    """Whether there is no such run, or one with other files alone; one without any has lost them, and may have said something."""
    from mlflow.exceptions import MlflowException

    try:
        files = client.list_artifacts(run)
    except MlflowException as error:
        if error.error_code in NOT_THERE:
            return True
        raise
    return bool(files) and LEARNED.partition("/")[0] not in {file.path for file in files}
