"""Near copies across groups, and the groups they join."""

from dataclasses import replace

import numpy as np

from framing.codebook import Codebook, Frame
from framing.data import Dataset, LabelledPassage
from training.copies import copies_between, find_copies, joined_groups, near_pairs
from training.folds import split_groups

NAMES = [f"w{number}" for number in range(400)]
CODEBOOK = Codebook("One", (Frame("rain", "Rain", "It rains."),))


def words(first: int, count: int = 20) -> str:
    return " ".join(NAMES[first : first + count])


def passages(*texts: str) -> Dataset:
    return Dataset(CODEBOOK, tuple(LabelledPassage(f"p-{row}", text, (), f"g{row}") for row, text in enumerate(texts)))


def test_two_texts_are_near_copies_from_half_of_the_shorters_runs_of_five_words():
    half, less = words(100, 12) + " " + words(0, 12), words(200, 13) + " " + words(0, 11)
    assert [(pair.first, pair.second) for pair in near_pairs([words(0, 12), half])] == [(0, 1)]
    assert near_pairs([words(0, 20), less]) == ()
    assert near_pairs([words(0, 20), half])[0].share == 0.5


def test_case_points_and_white_space_do_not_hide_a_copy():
    assert near_pairs([words(0), words(0).upper().replace(" ", ",\n")])[0].share == 1


def test_a_script_without_spaces_is_compared_letter_by_letter():
    text = "两国元首在莫斯科签署了一项新的天然气协议"
    assert len(near_pairs([text, f"据报道,{text}。", "外交部发言人表示愿意主办和平谈判并提出方案"])) == 1


def test_short_texts_are_copies_of_nothing():
    assert near_pairs(["rain all day", "rain all day"]) == ()


def test_a_headline_that_stands_twice_is_a_copy_whatever_its_case_and_points():
    headline = "Putin meets Xi in Moscow today"
    assert [(pair.first, pair.second) for pair in near_pairs([headline, "Putin meets Xi in Minsk today", headline.upper() + "."])] == [
        (0, 2)
    ]


def test_a_stock_phrase_that_two_short_headlines_share_makes_no_copy():
    assert near_pairs(["president arrives in Moscow for talks", "minister arrives in Moscow for talks"]) == ()


def test_copies_far_apart_in_a_large_set_are_found():
    generator = np.random.default_rng(0)
    texts = [" ".join(generator.choice(NAMES, 20)) for _ in range(1200)]
    texts[1100] = texts[3] + " indeed"
    assert [(pair.first, pair.second) for pair in near_pairs(texts)] == [(3, 1100)]


def test_groups_that_copies_connect_become_one_and_no_fold_parts_them():
    data = passages(words(0), words(100), words(0) + " again", words(200), words(0, 12) + " " + words(100), words(300))
    copies = find_copies(data, 4)
    assert {(pair.first, pair.second) for pair in copies.pairs} == {("p-0", "p-2"), ("p-0", "p-4"), ("p-1", "p-4")}
    assert copies.groups == ("g0", "g0", "g0", "g3", "g0", "g5")
    assert joined_groups(data) == copies.groups
    assert copies.joined == 3
    assert copies.crossing > 0
    regrouped = copies.regrouped(data)
    assert regrouped.texts == data.texts
    assert all(len({row in test for row in (0, 1, 2, 4)}) == 1 for _, test in split_groups(regrouped.groups, 3))
    assert find_copies(regrouped, 3).pairs == ()


def test_copies_within_a_group_are_its_own_affair():
    data = passages(words(0), words(0) + " again", words(100))
    together = Dataset(CODEBOOK, tuple(replace(passage, group="g") for passage in data.passages))
    assert find_copies(together, 2).pairs == ()
    assert find_copies(together, 2).groups == ("g", "g", "g")


def test_evaluation_passages_that_copy_training_passages_are_named():
    training, evaluation = passages(words(0), words(100)), passages(words(200), words(100) + " again", words(200) + " again")
    assert [str(pair) for pair in copies_between(training, evaluation)] == ["p-1 and p-1 (1.00)"]
