"""`framing train` over a champion and from the label store, with a real MLflow on SQLite."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("sqlalchemy", reason="skipped: sqlalchemy is not installed")

from framing.artifact import read_manifest
from framing.cli import framing
from framing.labels import Label, Origin, open_store
from framing.row_writer import open_rows_writer
from tests.test_training import FOUR, weather
from training import tracking
from training.learned import learned_from, read_learned
from training.recipes import Recipe, recipe_named
from training.run import Run
from training.tracking.registry import LEARNED
from training.train import train

KNOWN = 80
"""Passages that the champion was trained on, of the 120 in the label store."""


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with a label store, and an MLflow store in which a champion is registered."""
    folder = tmp_path_factory.mktemp("quick")
    said = [Label(one.text, one.frames, "anna", origin=Origin(id=one.id, group=one.group, style="wire")) for one in weather().passages]
    with closing(open_store(str(folder / "labels.db"))) as store:
        store.keep(said, FOUR)
    return folder


@pytest.fixture(scope="module")
def champion(place, small_transformer):
    """The folder of the model that is registered as champion."""
    recipe = Recipe("small", "", encoder=str(small_transformer), folds=2, draws=20)
    trained = train(weather().subset(range(KNOWN)), recipe, place / "champion", run=Run(jobs=1, quiet=True), leave_kinds_out=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{place}/mlflow.db")
        patch.chdir(place)  # where artifacts go
        version = tracking.log_training(weather().subset(range(KNOWN)), trained)
        tracking.connect().set_registered_model_alias(tracking.REGISTERED, tracking.CHAMPION, version.number)
        yield trained.folder


@pytest.fixture
def run(place, monkeypatch):
    """Call `framing train` in the folder, by a quick recipe with two folds."""
    monkeypatch.setattr("training.commands.training.recipe_named", lambda name: replace(recipe_named(name), folds=2, draws=20))

    def call(*arguments: object) -> Result:
        return CliRunner().invoke(framing, ["train", "--recipe", "refit", "--jobs", "1", *map(str, arguments)])

    return call


def test_labels_of_the_store_become_a_registered_version_over_the_champion_and_again_from_their_digest(run, champion, place):
    import mlflow

    done = run("--from-labels", "--labels", place / "labels.db", "--out", place / "first")
    assert done.exit_code == 0, done.output
    assert "new heads were fitted to all 120 passages, 40 of which are new to it" in done.output
    assert "registered as framing version 2" in done.output
    version = tracking.version_of(tracking.connect(), "2")
    ran = mlflow.get_run(version.run)
    digest, state = read_manifest(place / "first").data["digest"], ran.data.tags["labels.state"]
    expected = {"data.sha256": digest, "data.new": "40", "over.recipe": "small", "over.taught": "False"}
    assert expected.items() <= ran.data.tags.items()
    assert ran.inputs.dataset_inputs[0].dataset.digest == digest[:36]
    assert ran.data.metrics["f1/frost/low"] <= ran.data.metrics["f1/frost"]
    learned = read_learned(mlflow.artifacts.load_dict(f"runs:/{version.run}/{LEARNED}"), "the run")
    assert learned == learned_from(weather())

    with closing(open_store(str(place / "labels.db"))) as store:
        store.keep([Label("A text that came later.", (), "anna")], FOUR)
    again = run("--from-labels", "--labels", place / "labels.db", "--state", state[:16], "--out", place / "again", "--no-track")
    assert again.exit_code == 0, again.output
    assert read_manifest(place / "again").version == read_manifest(place / "first").version


def test_a_folder_to_start_from_needs_no_registry_and_files_say_what_it_has_learned(run, champion, place):
    for name, data in (("known.jsonl", weather().subset(range(KNOWN))), ("all.jsonl", weather())):
        with open_rows_writer(place / name) as writer:
            for one in data.passages:
                writer.write({"id": one.id, "group": one.group, "text": one.text, "frames": list(one.frames)})
    (place / "codebook.json").write_text(json.dumps(FOUR.as_dict()), encoding="utf-8")
    files = ["--data", place / "all.jsonl", "--codebook", place / "codebook.json"]
    done = run(*files, "--over", champion, "--trained-on", place / "known.jsonl", "--out", place / "over", "--no-track", "--no-cache")
    assert done.exit_code == 0, done.output
    assert "40 of which are new to it" in done.output


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "name labelled files with --data, or --from-labels"),
        (["--from-labels"], "--from-labels needs --labels, or FRAMING_LABELS"),
        (["--data", __file__, "--state", "0" * 64], "--state is one of the label store: it needs --from-labels"),
        (["--data", __file__], "--data needs --codebook"),
        (["--from-labels", "--labels", "labels.db", "--recipe", "frozen", "--over", "."], "'frozen' does not"),
        (["--from-labels", "--seed", "-1"], "-1 is not in the range 0<=x<=4294967295"),
        (["--from-labels", "--jobs", "0"], "0 threads do no work; accepted are 1 or more, or -1 for one a core"),
    ],
)
def test_options_that_say_too_little_or_do_not_go_together_are_refused(run, champion, place, monkeypatch, arguments, problem):
    monkeypatch.chdir(place)
    refused = run(*arguments)
    assert refused.exit_code == 2
    assert problem in refused.output


def test_without_a_champion_it_says_what_to_do(run, champion, place, tmp_path):
    client = tracking.connect()
    client.delete_registered_model_alias(tracking.REGISTERED, tracking.CHAMPION)
    try:
        refused = run("--from-labels", "--labels", place / "labels.db", "--out", tmp_path / "model")
    finally:
        client.set_registered_model_alias(tracking.REGISTERED, tracking.CHAMPION, "1")
    assert refused.exit_code == 1
    assert "no version of 'framing' is the champion yet; promote one, or name a model folder with --over" in refused.output
    assert not (tmp_path / "model").exists()
