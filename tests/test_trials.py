"""Trials: what is measured, what is written down, and the tables these become."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from benchmarks.contenders import Answered, cut_at
from benchmarks.trials import Key, Result, Trial, cells, notes, read_results, run, run_all, spread
from framing.data import Dataset, LabelledPassage
from framing.errors import DataError, TrainingError
from training.report import table


@dataclass(frozen=True)
class Knowing:
    """Answers with the truth, and remembers what it was taught."""

    name: str = "knowing"

    def answer(self, train: Dataset, test: Dataset, seed: int) -> Answered:
        return Answered(cut_at(test.labels.astype(float), 0.5, test), f"seed {seed}, {len(train)} passages")


@dataclass(frozen=True)
class Refusing:
    name: str = "refusing"

    def answer(self, train: Dataset, test: Dataset, seed: int) -> Answered:
        raise TrainingError("too few")


@pytest.fixture
def data(tiny_codebook) -> Dataset:
    frames = [("rain",), ("frost",), (), ("rain", "frost")]
    return Dataset(tiny_codebook, tuple(LabelledPassage(str(at), f"text {at}", own, str(at)) for at, own in enumerate(frames)))


def trial(data: Dataset, contender: Knowing | Refusing, draw: int = 0) -> Trial:
    return Trial("weather", "8", draw, contender, data.subset([0, 1]), data)


def test_a_trial_gives_figures_of_the_test_part_and_the_contenders_note(data):
    result = run(trial(data, Knowing(), 3))
    assert (result.macro_f1, result.micro_f1, result.mean_average_precision) == (1.0, 1.0, 1.0)
    assert (result.passages, result.note) == (2, "seed 3, 2 passages")


def test_a_refusal_is_a_result_with_its_reason_and_no_figures(data):
    result = run(trial(data, Refusing()))
    assert (result.macro_f1, result.note) == (None, "too few")
    assert str(result) == "weather, 8, draw 0, refusing: refused: too few"


def test_results_are_written_as_they_come_and_read_back_as_they_were(data, tmp_path):
    out = tmp_path / "out.jsonl"
    coming = run_all([trial(data, Knowing()), trial(data, Refusing())], out, resume=False)
    first = next(coming)
    assert read_results(out) == [first]
    second = next(coming)
    assert read_results(out) == [first, second]


def test_what_is_written_is_measured_again_unless_the_run_is_resumed(data, tmp_path):
    out = tmp_path / "out.jsonl"
    both = [trial(data, Knowing(), 0), trial(data, Knowing(), 1)]
    assert len(list(run_all(both[:1], out, resume=False))) == 1
    assert [result.key.draw for result in run_all(both, out, resume=True)] == [1]
    assert len(list(run_all(both, out, resume=False))) == 2
    assert len(out.read_text().splitlines()) == 4
    assert len(read_results(out)) == 2


def test_a_line_that_is_no_result_is_refused_by_its_number(data, tmp_path):
    out = tmp_path / "out.jsonl"
    list(run_all([trial(data, Knowing())], out, resume=False))
    with out.open("a") as file:
        file.write('{"key": 1}\n')
    with pytest.raises(DataError, match="row 2: is not a result of this benchmark"):
        read_results(out)


def test_a_spread_is_the_mean_with_lowest_and_highest_and_leaves_out_what_is_not_known():
    assert spread([0.5, 0.7, None]) == "0.600 (0.500 to 0.700)"
    assert spread([0.5]) == "0.500"
    assert spread([None]) == "-"


def test_refused_trials_are_counted_and_have_no_part_in_figures():
    key = Key("weather", "8", 0, "x")
    results = [Result(key, 9, 4.0, 0.5, 0.6, 0.7, "2 folds"), Result(key, 9, 1.0, note="too few")]
    assert cells(results) == ["0.500", "0.600", "0.700", "4"]
    assert notes(results) == "2 folds; 1 of 2 refused: too few"


def test_an_unsure_frame_is_decided_by_its_threshold(data):
    probabilities = np.array([[0.4, 0.6], [0.5, 0.1], [0.39, 0.0], [1.0, 0.7]])
    found = cut_at(probabilities, np.array([0.4, 0.7]), data).found
    assert found.tolist() == [[True, False], [True, False], [False, False], [True, True]]


def test_a_table_is_markdown_and_a_bar_in_a_cell_does_not_break_it():
    assert table(["a", "b"], [["1", "x|y"]]) == "| a | b |\n| --- | --- |\n| 1 | x/y |"
