"""Processor time of a passage while all cores are busy: the steps of a request added one after the other, from the graph alone to HTTP.

A step costs more here than by itself: the graph reads megabytes of weights, and what ran before it finds the caches empty after it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.contestants import CONTESTANTS, OURS
from benchmarks.load import put_load
from benchmarks.rounds import split_evenly, spread, turned
from benchmarks.servers import running
from framing.api.queue import ReadingQueue, Turn
from framing.api.schemas import PredictRequest
from framing.api.work import job_for
from framing.encoder import CompiledEncoder, available_cores
from framing.encoder.compiled import GRAPH_FILE
from framing.encoder.files import TOKENIZER_FILE, open_tokenizer
from framing.encoder.graph import GraphRunner
from framing.model import FramingModel
from training.report import table

CONNECTIONS = 16
PATIENCE = 600
"""Seconds for a load that ends when each text was asked once."""
HTTP = "HTTP"
Work = Callable[[str], object]


def measure_steps(model: FramingModel, texts: Sequence[str], rounds: int) -> dict[str, list[float]]:
    """Processor seconds a passage by round, of each step with all before it; no text twice in a round. Needs psutil."""
    works = steps(model, texts)
    warming, *shares = split_evenly(texts, rounds + 1)
    found: dict[str, list[float]] = {name: [] for name in (*works, HTTP)}
    ours = next(one for one in CONTESTANTS if one.name == OURS)
    with (
        tempfile.TemporaryDirectory() as scratch,
        running(ours.arguments, ours.path, ours.body(warming[0]), Path(scratch) / "server.log", ours.environment) as server,
    ):

        def of_step(name: str, share: Sequence[str]) -> float:
            if name in works:
                return processor_seconds(*works[name], share)
            before = server.processor_seconds()
            asked = put_load(server.address, [ours.body(text) for text in share], CONNECTIONS, PATIENCE)
            return (server.processor_seconds() - before) / len(asked.waits)

        for name in found:
            of_step(name, warming)
        for number, share in enumerate(shares):
            for name in turned(list(found), number):
                found[name].append(of_step(name, share))
    return found


def steps(model: FramingModel, texts: Sequence[str]) -> Mapping[str, tuple[Work, int]]:
    """What is done with each of these texts up to a step, and by how many threads at once; each does all that the one before it does."""
    assert isinstance(model.encoder, CompiledEncoder)
    folder, cores, alone = model.encoder.folder, available_cores(), model.encoder.aside()
    tokenizer, graph = open_tokenizer(folder / TOKENIZER_FILE), GraphRunner(folder / GRAPH_FILE, 1)
    pieces = {text: np.asarray([tokenizer.encode(text).ids], np.int64) for text in texts}
    on_one_thread = replace(model, encoder=alone)
    queue = ReadingQueue(cores, 1, 0)

    def queued(text: str) -> bytes:
        job = job_for(PredictRequest.model_validate({"text": text, "split": "none", "evidence": False}), model)
        queue.submit(job, Turn())
        return job.result.result()

    return {
        "graph": (lambda text: graph.run(dict.fromkeys(graph.inputs, pieces[text])), cores),
        "tokenizer": (lambda text: alone.encode([text]), cores),
        "language, words, heads and the answer": (lambda text: on_one_thread.predict(text, "none", evidence=False), cores),
        "queue and JSON": (queued, CONNECTIONS),
    }


def processor_seconds(work: Work, threads: int, texts: Sequence[str]) -> float:
    """Processor seconds of this process for each text, with so many threads at them."""
    start = time.process_time()
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, texts):
            pass
    return (time.process_time() - start) / len(texts)


def steps_table(found: Mapping[str, Sequence[float]]) -> str:
    """Milliseconds of each step, from the medians of one with all before it, and the passages a second that all cores can do at most."""
    rows, before = [], 0.0
    whole = median(list(found.values())[-1])
    for name, seconds in found.items():
        own = median(seconds) - before
        before = median(seconds)
        together = spread([one * 1e3 for one in seconds], 1)
        rows.append([name, f"{own * 1e3:.1f}", f"{own / whole:.0%}", together, f"{available_cores() / before:,.0f}"])
    return table(("step", "milliseconds of processor", "share", "with all before it", "passages a second at most"), rows)
