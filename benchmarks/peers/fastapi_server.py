"""The obvious endpoint over the plain model, FastAPI as it is. Run: python -m benchmarks.peers.fastapi_server FOLDER PORT."""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from benchmarks.peers.plain import PlainModel


class Asked(BaseModel):
    """One text."""

    text: str


def create_app(folder: str) -> FastAPI:
    """An application whose one handler reads one text."""
    model, app = PlainModel(folder), FastAPI()

    @app.post("/predict")
    def predict(asked: Asked) -> dict[str, float]:
        return model.predict([asked.text])[0]

    return app


if __name__ == "__main__":
    uvicorn.run(create_app(sys.argv[1]), port=int(sys.argv[2]), access_log=False)
