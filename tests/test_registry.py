"""From a training run to the model that answers, through real MLflow servers: on SQLite, and on PostgreSQL with S3."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from framing.artifact import load_model
from framing.cli import framing
from tests.test_training import FOUR, weather
from training import tracking
from training.recipes import Recipe
from training.run import Run
from training.train import Trained, train


@pytest.fixture(scope="module")
def trained(small_transformer: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    recipe = Recipe("small", "a small frozen encoder", encoder=str(small_transformer), folds=2)
    return train(weather(30), recipe, tmp_path_factory.mktemp("trained") / "model", run=Run(jobs=1, quiet=True))


def run(*arguments: str) -> str:
    result = CliRunner().invoke(framing, ["models", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_a_run_is_registered_promoted_listed_and_followed(served_registry, trained, tmp_path):
    evaluation = tmp_path / "evaluation.jsonl"
    lines = [{"id": p.id, "group": p.group, "text": f"{p.text} indeed", "frames": p.frames} for p in weather(10).passages]
    evaluation.write_text("".join(json.dumps(line) + "\n" for line in lines))
    version = tracking.log_training(weather(30), trained)
    assert version.number == "1"
    assert run("promote", "1", "--evaluation", str(evaluation)).endswith("promoted: version 1 is the champion\n")
    assert run("list").startswith("*    1  small")
    run("follow", "--once", str(tmp_path / "live"))
    live = load_model(tmp_path / "live")
    assert live.identity.run == version.run
    assert live.codebook.names == FOUR.names
    texts = ["talks and talks", "rain"]
    assert [answer.frames for answer in live.score(texts)] == [answer.frames for answer in trained.model.score(texts)]
