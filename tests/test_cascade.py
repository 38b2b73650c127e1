"""The trial of a cascade: what is measured of two tiers, and the verdict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import cascade
from benchmarks.bands import Tiers
from benchmarks.cascade import HEADER, Row, cells, measured, times_as_fast, verdict
from framing.encoder import EncodedTexts
from framing.heads import ABSENT, PRESENT
from tests.conftest import WordEncoder
from training.intervals import Figure
from training.metrics import Answers
from training.recipes import Recipe
from training.transformer.distil import Distillation


def row(asked: float, lost: float, ratio: float, passages: str = "seeds, held out") -> Row:
    return Row(passages, "static", 100, Figure(asked), Figure(0.9), Figure(0.8), Figure(0.9 - lost), Figure(lost), ratio)


def test_every_passage_costs_the_first_tier_and_those_asked_cost_both():
    assert row(asked=0.25, lost=0, ratio=20).throughput == pytest.approx(1 / (0.05 + 0.25))
    assert row(asked=1, lost=0, ratio=1).throughput == 0.5


@pytest.mark.parametrize(
    ("asked", "lost", "ratio", "kept"),
    [(0.05, 0.01, 20, True), (0.06, 0.0, 20, False), (0.05, 0.011, 20, False), (0.0, 0.0, 9, False)],
)
def test_the_promise_is_ten_times_the_throughput_at_a_hundredth_lost(asked, lost, ratio, kept):
    assert row(asked, lost, ratio).kept is kept


def test_the_verdict_needs_all_passages_and_says_what_share_ten_times_would_leave():
    good, bad = row(0.04, 0.008, 20), row(0.3, 0.009, 20, "GVFC, fold 0, held out")
    assert verdict("static", [good]).startswith("promise (10 times the throughput, at most 0.01 macro F1 lost) kept with `static` first: ")
    both = verdict("static", [good, bad])
    assert "not kept" in both
    assert both.endswith("GVFC, fold 0, held out: 30% asked where at most 5.0% may be, 2.9 times as fast, 0.009 lost")
    assert "at most 0.0% may be" in verdict("static", [row(0.0, 0.0, 5)])


def test_a_line_has_the_share_asked_and_what_is_lost_with_intervals():
    truth = np.tile([[True], [False]], (20, 1))
    probabilities = np.where(truth, 0.9, 0.1)
    probabilities[:4] = 0.6  # two false alarms
    decided = [np.where(p >= 0.5, PRESENT, ABSENT).astype(np.int8) for p in (probabilities, truth.astype(float))]
    tiers = Tiers(Answers(probabilities, decided[0], truth), Answers(truth.astype(float), decided[1], truth))
    asked = probabilities[:, 0] == 0.6
    found = measured("p", "static", tiers, asked, [str(at) for at in range(40)], 30.0)
    assert (found.asked.value, found.accurate.value, found.cascade.value, found.lost.value) == (0.1, 1, 1, 0)
    assert found.alone.value == pytest.approx(2 * 20 / 42)
    assert found.asked.low < 0.1 < found.asked.high
    nobody = measured("p", "static", tiers, np.zeros(40, bool), [str(at) for at in range(40)], 30.0)
    assert nobody.lost.value == pytest.approx(1 - 40 / 42)
    assert len(cells(found)) == len(HEADER)


def test_speed_is_compared_by_the_processor_time_of_whole_readings(tiny_model):
    class Slow(WordEncoder):
        def encode(self, texts: list[str]) -> EncodedTexts:
            for _ in range(99):
                super().encode(texts)
            return super().encode(texts)

    texts = ["rain and frost fell on the fields all day " * 5] * 20
    slow = replace(tiny_model, encoder=Slow())
    assert 5 < times_as_fast(tiny_model, slow, texts, rounds=3) < 300
    assert 0.3 < times_as_fast(tiny_model, tiny_model, texts, rounds=3) < 3


@pytest.fixture
def run(monkeypatch, tmp_path, small_transformer):
    """The command over a small transformer and a static encoder of it, on a small part of the seeds."""
    accurate = Recipe("finetuned", "", encoder=str(small_transformer), folds=2)
    quick = Recipe("static", "", encoder=str(small_transformer), distillation=Distillation(dimensions=16, epochs=1), folds=3)
    recipes = {"finetuned": accurate, "static": quick}
    monkeypatch.setattr(cascade, "recipe_named", recipes.__getitem__)
    return lambda *arguments: CliRunner().invoke(cascade.command, ["--every", "30", "--data", str(tmp_path / "nowhere"), *arguments])


def test_the_trial_judges_held_out_passages_and_the_evaluation_sets_and_skips_a_corpus_that_is_not_there(run):
    result = run()
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert any(line.startswith("skipped: the corpus is not at ") for line in lines)
    assert [line.split(" | ")[0] for line in lines if "`static`" in line and line.startswith("|")] == [
        "| seeds, held out", "| challenge (tune)", "| retold (tune)", "| pages (tune)",
    ]  # fmt: skip
    assert lines[-1].startswith("promise (10 times the throughput")
