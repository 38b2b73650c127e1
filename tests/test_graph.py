"""Runs of a graph: the same bits on one thread and on two, and two only for a run that has the machine to itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

from framing.artifact import DEFAULT_FOLDER
from framing.encoder import graph as graphs
from framing.encoder.compiled import GRAPH_FILE
from framing.encoder.graph import WIDE, GraphRunner, open_graph

PATIENCE = 20
"""Seconds; only a broken test waits as long."""


def pieces(count: int, inputs: tuple[str, ...]) -> dict[str, np.ndarray]:
    ids = np.random.default_rng(count).integers(5, 60, (1, count))
    return {name: ids if name == "input_ids" else np.ones_like(ids) for name in inputs}


@pytest.fixture
def runner(compiled_encoder) -> GraphRunner:
    """A runner of two threads whose sessions note that they run, and wait before they do where `runner.gates` says so."""
    runner = GraphRunner(compiled_encoder.folder / GRAPH_FILE, WIDE)
    runner.ran, runner.gates, runner.begun = [], {}, Event()

    class Noting:
        def __init__(self, name, session):
            self.name, self.session = name, session

        def run(self, outputs, feed):
            runner.ran.append(self.name)
            runner.begun.set()
            if gate := runner.gates.pop(self.name, None):
                assert gate.wait(PATIENCE)
            return self.session.run(outputs, feed)

    runner._wide, runner._narrow = Noting("wide", runner._wide), Noting("narrow", runner._narrow)
    return runner


@pytest.mark.parametrize("count", [1, 2, 3, 15, 16, 17, 63, 74, 100, 256])
def test_two_threads_give_the_bits_of_one(count):
    path = str(DEFAULT_FOLDER / GRAPH_FILE)
    narrow, wide = open_graph(path), open_graph(path, WIDE)
    feed = pieces(count, tuple(node.name for node in narrow.get_inputs()))
    assert narrow.run(None, feed)[0].tobytes() == wide.run(None, feed)[0].tobytes()


def test_runs_that_come_one_at_a_time_take_two_threads(runner):
    for _ in range(3):
        runner.run(pieces(8, runner.inputs))
    assert runner.ran == ["wide"] * 3


def test_a_run_beside_another_takes_one_thread_and_so_do_those_that_follow_at_once(runner, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(graphs, "monotonic", lambda: now[0])
    gate = runner.gates["wide"] = Event()
    with ThreadPoolExecutor(1) as beside:
        first = beside.submit(runner.run, pieces(8, runner.inputs))
        assert runner.begun.wait(PATIENCE)
        met = runner.run(pieces(8, runner.inputs))
        gate.set()
        assert np.array_equal(first.result(PATIENCE), met)
    runner.run(pieces(8, runner.inputs))
    now[0] += 2 * graphs.QUIET_SECONDS
    runner.run(pieces(8, runner.inputs))
    assert runner.ran == ["wide", "narrow", "narrow", "wide"]


def test_a_run_that_fails_is_not_taken_for_one_that_goes_on(runner):
    with pytest.raises(Exception, match="input"):
        runner.run({"no input of this name": np.ones((1, 1))})
    runner.run(pieces(8, runner.inputs))
    assert runner.ran == ["wide", "wide"]


def test_whoever_has_one_core_takes_one_thread(compiled_encoder):
    runner = GraphRunner(compiled_encoder.folder / GRAPH_FILE, 1)
    assert runner._wide is runner._narrow
