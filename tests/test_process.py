"""The process that has MLflow open: what it answers, what it tells, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from framing.errors import ModelFolderError, TrainingError
from training.tracking.process import Beside, beside

HEAVY = {"joblib", "matplotlib", "mlflow", "onnxruntime", "pandas", "scipy", "sklearn", "torch"}


def refuse(folder: str) -> None:
    raise ModelFolderError(folder, "is not whole")


def has_imported(module: str) -> bool:
    return module in sys.modules


@pytest.fixture(scope="module")
def there() -> Iterator[Beside]:
    with beside() as process:
        yield process


def test_what_is_asked_is_done_in_another_process_that_has_imported_mlflow(there):
    assert there(os.getpid) != os.getpid()
    assert there(has_imported, "mlflow")


def test_whoever_asks_may_do_something_else_before_the_answer(there):
    first = there.ask(os.getpid)
    assert first() == there(os.getpid)
    refused = there.ask(refuse, "runs/x")
    with pytest.raises(TrainingError, match="runs/x: is not whole"):
        refused()


def test_a_sentence_for_a_person_comes_back_and_the_next_question_is_answered(there):
    with pytest.raises(TrainingError, match="runs/x: is not whole"):
        there(refuse, "runs/x")
    assert there(len, "four") == 4


def test_what_is_done_ahead_is_not_told_and_shifts_no_answer(there):
    there.ahead(refuse, "runs/x")
    there.ahead(len, "one")
    assert there(len, "four") == 4


def test_a_process_that_ended_is_told_and_leaves_nobody_waiting():
    with pytest.raises(TrainingError, match="has ended \\(exit code 3\\)"), beside() as process:
        process(os._exit, 3)


def test_what_is_asked_after_it_has_ended_is_done_here():
    with beside() as process:
        process.ahead(os._exit, 3)
        process._process.join()
        assert process(os.getpid) == os.getpid()


KILLED_WHILE_IT_WORKS = """
import os, signal, time
from training.tracking.process import beside
with beside() as process:
    process.ahead(time.sleep, 600)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_ends_with_a_parent_that_was_killed():
    program = KILLED_WHILE_IT_WORKS
    parent = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=120)  # until nobody holds its output open
    assert parent.returncode == -9


def test_the_command_starts_it_before_anything_heavy_is_imported():
    program = f"import sys, training.commands.train as train; print(sorted({HEAVY!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"
