"""Multiply-adds: how many a compiled encoder needs for a text, and how many this machine does in a second on one thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from framing.encoder.graph import open_graph

ENOUGH_SECONDS = 0.5
_WEIGHTED = ("MatMulInteger", "MatMul", "Gemm")
_ATTENTION = ("QAttention", "Attention")
"""Nodes with a product by weights, those of queries, keys and values side by side, and two of pieces by pieces."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Products of matrices in a graph: the shapes of those by weights, the number of those of two activations, and their width."""

    weights: tuple[tuple[int, int], ...]
    attentions: int
    """Products of pieces by pieces: two a layer, queries by keys and what comes of it by values."""
    width: int

    def multiply_adds(self, pieces: int) -> int:
        """Multiply-adds for a text of n word pieces: n for each weight, and n * n * width for each product of attention.

        The first by the definition of a matrix product; the second as Kaplan et al. 2020 (table 1) count attention. What grows with n
        alone (normalisation, activation, rounding to int8) is left out.
        """
        return pieces * sum(rows * columns for rows, columns in self.weights) + self.attentions * pieces * pieces * self.width


def read_graph(path: Path) -> Graph:
    """Count the matrix products of an ONNX graph whose output is (texts, width). Needs the package onnx."""
    import onnx

    graph = onnx.load(str(path)).graph
    shapes = {weight.name: tuple(weight.dims) for weight in graph.initializer}
    fused = sum(node.op_type in _ATTENTION for node in graph.node)
    products = [shapes.get(node.input[1]) for node in graph.node if node.op_type in (*_WEIGHTED, *_ATTENTION)]
    weights = tuple((int(shape[0]), int(shape[1])) for shape in products if shape is not None)
    width = int(open_graph(str(path)).get_outputs()[0].shape[-1])
    return Graph(weights, products.count(None) + 2 * fused, width)


def int8_rate(rows: int, inner: int, columns: int) -> float:
    """Multiply-adds a second of onnxruntime's product of (rows, inner) uint8 by (inner, columns) int8, one thread."""
    draws = np.random.default_rng(0)
    session = open_graph(_int8_product(rows, draws.integers(-127, 128, (inner, columns), dtype=np.int8)))
    values = {"in": draws.integers(0, 256, (rows, inner), dtype=np.uint8)}
    return rows * inner * columns / seconds_of(lambda: session.run(None, values))


def _int8_product(rows: int, weights: NDArray[np.int8]) -> bytes:
    from onnx import TensorProto, helper, numpy_helper

    given = helper.make_tensor_value_info("in", TensorProto.UINT8, [rows, weights.shape[0]])
    got = helper.make_tensor_value_info("out", TensorProto.INT32, [rows, weights.shape[1]])
    node = helper.make_node("MatMulInteger", ["in", "weights"], ["out"])
    graph = helper.make_graph([node], "product", [given], [got], [numpy_helper.from_array(weights, "weights")])
    # Old enough for every onnxruntime that is accepted here.
    return bytes(helper.make_model(graph, ir_version=9, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString())


def float_rate(kind: str, rows: int, inner: int, columns: int) -> float:
    """Multiply-adds a second of torch's product of (rows, inner) by (inner, columns), `float32` or `bfloat16`, one thread."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        one, other = (torch.randn(shape).to(getattr(torch, kind)) for shape in ((rows, inner), (inner, columns)))
        with torch.inference_mode():
            return rows * inner * columns / seconds_of(lambda: one @ other)
    finally:
        torch.set_num_threads(threads)


def seconds_of(work: Callable[[], object], enough: float | None = None) -> float:
    """Seconds that a work takes, the median over some time of doing it again and again once warm."""
    work()
    taken: list[float] = []
    end = time.perf_counter() + (ENOUGH_SECONDS if enough is None else enough)
    while not taken or time.perf_counter() < end:
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return median(taken)
