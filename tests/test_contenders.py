"""Who takes part in a benchmark: recipes with the folds their passages carry, and peers that are installed."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import contenders as module
from benchmarks.contenders import RecipeContender, SetFitContender, contenders, with_possible_folds
from framing.codebook import Codebook
from framing.data import Dataset, LabelledPassage
from framing.errors import MissingExtra, TrainingError
from training.folds import check_trainable
from training.recipes import RECIPES, Recipe


def rainy(codebook: Codebook, each: int, alone: int = 0) -> Dataset:
    """So many groups with rain, with frost and with neither, and some more with neither."""
    frames = [("rain",), ("frost",), ()] * each + [()] * alone
    words = {("rain",): "rain fell", ("frost",): "frost lay", (): "nothing came"}
    texts = [f"{words[own]} on the fields of village {at}" for at, own in enumerate(frames)]
    return Dataset(
        codebook, tuple(LabelledPassage(str(at), text, own, str(at)) for at, (text, own) in enumerate(zip(texts, frames, strict=True)))
    )


@pytest.mark.parametrize(("each", "folds"), [(20, 5), (3, 3), (2, 2)])
def test_folds_are_lowered_to_what_the_passages_carry(tiny_codebook, each, folds):
    data = rainy(tiny_codebook, each, alone=10)
    possible = with_possible_folds(Recipe("r", "", folds=5), data, seed=_seed_that_carries(data, folds))
    assert possible.folds == folds


def _seed_that_carries(data: Dataset, folds: int) -> int:
    """With so few passages some seeds put all of a frame in one fold; a seed that does not."""
    for seed in range(200):
        try:
            check_trainable(data, folds, seed)
        except TrainingError:
            continue
        return seed
    raise AssertionError("no seed carries it")


def test_passages_that_do_not_carry_two_folds_are_refused_by_name(tiny_codebook):
    with pytest.raises(TrainingError, match="frame 'rain' stands in 1 groups"):
        with_possible_folds(Recipe("r", "", folds=5), rainy(tiny_codebook, 1, alone=10), seed=0)


def test_a_recipe_trains_answers_by_its_thresholds_and_tells_of_lowered_folds(tiny_codebook, small_transformer):
    data = rainy(tiny_codebook, 4)
    contender = RecipeContender(Recipe("small", "", encoder=str(small_transformer), folds=5))
    answered = contender.answer(data, data, _seed_that_carries(data, 4))
    assert answered.note == "4 folds in place of 5"
    assert set(np.unique(answered.answers.decisions)) <= {0, 2}
    assert answered.answers.probabilities.shape == (12, 2)


def test_a_peer_that_is_not_installed_is_told_and_left_out(monkeypatch, capsys):
    def missing() -> None:
        raise MissingExtra("SetFit as a peer", "bench")

    monkeypatch.setattr(module.setfit, "check_installed", missing)
    assert [contender.name for contender in contenders(RECIPES[:1], ["setfit"], 10)] == ["frozen"]
    said = capsys.readouterr().err
    assert said == "skipped: SetFit as a peer needs packages that are not installed: pip install 'framing[bench]' from the checkout\n"


def test_a_peer_takes_part_only_if_asked_for(monkeypatch):
    monkeypatch.setattr(module.setfit, "check_installed", lambda: None)
    assert [contender.name for contender in contenders(RECIPES[:1], [], 10)] == ["frozen"]
    assert [contender.name for contender in contenders([], ["setfit"], 10)] == ["SetFit, at most 10 steps"]


@pytest.mark.parametrize(("each", "steps", "note"), [(10, 500, "a whole epoch"), (10, 5, "cut short: an epoch is about 40 steps")])
def test_setfit_cuts_at_one_half_and_says_whether_its_epoch_was_whole(tiny_codebook, monkeypatch, each, steps, note):
    data = rainy(tiny_codebook, each)
    asked = []

    def half(train: Dataset, test: Dataset, seed: int, steps: int) -> np.ndarray:
        asked.append((seed, steps))
        return np.full(test.labels.shape, 0.5)

    monkeypatch.setattr(module.setfit, "fit_predict", half)
    answered = SetFitContender(steps).answer(data, data, 7)
    assert answered.answers.found.all()
    assert (asked, answered.note) == ([(7, steps)], note)
