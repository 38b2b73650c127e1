"""MLflow in a process of its own.

To open it takes as long as to train over a champion, and two threads of one interpreter would take turns. The process knows what it
is asked and nothing more: it gets values and folders, and gives values back.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from framing.errors import FramingError, TrainingError
from framing.importing import importing
from training.tracking.store import import_mlflow

Result = TypeVar("Result")


class Beside:
    """The process, as the one that started it sees it: called with a function of a module and what it takes, it does that there."""

    def __init__(self, pipe: Connection, process: BaseProcess) -> None:
        self._pipe = pipe
        self._process = process
        self.idle = True

    def __call__(self, work: Callable[..., Result], *given: Any) -> Result:
        """What `work` returns there, or here where the process has ended before.

        Raises TrainingError with the sentence of a FramingError, or where the process ends meanwhile.
        """
        return self.ask(work, *given)()

    def ask(self, work: Callable[..., Result], *given: Any) -> Callable[[], Result]:
        """Have `work` done there while this process goes on, which calls what is returned for the result, before it asks anything else."""
        if not self._process.is_alive():
            return lambda: work(*given)
        self.idle = False
        with suppress(OSError):  # the process has ended, which is told with the result
            self._pipe.send((work, given, True))
        return self._answered

    def _answered(self) -> Any:
        try:
            result, refused = self._pipe.recv()
        except (EOFError, OSError) as error:
            self._process.join()
            raise TrainingError(f"the process that has MLflow open has ended (exit code {self._process.exitcode})") from error
        self.idle = True
        if refused is not None:
            raise TrainingError(refused)
        return result

    def ahead(self, work: Callable[..., None], *given: Any) -> None:
        """Have `work` done there while this process goes on; nothing is told of it, whether it fails or is broken off."""
        with suppress(OSError):  # the process has ended
            self._pipe.send((work, given, False))


@contextmanager
def beside() -> Iterator[Beside]:
    """Start the process, which imports MLflow at once; it ends with the block, after what it was asked, or with this process."""
    spawn = multiprocessing.get_context("spawn")
    ours, its = spawn.Pipe()
    process = spawn.Process(target=_work, args=(its,), name="mlflow")
    process.start()
    its.close()
    there = Beside(ours, process)
    try:
        yield there
    finally:
        ours.close()
        if there.idle:
            process.kill()  # it imports, waits, or works ahead
        process.join()


def _work(pipe: Connection) -> None:
    """Do what is asked, one thing after another, until nobody can ask any more."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(KeyboardInterrupt):
        with importing():
            import_mlflow()
        while asked := _asked(pipe):
            work, given, awaited = asked
            if awaited:
                pipe.send(_answer(work, *given))
            else:
                with suppress(Exception):
                    work(*given)


def _asked(pipe: Connection) -> Any:
    """What is asked next; None where nobody can ask any more."""
    try:
        return pipe.recv()
    except (EOFError, OSError):
        return None


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
