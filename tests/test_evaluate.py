"""`framing evaluate`: figures for a folder, halves, and the log of sealed readings."""

import json
import shutil
from dataclasses import replace

import pytest
from click.testing import CliRunner

from framing.artifact import load_model, read_manifest, save_model
from framing.cli import framing
from framing.data import Dataset
from framing.model import FramingModel
from framing.prediction import ModelIdentity
from tests.test_training import FOUR, weather
from training.commands.training import _held_back
from training.evaluate import _overlap, _prior
from training.halves import evaluation_name, load_evaluation, load_half
from training.heldout import HeldOut
from training.recipes import Recipe
from training.train import fit_model


@pytest.fixture(scope="module")
def folder(compiled_encoder, tiny_manifest, tmp_path_factory):
    data = weather(30)
    vectors = compiled_encoder.encode(data.texts).vectors
    scores = data.labels * 4.0 - 2.0
    model: FramingModel = fit_model(
        data, Recipe("small", ""), compiled_encoder, vectors, HeldOut((scores, scores), scores, scores > 0), "tiny"
    )
    assert model.identity == ModelIdentity("tiny", "unsaved", FOUR.digest, None)
    out = tmp_path_factory.mktemp("evaluate") / "model"
    save_model(model, out, tiny_manifest, data.texts[:2], "")
    return out


@pytest.fixture
def passages(tmp_path):
    rows = [
        {"id": one.id, "group": one.group, "text": f"{one.text} indeed", "frames": list(one.frames), "half": ("tune", "sealed")[row % 2]}
        for row, one in enumerate(weather(20).passages)
    ]
    path = tmp_path / "challenge.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def run(*arguments: object):
    return CliRunner().invoke(framing, ["evaluate", *map(str, arguments)])


def test_every_measure_comes_with_its_interval(folder, passages):
    found = json.loads(run("--model", folder, "--data", passages, "--half", "tune", "--json").output)
    assert set(found) == {"measures", "robustness", "notes"}
    figures = found["measures"]["model"]
    assert {"macro_f1", "mean_average_precision", "calibration_error", "f1/rain", "recall/talks"} <= set(figures)
    assert figures.pop("calibration_error")["low"] is None
    assert all(figure["low"] <= figure["value"] <= figure["high"] for figure in figures.values())


def test_tables_say_which_model_read_how_many_passages(folder, passages):
    output = run("--model", folder, "--data", passages, "--half", "tune").output
    assert "challenge.jsonl (tune): 20 passages in 20 groups" in output
    assert "Contrast pairs" in output


def floor_names(output: str) -> list[str]:
    table = output[output.index("| answers") :].split("\n\n")[0]
    return [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines()[2:]]


def test_the_three_floors_stand_beside_the_model_and_say_what_they_were_made_of(folder, tmp_path):
    output = run("--model", folder, "--data", written(tmp_path / "few.jsonl", weather(3).passages, "indeed")).output
    assert floor_names(output) == ["model", "all-positive", "prior (shares of these passages)"]
    assert "TF-IDF + logistic regression (cross-validated over these passages): not there, frame 'rain' stands in" in output
    assert "was not checked: --training names those" in output


def written(path, groups, suffix):
    rows = (
        {"id": one.id, "group": f"{path.stem}{one.group}", "text": f"{one.text} {suffix}", "frames": list(one.frames)} for one in groups
    )
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_with_the_training_passages_the_floor_is_fitted_on_them_and_overlap_is_checked(folder, tmp_path):
    training, fresh = weather(60).passages, weather(80).passages[130:]
    evaluation = written(tmp_path / "fresh.jsonl", fresh, "indeed")
    known = written(tmp_path / "known.jsonl", training, "")
    output = run("--model", folder, "--data", evaluation, "--training", known).output
    assert floor_names(output)[-1] == "TF-IDF + logistic regression (training passages)"
    assert "are not those that the manifest of the model names" in output
    assert "near copies of those: none" in output
    near = written(tmp_path / "near.jsonl", training[:1] + fresh, "indeed")
    assert (
        "near copies of those: 1, the training passage first: p0-0 and p0-0"
        in run("--model", folder, "--data", near, "--training", known).output
    )
    same = written(tmp_path / "same.jsonl", training[:3], "")
    refused = run("--model", folder, "--data", same, "--training", known)
    assert refused.exit_code == 1
    assert "3 texts and 0 groups of the evaluation passages stand in the training data too" in refused.output


def test_enough_passages_give_a_floor_of_their_own(folder, tmp_path):
    output = run("--model", folder, "--data", written(tmp_path / "many.jsonl", weather(50).passages, "indeed")).output
    assert floor_names(output)[-1] == "TF-IDF + logistic regression (cross-validated over these passages)"


def test_the_prior_draws_by_the_training_shares_of_the_manifest():
    data = weather(20)
    floor = _prior({"frames": dict.fromkeys(FOUR.names, 30), "passages": 120}, data, 0)
    assert floor.name == "prior (training shares)"
    assert set(floor.answers.probabilities.ravel()) == {0.25}


def test_a_sealed_half_is_read_only_with_a_reason_and_every_reading_is_logged(folder, passages):
    refused = run("--model", folder, "--data", passages, "--half", "sealed")
    assert refused.exit_code == 1
    assert "only with a reason" in refused.output
    assert not (passages.parent / "sealed.md").exists()
    for reason in ("first look", "second | look"):
        assert run("--model", folder, "--data", passages, "--half", "sealed", "--reason", reason).exit_code == 0
    lines = (passages.parent / "sealed.md").read_text(encoding="utf-8").splitlines()
    assert [line.split(" | ")[-1] for line in lines[4:]] == ["first look |", "second / look |"]


def test_a_reading_that_could_not_be_written_down_is_not_taken(folder, passages, tmp_path, monkeypatch):
    shutil.copy(passages, tmp_path / "passages.jsonl")
    (tmp_path / "sealed.md").mkdir()
    monkeypatch.setattr("training.commands.evaluate.evaluate", lambda *_, **__: pytest.fail("sealed passages were read"))
    refused = run("--model", folder, "--data", tmp_path / "passages.jsonl", "--half", "sealed", "--reason", "a look")
    assert refused.exit_code == 1
    assert "sealed.md cannot be written, and every reading of sealed passages is written down there" in refused.output


def test_data_without_halves_says_so(folder, passages):
    rows = [json.loads(row) for row in passages.read_text(encoding="utf-8").splitlines()]
    passages.write_text(
        "\n".join(json.dumps({key: value for key, value in row.items() if key != "half"}) for row in rows), encoding="utf-8"
    )
    result = run("--model", folder, "--data", passages, "--half", "tune")
    assert result.exit_code == 1
    assert "has no row whose column 'half' is 'tune'" in result.output


def test_a_file_with_sealed_passages_is_not_read_without_naming_a_half(folder, passages):
    result = run("--model", folder, "--data", passages)
    assert result.exit_code == 1
    assert "has sealed passages; say --half tune, or --half sealed with --reason" in result.output


def test_halves_need_no_ids(folder, passages):
    rows = [json.loads(row) for row in passages.read_text(encoding="utf-8").splitlines()]
    passages.write_text("\n".join(json.dumps({key: value for key, value in row.items() if key != "id"}) for row in rows), encoding="utf-8")
    assert "20 passages" in run("--model", folder, "--data", passages, "--half", "tune").output


def test_of_a_file_in_halves_only_the_one_for_tuning_decides_anything_and_its_name_says_so(passages):
    assert evaluation_name(passages) == "challenge.jsonl (tune)"
    assert len(load_evaluation(passages, FOUR)) == 20


def test_passages_of_which_only_one_of_two_models_that_read_has_learned_are_told_for_the_other():
    training, others = weather(10), weather(12)
    evaluation = Dataset(FOUR, tuple(replace(one, text=f"{one.text} anew", group=f"new {one.group}") for one in weather(4).passages))
    whole, part = {"digest": training.digest}, {"digest": others.digest}
    first, second = ("manifest of the model names", "manifest of the model that reads other languages names")
    assert [said in " ".join(_overlap([whole, part], evaluation, training)) for said in (first, second)] == [False, True]
    assert [said in " ".join(_overlap([part, whole], evaluation, training)) for said in (first, second)] == [True, False]
    assert [said in " ".join(_overlap([whole], evaluation, training)) for said in (first, second)] == [False, False]


def test_what_taught_the_model_that_this_one_started_from_is_refused_too(folder, passages, tmp_path):
    model, manifest = load_model(folder), read_manifest(folder)
    digest = load_half(passages, FOUR, "tune").digest
    over = {"version": "one", "recipe": "finetuned", "taught": True, "run": None, "learned": [digest]}
    save_model(model, tmp_path / "refit", replace(manifest, recipe={**manifest.recipe, "over": over}), ["Rain fell."], "")
    refused = run("--model", tmp_path / "refit", "--data", passages, "--half", "tune")
    assert refused.exit_code == 1
    assert "is exactly the model's training data" in refused.output


def test_of_near_copies_among_passages_to_decide_by_is_told(tmp_path, capsys):
    training = weather(60)
    path = written(tmp_path / "fresh.jsonl", training.passages[:1] + weather(80).passages[130:], "indeed")
    _held_back(path, training)
    assert capsys.readouterr().out.startswith("near copies of training passages (first) among those of --evaluation: p0-0 and p0-0")
