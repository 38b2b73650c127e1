"""Models by the names that people give them: a version, an alias, a run, or a folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from framing.artifact import load_model, read_golden, read_manifest
from framing.errors import TrainingError
from training.comparison import Contender
from training.tracking.registry import REGISTERED, Version, downloaded, learned_in, version_of, version_uri, versions

if TYPE_CHECKING:
    from mlflow import MlflowClient

_VERSION = re.compile(r"\d+")
_RUN = re.compile(r"[0-9a-f]{32}")


def find(client: MlflowClient, name: str) -> Contender:
    """The model that `name` means, loaded whole. Raises TrainingError, or ModelFolderError where a folder is not whole.

    A number is a version, 32 hexadecimal digits are a run; any other name is an alias if the registry has it, and else a folder.
    """
    if _VERSION.fullmatch(name):
        return of_version(client, version_of(client, name))
    if _RUN.fullmatch(name):
        return _of_run(client, name)
    version = _by_alias(client, name)
    if version is not None:
        return of_version(client, version)
    if Path(name).is_dir():
        return _read(Path(name), f"folder {name}")
    raise TrainingError(f"'{name}' is no model: {_accepted(client)}")


def of_version(client: MlflowClient, version: Version) -> Contender:
    """A registered version, called by its number and its aliases."""
    aliases = f" ({', '.join(version.aliases)})" if version.aliases else ""
    with downloaded(version_uri(version)) as folder:
        return _read(folder, f"version {version.number}{aliases}", version.number)


def _of_run(client: MlflowClient, run: str) -> Contender:
    from mlflow.exceptions import MlflowException

    registered = next((version for version in versions(client) if version.run == run), None)
    if registered is not None:
        return of_version(client, registered)
    try:
        with downloaded(f"runs:/{run}/model") as folder:
            return _read(folder, f"run {run}")
    except MlflowException as error:
        raise TrainingError(f"there is no run {run} with a model; {_accepted(client)}") from error


def _by_alias(client: MlflowClient, name: str) -> Version | None:
    from mlflow.exceptions import MlflowException

    try:
        return version_of(client, str(client.get_model_version_by_alias(REGISTERED, name).version))
    except MlflowException:
        return None


def _accepted(client: MlflowClient) -> str:
    known = versions(client)
    numbers = ", ".join(version.number for version in known) or "none"
    aliases = ", ".join(alias for version in known for alias in version.aliases) or "none"
    return f"accepted are a version (there are {numbers}), an alias (there are {aliases}), the id of a run, or a model folder"


def _read(folder: Path, name: str, version: str | None = None) -> Contender:
    model, manifest = load_model(folder), read_manifest(folder)
    return Contender(name, model, read_golden(folder), manifest.data.get("digest"), manifest.run, version, learned_in(manifest.run))
