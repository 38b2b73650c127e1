"""Runs, the registry and its aliases: the only door to mlflow."""

from typing import TYPE_CHECKING

from training.tracking.registry import (
    CHAMPION,
    REGISTERED,
    Version,
    champion,
    export_version,
    load_version,
    record_verdict,
    version_of,
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
    "REGISTERED",
    "Version",
    "champion",
    "connect",
    "export_version",
    "load_version",
    "log_training",
    "record_verdict",
    "version_of",
    "versions",
]
