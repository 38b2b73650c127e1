"""The simulation of what the order of labelling saves."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import label_queue
from benchmarks.label_queue import ORDERS, KnownVectors, at_random, by_queue, first_rows, labels_needed, report, simulations
from benchmarks.learning_curve import Source
from benchmarks.trials import Key, Result
from framing.data import Dataset, LabelledPassage
from tests.conftest import WordEncoder


@pytest.fixture
def source(tiny_codebook) -> Source:
    """Two passages of each text in the pool, one group."""
    frames = [("rain",), ("frost",), (), ("rain", "frost")]
    passages = []
    for number in range(160):
        own = frames[number // 2 % 4]
        passages.append(LabelledPassage(str(number), f"{' and '.join(own)} on day {number // 2} of the year", own, str(number // 2)))
    pool = Dataset(tiny_codebook, tuple(passages))
    return Source("weather", pool.subset(range(120)), pool.subset(range(120, 160)))


def test_both_orders_start_alike_and_label_as_many_as_they_are_told(source):
    found = list(simulations(source, WordEncoder(), 2, [20, 30, 40]))
    assert [(result.key.contender, result.key.draw, result.passages) for result in found] == [
        (name, seed, size) for seed in (0, 1) for name in ORDERS for size in (20, 30, 40)
    ]
    by_key = {result.key: result for result in found}
    assert by_key[Key("weather", "20", 0, "random")].macro_f1 == by_key[Key("weather", "20", 0, "queue")].macro_f1


def test_the_queue_takes_what_the_model_is_unsure_of_and_random_order_what_the_seed_says(tiny_model, source):
    texts = ["Sky.", "Rain.", "Some rain with words of other things beside it.", "Frost."]
    left = Dataset(source.pool.codebook, tuple(LabelledPassage(text, text, (), text) for text in texts))
    assert by_queue(tiny_model, left, 1, 0) == [2]
    drawn = {seed: at_random(tiny_model, source.pool, 10, seed) for seed in (0, 1)}
    assert drawn[0] != drawn[1]
    assert all(len(set(rows)) == 10 for rows in drawn.values())


def test_the_first_labels_hold_examples_of_every_frame_and_none_twice(source):
    rows = first_rows(source.pool, 20, 0)
    assert len(set(rows)) == len(rows) == 20
    assert source.pool.labels[rows].sum(axis=0).min() >= 4


def test_an_encoder_that_was_asked_beforehand_says_the_same():
    vectors = np.eye(2, dtype=np.float32)
    known = KnownVectors({"a": vectors[0], "b": vectors[1]}, 2, "known")
    assert known.encode(["b", "a"]).vectors.tolist() == [[0, 1], [1, 0]]
    assert known.encode([]).vectors.shape == (0, 2)


@pytest.mark.parametrize(("level", "labels"), [(0.4, "50"), (0.6, "75"), (0.8, "100"), (0.9, "more than 100")])
def test_labels_needed_are_read_off_the_curve(level, labels):
    assert labels_needed([50, 100], [0.4, 0.8], level) == labels


def test_the_report_says_how_many_labels_the_queue_needs_for_what_random_order_reaches():
    figures = {("random", 50): 0.4, ("random", 100): 0.6, ("queue", 50): 0.4, ("queue", 100): 0.8}
    results = [Result(Key("weather", str(size), 0, name), size, 1.0, value, value, value) for (name, size), value in figures.items()]
    assert "| 100 | 0.600 | 0.800 | 75 | 0.600 | 0.800 | 75 |" in report(results)


def test_a_corpus_that_is_not_there_is_said_to_be_skipped(tmp_path):
    refused = CliRunner().invoke(label_queue.command, ["--data", str(tmp_path / "nowhere")])
    assert refused.exit_code == 1
    assert "skipped: the corpus is not at" in refused.output
