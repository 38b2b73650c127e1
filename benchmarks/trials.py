"""One contender on one train and test part, what came of it, and the lines and tables these become."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.contenders import Answered, Contender
from framing.data import Dataset
from framing.errors import BadRow, DataError, TrainingError
from training.metrics import macro_f1, mean_average_precision, micro_f1, value


@dataclass(frozen=True, slots=True)
class Key:
    """Which trial it is: the data, the part of it (a fold, a size), the draw, and who answered."""

    data: str
    part: str
    draw: int
    contender: str


@dataclass(frozen=True, slots=True)
class Result:
    """Figures of a trial; None, with the reason as `note`, where the contender refused the passages."""

    key: Key
    passages: int
    seconds: float
    macro_f1: float | None = None
    micro_f1: float | None = None
    mean_average_precision: float | None = None
    note: str = ""

    def __str__(self) -> str:
        where = f"{self.key.data}, {self.key.part}, draw {self.key.draw}, {self.key.contender}"
        if self.macro_f1 is None:
            return f"{where}: refused: {self.note}"
        figures = f"macro F1 {self.macro_f1:.3f}, micro F1 {self.micro_f1:.3f}, mAP {self.mean_average_precision:.3f}"
        return f"{where}: {figures}, {self.seconds:.0f} s" + (f" ({self.note})" if self.note else "")


@dataclass(frozen=True)
class Trial:
    """A contender, the passages it learns from and those it is asked; `draw` is also its seed."""

    data: str
    part: str
    draw: int
    contender: Contender
    train: Dataset
    test: Dataset

    @property
    def key(self) -> Key:
        return Key(self.data, self.part, self.draw, self.contender.name)


def run(trial: Trial) -> Result:
    """Train, answer and measure; `seconds` are those of training and answering. Passages that cannot carry a recipe are a result."""
    start = time.perf_counter()
    try:
        answered = trial.contender.answer(trial.train, trial.test, trial.draw)
    except TrainingError as error:
        return Result(trial.key, len(trial.train), time.perf_counter() - start, note=str(error))
    return measured(trial.key, len(trial.train), time.perf_counter() - start, answered)


def measured(key: Key, passages: int, seconds: float, answered: Answered) -> Result:
    """The figures of what was answered."""
    macro, micro, ranked = (float(value(measure, answered.answers)) for measure in (macro_f1, micro_f1, mean_average_precision))
    return Result(key, passages, seconds, macro, micro, ranked, answered.note)


def run_all(trials: Iterable[Trial], out: Path | None, resume: bool) -> Iterator[Result]:
    """Run trials one after the other, each written to `out` as soon as it is known; with `resume` those it holds are left out."""
    known = {result.key for result in read_results(out)} if out and resume else set()
    for trial in trials:
        if trial.key in known:
            continue
        result = run(trial)
        if out:
            write_result(out, result)
        yield result


def write_result(out: Path, result: Result) -> None:
    """Add a result to a file, as a line of JSON."""
    with out.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(result)) + "\n")


def read_results(path: Path) -> list[Result]:
    """The results in a file of JSON lines, the last of each key; none where there is no file. Raises DataError."""
    results: dict[Key, Result] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() if path.exists() else (), 1):
        try:
            row = json.loads(line)
            result = Result(**{**row, "key": Key(**row["key"])})
        except (ValueError, TypeError, KeyError) as error:
            raise DataError([BadRow(str(path), number, "is not a result of this benchmark")]) from error
        results[result.key] = result
    return list(results.values())


def spread(figures: Sequence[float | None], digits: int = 3) -> str:
    """Mean, and in brackets lowest and highest, of those that are known."""
    known = [figure for figure in figures if figure is not None]
    if not known:
        return "-"
    mean = f"{np.mean(known):.{digits}f}"
    return mean if len(known) == 1 else f"{mean} ({min(known):.{digits}f} to {max(known):.{digits}f})"


def cells(results: Sequence[Result]) -> list[str]:
    """Macro F1, micro F1, mAP and seconds of several trials of one contender."""
    measured = [result for result in results if result.macro_f1 is not None]
    return [
        spread([result.macro_f1 for result in measured]),
        spread([result.micro_f1 for result in measured]),
        spread([result.mean_average_precision for result in measured]),
        spread([result.seconds for result in measured], 0),
    ]


def notes(results: Sequence[Result]) -> str:
    """What is to be said of several trials of one contender, each thing once, refusals counted."""
    refused = [result.note for result in results if result.macro_f1 is None]
    said = dict.fromkeys(result.note for result in results if result.macro_f1 is not None and result.note)
    return "; ".join([*said, *([f"{len(refused)} of {len(results)} refused: {refused[0]}"] if refused else [])])
