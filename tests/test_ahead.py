"""Work done a few items ahead: in order, bounded, and ended when nobody wants more."""

import threading

import pytest

from framing.ahead import ahead


def test_results_come_in_order_however_long_each_takes():
    second_is_done = threading.Event()

    def work(number: int) -> int:
        if number == 0:
            assert second_is_done.wait(10)
        if number == 1:
            second_is_done.set()
        return number * number

    assert list(ahead(work, range(6), threads=2)) == [0, 1, 4, 9, 16, 25]


def test_no_more_items_are_taken_than_are_worked_on_and_one():
    taken = []

    def items():
        for number in range(100):
            taken.append(number)
            yield number

    results = ahead(str, items(), threads=2)
    assert next(results) == "0"
    assert taken == [0, 1, 2]
    results.close()
    assert taken == [0, 1, 2]


def test_what_the_work_raises_is_raised_where_its_result_is_taken():
    results = ahead(lambda number: 1 // number, [2, 1, 0, 1], threads=2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)
