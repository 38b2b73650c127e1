"""Servers of one model beside each other: `framing serve`, and what else people serve it with. Each is a process of its own, one at a time.

Run alone on the machine: python -m benchmarks.serving --rounds 3 --out runs/serving.jsonl
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import click
import numpy as np

from benchmarks.contestants import CONTESTANTS, MLFLOW_PLAIN, SEEDS, Contestant, prepare, real_texts, with_repeats
from benchmarks.load import Load, LoadError, put_load
from benchmarks.options import check_out, plain_errors
from benchmarks.rounds import spread, turned, versions
from benchmarks.servers import Running, running
from framing.codebook import load_codebook
from framing.data import load_dataset
from framing.errors import FramingError
from training.report import table

CONNECTIONS = 16
LEARNED = 400
"""Passages, from all over the seeds, that the heads of the plain model are trained on; their answers are not judged here."""
WARMING = 1.0
"""Seconds of requests at all connections before anything counts."""
PACKAGES = ("mlflow", "sentence-transformers", "torch", "litserve", "onnxruntime", "fastapi", "uvicorn", "uvloop", "httptools")
HEADER = (
    "server", "requests a second, {connections} connections", "times MLflow's", "p50 ms, 1 connection", "MLflow's p50 over it",
    "p99 ms, 1 connection", "MB of memory", "seconds to the first answer", "rounds",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Round:
    """What one server did in one round; seconds, bytes, and good answers a second."""

    contestant: str
    number: int
    ready: float
    alone_p50: float
    alone_p99: float
    rate: float
    together_p50: float
    memory: int
    failed: int
    client_share: float
    """The most that the client took of a core while it waited for answers on all connections."""


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--seconds", type=click.FloatRange(0.1), default=6.0, show_default=True, help="For each of the two loads of a round.")
@click.option("--connections", type=click.IntRange(1), default=CONNECTIONS, show_default=True)
@click.option("--only", multiple=True, help="Servers whose name holds this; may be repeated.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Rounds are added to this file as JSON lines.")
@plain_errors
def command(rounds: int, seconds: float, connections: int, only: tuple[str, ...], out: Path | None) -> None:
    """Serve the same passages by each server in turn, and print a table of medians, with the lowest and highest of the rounds."""
    check_out(out, needed=False)
    taking_part = taking(CONTESTANTS, only)
    passages = load_dataset([SEEDS / "passages.jsonl"], load_codebook(SEEDS / "codebook.toml"))
    texts = real_texts(passages.texts)
    click.echo(f"{versions(PACKAGES)}. {words_said(texts)}\n")
    done: list[Round] = []
    with tempfile.TemporaryDirectory() as scratch:
        prepare(Path(scratch), passages.subset(range(0, len(passages), len(passages) // LEARNED)), taking_part)
        for one in measure(taking_part, texts, Path(scratch), rounds, seconds, connections):
            done.append(one)
            if out:
                with out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(one)) + "\n")
    click.echo(report(done, connections))


def taking(contestants: Sequence[Contestant], only: Sequence[str]) -> list[Contestant]:
    """Those that were asked for and whose packages are installed; the others are told."""
    asked = [one for one in contestants if not only or any(part in one.name for part in only)]
    if not asked:
        raise click.UsageError(f"no server has a name with {' or '.join(only)}; names are {', '.join(one.name for one in contestants)}")
    for one in asked:
        if one.missing:
            click.echo(f"Left out: {one.name} needs {', '.join(one.missing)}: pip install 'framing[bench]' from the checkout.\n")
    return [one for one in asked if not one.missing]


def words_said(texts: Sequence[str]) -> str:
    """How many passages there are, and how long."""
    lengths = [len(text.split()) for text in texts]
    return f"{len(texts)} passages of {min(lengths)} to {max(lengths)} words (median {median(lengths):.0f}), no text twice in a round."


def measure(
    contestants: Sequence[Contestant], texts: Sequence[str], scratch: Path, rounds: int, seconds: float, connections: int
) -> Iterator[Round]:
    """Every round starts each server, asks it the same texts in the same order, another than before, and ends it.

    A server that fails is told with the end of its log, and left out from then on.
    """
    left = list(contestants)
    for number in range(rounds):
        shuffled = [texts[at] for at in np.random.default_rng(number).permutation(len(texts))]
        for contestant in list(turned(left, number)):
            try:
                one = play(contestant, shuffled, scratch, number, seconds, connections)
            except (FramingError, OSError) as error:
                click.echo(f"Left out: {contestant.name}: {error}\n")
                left.remove(contestant)
                continue
            click.echo(f"round {number + 1}: {one.contestant}: {one.rate:.0f} requests/s, p50 {one.alone_p50 * 1000:.1f} ms", err=True)
            yield one


def play(contestant: Contestant, texts: Sequence[str], scratch: Path, number: int, seconds: float, connections: int) -> Round:
    """One server in one round: warmed with texts that do not come again, then asked on one connection, then on all."""
    streams = (with_repeats(part, contestant.repeats, seed=number) for part in _split(texts))
    warming, alone, together = ([contestant.body(text) for text in stream] for stream in streams)
    log = scratch / "server.log"
    with running(contestant.started_in(scratch), contestant.path, warming[0], log, contestant.environment) as server:
        put_load(server.address, warming[1:], connections, WARMING)
        single = _asked(server, alone, 1, seconds)
        many = _asked(server, together, connections, seconds)
        return Round(
            contestant.name, number, server.ready_seconds, single.wait(50), single.wait(99), many.rate, many.wait(50),
            server.memory(), single.failed + many.failed, max(single.client_share, many.client_share),
        )  # fmt: skip


def _split(texts: Sequence[str]) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    """A tenth to warm, three for one connection, the rest for all of them."""
    part = len(texts) // 10
    return texts[:part], texts[part : 4 * part], texts[4 * part :]


def _asked(server: Running, bodies: Sequence[bytes], connections: int, seconds: float) -> Load:
    load = put_load(server.address, bodies, connections, seconds)
    if not load.waits:
        raise LoadError(f"none of {load.failed} answers on {connections} connections was good")
    return load


def report(rounds: Sequence[Round], connections: int) -> str:
    """A line for each server, in the order of CONTESTANTS; ratios to MLflow are taken within a round."""
    base = {one.number: one for one in rounds if one.contestant == MLFLOW_PLAIN}
    names = [one.name for one in CONTESTANTS if any(done.contestant == one.name for done in rounds)]
    rows = [cells(name, [one for one in rounds if one.contestant == name], base) for name in names]
    failed = sum(one.failed for one in rounds)
    client = max((one.client_share for one in rounds), default=0.0)
    note = f"The client took at most {client:.0%} of a core. Answers that were not good: {failed}."
    return f"{table([part.format(connections=connections) for part in HEADER], rows)}\n\n{note}"


def cells(name: str, own: Sequence[Round], base: dict[int, Round]) -> list[str]:
    """A line of the table."""
    pairs = [(one, base[one.number]) for one in own if one.number in base]
    return [
        name,
        spread([one.rate for one in own]),
        spread([one.rate / other.rate for one, other in pairs], 2),
        spread([one.alone_p50 * 1000 for one in own], 1),
        spread([other.alone_p50 / one.alone_p50 for one, other in pairs], 2),
        spread([one.alone_p99 * 1000 for one in own], 1),
        spread([one.memory / 1e6 for one in own]),
        spread([one.ready for one in own], 1),
        str(len(own)),
    ]


if __name__ == "__main__":
    command()
