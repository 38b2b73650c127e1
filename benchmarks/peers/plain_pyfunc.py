"""The plain model as MLflow serves it: models from code, as `training/pyfunc.py` is for ours."""

from __future__ import annotations

from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext

from benchmarks.peers.plain import PlainModel


class PlainPyfunc(PythonModel):  # type: ignore[misc]
    """Rows with a `text` column to the probability of each frame."""

    def load_context(self, context: PythonModelContext) -> None:
        self._model = PlainModel(context.artifacts["folder"])

    def predict(self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        return pd.DataFrame(self._model.predict(model_input["text"].tolist()), index=model_input.index)


set_model(PlainPyfunc())
