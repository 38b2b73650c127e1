"""Runs, the registry and its aliases: the only door to mlflow."""

import importlib
from typing import TYPE_CHECKING, Any

from training.tracking.champion import Kind, Move, Throne, champion, fetch_champion, move_champion, record_verdict, throne, version_before
from training.tracking.process import Beside, beside
from training.tracking.pyfuncs import as_pyfunc
from training.tracking.registry import (
    CHAMPION,
    REGISTERED,
    Version,
    copy_version,
    download,
    export_version,
    sound_version,
    version_by_alias,
    version_of,
    version_uri,
    versions,
)
from training.tracking.runs import Record, log_run, prepare_logging
from training.tracking.store import DEFAULT_STORE, EXPERIMENT, asking, check_store, connect, reason

if TYPE_CHECKING:
    from mlflow import MlflowClient as MlflowClient  # for who hands one on

    from training.tracking.comparisons import log_comparison
    from training.tracking.contenders import find, names_folder, of_version
    from training.tracking.training_runs import log_training

_WHEN_ASKED = {
    "find": "contenders",
    "log_comparison": "comparisons",
    "log_training": "training_runs",
    "names_folder": "contenders",
    "of_version": "contenders",
}
"""What needs scikit-learn, by module: the process that opens MLflow beside a training has no time for it."""


def __getattr__(name: str) -> Any:
    if name not in _WHEN_ASKED:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(f"{__name__}.{_WHEN_ASKED[name]}"), name)


__all__ = [
    "Beside",
    "CHAMPION",
    "DEFAULT_STORE",
    "EXPERIMENT",
    "Kind",
    "Move",
    "REGISTERED",
    "Record",
    "Throne",
    "Version",
    "as_pyfunc",
    "asking",
    "beside",
    "champion",
    "check_store",
    "connect",
    "copy_version",
    "download",
    "export_version",
    "fetch_champion",
    "find",
    "log_comparison",
    "log_run",
    "log_training",
    "move_champion",
    "names_folder",
    "of_version",
    "prepare_logging",
    "reason",
    "record_verdict",
    "sound_version",
    "throne",
    "version_before",
    "version_by_alias",
    "version_of",
    "version_uri",
    "versions",
]
