"""Where the time of one passage goes, alone and while all cores are busy, and how far its longest part is from what the machine can do.

Run alone on the machine: python -m benchmarks.profile
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from statistics import median
from typing import Any

import click
import numpy as np

from benchmarks.contestants import OUR_SERVER, SEEDS, our_server, real_texts
from benchmarks.load import put_load
from benchmarks.operations import Graph, float_rate, int8_rate, read_graph
from benchmarks.options import plain_errors
from benchmarks.processor_time import measure_steps, steps_table
from benchmarks.rounds import split_evenly, spread
from benchmarks.serving import CONNECTIONS
from framing.api.schemas import PredictRequest, answer_body
from framing.artifact import DEFAULT_FOLDER, load_model
from framing.encoder.compiled import GRAPH_FILE
from framing.encoder.files import TOKENIZER_FILE, open_tokenizer
from framing.encoder.graph import GraphRunner
from framing.encoder.protocol import Vectors, available_cores
from framing.features import Terms
from framing.language import language_of
from framing.model import FramingModel, profile
from framing.prediction import DocumentAnswer
from framing.rows import read_rows
from framing.text import split_passages
from training.report import table

GRAPH = "graph"
REST = "HTTP, threads and the rest"
UNDER_LOAD = 400
"""Passages of a round while all cores are busy."""
LARGE = (1024, 1536, 1536)
"""Rows, inner size and columns of a product that is large enough to show what the machine can do."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """One passage at each step of its way."""

    text: str
    body: bytes
    asked: PredictRequest
    pieces: Mapping[str, Any]
    vectors: Vectors
    terms: Sequence[Terms] | None
    answer: DocumentAnswer


@click.command()
@click.option("--passages", type=click.IntRange(1), default=200, show_default=True)
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="At one connection, and with all cores busy.")
@click.option("--seconds", type=click.FloatRange(0.1), default=2.0, show_default=True, help="For each round at one connection.")
@plain_errors
def command(passages: int, rounds: int, seconds: float) -> None:
    """Print the parts of a request for one passage, what its steps cost while all cores are busy, and the multiply-adds a second of the
    graph beside those of large products."""
    if find_spec("psutil") is None:
        raise click.ClickException("psutil is not installed; it comes with the extra bench")
    texts = real_texts(str(row.fields["text"]) for row in read_rows(SEEDS / "passages.jsonl"))
    model, tokenizer = load_model(DEFAULT_FOLDER), open_tokenizer(DEFAULT_FOLDER / TOKENIZER_FILE)
    prepared = [prepare_text(model, tokenizer, text) for text in texts[:passages]]
    taken = part_seconds(parts(model, tokenizer), prepared)
    counts = [one.pieces["input_ids"].shape[1] for one in prepared]
    click.echo(f"One request for one passage (medians of {len(prepared)}, {median(counts):.0f} word pieces), no evidence, no cache:\n")
    whole = request_seconds(texts[passages:], rounds, seconds)
    click.echo(parts_table({name: median(own) for name, own in taken.items()}, whole))
    click.echo(f"\nProcessor time of a passage while all cores are busy ({CONNECTIONS} requests at once in the last two steps):\n")
    click.echo(steps_table(measure_steps(model, texts[: UNDER_LOAD * (rounds + 1)], rounds)))
    graph = read_graph(DEFAULT_FOLDER / GRAPH_FILE)
    click.echo(f"\n{need_said(graph, round(median(counts)))}\n")
    alone = part_seconds({GRAPH: graph_run(1)}, prepared)[GRAPH]
    reached = median(graph.multiply_adds(count) / seconds for count, seconds in zip(counts, alone, strict=True))
    click.echo(limits_table(reached, measured_limits(graph, round(median(counts)))))


def prepare_text(model: FramingModel, tokenizer: Any, text: str) -> Prepared:
    """What each step of answering a text is given."""
    body = OUR_SERVER.body(text)
    found = tokenizer.encode(text)
    values = {"input_ids": found.ids, "attention_mask": found.attention_mask, "token_type_ids": found.type_ids}
    answers = model.score([text])
    return Prepared(
        text,
        body,
        PredictRequest.model_validate({"text": text, "split": "none"}),
        {name: np.asarray([ids], np.int64) for name, ids in values.items()},
        model.encoder.encode([text]).vectors,
        None if model.vocabulary is None else [model.vocabulary.transform(text)],
        DocumentAnswer(answers, profile(answers, model.codebook.names), model.identity),
    )


def graph_run(threads: int) -> Callable[[Prepared], object]:
    """A run of the graph by whoever has so many threads and no company."""
    graph = GraphRunner(DEFAULT_FOLDER / GRAPH_FILE, threads)
    return lambda one: graph.run({name: one.pieces[name] for name in graph.inputs})


def parts(model: FramingModel, tokenizer: Any) -> Mapping[str, Callable[[Prepared], object]]:
    """The parts of answering one passage, in their order."""
    return {
        "JSON of the request": lambda one: PredictRequest.model_validate_json(one.body),
        "language": lambda one: language_of(one.text),
        "passages": lambda one: split_passages(one.text, "none", "en", sentences=False),
        "tokenizer": lambda one: tokenizer.encode(one.text),
        GRAPH: graph_run(available_cores()),
        "words (TF-IDF)": lambda one: None if model.vocabulary is None else model.vocabulary.transform(one.text),
        "heads": lambda one: model.heads.decide(model.heads.probabilities(one.vectors, one.terms)),
        "JSON of the answer": lambda one: answer_body(one.asked, [one.answer]).model_dump_json(),
    }


def part_seconds(works: Mapping[str, Callable[[Prepared], object]], prepared: Sequence[Prepared]) -> dict[str, list[float]]:
    """Seconds that each part takes for each passage, once warm; the parts of a passage follow one another, as they do in a request."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for one in [*prepared[:10], *prepared]:
        for name, work in works.items():
            start = time.perf_counter()
            work(one)
            taken[name].append(time.perf_counter() - start)
    return {name: own[-len(prepared) :] for name, own in taken.items()}


def request_seconds(texts: Sequence[str], rounds: int, seconds: float) -> list[float]:
    """Median seconds of a request to `framing serve` at one connection, by round; no text twice."""
    warming, *shares = split_evenly([OUR_SERVER.body(text) for text in texts], rounds + 1)
    with our_server(texts[0]) as server:
        put_load(server.address, warming[1:50], 1, seconds)
        return [put_load(server.address, share, 1, seconds).wait(50) for share in shares]


def parts_table(taken: Mapping[str, float], wholes: Sequence[float]) -> str:
    """Microseconds of each part, and its share of a request that takes `wholes` seconds by round."""
    whole = median(wholes)
    named = [*taken.items(), (REST, whole - sum(taken.values()))]
    rows = [[name, f"{seconds * 1e6:,.0f}", f"{seconds / whole:.1%}"] for name, seconds in named]
    rows.append(["the whole request", spread([seconds * 1e6 for seconds in wholes]), "100.0%"])
    return table(("part", "microseconds", "share"), rows)


def need_said(graph: Graph, pieces: int) -> str:
    """How many multiply-adds a passage of so many word pieces needs, with the arithmetic."""
    weights = sum(rows * columns for rows, columns in graph.weights)
    sum_shown = f"{pieces} * {weights:,} + {graph.attentions} * {pieces}² * {graph.width}"
    return (
        f"The graph multiplies each piece by {weights:,} weights, and pieces by pieces {graph.attentions} times at width {graph.width}: "
        f"{sum_shown} = {graph.multiply_adds(pieces) / 1e6:,.0f} million multiply-adds for {pieces} pieces."
    )


def measured_limits(graph: Graph, pieces: int) -> dict[str, float]:
    """Multiply-adds a second of products alone, one thread: as large as the graph's own for this passage, and large ones."""
    inner, columns = max(graph.weights, key=lambda shape: shape[0] * shape[1])
    return {
        f"int8 product, {pieces} by {inner} by {columns}, as in the graph": int8_rate(pieces, inner, columns),
        f"int8 product, {' by '.join(map(str, LARGE))}": int8_rate(*LARGE),
        f"bf16 product (torch), {' by '.join(map(str, LARGE))}": float_rate("bfloat16", *LARGE),
        f"fp32 product (torch), {' by '.join(map(str, LARGE))}": float_rate("float32", *LARGE),
    }


def limits_table(graph_rate: float, limits: Mapping[str, float]) -> str:
    """The graph as it runs beside each limit."""
    rows = [["the graph as it runs (median of passages)", f"{graph_rate / 1e9:,.0f}", "100%"]]
    rows += [[name, f"{rate / 1e9:,.0f}", f"{graph_rate / rate:.0%}"] for name, rate in limits.items()]
    return table(("one thread", "billion multiply-adds a second", "the graph reaches"), rows)


if __name__ == "__main__":
    command()
