"""The learning curve: same draws for everybody, a fixed other set, and what the library would pick at each size."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from benchmarks import learning_curve
from benchmarks.learning_curve import Source, best, parse_size, report, trials
from benchmarks.trials import Key, Result, run
from framing.data import Dataset, LabelledPassage
from tests.test_trials import Knowing, Refusing


@pytest.fixture
def source(tiny_codebook) -> Source:
    frames = [("rain",), ("frost",), ()] * 20
    pool = Dataset(
        tiny_codebook, tuple(LabelledPassage(str(at), f"It was day {at} of the year", own, str(at)) for at, own in enumerate(frames))
    )
    return Source("weather", pool.subset(range(48)), pool.subset(range(48, 60)))


def result(contender: str, draw: int, macro: float | None, ranked: float | None = None) -> Result:
    return Result(Key("weather", "8", draw, contender), 24, 1.0, macro, macro, macro if ranked is None else ranked)


def test_every_contender_gets_the_same_passages_and_each_draw_others(source):
    made = list(trials(source, ["4", "all"], 2, [Knowing("a"), Knowing("b")]))
    assert [(trial.part, trial.draw, trial.contender.name) for trial in made] == [
        ("4", 0, "a"), ("4", 0, "b"), ("4", 1, "a"), ("4", 1, "b"), ("all", 0, "a"), ("all", 0, "b"),
    ]  # fmt: skip
    assert made[0].train.digest == made[1].train.digest != made[2].train.digest
    assert {trial.test.digest for trial in made} == {source.test.digest}
    assert len(made[4].train) == 48


def test_the_report_has_a_row_a_size_and_contender_and_the_librarys_pick_with_its_reason(source):
    results = [run(trial) for trial in trials(source, ["4", "all"], 2, [Knowing(), Refusing()])]
    said = report(results, source, ["4", "all"])
    assert "| 4 | 12 (12 to 12) | knowing | 1.000 (1.000 to 1.000) |" in said
    assert "2 of 2 refused: too few" in said
    assert "- 4 a frame: the library picks `frozen`: the rarest frame, rain, has 4 labelled passages; " in said
    assert "- all a frame: the library picks `" in said
    assert "Highest here: macro F1 knowing (1.000), mAP knowing (1.000)." in said


def test_a_size_that_was_not_measured_still_gets_its_advice(source):
    said = report([], source, ["4"])
    assert "No draw here was measured for every contender." in said


def test_the_best_is_told_by_draws_that_everybody_was_measured_on():
    results = [result("a", 0, 0.5, 0.9), result("b", 0, 0.6), result("a", 1, 1.0), result("b", 1, None), result("c", 0, None)]
    assert best(results) == "Highest here: macro F1 b (0.600), mAP a (0.900)."


def test_results_of_other_data_have_no_part_in_the_report(source):
    other = Result(Key("other", "4", 0, "stranger"), 24, 1.0, 0.5, 0.5, 0.5)
    assert "stranger" not in report([other], source, ["4"])


def test_a_size_is_a_number_or_all():
    assert (parse_size("8"), parse_size("all")) == (8, None)
    refused = CliRunner().invoke(learning_curve.command, ["--size", "many"])
    assert refused.exit_code == 2
    assert "'many' is neither a number of examples from 1 up nor 'all'" in refused.output


def test_a_corpus_that_is_not_there_is_said_to_be_skipped(tmp_path):
    refused = CliRunner().invoke(learning_curve.command, ["--gvfc", "0", "--gvfc-data", str(tmp_path / "nowhere")])
    assert refused.exit_code == 1
    assert "skipped: the corpus is not at" in refused.output


def test_sealed_passages_are_not_drawn_from_and_only_the_tune_half_is_tested_on(monkeypatch):
    challenge = learning_curve.SEEDS / "challenge.jsonl"
    refused = CliRunner().invoke(learning_curve.command, ["--data", str(challenge)])
    assert refused.exit_code == 1
    assert "has sealed passages" in refused.output
    source = learning_curve.file_source([learning_curve.SEEDS / "passages.jsonl"], learning_curve.SEEDS / "codebook.toml", challenge)
    assert len(source.test) < 270
    assert not set(source.pool.groups) & set(source.test.groups)
