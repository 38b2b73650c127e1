"""Work on several threads, one a core: the only door to joblib."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def one_thread() -> Iterator[None]:
    """For many small matrix products, each by one thread: several that share one wait for one another longer than they work.

    That holds for those of torch too, if this thread has asked it before how many threads it takes.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


def in_threads(work: Callable[[Item], Result], items: Iterable[Item], jobs: int | None) -> list[Result]:
    """What `work` gives for each item, in their order; `jobs` threads, -1 for one a core.

    The matrix products of several threads stay on their thread: with as many again under each, cores wait for one another.
    """
    from joblib import Parallel, delayed
    from threadpoolctl import threadpool_limits

    with threadpool_limits(None if jobs == 1 else 1, user_api="blas"):
        return list(Parallel(jobs, prefer="threads")(delayed(work)(item) for item in items))
