"""Runs of a graph: the same bits on one thread and on two, and two only for a run that has the machine to itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from framing.api.pool import _aside
from framing.artifact import DEFAULT_FOLDER
from framing.encoder import CompiledEncoder
from framing.encoder import graph as graphs
from framing.encoder.compiled import GRAPH_FILE
from framing.encoder.files import TOKENIZER_FILE, open_tokenizer
from framing.encoder.graph import WIDE, GraphRunner, open_graph

PATIENCE = 20
"""Seconds; only a broken test waits as long."""


def pieces(count: int, inputs: tuple[str, ...]) -> dict[str, np.ndarray]:
    """So many ids of word pieces that every tokenizer has, whatever they stand for."""
    ids = np.random.default_rng(count).integers(5, 60, (1, count))
    values = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    return {name: values[name] for name in inputs}


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


def test_two_threads_give_the_bits_of_one(seed_texts):
    path, tokenizer = str(DEFAULT_FOLDER / GRAPH_FILE), open_tokenizer(DEFAULT_FOLDER / TOKENIZER_FILE)
    narrow, wide = open_graph(path), open_graph(path, WIDE)
    for text in ["", "rain", *seed_texts[:40], " ".join(seed_texts[:20])]:
        ids = np.asarray([tokenizer.encode(text).ids])
        feed = {node.name: ids if node.name == "input_ids" else np.ones_like(ids) for node in narrow.get_inputs()}
        assert narrow.run(None, feed)[0].tobytes() == wide.run(None, feed)[0].tobytes()


def test_a_session_has_the_threads_that_it_was_opened_with_and_none_that_wait_busily(compiled_encoder):
    path = compiled_encoder.folder / GRAPH_FILE
    runner = GraphRunner(path, WIDE)
    for session, threads in ((open_graph(str(path)), 1), (runner._narrow, 1), (runner._wide, WIDE)):
        options = session.get_session_options()
        assert (options.intra_op_num_threads, options.inter_op_num_threads) == (threads, 1)
        assert options.get_session_config_entry("session.force_spinning_stop") == "1"


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


def test_work_beside_others_takes_one_thread_even_where_it_is_alone(compiled_encoder, runner):
    encoder = CompiledEncoder(compiled_encoder.folder)
    encoder._graph = runner
    assert np.array_equal(encoder.aside().encode(["rain"]).vectors, encoder.encode(["rain"]).vectors)
    assert runner.ran == ["narrow", "wide"]


def test_a_run_that_fails_is_not_taken_for_one_that_goes_on(runner):
    with pytest.raises(Exception, match="input"):
        runner.run({"no input of this name": np.ones((1, 1))})
    runner.run(pieces(8, runner.inputs))
    assert runner.ran == ["wide", "wide"]


def test_whoever_has_one_core_takes_one_thread(compiled_encoder):
    runner = GraphRunner(compiled_encoder.folder / GRAPH_FILE, 1)
    assert runner._wide is runner._narrow


def test_a_pool_is_ranked_on_one_thread_by_the_model_and_by_its_fallback(compiled_encoder, tiny_model):
    model = replace(tiny_model, encoder=compiled_encoder, fallback=replace(tiny_model, encoder=compiled_encoder))
    aside = _aside(model)
    assert (aside.encoder.threads, aside.fallback.encoder.threads) == (1, 1)
    assert aside.encoder._graph is compiled_encoder._graph
    assert aside.identity == model.identity
