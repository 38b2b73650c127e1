"""Runs, the registry and its aliases: the only door to mlflow."""

from typing import TYPE_CHECKING

from training.tracking.champion import Kind, Move, Throne, champion, move_champion, record_verdict, throne, version_before
from training.tracking.comparisons import log_comparison
from training.tracking.contenders import find, names_folder, of_version, opened_champion
from training.tracking.registry import (
    CHAMPION,
    REGISTERED,
    Version,
    download,
    export_version,
    version_by_alias,
    version_of,
    version_uri,
    versions,
)
from training.tracking.runs import log_training
from training.tracking.store import DEFAULT_STORE, EXPERIMENT, connect

if TYPE_CHECKING:
    from mlflow import MlflowClient as MlflowClient  # for who hands one on

__all__ = [
    "CHAMPION",
    "DEFAULT_STORE",
    "EXPERIMENT",
    "Kind",
    "Move",
    "REGISTERED",
    "Throne",
    "Version",
    "champion",
    "connect",
    "download",
    "export_version",
    "find",
    "log_comparison",
    "log_training",
    "move_champion",
    "names_folder",
    "of_version",
    "opened_champion",
    "record_verdict",
    "throne",
    "version_before",
    "version_by_alias",
    "version_of",
    "version_uri",
    "versions",
]
