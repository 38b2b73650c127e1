"""Work on several threads, one a core: the only door to joblib."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(work: Callable[[Item], Result], items: Iterable[Item], jobs: int | None) -> list[Result]:
    """What `work` gives for each item, in their order; `jobs` threads, -1 for one a core.

    The matrix products of several threads stay on their thread: with as many again under each, cores wait for one another.
    """
    with threadpool_limits(None if jobs == 1 else 1, user_api="blas"):
        return list(Parallel(jobs, prefer="threads")(delayed(work)(item) for item in items))
