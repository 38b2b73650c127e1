"""Work on threads: in order, and without a second layer of threads below."""

import numpy as np
from threadpoolctl import threadpool_info

from training.parallel import in_threads, one_thread


def test_results_come_in_the_order_of_the_items_whatever_the_number_of_threads():
    for jobs in (1, 2, -1):
        assert in_threads(lambda number: number**2, range(20), jobs) == [number**2 for number in range(20)]


def test_matrix_products_within_stay_on_their_thread_and_are_let_go_afterwards():
    def blas_threads(_: object = None) -> set[int]:
        np.ones((2, 2)) @ np.ones((2, 2))
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    before = blas_threads()
    assert in_threads(blas_threads, [1, 2, 3], 2) == [{1}] * 3
    assert blas_threads() == before


def test_torch_computes_on_one_thread_within_on_any_thread_and_on_as_many_as_ever_afterwards():
    import torch

    def threads(_: object = None) -> tuple[int, int, int]:
        before = torch.get_num_threads()
        with one_thread():
            within = torch.get_num_threads()
        return before, within, torch.get_num_threads()

    for before, within, after in (threads(), *in_threads(threads, [1, 2, 3], 2)):
        assert (within, after) == (1, before)
