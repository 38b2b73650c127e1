"""One answer wherever it is asked for: over HTTP, in bulk, and on Spark, by the shipped model and its fallback."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pyarrow
import pytest
from fastapi.testclient import TestClient
from pyarrow import parquet

from framing.api.app import create_app
from framing.api.settings import Settings
from framing.artifact import DEFAULT_FOLDER, load_model, with_fallback
from framing.batch import score_file
from framing.model import FramingModel
from framing.rows import read_rows
from tests.conftest import ROOT


@dataclass(frozen=True)
class Labelled:
    """What is said of one passage, to the last bit."""

    text: str
    language: str
    truncated: bool
    model: str
    probabilities: dict[str, float]
    decisions: dict[str, str]


@pytest.fixture(scope="module")
def model() -> FramingModel:
    return with_fallback(load_model(DEFAULT_FOLDER), DEFAULT_FOLDER)


@pytest.fixture(scope="module")
def passages(seed_texts) -> list[str]:
    """Twenty-four in English, six in other languages, a long one, and one that comes again."""
    foreign = [json.loads(line)["text"] for line in (ROOT / "seeds" / "multilingual.jsonl").read_text(encoding="utf-8").splitlines()]
    return [*seed_texts[:24], *foreign[::150][:6], " ".join(seed_texts[:8]), seed_texts[3]]


@pytest.fixture(scope="module")
def direct(model, passages) -> list[Labelled]:
    """What the model says of each passage alone."""
    answers = [model.score([text])[0] for text in passages]
    return [
        Labelled(
            answer.text,
            answer.language,
            answer.truncated,
            answer.model,
            {frame.frame: frame.probability for frame in answer.frames},
            {frame.frame: frame.decision for frame in answer.frames},
        )
        for answer in answers
    ]


@pytest.fixture
def source(passages, tmp_path) -> Path:
    parquet.write_table(pyarrow.table({"id": list(range(len(passages))), "text": passages}), tmp_path / "in.parquet")
    return tmp_path / "in.parquet"


def of_row(row: dict) -> Labelled:
    told = (row[name] for name in ("text", "predicted_language", "text_truncated", "model", "probabilities", "decisions"))
    return Labelled(*told)


def test_the_passages_are_answered_in_every_way(direct):
    assert {decision for labelled in direct for decision in labelled.decisions.values()} == {"present", "unsure", "absent"}


def test_http_answers_the_same(model, passages, direct):
    body = {"documents": [{"id": str(number), "text": text} for number, text in enumerate(passages)], "split": "none"}
    with TestClient(create_app(model, Settings())) as client:
        answered = client.post("/v1/predict", json=body).raise_for_status().json()["documents"]
    for document, labelled in zip(answered, direct, strict=True):
        (passage,) = document["passages"]
        assert (passage["language"], passage["truncated"], passage["model"]) == (labelled.language, labelled.truncated, labelled.model)
        assert {frame["frame"]: frame["probability"] for frame in passage["frames"]} == labelled.probabilities
        assert {frame["frame"]: frame["decision"] for frame in passage["frames"]} == labelled.decisions


def test_bulk_scoring_answers_the_same(model, source, direct, tmp_path):
    score_file(model, source, tmp_path / "out.jsonl")
    assert [of_row(row.fields) for row in read_rows(tmp_path / "out.jsonl")] == direct


@pytest.mark.skipif(not find_spec("pyspark") or not shutil.which("java"), reason="skipped: pyspark or Java is not installed")
def test_spark_answers_the_same(source, direct, tmp_path):
    from training.spark import score_on_spark

    score_on_spark(str(source), str(tmp_path / "out"), "local[2]", str(DEFAULT_FOLDER))
    rows = sorted(parquet.read_table(tmp_path / "out").to_pylist(), key=lambda row: row["id"])
    assert [of_row(row) for row in rows] == direct
