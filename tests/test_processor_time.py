"""Processor time by step: steps that add up, and all of them measured on a real server."""

from __future__ import annotations

import time
from threading import Lock

from benchmarks.processor_time import HTTP, measure_steps, processor_seconds, steps_table


def test_each_step_is_told_by_what_it_adds_to_those_before_it(monkeypatch):
    monkeypatch.setattr("benchmarks.processor_time.available_cores", lambda: 2)
    found = {"graph": [0.004, 0.003, 0.005], "queue": [0.0045, 0.0055, 0.005], HTTP: [0.008, 0.008, 0.008]}
    assert steps_table(found).splitlines()[2:] == [
        "| graph | 4.0 | 50% | 4.0 [3.0, 5.0] | 500 |",
        "| queue | 1.0 | 12% | 5.0 [4.5, 5.5] | 400 |",
        "| HTTP | 3.0 | 38% | 8.0 [8.0, 8.0] | 250 |",
    ]


def test_waiting_is_no_processor_time_and_work_is():
    alone = Lock()

    def work(_: str) -> None:
        with alone:  # two threads that count at once would wait for the interpreter
            end = time.thread_time() + 0.02
            while time.thread_time() < end:
                pass

    assert processor_seconds(lambda _: time.sleep(0.05), 2, ["a", "b", "c", "d"]) < 0.02
    assert 0.02 <= processor_seconds(work, 2, ["a", "b", "c", "d"]) < 0.06


def test_every_step_of_the_shipped_model_is_measured_round_by_round(default_model, seed_texts):
    found = measure_steps(default_model, seed_texts[:30], 2)
    assert list(found) == ["graph", "tokenizer", "language, words, heads and the answer", "queue and JSON", HTTP]
    assert all(len(seconds) == 2 and min(seconds) > 0 for seconds in found.values())
