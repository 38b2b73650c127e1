"""Leaving kinds out: what is learned from, what is answered, and when there is nothing to report."""

from dataclasses import replace

import numpy as np
import pytest

from framing.data import Dataset
from tests.test_training import weather
from training.kinds import KindsOut, Unmeasured, kind_folds, kinds_out
from training.recipes import Recipe
from training.run import Run

WORDS_ONLY = Recipe("words", "terms alone", folds=3)


def of_kinds(kinds: int = 3, shared: int = 0) -> Dataset:
    """Sixty groups of two passages, dealt to kinds; in the first `shared` groups the second passage is of the next kind."""
    data = weather()
    passages = []
    for row, passage in enumerate(data.passages):
        group, twin = divmod(row, 2)
        kind = (group + (twin if group < shared else 0)) % kinds
        passages.append(replace(passage, id=f"k{kind}-{row}"))
    return Dataset(data.codebook, tuple(passages))


def without_vectors(data: Dataset) -> np.ndarray:
    return np.ones((len(data), 1), np.float32)


def test_each_kind_is_answered_once_by_what_was_learned_from_others_alone():
    data = of_kinds()
    folds = kind_folds(data, 20)
    assert [fold.kinds for fold in folds] == [("k0",), ("k1",), ("k2",)]
    assert sorted(np.concatenate([fold.rows[1] for fold in folds])) == list(range(120))
    for fold in folds:
        learned, answered = ({data.passages[row].id[:2] for row in rows} for rows in fold.rows)
        assert not learned & answered


def test_no_group_stands_on_both_sides_where_kinds_share_groups():
    data = of_kinds(shared=9)
    for fold in kind_folds(data, 20):
        learned, answered = ({data.groups[row] for row in rows} for rows in fold.rows)
        assert fold.dropped > 0
        assert not learned & answered


def test_many_kinds_are_dealt_to_folds_of_about_equal_size():
    folds = kind_folds(of_kinds(kinds=7), 3)
    assert sorted(kind for fold in folds for kind in fold.kinds) == [f"k{kind}" for kind in range(7)]
    sizes = [len(fold.rows[1]) for fold in folds]
    assert len(sizes) == 3
    assert max(sizes) - min(sizes) <= 18  # the passages of one kind


def test_a_word_that_only_one_kind_uses_is_not_known_without_it():
    """In kind k0 the frame rain hides behind another word, which no other kind teaches."""
    data = of_kinds()
    hidden = tuple(replace(one, text=one.text.replace("rain", "drizzle")) if one.id.startswith("k0") else one for one in data.passages)
    found = kinds_out(Dataset(data.codebook, hidden), WORDS_ONLY, without_vectors(data), Run(jobs=1), draws=20)
    assert isinstance(found, KindsOut)
    figures = {kind.name: kind for kind in found.kinds}
    assert figures["k0"].mean_average_precision.value < figures["k1"].mean_average_precision.value
    assert found.measures["macro_f1"].low <= found.measures["macro_f1"].value
    assert [kind.passages for kind in found.kinds] == [40, 40, 40]


def test_a_recipe_that_fine_tunes_leaves_out_as_many_parts_as_it_has_folds(monkeypatch):
    seen = []

    def watched(dataset, recipe, vectors, run, folds):
        seen.append(folds)
        raise InterruptedError

    monkeypatch.setattr("training.kinds.held_out", watched)
    for vectors in (None, without_vectors(of_kinds(7))):
        with pytest.raises(InterruptedError):
            kinds_out(of_kinds(7), WORDS_ONLY, vectors)
    assert [len(folds) for folds in seen] == [3, 7]


def test_one_kind_ids_without_kinds_and_a_frame_of_one_kind_are_said_plainly():
    assert "all passages are of one kind" in kind_folds(of_kinds(1), 20).reason
    assert "the ids of 120 passages begin in 60 ways" in kind_folds(weather(), 20).reason
    data = of_kinds()
    alone = tuple(
        replace(one, frames=tuple(name for name in one.frames if name != "rain" or one.id.startswith("k0"))) for one in data.passages
    )
    found = kind_folds(Dataset(data.codebook, alone), 20)
    assert isinstance(found, Unmeasured)
    assert "without kind k0 frame 'rain' stands in no passage" in found.reason


def test_kinds_without_which_no_word_stands_twice_are_said_plainly():
    data = weather()
    passages = tuple(
        replace(one, id=f"{'latin' if row % 2 else 'han'}-{row}", group=str(row), text="rain or no rain" if row % 2 else f"x{row}y")
        for row, one in enumerate(data.passages)
    )
    found = kinds_out(Dataset(data.codebook, passages), WORDS_ONLY, without_vectors(data), Run(jobs=1), draws=20)
    assert isinstance(found, Unmeasured)
    assert found.reason.startswith("cannot be measured: no word stands in two")
