"""Runs of one ONNX graph, side by side on a thread each, or on two threads while they come one at a time."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

# onnxruntime reports its use to its makers, from 1.31 on also on Linux, and reads this when it is first imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

SLOW_FUSIONS = ["SkipLayerNormFusion", "BiasGeluFusion"]
"""What onnxruntime would fuse on opening a graph, to kernels slower than the nodes they replace (1.32: five and two times)."""
WIDE = 2
"""Threads of a run that has the machine to itself; the matrices of one text are too small for more."""
QUIET_SECONDS = 0.05
"""How long no run must have met another before one takes WIDE threads: under load they meet in every few milliseconds."""


def open_graph(graph: str | bytes, threads: int = 1, optimized: Path | None = None) -> InferenceSession:
    """A session of some threads for the file of a graph, or for its bytes; `optimized` is where the graph is written as it will run."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.force_spinning_stop", "1")  # or threads take time from others after a run
    if optimized is not None:
        options.optimized_model_filepath = str(optimized)
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"], disabled_optimizers=SLOW_FUSIONS)


class GraphRunner:
    """Runs a graph for any number of callers at once, each with the same bits as alone; safe to share between threads.

    A run takes one thread, so that as many as there are cores lose nothing to each other. Only while they come one at a time, as from
    a single client, does a run take WIDE threads and end sooner: the work of one text is cut along rows and heads, never along a sum.
    """

    def __init__(self, path: Path, threads: int) -> None:
        self._narrow = open_graph(str(path))
        self._wide = open_graph(str(path), WIDE) if threads >= WIDE else self._narrow
        self.inputs = tuple(node.name for node in self._narrow.get_inputs())
        self.dimensions = int(self._narrow.get_outputs()[0].shape[-1])
        self._lock = Lock()
        self._under_way = 0
        self._met = 0.0
        """When one run last began beside another."""

    def run(self, feed: Mapping[str, NDArray[Any]], wide: bool = True) -> NDArray[Any]:
        """The first output of the graph; `wide` says whether the run may take more than a thread."""
        session = self._begin(wide)
        try:
            vectors: NDArray[Any] = session.run(None, feed)[0]
            return vectors
        finally:
            with self._lock:
                self._under_way -= 1

    def _begin(self, wide: bool) -> InferenceSession:
        with self._lock:
            now = monotonic()
            if self._under_way:
                self._met = now
            self._under_way += 1
            return self._wide if wide and now - self._met > QUIET_SECONDS else self._narrow
