"""Processor time by step: what each adds, and all of them measured on a real server."""

from __future__ import annotations

import time

from benchmarks.processor_time import measure_steps, processor_seconds, steps_table


def test_what_a_step_adds_is_taken_within_a_round(monkeypatch):
    monkeypatch.setattr("benchmarks.processor_time.available_cores", lambda: 2)
    found = {"graph": [0.004, 0.003, 0.005], "queue": [0.005, 0.004, 0.006], "HTTP": [0.008, 0.008, 0.008]}
    assert steps_table(found).splitlines()[2:] == [
        "| graph | 4.00 [3.00, 5.00] | 50% | 4.00 [3.00, 5.00] | 500 |",
        "| queue | 1.00 [1.00, 1.00] | 12% | 5.00 [4.00, 6.00] | 400 |",
        "| HTTP | 3.00 [2.00, 4.00] | 38% | 8.00 [8.00, 8.00] | 250 |",
    ]


def test_waiting_is_no_processor_time_and_work_is():
    def busy() -> None:
        end = time.thread_time() + 0.1
        while time.thread_time() < end:
            pass

    assert processor_seconds(lambda: time.sleep(0.2), 4) < 0.02
    assert 0.025 <= processor_seconds(busy, 4) < 0.05


def test_every_step_of_the_shipped_model_is_measured_round_by_round(default_model, seed_texts):
    found = measure_steps(default_model, seed_texts[:30], 2)
    assert list(found) == ["graph", "tokenizer", "language, words, heads and the answer", "JSON and queue", "HTTP"]
    assert all(len(seconds) == 2 and min(seconds) > 0 for seconds in found.values())
