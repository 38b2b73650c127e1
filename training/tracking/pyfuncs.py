"""A model folder as an MLflow pyfunc: its code, its files, and the columns that go in and come out."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import framing

_CODE = Path(__file__).parents[1] / "pyfunc.py"


def as_pyfunc(folder: Path, fallback: Path | None = None) -> dict[str, Any]:
    """What MLflow is to be told in order to save or log a model folder, and its fallback; the packages it needs are for the caller to say.

    It comes without an example: MLflow would open the model in order to try it, which takes seconds.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema
    from mlflow.types.schema import Array, Map

    added = Schema(
        [
            ColSpec(Array(DataType.string), "predicted_frames"),
            ColSpec(Map(DataType.double), "probabilities"),
            ColSpec(Map(DataType.string), "decisions"),
            ColSpec(DataType.string, "predicted_language"),
            ColSpec(DataType.boolean, "text_truncated"),
            ColSpec(DataType.string, "model"),
        ]
    )
    warnings.filterwarnings("ignore", ".*An input example was not provided", UserWarning)
    return {
        "python_model": str(_CODE),
        "artifacts": {"folder": str(folder), **({} if fallback is None else {"fallback": str(fallback)})},
        "code_paths": [str(Path(framing.__file__).parent)],
        "signature": ModelSignature(Schema([ColSpec(DataType.string, "text")]), added),
    }
