"""One encoder in several precisions, runtimes and layouts: passages a second, and how near its vectors stay to those of float32.

The rows differ in nothing but how the same weights are run. OpenVINO takes part where it is installed (`pip install openvino`), with the
float32 graph: that of 8-bit integers is made of operators that onnxruntime alone knows.
Run: python -m benchmarks.precision
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from threading import local
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.options import plain_errors
from benchmarks.recipes import PASSAGES, SEEDS
from benchmarks.rounds import machine, spread, turned, versions
from framing.data import read_rows
from framing.encoder import Vectors
from framing.encoder.compiled import GRAPH_FILE
from framing.encoder.files import TOKENIZER_FILE, open_tokenizer
from framing.encoder.graph import open_graph
from training.report import table
from training.transformer.compile import Precision, compile_encoder
from training.transformer.source import MINILM, load_source

WARMING = 10
COMPILED: tuple[Precision, ...] = ("int8", "float32")
HEADER = (
    "runtime", "precision", "passages side by side", "threads for each", "passages a run", "passages a second", "times as shipped",
    "cosine to float32, mean", "lowest",
)  # fmt: skip

Encode = Callable[[Sequence[str]], Vectors]
Numbers = NDArray[np.int64]
RunOne = Callable[[Numbers], Vectors]
"""Ids of word pieces (1, pieces), to a vector (1, dimensions)."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A way to run the encoder. `side_by_side` passages at a time, each on `threads`; `together` is how many share a run."""

    runtime: str
    precision: str
    side_by_side: int = 1
    threads: int = 1
    together: int = 1


@dataclass(frozen=True, slots=True)
class Source:
    """The encoder to be run: what sentence-transformers loads by `name`, and folders with its graph in each precision."""

    name: str
    folders: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class Measured:
    """Passages a second in each round, and the cosines (n,) of a way's vectors to those of float32."""

    setup: Setup
    speeds: tuple[float, ...]
    cosines: NDArray[np.float32]


LAYOUTS = ((1, 1), (2, 1), (1, 2))
"""Passages side by side, and threads for each."""
SHIPPED = Setup("onnxruntime", "int8", side_by_side=2)
EXACT = Setup("onnxruntime", "float32")
SETUPS = (
    *(
        Setup(runtime, precision, *layout)
        for runtime, precision in (("onnxruntime", "int8"), ("onnxruntime", "float32"), ("torch", "bfloat16"), ("openvino", "bfloat16"))
        for layout in LAYOUTS
    ),
    Setup("torch", "bfloat16", threads=2, together=32),
)


@click.command()
@click.option(
    "--encoder", default=MINILM, show_default=True, help="Or a folder with a sentence-transformers model, such as a fine-tuned one."
)
@click.option("--texts", "number", type=click.IntRange(1), default=200, show_default=True, help="Passages of the seeds.")
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True)
@plain_errors
def command(encoder: str, number: int, rounds: int) -> None:
    """Time every way to run an encoder, in turns, and compare its vectors."""
    texts = [str(row.fields["text"]) for name in PASSAGES for row in read_rows(SEEDS / name)]
    texts = texts[:: max(1, len(texts) // number)][:number]
    with tempfile.TemporaryDirectory() as scratch:
        ways = dict(open_all(compiled(encoder, Path(scratch)), SETUPS))
        click.echo(f"{len(texts)} passages, {median(len(text.split()) for text in texts):.0f} words (median), {rounds} rounds; {machine()}")
        click.echo(versions(("onnxruntime", "torch", "sentence-transformers", "openvino")) + "\n")
        click.echo(report(measure(ways, texts, rounds)))


def compiled(name: str, folder: Path) -> Source:
    """Compile an encoder in each precision there is, each to a folder of its own below `folder`."""
    for precision in COMPILED:
        compile_encoder(load_source(name), folder / precision, precision)
    return Source(name, {precision: folder / precision for precision in COMPILED})


def open_all(source: Source, setups: Sequence[Setup]) -> Iterator[tuple[Setup, Encode]]:
    """Each way, opened; those whose runtime is not installed are told once and left out."""
    missing: set[str] = set()
    for setup in setups:
        if setup.runtime in missing:
            continue
        try:
            encode = RUNTIMES[setup.runtime](source, setup)
        except ImportError:
            missing.add(setup.runtime)
            click.echo(f"skipped: {setup.runtime} is not installed", err=True)
            continue
        yield setup, encode


def _open_onnxruntime(source: Source, setup: Setup) -> Encode:
    folder = source.folders[setup.precision]
    session = open_graph(str(folder / GRAPH_FILE), setup.threads)

    def run(ids: Numbers) -> Vectors:
        return np.asarray(session.run(None, {"input_ids": ids})[0])

    return _each_alone(folder, run, setup.side_by_side)


def _open_openvino(source: Source, setup: Setup) -> Encode:
    import openvino

    folder = source.folders["float32"]
    threads = setup.side_by_side * setup.threads
    settings = {"INFERENCE_PRECISION_HINT": "bf16", "NUM_STREAMS": setup.side_by_side, "INFERENCE_NUM_THREADS": threads}
    model = openvino.Core().compile_model(str(folder / GRAPH_FILE), "CPU", settings)
    own = local()  # a request is for one thread at a time

    def run(ids: Numbers) -> Vectors:
        if not hasattr(own, "request"):
            own.request = model.create_infer_request()
        return np.array(own.request.infer({"input_ids": ids})[0])

    return _each_alone(folder, run, setup.side_by_side)


def _open_torch(source: Source, setup: Setup) -> Encode:
    import torch

    model: Any = load_source(source.name).bfloat16()

    def run(ids: Numbers) -> Vectors:
        with torch.inference_mode():
            features = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.ones(ids.shape, dtype=torch.int64)}
            vector = model(features)["sentence_embedding"].float()
            return np.asarray(torch.nn.functional.normalize(vector, dim=1).numpy())

    def together(texts: Sequence[str]) -> Vectors:
        torch.set_num_threads(setup.threads)
        return np.asarray(model.encode(list(texts), batch_size=setup.together, normalize_embeddings=True, show_progress_bar=False))

    # torch counts its threads for each thread that calls it
    alone = _each_alone(source.folders["float32"], run, setup.side_by_side, lambda: torch.set_num_threads(setup.threads))
    return alone if setup.together == 1 else together


RUNTIMES: Mapping[str, Callable[[Source, Setup], Encode]] = {
    "onnxruntime": _open_onnxruntime,
    "torch": _open_torch,
    "openvino": _open_openvino,
}


def _each_alone(folder: Path, run: RunOne, side_by_side: int, on_thread: Callable[[], None] = lambda: None) -> Encode:
    """Every text a run of its own; so many threads take them in turn."""
    tokenizer = open_tokenizer(folder / TOKENIZER_FILE)

    def encode_one(text: str) -> Vectors:
        return run(np.array([tokenizer.encode(text).ids], np.int64))

    def encode(texts: Sequence[str]) -> Vectors:
        with ThreadPoolExecutor(side_by_side, initializer=on_thread) as pool:
            return np.concatenate(list(pool.map(encode_one, texts)))

    return encode


def measure(ways: Mapping[Setup, Encode], texts: Sequence[str], rounds: int) -> list[Measured]:
    """Each way warmed, then timed in rounds that ask all of them, each time another first. EXACT must be among them."""
    for encode in ways.values():
        encode(texts[:WARMING])
    speeds: dict[Setup, list[float]] = {setup: [] for setup in ways}
    vectors: dict[Setup, Vectors] = {}
    for number in range(rounds):
        for setup in turned(list(ways), number):
            start = time.perf_counter()
            vectors[setup] = ways[setup](texts)
            speeds[setup].append(len(texts) / (time.perf_counter() - start))
    return [Measured(setup, tuple(own), (vectors[setup] * vectors[EXACT]).sum(axis=1)) for setup, own in speeds.items()]


def report(measured: Sequence[Measured]) -> str:
    """A line for each way; medians of the rounds, in brackets lowest and highest, ratios within a round."""
    shipped = next(way for way in measured if way.setup == SHIPPED)
    return table(HEADER, [_cells(way, shipped) for way in measured])


def _cells(way: Measured, shipped: Measured) -> list[str]:
    setup = way.setup
    ratios = [own / other for own, other in zip(way.speeds, shipped.speeds, strict=True)]
    layout = (setup.side_by_side, setup.threads, setup.together)
    cosines = (f"{way.cosines.mean():.4f}", f"{way.cosines.min():.4f}")
    return [setup.runtime, setup.precision, *map(str, layout), spread(way.speeds), spread(ratios, 2), *cosines]


if __name__ == "__main__":
    command()
