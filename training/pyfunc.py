"""The registered model's code: MLflow runs this file when it loads a version, so no pickle is written."""

from __future__ import annotations

from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext

from framing.artifact import load_model, with_fallback
from framing.batch import scored_fields


class FramingPyfunc(PythonModel):  # type: ignore[misc]
    """Rows with a `text` column to what `framing score` adds to them, one passage a row."""

    def load_context(self, context: PythonModelContext) -> None:
        folder, fallback = context.artifacts["folder"], context.artifacts.get("fallback")
        self._model = load_model(folder) if fallback is None else with_fallback(load_model(folder), folder, fallback)

    def predict(self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        texts = model_input["text"].tolist()
        bad = [at for at, text in enumerate(texts) if not isinstance(text, str) or not text.strip()]
        if bad:
            raise ValueError(f"{len(bad)} of {len(texts)} rows hold no text, the first at position {bad[0]}")
        answers = self._model.score(texts)
        return pd.DataFrame([scored_fields(answer) for answer in answers], index=model_input.index)


set_model(FramingPyfunc())
