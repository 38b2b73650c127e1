"""The benchmark of serving: who takes part, the same texts in turns, and ratios within a round."""

from __future__ import annotations

import json

import click
import joblib
import pytest

from benchmarks import serving as module
from benchmarks.contestants import CONTESTANTS, MLFLOW_PLAIN, OUR_SERVER, OURS, Contestant, prepare, real_texts, with_repeats
from benchmarks.operations import read_graph
from benchmarks.peers.plain import CUT, HEADS_FILE, PlainModel
from benchmarks.serving import Round, measure, report, taking, words_said
from framing.artifact import DEFAULT_FOLDER, check_golden, fallback_beside, load_model
from framing.data import Dataset

TEXTS = [f"text {number}" for number in range(300)]
ECHO = Contestant("echo", ("-m", "tests.tiny_http", "{port}"), "/", lambda text: {"text": text})
BROKEN = Contestant("broken", ("-c", "raise SystemExit('no weights here')"), "/", lambda text: {"text": text})


def done(contestant: str, number: int, rate: float, p50: float) -> Round:
    return Round(contestant, number, 2.0, p50, 2 * p50, rate, 16 / rate, 300_000_000, 1, 0.04)


def test_ratios_are_taken_within_each_round_and_the_median_is_shown_with_its_spread():
    said = report(
        [
            done(MLFLOW_PLAIN, 0, 30, 0.030), done(OURS, 0, 240, 0.006),
            done(MLFLOW_PLAIN, 1, 40, 0.040), done(OURS, 1, 240, 0.005),
        ], 16,
    ).splitlines()  # fmt: skip
    assert said[0].startswith("| server | requests a second, 16 connections | times MLflow's | p50 ms, 1 connection |")
    assert said[2] == (
        f"| {MLFLOW_PLAIN} | 35 [30, 40] | 1.00 [1.00, 1.00] | 35.0 [30.0, 40.0] | 1.00 [1.00, 1.00] "
        "| 70.0 [60.0, 80.0] | 300 [300, 300] | 2.0 [2.0, 2.0] | 2 |"
    )
    assert said[3].startswith(f"| {OURS} | 240 [240, 240] | 7.00 [6.00, 8.00] | 5.5 [5.0, 6.0] | 6.50 [5.00, 8.00] |")
    assert said[-1] == "The client took at most 4% of a core. Answers that were not good: 4."


def test_without_mlflow_there_are_no_ratios():
    assert report([done(OURS, 0, 240, 0.006)], 16).splitlines()[2].startswith(f"| {OURS} | 240 | - | 6.0 | - |")


def test_every_server_gets_the_same_texts_and_one_that_fails_is_told_and_left_out(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(module, "WARMING", 0.1)
    rounds = list(measure([BROKEN, ECHO], TEXTS, tmp_path, rounds=2, seconds=0.2, connections=4))
    assert [(one.contestant, one.number) for one in rounds] == [("echo", 0), ("echo", 1)]
    assert all(one.rate > 0 and one.alone_p99 >= one.alone_p50 > 0 and one.memory > 0 and not one.failed for one in rounds)
    said = capsys.readouterr().out
    assert said == "Left out: broken: it ended by itself with exit code 1; the end of its log:\n    no weights here\n\n"


def test_a_server_whose_packages_are_missing_is_told_and_left_out(capsys):
    lacking = Contestant("far", (), "/", str, packages=("no_such_package",))
    assert taking([lacking, ECHO], []) == [ECHO]
    assert capsys.readouterr().out.startswith("Left out: far needs no_such_package: pip install 'framing[bench]'")


def test_servers_are_chosen_by_part_of_their_names():
    assert [one.name for one in taking(CONTESTANTS, ["framing serve, no evidence, no"])] == [OURS]
    with pytest.raises(click.UsageError, match="no server has a name with nothing of the kind"):
        taking(CONTESTANTS, ["nothing of the kind"])


@pytest.mark.parametrize(("recipe", "layers", "units"), [("finetuned", 6, 1536), ("small", 3, 768)])
def test_other_recipes_are_served_by_the_default_model_with_an_encoder_of_their_shape(default_model, tmp_path, recipe, layers, units):
    (one,) = (one for one in CONTESTANTS if one.started_in(tmp_path)[-1] == str(tmp_path / recipe))
    prepare(tmp_path, Dataset(default_model.codebook, ()), [one])
    model = load_model(tmp_path / recipe)
    check_golden(model, tmp_path / recipe)  # as the server does
    assert fallback_beside(tmp_path / recipe).samefile(fallback_beside(DEFAULT_FOLDER))
    assert model.heads.thresholds.tolist() == default_model.heads.thresholds.tolist()
    shapes = read_graph(tmp_path / recipe / "encoder.onnx").weights
    assert len(shapes) == 4 * layers
    assert shapes.count((384, units)) == shapes.count((units, 384)) == layers


@pytest.mark.parametrize(("recipe", "layers", "units"), [(None, 6, 1536), ("compact", 4, 1536), ("small", 3, 768)])
def test_the_plain_model_is_whole_or_cut_as_a_recipe_cuts_it(monkeypatch, tmp_path, recipe, layers, units):
    joblib.dump((["rain"], None), tmp_path / HEADS_FILE)
    monkeypatch.delenv(CUT, raising=False)
    if recipe:
        monkeypatch.setenv(CUT, recipe)
    transformer = PlainModel(tmp_path).encoder[0].auto_model
    assert [layer.intermediate.dense.out_features for layer in transformer.encoder.layer] == [units] * layers


def test_passages_are_as_long_as_real_ones_and_none_comes_twice():
    short, right = "word " * 41, "word " * 42
    assert sorted(real_texts([short, right, right, "other " * 94, "long " * 95])) == ["other " * 94, right]
    assert words_said([right, "other " * 94]) == "2 passages of 42 to 94 words (median 68), no text twice in a round."


def test_a_stream_with_repeats_has_about_that_share_of_them_and_repeats_only_what_came():
    stream = with_repeats([str(number) for number in range(1000)], 0.5, seed=1)
    repeated = sum(text in stream[:place] for place, text in enumerate(stream))
    assert len(stream) == 1000
    assert 450 <= repeated <= 550
    assert set(stream) == {str(number) for number in range(1000 - repeated)}


def test_a_stream_without_repeats_is_the_texts():
    assert with_repeats(TEXTS, 0.0, seed=1) == TEXTS


def test_ours_is_asked_without_evidence_and_without_a_cache():
    assert json.loads(OUR_SERVER.body("Größe")) == {"text": "Größe", "split": "none", "evidence": False}
    assert OUR_SERVER.environment == {"FRAMING_CACHE_BYTES": "0"}
