"""What speed depends on: the same texts for both, sizes made as they are named."""

from __future__ import annotations

import numpy as np

from benchmarks.growth import FRAMES, PLAIN, batches, both, by_frames, loads_table, of_length, with_frames
from benchmarks.load import Load


def test_texts_are_handed_over_so_many_at_once():
    assert list(batches("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]


def test_texts_of_a_length_go_on_where_the_one_before_ended():
    assert of_length(["one two three", "four five six", "seven"], words=2, count=3) == ["one two", "three four", "five six"]


def test_there_are_always_as_many_texts_as_asked_for():
    assert of_length(["one two", "three"], words=2, count=4) == ["one two", "three one", "two three", "one two"]


def test_heads_of_more_frames_are_the_same_heads_again(tiny_model):
    vectors = tiny_model.encoder.encode(["rain fell", "frost"]).vectors
    two, five = (with_frames(tiny_model.heads, frames).probabilities(vectors) for frames in (2, 5))
    assert five.shape == (2, 5)
    assert np.array_equal(five, two[:, [0, 1, 0, 1, 0]])


def test_a_line_for_each_size_with_ours_the_plain_loop_and_their_ratio():
    asked: list[int] = []
    lines = both(
        "at once", (1, 8), lambda size: {"ours": lambda: asked.append(size), PLAIN: lambda: asked.append(-size)}, 10, 1
    ).splitlines()
    assert lines[0] == f"| at once | ours | {PLAIN} | times the plain loop |"
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| 1", "| 8"]
    assert asked == [1, -1, 1, -1, 8, -8, 8, -8]


def test_frames_are_measured_with_any_model(tiny_model):
    lines = by_frames(tiny_model, ["rain fell", "frost"], rounds=1).splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == [f"| {frames}" for frames in FRAMES]


def test_loads_of_all_rounds_stand_in_one_line():
    loads = {1: [Load(1.0, (0.01,) * 80, 0, 0.1), Load(2.0, (0.02,) * 200, 0, 0.1)]}
    assert loads_table(loads).splitlines()[2:] == ["| 1 | 90 [80, 100] | 15.0 [10.0, 20.0] | 15.0 [10.0, 20.0] |"]
