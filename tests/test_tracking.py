"""Runs and versions in a real MLflow: a server over HTTP, and the local database that is the default."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from framing.artifact import load_model, read_manifest, save_model
from framing.batch import LABELS
from framing.cli import framing
from framing.errors import TrainingError
from framing.row_writer import open_rows_writer
from tests.registry import forget_versions
from tests.test_training import FOUR, weather
from tests.tiny_folder import save_tiny
from tests.tiny_front import in_front_of
from training import tracking
from training.learned import learned_from
from training.recipes import Recipe
from training.run import Run
from training.tracking.store import reason
from training.train import train


@pytest.fixture(scope="module")
def server(sqlite_server):
    """The address of an MLflow server with an empty registry."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", sqlite_server.url)
        forget_versions()
    return sqlite_server.url


@pytest.fixture(scope="module")
def trained(small_transformer, tmp_path_factory):
    recipe = Recipe("small", "a small frozen encoder", encoder=str(small_transformer), folds=3)
    return train(weather(), recipe, tmp_path_factory.mktemp("trained") / "model", run=Run(jobs=2, quiet=True))


@pytest.fixture(scope="module")
def version(server, trained):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", server)
        yield tracking.log_training(weather(), trained, weather(10), evaluation_name="ten groups")


@pytest.fixture
def client(server, version, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    return tracking.connect()


def test_a_run_holds_parameters_metrics_the_data_set_and_the_tables(client, version, trained):
    run = client.get_run(version.run)
    assert run.data.params["name"] == "small"
    assert run.data.metrics["macro_f1"] == pytest.approx(trained.measures["small"]["macro_f1"].value)
    assert run.data.metrics["f1/frost/low"] <= run.data.metrics["f1/frost"] <= run.data.metrics["f1/frost/high"]
    assert run.data.metrics["floor/all-positive/macro_f1"] > 0
    assert run.data.metrics["contrast/ranked/low"] <= run.data.metrics["contrast/ranked"]
    assert run.data.tags["data.sha256"] == weather().digest
    assert {entry.dataset.digest for entry in run.inputs.dataset_inputs} == {weather().digest[:36], weather(10).digest[:36]}
    assert 0 <= run.data.metrics["evaluation/macro_f1"] <= 1
    assert run.data.tags["evaluation.sha256"] == weather(10).digest
    assert run.data.tags["evaluation.name"] == "ten groups"
    assert run.data.tags["kind"] == "training"
    names = {entry.path for folder in ("figures", "tables", "card") for entry in client.list_artifacts(version.run, folder)}
    assert names == {
        "figures/evaluation", "figures/precision_recall.png", "figures/reliability.png", "figures/risk_coverage.png", "figures/shares.png",
        "tables/evaluation.json", "tables/held_out.json", "tables/errors.json", "tables/slices.json", "tables/shares.json", "tables/risk_coverage.json",
        "card/README.md", "card/manifest.json",
    }  # fmt: skip


def test_a_registered_version_loads_as_a_pyfunc_without_any_pickle(client, version, trained, monkeypatch):
    import mlflow

    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    model = mlflow.pyfunc.load_model(f"models:/framing/{version.number}")
    answers = model.predict(pd.DataFrame({"text": ["talks and talks", "rain"]}))
    own = trained.model.score(["talks and talks", "rain"])
    assert answers["predicted_frames"].tolist() == [list(answer.present) for answer in own]
    assert answers["probabilities"][1]["rain"] == own[1].frames[0].probability
    assert tuple(answers.columns) == LABELS
    assert tuple(model.metadata.signature.outputs.input_names()) == LABELS
    assert model.metadata.signature.inputs.input_names() == ["text"]
    local = mlflow.artifacts.download_artifacts(f"models:/framing/{version.number}")
    assert not [path for path in Path(local).rglob("*") if path.suffix in (".pkl", ".pickle", ".joblib")]


def test_what_a_run_was_trained_on_is_known_again_by_any_name_of_its_model(client, version, trained):
    tracking.move_champion(client, tracking.throne(client), version.number, "promoted", "ana", "first")
    for name in (version.number, "champion", version.run, str(trained.folder)):
        found = tracking.find(client, name)
        assert found.run == version.run
        assert found.learned == learned_from(weather())
        assert found.data_digests == (weather().digest,)
    assert tracking.find(client, version.run).name == f"version {version.number} (champion)"


def test_a_folder_names_what_taught_the_model_that_it_was_started_from(trained, tmp_path):
    manifest = read_manifest(trained.folder)
    over = {"version": "one", "recipe": "finetuned", "taught": True, "run": None, "learned": ["older"]}
    save_model(
        load_model(trained.folder), tmp_path / "refit", replace(manifest, recipe={**manifest.recipe, "over": over}), ["Rain fell."], ""
    )
    assert tracking.find(None, str(tmp_path / "refit")).data_digests == (weather().digest, "older")


def test_answers_for_the_evaluation_set_stand_in_a_table_of_the_run(client, version, trained):
    import mlflow

    table = mlflow.artifacts.load_dict(f"runs:/{version.run}/tables/evaluation.json")
    assert table["columns"][:4] == ["id", "text", "frames", "right"]
    assert {"probability/frost", "decision/frost"} <= set(table["columns"])
    assert [row[0] for row in table["data"]] == [passage.id for passage in weather(10).passages]
    answer = trained.model.score([weather(10).texts[0]])[0].frames[0]
    first = dict(zip(table["columns"], table["data"][0], strict=True))
    assert (first["decision/rain"], first["probability/rain"]) == (answer.decision, round(answer.probability, 4))


@pytest.mark.parametrize(
    ("dies", "told"),
    [
        ("/runs/create", "the model is in {}, but its run could not be logged: "),
        ("/learned.json", "the model is in {}, but its run could not be logged: "),
        ("/model-versions/create", "the model is in {} and in run "),
    ],
)
def test_a_store_that_dies_while_a_run_is_logged_is_told_with_the_place_of_the_model(client, trained, monkeypatch, tmp_path, dies, told):
    copy = replace(trained, folder=tmp_path / "model")
    shutil.copytree(trained.folder, copy.folder)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with in_front_of(client.tracking_uri) as front:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", front.url)
        front.fate = lambda number, asked: "gone" if any(one.endswith(dies) for one in front.asked) else "answered"
        with pytest.raises(TrainingError) as told_of:
            tracking.log_training(weather(), copy)
    assert str(told_of.value).startswith(told.format(copy.folder))
    load_model(copy.folder)


def test_a_model_that_another_training_put_in_the_same_folder_is_not_registered(client, trained, tmp_path):
    copy = replace(trained, folder=tmp_path / "model")
    save_tiny(copy.folder, 0.0)
    before = (copy.folder / "manifest.json").read_bytes()
    with pytest.raises(
        TrainingError, match=f"{copy.folder} holds another model now .*, put there by another training .*; give each its own --out"
    ):
        tracking.log_training(weather(), copy)
    assert (copy.folder / "manifest.json").read_bytes() == before


def test_a_version_is_exported_as_the_folder_it_was(client, version, trained, tmp_path):
    tracking.export_version(version, tmp_path / "out" / "model")
    assert load_model(tmp_path / "out" / "model").identity == replace(trained.model.identity, run=version.run)


def test_a_version_that_is_broken_leaves_the_folder_that_was_to_hold_it_as_it_was(client, version, trained, tmp_path, monkeypatch):
    target = tmp_path / "live"
    tracking.export_version(version, target)
    before = read_manifest(target)

    @contextmanager
    def broken(uri: str) -> Iterator[Path]:
        shutil.copytree(target, tmp_path / "copy")
        (tmp_path / "copy" / "heads.npz").write_bytes(b"nothing")
        yield tmp_path / "copy"

    monkeypatch.setattr("training.tracking.registry.downloaded", broken)
    with pytest.raises(TrainingError, match=f"version {version.number} is broken: .*heads.npz: was altered"):
        tracking.export_version(version, target)
    assert read_manifest(target) == before


def test_the_commands_list_train_and_promote(server, version, small_transformer, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("training.commands.training.recipe_named", lambda _: Recipe("frozen", "", encoder=str(small_transformer), folds=2))
    (tmp_path / "codebook.json").write_text(__import__("json").dumps(FOUR.as_dict()))
    for name, data in (("data.jsonl", weather()), ("evaluation.jsonl", weather(10))):
        with open_rows_writer(tmp_path / name) as writer:
            for passage in data.passages:
                fresh = passage.text if name == "data.jsonl" else passage.text + " indeed"
                writer.write({"id": passage.id, "group": f"{name}/{passage.group}", "text": fresh, "frames": list(passage.frames)})
    (tmp_path / "rules.toml").write_text("[macro_f1]\nloss = 1\n", encoding="utf-8")
    runner = CliRunner()
    promote = ["--promote", "--evaluation", "evaluation.jsonl", "--rules", "rules.toml"]
    trained = runner.invoke(framing, ["train", "--data", "data.jsonl", "--codebook", "codebook.json", *promote])
    assert trained.exit_code == 0, trained.output
    assert "kinds left out: nothing to leave out: the ids of 120 passages begin in 60 ways" in trained.output
    assert "Near copies (half of the shorter passage's runs of five words) across groups: none." in trained.output
    assert "registered as framing version" in trained.output
    assert "promoted: version" in trained.output
    listed = runner.invoke(framing, ["models", "list"])
    assert listed.output.count("frozen") >= 1
    assert "*" in listed.output
    careless = runner.invoke(framing, ["train", "--data", "data.jsonl", "--codebook", "codebook.json", "--promote"])
    assert careless.exit_code == 2
    assert "--promote needs --evaluation" in careless.output
    unknown = runner.invoke(framing, ["models", "promote", "999", "--evaluation", "evaluation.jsonl"])
    assert unknown.exit_code == 1
    assert "there is no version 999 of 'framing'" in unknown.output


def test_without_a_setting_the_store_is_a_database_in_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(framing, ["models", "list"])
    assert result.exit_code == 0
    assert "no model is registered yet" in result.output
    assert (tmp_path / "mlflow.db").is_file()


@pytest.mark.parametrize("store", ["sqlite:////dev/null/mlflow.db", "http://127.0.0.1:9"])
def test_a_store_that_cannot_be_reached_is_one_sentence(store, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    result = CliRunner().invoke(framing, ["models", "list"])
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: the MLflow store at {store} cannot be used")
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("at http://me:hunter2@host:5000 nobody answers", "at http://me:***@host:5000 nobody answers"),
        ("postgresql://me:se@c/ret@h/db refused", "postgresql://me:***@h/db refused"),
        ("postgresql://h/db?user=me&password=x&y=1", "postgresql://h/db?user=me&password=***&y=1"),
        ("http://host:5000 of me@host", "http://host:5000 of me@host"),
    ],
)
def test_a_password_in_an_address_is_not_told(said, shown):
    assert reason(OSError(said)) == shown


def test_a_store_that_cannot_be_reached_is_named_without_its_password(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:hunter2@127.0.0.1:9")
    with pytest.raises(TrainingError, match=r"the MLflow store at http://me:\*\*\*@127\.0\.0\.1:9 cannot be used") as error:
        tracking.connect()
    assert "hunter2" not in str(error.value)
