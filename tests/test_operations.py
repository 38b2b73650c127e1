"""Multiply-adds of a graph, by its shapes, and of the machine, by the clock."""

from __future__ import annotations

import pytest

from benchmarks.operations import Graph, float_rate, int8_rate, read_graph, seconds_of
from framing.encoder.compiled import GRAPH_FILE


def test_multiply_adds_are_one_for_each_weight_and_piece_and_more_for_pieces_by_pieces():
    graph = Graph(weights=((4, 4), (4, 16), (16, 4)), attentions=2, width=4)
    assert graph.multiply_adds(10) == 10 * (16 + 64 + 64) + 2 * 10 * 10 * 4


def test_a_compiled_encoder_is_counted_by_its_shapes(compiled_encoder):
    """Two layers of width 32 with 64 between: products by 32 * 96 weights (queries, keys, values), 32 * 32, and one each way by 32 * 64."""
    graph = read_graph(compiled_encoder.folder / GRAPH_FILE)
    assert sorted(graph.weights) == sorted([(32, 96)] * 2 + [(32, 32)] * 2 + [(32, 64)] * 2 + [(64, 32)] * 2)
    assert (graph.attentions, graph.width) == (4, 32)


@pytest.mark.parametrize("rate", [lambda: int8_rate(8, 16, 32), lambda: float_rate("float32", 8, 16, 32)])
def test_a_product_has_a_rate(rate, monkeypatch):
    monkeypatch.setattr("benchmarks.operations.ENOUGH_SECONDS", 0.01)
    assert rate() > 1000


def test_seconds_are_the_median_of_some_time_and_at_least_of_one_go():
    done: list[int] = []
    assert seconds_of(lambda: done.append(1), enough=0) >= 0
    assert len(done) == 2
