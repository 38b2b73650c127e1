"""The MLflow store: a database, a server or a folder."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from framing.errors import MissingExtra, TrainingError

if TYPE_CHECKING:
    from mlflow import MlflowClient

DEFAULT_STORE = "sqlite:///mlflow.db"
EXPERIMENT = "framing"
NOT_THERE = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
"""What MLflow calls a version, an alias or a run that is not there, and a name that none can have."""
_SECRET = re.compile(r"(://[^\s/@:]*:)\S+(?=@)|((?:password|passwd|pwd|token|secret)=)[^\s&;'\")]+", re.IGNORECASE)
_BELOW = ("mlflow", "requests", "urllib3", "sqlalchemy", "boto3", "botocore", "google", "azure")
"""Whose errors come up from a store: MLflow itself, and what its servers, databases and files stand on."""


def import_mlflow() -> None:
    """Import what `connect` would, which takes most of its time, and touch no store. What cannot be imported is told by `connect`."""
    _choose_settings()
    with suppress(ImportError):
        import mlflow.pyfunc

        if not _address().startswith("http"):
            import mlflow.store.model_registry.sqlalchemy_store
            import mlflow.store.tracking.sqlalchemy_store  # noqa: F401


def check_store() -> None:
    """Raise as `connect` does."""
    connect()


def connect() -> MlflowClient:
    """A client on MLFLOW_TRACKING_URI, or on the local store. Raises MissingExtra, or TrainingError where it cannot be reached."""
    _choose_settings()
    try:
        import mlflow
    except ImportError as error:
        raise MissingExtra("the model registry", "train") from error
    uri = _address()
    mlflow.set_tracking_uri(uri)
    try:
        mlflow.set_experiment(EXPERIMENT)
        mlflow.set_experiment_tag("mlflow.experimentKind", "custom_model_development")
    except Exception as error:  # noqa: BLE001 - the store may be a database, a server or a folder, each with errors of its own
        raise TrainingError(f"the MLflow store at {without_secrets(uri)} cannot be used: {reason(error)}") from error
    return mlflow.MlflowClient()


def reason(error: Exception) -> str:
    """The first line of what an error says, with the last where it only announces that; or the error's name."""
    said = re.sub(r" at 0x[0-9a-f]+", "", without_secrets(str(error)))  # the same each time
    lines = [line.strip() for line in said.splitlines() if line.strip()] or [type(error).__name__]
    return f"{lines[0]} {lines[-1]}" if lines[0].endswith(":") and len(lines) > 1 else lines[0]


def without_secrets(text: str) -> str:
    """The text with the passwords of the addresses in it masked."""
    return _SECRET.sub(lambda found: f"{found[1] or found[2]}***", text)


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Whatever the store or its files refuse inside becomes a TrainingError: `what`, and the reason that they give."""
    try:
        yield
    except Exception as error:
        if not (isinstance(error, OSError) or type(error).__module__.partition(".")[0] in _BELOW):
            raise  # a sentence already, or a mistake in this program
        raise TrainingError(f"{what}: {reason(error)}") from error


def _choose_settings() -> None:
    """Settings of MLflow that nobody chose, before it is imported."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # seven take minutes to say that nobody answers
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", str(sys.stderr.isatty()))


def _address() -> str:
    return os.environ.get("MLFLOW_TRACKING_URI", DEFAULT_STORE)
