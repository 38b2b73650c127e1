"""Models by the names that people give them: a version, an alias, a run, or a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from framing.artifact import load_model, read_golden, read_manifest
from framing.errors import ModelFolderError, TrainingError
from training.comparison import Contender
from training.refit import digests
from training.tracking.registry import (
    CHAMPION,
    Version,
    downloaded,
    learned_in,
    version_by_alias,
    version_of,
    version_uri,
    versions,
)
from training.tracking.store import NOT_THERE, asking

if TYPE_CHECKING:
    from mlflow import MlflowClient

_VERSION = re.compile(r"\d+")
_RUN = re.compile(r"[0-9a-f]{32}")


def names_folder(name: str) -> bool:
    """Whether `name` means a model folder, which no registry is needed to find: one that is there, and is not named as something else."""
    return name != CHAMPION and not _VERSION.fullmatch(name) and not _RUN.fullmatch(name) and Path(name).is_dir()


def find(client: MlflowClient | None, name: str) -> Contender:
    """The model that `name` means, loaded whole. Raises TrainingError.

    A number is a version, 32 hexadecimal digits are a run; any other name is a model folder if there is one, and else an alias, but
    `champion` is always the alias. Without a client there are folders alone, and nobody is asked what they have learned from.
    """
    if names_folder(name):
        return _read(client, Path(name), f"folder {name}")
    assert client is not None
    if _VERSION.fullmatch(name):
        return of_version(client, version_of(client, name))
    if _RUN.fullmatch(name):
        return _of_run(client, name)
    version = version_by_alias(client, name)
    if version is not None:
        return of_version(client, version)
    raise TrainingError(f"'{name}' is no model: {_accepted(client)}")


def of_version(client: MlflowClient, version: Version) -> Contender:
    """A registered version, called by its number and its aliases."""
    aliases = f" ({', '.join(version.aliases)})" if version.aliases else ""
    with downloaded(version_uri(version)) as folder:
        return _read(client, folder, f"version {version.number}{aliases}", version.number)


def _of_run(client: MlflowClient, run: str) -> Contender:
    from mlflow.exceptions import MlflowException

    registered = next((version for version in versions(client) if version.run == run), None)
    if registered is not None:
        return of_version(client, registered)
    with asking(f"the registry cannot tell of run {run}"):
        try:
            client.get_run(run)
        except MlflowException as error:
            if error.error_code not in NOT_THERE:
                raise
            raise TrainingError(f"there is no run {run}; {_accepted(client)}") from error
    with downloaded(f"runs:/{run}/model") as folder:
        return _read(client, folder, f"run {run}")


def _accepted(client: MlflowClient) -> str:
    known = versions(client)
    numbers = ", ".join(version.number for version in known) or "none"
    aliases = ", ".join(alias for version in known for alias in version.aliases) or "none"
    return f"accepted are a version (there are {numbers}), an alias (there are {aliases}), the id of a run, or a model folder"


def _read(client: MlflowClient | None, folder: Path, name: str, version: str | None = None) -> Contender:
    with sound(name):
        model, manifest, golden = load_model(folder), read_manifest(folder), read_golden(folder)
    learned = None if client is None else learned_in(client, manifest.run)
    return Contender(name, model, golden, tuple(digests(manifest)), manifest.run, version, learned)


@contextmanager
def sound(name: str) -> Iterator[None]:
    """A folder that is refused is called as people call the model: it may be a copy that is gone when they read it."""
    try:
        yield
    except ModelFolderError as error:
        raise TrainingError(f"{name} is broken: {error}") from error
