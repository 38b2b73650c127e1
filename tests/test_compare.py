"""Two models on the same passages."""

from dataclasses import replace

import numpy as np
import pytest

from framing.codebook import Codebook, Frame
from framing.data import Dataset, LabelledPassage
from framing.errors import TrainingError
from tests.test_cache import Counting
from training.cache import TextCache
from training.compare import common_frames, compare, joint_codebook
from training.comparison import Contender, EvaluationSet, Flip, FrameFlip
from training.comparison_report import comparison_page, verdict_sentence
from training.learned import learned_from

KINDS = [("rain rain", ("rain",)), ("frost frost", ("frost",)), ("rain frost rain frost", ("rain", "frost")), ("a calm day", ())]


def passages(codebook, groups: int = 12) -> EvaluationSet:
    """Each group has one passage of each kind, made its own by a word."""
    rows = [(f"{group}-{at}", f"{text} {group}", frames, f"g{group}") for group in range(groups) for at, (text, frames) in enumerate(KINDS)]
    return EvaluationSet("weather", Dataset(codebook, tuple(LabelledPassage(*row) for row in rows)))


@pytest.fixture
def evaluation(tiny_codebook) -> EvaluationSet:
    return passages(tiny_codebook)


@pytest.fixture
def good(tiny_model) -> Contender:
    return Contender("good", tiny_model)


@pytest.fixture
def blind(tiny_model) -> Contender:
    """Never finds frost."""
    return Contender("blind", replace(tiny_model, heads=replace(tiny_model.heads, thresholds=np.array([0.5, 0.9999999]))))


def test_a_model_that_finds_one_frame_more_is_better_and_the_frame_is_named(blind, good, evaluation):
    found = compare(blind, good, evaluation, draws=200)
    assert (found.changes["f1/frost"].old.value, found.changes["f1/frost"].new.value) == (0.0, 1.0)
    assert found.changes["f1/rain"].difference.value == 0
    assert verdict_sentence(found) == (
        "good is better than blind on 48 passages: macro F1 +0.500 [+0.500, +0.500]; beyond chance also frost +1.000 [+1.000, +1.000]; "
        "24 passages are answered otherwise, 24 of them rightly now and 0 before (`unsure` counts as not found)."
    )


def test_the_other_way_round_it_is_worse(blind, good, evaluation):
    found = compare(good, blind, evaluation, draws=200)
    assert found.changes["macro_f1"].beyond_chance == -1
    assert verdict_sentence(found).startswith("blind is worse than good on 48 passages: macro F1 -0.500")


def test_a_model_against_itself_differs_in_nothing_though_each_figure_has_a_wide_interval(blind, evaluation):
    """The resamples are paired: unpaired ones would give the difference an interval too."""
    uneven = Dataset(evaluation.dataset.codebook, evaluation.dataset.passages[:-3:2] + evaluation.dataset.passages[1:12])
    found = compare(blind, replace(blind, name="again"), replace(evaluation, dataset=uneven), draws=200)
    micro = found.changes["micro_f1"]
    assert micro.old.low < micro.old.high
    assert (micro.difference.low, micro.difference.value, micro.difference.high) == (0, 0, 0)
    assert found.flips == ()
    assert verdict_sentence(found).startswith("No difference between again and blind that could be told from chance on ")
    assert verdict_sentence(found).endswith("; no passage is answered otherwise.")


def test_a_lower_brier_score_is_a_gain_and_the_calibration_error_has_no_interval(good, evaluation):
    doubtful = replace(good, model=replace(good.model, heads=replace(good.model.heads, intercepts=np.array([1.0, 1.0]))))
    found = compare(doubtful, good, evaluation, draws=200)
    assert found.changes["brier"].difference.value < 0
    assert found.changes["brier"].lost == found.changes["brier"].difference.value
    assert found.changes["brier"].beyond_chance == 1
    assert found.changes["calibration_error"].difference.low is None
    assert len(found.changes["calibration_error"].losses) == 0


def test_a_passage_that_is_answered_otherwise_is_shown_with_both_decisions_and_its_label(blind, good, evaluation):
    found = compare(good, blind, evaluation, draws=0)
    assert found.flips[0] == Flip("0-1", "frost frost 0", (FrameFlip("frost", "present", "unsure", True),), was_right=True, is_right=False)
    assert found.flips[0].frames[0].right == (True, False)


def test_of_fewer_than_ten_groups_nothing_is_told_from_chance(blind, good, tiny_codebook):
    found = compare(blind, good, passages(tiny_codebook, groups=9))
    assert found.changes["macro_f1"].beyond_chance == 0
    assert "of fewer than 10 groups, too few to tell it from chance" in verdict_sentence(found)


def test_passages_are_encoded_once_for_both_models_and_for_later_comparisons(blind, good, evaluation, tmp_path):
    encoder = Counting()
    old, new = (replace(one, model=replace(one.model, encoder=encoder)) for one in (blind, good))
    first, again = (compare(old, new, evaluation, draws=0, texts=TextCache(tmp_path)) for _ in range(2))
    assert encoder.asked == evaluation.dataset.texts
    assert np.array_equal(first.answers[1].probabilities, again.answers[1].probabilities)


def test_models_of_different_codebooks_are_compared_on_the_frames_both_know(good, tiny_model):
    frames = (Frame("snow", "Snow", "It snows."), Frame("rain", "Rain", "It rains a lot."))
    heads = replace(tiny_model.heads, vector_weights=tiny_model.heads.vector_weights[[1, 0]])
    other = Contender("other", replace(tiny_model, codebook=Codebook("Winter", frames), heads=heads))
    assert joint_codebook(good.model, other.model).names == ("rain", "frost", "snow")
    found = compare(good, other, passages(joint_codebook(good.model, other.model)), draws=0)
    assert found.frames == ("rain",)
    assert found.changes["f1/rain"].new.value == 1
    assert found.notes[2:] == (
        "Only good knows frost, which is left out.",
        "Only other knows snow, which is left out.",
        "The two codebooks define rain in different words.",
    )


def test_models_with_no_frame_in_common_are_not_compared(good, tiny_model):
    other = Contender("other", replace(tiny_model, codebook=Codebook("Winter", (Frame("snow", "Snow", "It snows."),))))
    with pytest.raises(TrainingError, match="no frame in common.*good labels rain, frost; other labels snow"):
        common_frames(good, other)


def test_groups_with_near_copies_of_one_another_are_resampled_as_one(good, blind, evaluation):
    long = [replace(one, text=f"{one.text} and so it went on for a whole week in the north") for one in evaluation.dataset.passages]
    alike = replace(long[4], text=long[0].text + " indeed", frames=long[0].frames)
    copied = EvaluationSet("copied", Dataset(evaluation.dataset.codebook, (long[0], alike, *evaluation.dataset.passages[8:])))
    assert len(set(copied.dataset.groups)) == 12
    found = compare(good, blind, copied, draws=20)
    assert found.groups == 11
    assert "in\n11 groups" in comparison_page(found)


def test_passages_that_one_of_them_was_trained_on_are_refused_as_far_as_is_known(good, blind, evaluation, tiny_codebook):
    one = Dataset(tiny_codebook, (replace(evaluation.dataset.passages[0], id="other", text="rain  rain 0", group="else"),))
    with pytest.raises(TrainingError, match="^blind: 1 texts and 0 groups of the evaluation passages"):
        compare(good, replace(blind, learned=learned_from(one)), evaluation)
    with pytest.raises(TrainingError, match="exactly a set that good was trained on"):
        compare(replace(good, data_digests=("another", evaluation.dataset.digest)), blind, evaluation)
    apart = Dataset(tiny_codebook, (LabelledPassage("o", "other", (), "else"),))
    found = compare(good, replace(blind, learned=learned_from(apart)), evaluation, draws=0)
    assert found.notes == ("Whether good was trained on any of these passages is not known: no run tells.",)
