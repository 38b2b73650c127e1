"""Folds by whole groups, and the loop that joins what they give."""

import numpy as np
import pytest

from training.folds import joined_scores, split_groups

GROUPS = [f"g{row // 3}" for row in range(60)]


def test_no_group_stands_on_both_sides_of_a_fold_and_every_row_is_held_out_once():
    folds = split_groups(GROUPS, 5)
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(GROUPS)))
    for train, test in folds:
        assert not {GROUPS[row] for row in train} & {GROUPS[row] for row in test}


def test_there_are_no_more_folds_than_groups_and_one_group_is_refused():
    assert len(split_groups(["a", "a", "b"], 5)) == 2
    with pytest.raises(ValueError, match="at least two groups"):
        split_groups(["a", "a"], 5)


@pytest.mark.parametrize("jobs", [1, 2])
def test_scores_come_back_to_the_rows_they_are_of(jobs):
    folds = split_groups(GROUPS, 4)
    assert joined_scores(lambda fold: fold[1].astype(float), folds, (60,), jobs).tolist() == list(range(60))
