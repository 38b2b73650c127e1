"""The promotion rules applied to a comparison."""

from dataclasses import replace

import numpy as np
import pytest

from framing.artifact import GoldenAnswer
from framing.codebook import Codebook, Frame
from framing.data import Dataset, LabelledPassage
from framing.errors import TrainingError
from tests.test_compare import blind, evaluation, good, passages  # noqa: F401 - fixtures
from training.compare import compare
from training.intervals import Figure
from training.metrics import answers_of
from training.promote import NO_CHAMPION, GoldenChange, golden_changes, judge, within
from training.rules import Limit, Rules

STRICT = Rules((Limit("macro_f1", 0.01, 0.9), Limit("f1", 0.03, 0.9), Limit("calibration_error", 0.02)))


def test_the_first_model_has_nobody_to_beat():
    assert NO_CHAMPION.passed


def test_a_model_that_is_better_passes_and_each_rule_has_a_reason(blind, good, evaluation):  # noqa: F811
    verdict = judge(compare(blind, good, evaluation, draws=200), (), STRICT)
    assert verdict.passed
    assert [reason.rule for reason in verdict.reasons] == ["evaluation", "macro_f1", "f1/rain", "f1/frost", "calibration_error", "golden"]
    assert str(verdict.reasons[1]) == (
        "passed macro_f1: 0.500 → 1.000, +0.500 [+0.500, +0.500]; worse by at most 0.01 in 100% of resamples; 90% are asked for"
    )


def test_a_model_is_refused_by_the_rules_that_it_breaks_and_only_by_them(blind, good, evaluation):  # noqa: F811
    verdict = judge(compare(good, blind, evaluation, draws=200), (), STRICT)
    assert [refusal.partition(":")[0] for refusal in verdict.refusals] == ["macro_f1", "f1/frost"]


def test_a_loss_is_refused_unless_enough_resamples_stay_within_the_limit(good, evaluation):  # noqa: F811
    change = compare(good, good, evaluation, draws=0).changes["macro_f1"]
    seven_of_ten = replace(change, losses=np.array([0.0] * 7 + [0.05] * 3 + [np.nan]))
    assert within(seven_of_ten, 0.01) == pytest.approx(0.7)
    comparison = compare(good, good, evaluation, draws=0)
    lossy = replace(comparison, changes={**comparison.changes, "macro_f1": seven_of_ten})
    assert judge(lossy, (), Rules((Limit("macro_f1", 0.01, 0.7),))).passed
    assert not judge(lossy, (), Rules((Limit("macro_f1", 0.01, 0.8),))).passed


def test_without_a_confidence_the_passages_as_they_are_decide(good, evaluation):  # noqa: F811
    comparison = compare(good, good, evaluation, draws=0)
    worse = replace(comparison.changes["calibration_error"], difference=Figure(0.03), lost=0.03)
    lossy = replace(comparison, changes={**comparison.changes, "calibration_error": worse})
    assert not judge(lossy, (), Rules((Limit("calibration_error", 0.02),))).passed
    assert judge(lossy, (), Rules((Limit("calibration_error", 0.04),))).passed


def test_a_confidence_cannot_be_had_from_few_groups(blind, good, tiny_codebook):  # noqa: F811
    verdict = judge(compare(blind, good, passages(tiny_codebook, groups=4)), (), Rules((Limit("macro_f1", 0.5, 0.5),)))
    assert verdict.refusals == ("macro_f1: 0.500 → 1.000, +0.500; a confidence needs passages in 10 groups or more",)


def test_a_frame_that_no_passage_carries_is_a_refusal(good, evaluation):  # noqa: F811
    dry = Dataset(evaluation.dataset.codebook, tuple(passage for passage in evaluation.dataset.passages if "rain" not in passage.frames))
    verdict = judge(compare(good, good, replace(evaluation, dataset=dry), draws=50), (), STRICT)
    assert "frame/rain: no evaluation passage carries it, so nothing is known of it" in verdict.refusals


def test_golden_answers_that_change_are_refused_unless_each_is_accepted(blind, good, evaluation):  # noqa: F811
    texts = ["a calm day", "frost frost", "rain", "frost"]
    champion = replace(good, golden=tuple(GoldenAnswer(text, (0.0, 0.0)) for text in texts))
    changes = golden_changes(champion, blind)
    assert changes == (
        GoldenChange(2, "frost frost", ("frost present → unsure",)),
        GoldenChange(4, "frost", ("frost present → unsure",)),
    )
    comparison = compare(good, good, evaluation, draws=50)
    assert "4 (frost): frost present → unsure" in judge(comparison, changes, STRICT, accepted=[2]).refusals[0]
    verdict = judge(comparison, changes, STRICT, accepted=[2, 4])
    assert verdict.passed
    assert verdict.reasons[-1].text.startswith("changed and accepted: 2 (frost frost): frost present → unsure; 4 (frost)")
    assert judge(comparison, changes, replace(STRICT, golden_unchanged=False)).passed


def test_golden_answers_of_other_frames_cannot_be_compared(good, tiny_model):  # noqa: F811
    other = replace(good, name="other", model=replace(tiny_model, codebook=Codebook("Winter", (Frame("snow", "Snow", "It snows."),))))
    with pytest.raises(TrainingError, match="label other frames"):
        golden_changes(good, other)


def test_answers_are_those_of_whole_passages(tiny_model, evaluation):  # noqa: F811
    assert np.array_equal(answers_of(tiny_model, evaluation.dataset).found, evaluation.dataset.labels)


def test_a_passage_in_a_language_the_model_does_not_know_counts_as_unsure(tiny_model, tiny_codebook):
    german = "Rain rain rain rain ist das Wort, das der Bürgermeister gestern in seiner langen Rede vor dem Stadtrat immer wieder nannte."
    one = Dataset(tiny_codebook, (LabelledPassage("1", german, ("rain",), "1", None, None, None),))
    assert not answers_of(tiny_model, one).found.any()
