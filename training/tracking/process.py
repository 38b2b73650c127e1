"""MLflow in a process of its own.

To open it takes as long as to train over a champion, and two threads of one interpreter would take turns. The process knows what it
is asked and nothing more: it gets values and folders, and gives values back.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from framing.errors import FramingError, TrainingError
from training.tracking.store import import_mlflow

Result = TypeVar("Result")


class Beside:
    """The process, as the one that started it sees it: called with a function of a module and what it takes, it does that there."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.idle = True

    def __call__(self, work: Callable[..., Result], *given: Any) -> Result:
        """What `work` returns there. Raises TrainingError with the sentence of a FramingError, or where the process has ended."""
        self.idle = False
        try:
            self._pipe.send((work, given, True))
            result, refused = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise TrainingError("the process that was to log to MLflow has ended; what it said stands above") from error
        self.idle = True
        if refused is not None:
            raise TrainingError(refused)
        return result  # type: ignore[no-any-return]

    def ahead(self, work: Callable[..., None], *given: Any) -> None:
        """Have `work` done there while this process goes on; nothing is told of it, and it may be broken off."""
        with suppress(OSError):  # whoever asks next is told that the process has ended
            self._pipe.send((work, given, False))


@contextmanager
def beside() -> Iterator[Beside]:
    """Start the process, which imports MLflow at once; it ends with the block, after what it was asked, or with this process."""
    spawn = multiprocessing.get_context("spawn")
    ours, its = spawn.Pipe()
    process = spawn.Process(target=_work, args=(its,), name="mlflow")
    process.start()
    its.close()
    there = Beside(ours)
    try:
        yield there
    finally:
        ours.close()
        if there.idle:
            process.kill()  # it imports, waits, or works ahead
        process.join()


def _work(pipe: Connection) -> None:
    """Do what is asked, one thing after another, until nobody can ask any more."""
    gc.disable()  # this process is short-lived, and nothing that an import makes is garbage
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError, KeyboardInterrupt):
        import_mlflow()
        while True:
            work, given, awaited = pipe.recv()
            answer = _answer(work, *given)
            if awaited:
                pipe.send(answer)


def _answer(work: Callable[..., Any], *given: Any) -> tuple[Any, str | None]:
    """What `work` returns, or what a person must be told."""
    try:
        return work(*given), None
    except FramingError as error:
        return None, str(error)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
