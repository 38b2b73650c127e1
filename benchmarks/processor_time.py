"""Processor time of a passage while all cores are busy: the steps of a request added one after the other, from the graph alone to HTTP.

A step costs more here than by itself: the graph reads megabytes of weights, and what ran before it finds the caches empty after it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from benchmarks.contestants import OUR_SERVER, our_server
from benchmarks.load import LoadError, put_load
from benchmarks.rounds import split_evenly, spread, turned
from benchmarks.servers import Running
from benchmarks.serving import CONNECTIONS
from framing.api.queue import Job, ReadingQueue, Turn
from framing.api.schemas import PredictRequest
from framing.api.work import job_for
from framing.encoder import CompiledEncoder, available_cores
from framing.encoder.compiled import GRAPH_FILE
from framing.encoder.files import TOKENIZER_FILE, open_tokenizer
from framing.encoder.graph import GraphRunner
from framing.model import FramingModel
from training.report import table

PATIENCE = 600
"""Seconds for a load that ends when each text was asked once."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step with all before it: the processor seconds a text that these take together for some texts."""

    name: str
    seconds_of: Callable[[Sequence[str]], float]


def measure_steps(model: FramingModel, texts: Sequence[str], rounds: int) -> dict[str, list[float]]:
    """Processor seconds a text by round, of each step with all before it; none reads a text twice. Needs psutil. Raises FramingError."""
    warming, *shares = split_evenly(texts, rounds + 1)
    with our_server(warming[0]) as server:
        all_steps = (*_steps(model, texts), Step("HTTP", lambda share: _served(server, share)))
        found: dict[str, list[float]] = {step.name: [] for step in all_steps}
        for step in all_steps:
            step.seconds_of(warming)
        for number, share in enumerate(shares):
            for step in turned(all_steps, number):
                found[step.name].append(step.seconds_of(share))
    return found


def _steps(model: FramingModel, texts: Sequence[str]) -> tuple[Step, ...]:
    """The steps within this process, each of which does all that the one before it does."""
    assert isinstance(model.encoder, CompiledEncoder)
    folder, alone = model.encoder.folder, model.encoder.aside()
    tokenizer, graph = open_tokenizer(folder / TOKENIZER_FILE), GraphRunner(folder / GRAPH_FILE, 1)
    pieces = {text: {"input_ids": np.asarray([tokenizer.encode(text).ids], np.int64)} for text in texts}
    on_one_thread = replace(model, encoder=alone)
    queue = ReadingQueue(available_cores(), 1, 0)
    return (
        Step("graph", lambda share: _side_by_side(lambda text: graph.run(pieces[text]), share)),
        Step("tokenizer", lambda share: _side_by_side(lambda text: alone.encode([text]), share)),
        Step(
            "language, words, heads and the answer",
            lambda share: _side_by_side(lambda text: on_one_thread.predict(text, "none", evidence=False), share),
        ),
        Step("JSON and queue", lambda share: processor_seconds(lambda: _queued(queue, model, share), len(share))),
    )


def _side_by_side(work: Callable[[str], object], texts: Sequence[str]) -> float:
    def all_of_them() -> None:
        with ThreadPoolExecutor(available_cores()) as pool:
            for _ in pool.map(work, texts):
                pass

    return processor_seconds(all_of_them, len(texts))


def _queued(queue: ReadingQueue, model: FramingModel, texts: Sequence[str]) -> None:
    """Have bodies answered through the queue, as many at once as there are connections."""
    waiting: deque[Job] = deque()
    for text in texts:
        if len(waiting) == CONNECTIONS:
            waiting.popleft().result.result()
        waiting.append(job_for(PredictRequest.model_validate_json(OUR_SERVER.body(text)), model, 1))
        queue.submit(waiting[-1], Turn())
    for job in waiting:
        job.result.result()


def _served(server: Running, texts: Sequence[str]) -> float:
    before = server.processor_seconds()
    load = put_load(server.address, [OUR_SERVER.body(text) for text in texts], CONNECTIONS, PATIENCE)
    if len(load.waits) != len(texts):
        raise LoadError(f"{len(load.waits)} of {len(texts)} answers were good")
    return (server.processor_seconds() - before) / len(texts)


def processor_seconds(work: Callable[[], None], items: int) -> float:
    """Processor seconds of this process, all its threads together, for each item of a work that does so many."""
    start = time.process_time()
    work()
    return (time.process_time() - start) / items


def steps_table(found: Mapping[str, Sequence[float]]) -> str:
    """What each step adds, taken within a round, and the texts a second that all cores can do at most up to it."""
    rows = []
    before: Sequence[float] = [0.0] * len(next(iter(found.values())))
    whole = median(list(found.values())[-1])
    for name, seconds in found.items():
        added = [now - then for now, then in zip(seconds, before, strict=True)]
        before = seconds
        most = f"{available_cores() / median(seconds):,.0f}"
        rows.append([name, _milliseconds(added), f"{median(added) / whole:.0%}", _milliseconds(seconds), most])
    return table(("step", "milliseconds of processor", "share", "with all before it", "passages a second by this"), rows)


def _milliseconds(seconds: Sequence[float]) -> str:
    return spread([one * 1e3 for one in seconds], 2)
