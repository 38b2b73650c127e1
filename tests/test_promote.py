"""The promotion rule."""

from dataclasses import replace

import numpy as np
import pytest

from framing.data import Dataset, LabelledPassage
from training.promote import PromotionRule, answers_of, judge

TEXTS = [("rain rain", ("rain",)), ("frost frost", ("frost",)), ("rain frost rain frost", ("rain", "frost")), ("a calm day", ())]


@pytest.fixture
def evaluation(tiny_codebook) -> Dataset:
    return Dataset(tiny_codebook, tuple(LabelledPassage(str(row), *pair, str(row), None, None, None) for row, pair in enumerate(TEXTS)))


@pytest.fixture
def blind_to_frost(tiny_model):
    return replace(tiny_model, heads=replace(tiny_model.heads, thresholds=np.array([0.5, 0.9999999])))


def test_the_first_model_has_nobody_to_beat(tiny_model, evaluation):
    assert judge(tiny_model, None, evaluation).passed


def test_a_model_that_is_no_worse_passes_and_the_reason_has_both_figures(tiny_model, blind_to_frost, evaluation):
    verdict = judge(tiny_model, blind_to_frost, evaluation)
    assert verdict.passed
    assert verdict.reasons == ("macro F1 1.000 against the champion's 0.500 on 4 passages",)


def test_a_worse_model_is_refused_with_the_frame_it_loses(tiny_model, blind_to_frost, evaluation):
    verdict = judge(blind_to_frost, tiny_model, evaluation)
    assert not verdict.passed
    assert verdict.reasons[1] == "frost falls from F1 1.000 to 0.000, by more than 0.03"


def test_the_rule_is_data(tiny_model, blind_to_frost, evaluation):
    assert judge(blind_to_frost, tiny_model, evaluation, PromotionRule(macro_f1_loss=1, frame_f1_loss=1)).passed


def test_another_codebook_is_refused(tiny_model, evaluation):
    other = replace(tiny_model, codebook=replace(tiny_model.codebook, frames=tiny_model.codebook.frames[:1]))
    assert not judge(other, tiny_model, evaluation).passed


def test_answers_are_those_of_whole_passages(tiny_model, evaluation):
    assert np.array_equal(answers_of(tiny_model, evaluation).found, evaluation.labels)


def test_a_passage_in_a_language_the_model_does_not_know_counts_as_unsure(tiny_model, tiny_codebook):
    german = "Rain rain rain rain ist das Wort, das der Bürgermeister gestern in seiner langen Rede vor dem Stadtrat immer wieder nannte."
    one = Dataset(tiny_codebook, (LabelledPassage("1", german, ("rain",), "1", None, None, None),))
    assert not answers_of(tiny_model, one).found.any()
