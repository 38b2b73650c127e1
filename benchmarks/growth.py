"""How speed changes with the batch, the length of a passage, the number of frames and of connections, on all cores.

Run alone on the machine: python -m benchmarks.growth
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle
from typing import Any

import click
import numpy as np

from benchmarks.contestants import OUR_SERVER, SEEDS, our_server, real_texts
from benchmarks.load import Load, put_load
from benchmarks.options import plain_errors
from benchmarks.rounds import rates, ratios, split_evenly, spread, turned
from framing.artifact import DEFAULT_FOLDER, load_model
from framing.heads import Array, Heads
from framing.model import FramingModel
from framing.rows import read_rows
from training.report import table
from training.transformer.source import MINILM, load_source

BATCHES = (1, 8, 32, 128)
WORDS = (10, 25, 50, 100, 200)
FRAMES = (3, 9, 50, 200)
CONNECTIONS = (1, 2, 4, 16, 64)
PLAIN = "sentence-transformers fp32"
Work = Callable[[], object]


@click.command()
@click.option("--passages", type=click.IntRange(8), default=256, show_default=True, help="Passages of each measurement.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--seconds", type=click.FloatRange(0.1), default=2.0, show_default=True, help="For each number of connections, by round.")
@plain_errors
def command(passages: int, rounds: int, seconds: float) -> None:
    """Print a table for each thing that grows: medians, in brackets the lowest and highest of the rounds."""
    model, plain = load_model(DEFAULT_FOLDER), load_source(MINILM)
    texts = real_texts(str(row.fields["text"]) for row in read_rows(SEEDS / "passages.jsonl"))
    beside = texts[:passages]
    click.echo(f"Passages a second by how many are handed over at once ({len(beside)} passages):\n")
    click.echo(both("at once", BATCHES, lambda at_once: works(model, plain, beside, at_once), len(beside), rounds))
    click.echo(f"\nPassages a second by their length ({len(beside)} passages, 32 at once):\n")
    click.echo(both("words", WORDS, lambda words: works(model, plain, of_length(texts, words, passages), 32), passages, rounds))
    click.echo("\nPassages a second by the number of frames (the default model with its heads repeated):\n")
    click.echo(by_frames(model, beside, rounds))
    click.echo("\nRequests a second of `framing serve` by the number of connections (no evidence, no cache):\n")
    click.echo(by_connections(texts, rounds, seconds))


def works(model: FramingModel, plain: Any, texts: Sequence[str], at_once: int) -> dict[str, Work]:
    """Ours and a plain loop over the same texts, so many at a time."""
    return {
        "ours": lambda: [model.score(batch) for batch in batches(texts, at_once)],
        PLAIN: lambda: [plain.encode(batch, batch_size=at_once, show_progress_bar=False) for batch in batches(texts, at_once)],
    }


def batches(texts: Sequence[str], size: int) -> Iterator[list[str]]:
    """The texts in their order, so many together."""
    return (list(texts[start : start + size]) for start in range(0, len(texts), size))


def of_length(texts: Sequence[str], words: int, count: int) -> list[str]:
    """So many texts of so many words each, cut from all texts written one after the other, and over again where that is not enough."""
    stream = cycle([word for text in texts for word in text.split()])
    return [" ".join(next(stream) for _ in range(words)) for _ in range(count)]


def both(what: str, sizes: Sequence[int], made: Callable[[int], Mapping[str, Work]], items: int, rounds: int) -> str:
    """A line for each size: ours, the plain loop, and how many times the plain loop ours is."""
    rows = []
    for size in sizes:
        found = rates(made(size), items, rounds)
        rows.append([str(size), spread(found["ours"]), spread(found[PLAIN]), spread(ratios(found["ours"], found[PLAIN]), 2)])
    return table((what, "ours", PLAIN, "times the plain loop"), rows)


def by_frames(model: FramingModel, texts: Sequence[str], rounds: int) -> str:
    """Passages a second with heads of so many frames: the heads alone on one thread, and encoder, words and heads together."""
    vectors = model.encoder.encode(texts).vectors
    terms = None if model.vocabulary is None else [model.vocabulary.transform(text) for text in texts]
    made = {frames: with_frames(model.heads, frames) for frames in FRAMES}
    alone: dict[str, Work] = {str(frames): partial(heads.probabilities, vectors, terms) for frames, heads in made.items()}
    whole: dict[str, Work] = {str(frames): partial(reads, model, heads, texts) for frames, heads in made.items()}
    heads_found, whole_found = rates(alone, len(texts), rounds), rates(whole, len(texts), rounds)
    rows = [[name, spread(heads_found[name]), spread(whole_found[name])] for name in alone]
    return table(("frames", "heads alone", "encoder, words and heads"), rows)


def with_frames(heads: Heads, frames: int) -> Heads:
    """Heads of so many frames: those there are, over and over."""
    rows = np.arange(frames) % len(heads.intercepts)
    terms = None if heads.term_weights is None else heads.term_weights[rows]
    return replace(
        heads, vector_weights=heads.vector_weights[rows], term_weights=terms, intercepts=heads.intercepts[rows],
        thresholds=heads.thresholds[rows], floors=heads.floors[rows],
    )  # fmt: skip


def reads(model: FramingModel, heads: Heads, texts: Sequence[str]) -> Array:
    """What a model with these heads makes of texts; a codebook of as many frames is not needed for it."""
    encoded = model.encoder.encode(texts)
    terms = None if model.vocabulary is None else [model.vocabulary.transform(text) for text in texts]
    return heads.probabilities(encoded.vectors, terms)


def by_connections(texts: Sequence[str], rounds: int, seconds: float) -> str:
    """A line for each number of connections: all at the same server, in rounds that take turns, no text twice."""
    warming, *parts = split_evenly([OUR_SERVER.body(text) for text in texts], len(CONNECTIONS) * rounds + 1)
    loads: dict[int, list[Load]] = {connections: [] for connections in CONNECTIONS}
    with our_server(texts[0]) as server:
        put_load(server.address, warming[1:], CONNECTIONS[-1], 1)
        turns = [connections for number in range(rounds) for connections in turned(CONNECTIONS, number)]
        for connections, part in zip(turns, parts, strict=True):
            loads[connections].append(put_load(server.address, part, connections, seconds))
    return loads_table(loads)


def loads_table(loads: Mapping[int, Sequence[Load]]) -> str:
    """Requests a second and waits by the number of connections, over all rounds."""
    rows = []
    for connections, own in loads.items():
        waits = [spread([load.wait(percent) * 1000 for load in own], 1) for percent in (50, 99)]
        rows.append([str(connections), spread([load.rate for load in own]), *waits])
    return table(("connections", "requests a second", "p50 ms", "p99 ms"), rows)


if __name__ == "__main__":
    command()
