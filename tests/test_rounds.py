"""Turns, medians and ratios of timed benchmarks."""

from __future__ import annotations

import pytest

from benchmarks.rounds import rates, ratios, split_evenly, spread, turned, versions


def test_every_round_has_another_one_first():
    assert ["".join(turned("abc", number)) for number in range(4)] == ["abc", "bca", "cab", "abc"]


@pytest.mark.parametrize(
    ("values", "digits", "shown"),
    [([], 0, "-"), ([3.14], 1, "3.1"), ([1200.0, 1000.0, 1100.0], 0, "1,100 [1,000, 1,200]"), ([1, 2], 2, "1.50 [1.00, 2.00]")],
)
def test_a_spread_is_the_median_with_the_lowest_and_highest(values, digits, shown):
    assert spread(values, digits) == shown


def test_ratios_are_taken_round_by_round():
    assert ratios([300.0, 220.0], [100.0, 110.0]) == [3.0, 2.0]


def test_each_work_is_warmed_once_and_then_done_once_a_round_in_turns():
    done: list[str] = []
    found = rates({"a": lambda: done.append("a"), "b": lambda: done.append("b")}, items=10, rounds=2)
    assert "".join(done) == "ab" + "ab" + "ba"
    assert [len(found["a"]), len(found["b"])] == [2, 2]
    assert min(found["a"]) > 0


def test_versions_name_what_is_not_installed():
    assert versions(["no-such-package"]) == "no-such-package not installed"
    assert versions(["numpy"]).startswith("numpy ")


def test_parts_are_of_equal_size_and_the_rest_is_left_out():
    assert split_evenly("abcdefgh", 3) == ["ab", "cd", "ef"]
