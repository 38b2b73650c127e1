"""How long a quick retraining takes: a whole process, from its start to a registered version, by the number of labels.

A champion is trained once (`frozen`, 1,000 passages of the seeds) and made the registry's; `refit` starts from it with so many labels.
Cold: nothing is kept of any text. Fifty new: vectors of all but 50 are kept, as when labels come in while one works. Warm: those of all.
Floor: nothing is trained; the champion's own folder becomes a version by itself (`benchmarks.floor`).
Run: python -m benchmarks.retrain --out runs/retrain.jsonl
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from benchmarks.options import check_out, out_option, plain_errors, table_option
from framing.errors import BadRow, DataError, TrainingError
from training.report import table

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"
SIZES = (250, 1050, 4000)
CHAMPION_PASSAGES = 1000
NEW = 50
SOME_NEW, WARM = f"{NEW} new", "warm"
STARTS = ("cold", SOME_NEW, WARM)
HEADER = ("labels", "start", "rounds", "seconds (median)", "seconds (lowest to highest)", "seconds of processor (median)")


@dataclass(frozen=True, slots=True)
class Row:
    """Seconds of each round."""

    labels: int
    start: str
    """One of STARTS; or `floor`, of no labels."""
    seconds: tuple[float, ...]
    """On the wall."""
    processor: tuple[float, ...]
    """Of all cores together: so many divided by the cores is the least that a round can take."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of one process and those that it started and waited for: on the wall, and of processor by all of them together."""

    wall: float
    processor: float


@click.command()
@click.option("--size", "sizes", type=click.IntRange(100), multiple=True, default=SIZES, show_default=True, help="Labels; may be repeated.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help=f"Of each start: {', '.join(STARTS)}.")
@out_option
@table_option
@plain_errors
def command(sizes: tuple[int, ...], rounds: int, out: Path | None, only_table: bool) -> None:
    """Time `framing train --recipe refit` over the registry's champion, and print the table."""
    check_out(out, only_table)
    measured: list[Row] = []
    if not only_table:
        with tempfile.TemporaryDirectory() as folder:
            for row in measure(Path(folder), sizes, rounds):
                measured.append(row)
                click.echo(" ".join(cells(row)), err=True)
                if out:
                    with out.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(asdict(row)) + "\n")
    click.echo("\n" + table(HEADER, [cells(row) for row in (read_rows(out) if out else measured)]))


def measure(folder: Path, sizes: Sequence[int], rounds: int) -> Iterator[Row]:
    """Make a store with a champion in `folder`, and retrain over it: for each size all cold rounds, then all others."""
    where = {"MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db", "FRAMING_CACHE": str(folder / "cache")}
    passages = (SEEDS / "passages.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    labels = folder / "labels.jsonl"
    labels.write_text("".join(spread_out(passages, CHAMPION_PASSAGES)), encoding="utf-8")
    _train(folder, where, "frozen", labels, "--keep-kinds")
    _crown(where)
    yield _row(0, "floor", [_floor(folder, where) for _ in range(rounds)])
    for size in sizes:
        if size > len(passages):
            raise TrainingError(f"the seeds hold {len(passages)} passages, not {size}")
        chosen = spread_out(passages, size)
        labels.write_text("".join(spread_out(chosen, size - NEW)), encoding="utf-8")
        _put(None, folder / "cache")
        _train(folder, where, "refit", labels)
        _put(folder / "cache", folder / "known")
        labels.write_text("".join(chosen), encoding="utf-8")
        for start in STARTS:
            yield _row(size, start, [_round(folder, where, labels, start) for _ in range(rounds)])


def _row(labels: int, start: str, rounds: Sequence[Taken]) -> Row:
    return Row(labels, start, tuple(one.wall for one in rounds), tuple(one.processor for one in rounds))


def spread_out(passages: Sequence[str], size: int) -> list[str]:
    """So many lines, from all over the file and in its order."""
    step = len(passages) / size
    return [passages[int(at * step)] for at in range(size)]


def _round(folder: Path, where: Mapping[str, str], labels: Path, start: str) -> Taken:
    if start != WARM:
        _put(folder / "known" if start == SOME_NEW else None, folder / "cache")
    return _timed(lambda: _train(folder, where, "refit", labels))


def _put(kept: Path | None, place: Path) -> None:
    """Make `place` a folder with what another one holds, or with nothing."""
    shutil.rmtree(place, ignore_errors=True)
    if kept is not None and kept.is_dir():
        shutil.copytree(kept, place)


def _floor(folder: Path, where: Mapping[str, str]) -> Taken:
    nothing = folder / "nothing"
    nothing.mkdir(exist_ok=True)
    return _timed(lambda: _run("the floor", folder, where, "-m", "benchmarks.floor", str(nothing), str(folder / "frozen")))


def _timed(work: Callable[[], None]) -> Taken:
    began, before = time.perf_counter(), _processor_seconds()
    work()
    return Taken(time.perf_counter() - began, _processor_seconds() - before)


def _processor_seconds() -> float:
    import resource  # not on every system

    taken = resource.getrusage(resource.RUSAGE_CHILDREN)
    return taken.ru_utime + taken.ru_stime


def _train(folder: Path, where: Mapping[str, str], recipe: str, labels: Path, *options: str) -> None:
    given = ["--data", str(labels), "--codebook", str(SEEDS / "codebook.toml"), "--out", str(folder / recipe), *options]
    _run(f"a run of recipe {recipe}", folder, where, "-m", "framing.cli", "train", "--recipe", recipe, *given)


def _run(what: str, folder: Path, where: Mapping[str, str], *program: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **where}
    done = subprocess.run([sys.executable, *program], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise TrainingError(f"{what} failed: {done.stderr.strip().splitlines()[-1]}")


def _crown(where: Mapping[str, str]) -> None:
    """Make the only version the champion."""
    from training import tracking

    os.environ.update(where)
    client = tracking.connect()
    client.set_registered_model_alias(tracking.REGISTERED, tracking.CHAMPION, "1")


def read_rows(path: Path) -> list[Row]:
    """The lines in a file, the last of each size and start. Raises DataError."""
    rows: dict[tuple[int, str], Row] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() if path.exists() else (), 1):
        try:
            entry = json.loads(line)
            times = (tuple(map(float, entry[name])) for name in ("seconds", "processor"))
            row = Row(int(entry["labels"]), str(entry["start"]), *times)
            cells(row)
            if len(row.seconds) != len(row.processor):
                raise ValueError
        except (ValueError, TypeError, KeyError) as error:
            raise DataError([BadRow(str(path), number, "is not a line of this table")]) from error
        rows[row.labels, row.start] = row
    return list(rows.values())


def cells(row: Row) -> list[str]:
    """A line as the table shows it."""
    spread = f"{min(row.seconds):.1f} to {max(row.seconds):.1f}"
    middle, processor = (f"{statistics.median(seconds):.1f}" for seconds in (row.seconds, row.processor))
    return [f"{row.labels:,}", row.start, str(len(row.seconds)), middle, spread, processor]


if __name__ == "__main__":
    command()
