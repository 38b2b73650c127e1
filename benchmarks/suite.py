"""All benchmarks of speed, one after the other, and the document that holds what they print: `make bench`.

Each is a process of its own whose output is a section of Markdown. It is kept as a line of JSON as soon as it is done, and the
document is made of the last line of each section: a section that failed, or is to be measured again, can be run by itself.
Run alone on the machine: python -m benchmarks.suite
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks.options import plain_errors
from benchmarks.rounds import machine
from benchmarks.servers import ROOT, search_paths
from framing.errors import BadRow, DataError
from framing.files import whole_file

RESULTS = ROOT / "benchmarks" / "RESULTS.md"
TAIL = 8
"""Lines shown of what a failed benchmark said."""


@dataclass(frozen=True, slots=True)
class Section:
    """A benchmark: what it is about, and the arguments for Python, in full and for a quick run."""

    name: str
    title: str
    about: str
    full: tuple[str, ...]
    quick: tuple[str, ...]


SECTIONS = (
    Section(
        "serving", "Serving",
        "Servers as processes of their own, one at a time, in rounds that take turns; a small client beside them asks all of them the same "
        "texts. The peers run all-MiniLM-L6-v2 itself, six layers: the default model was fine-tuned from it and has four, whose weights "
        "exist as its compiled graph alone. What fewer layers gain by themselves, and narrower ones, is told beside. Recipes other than "
        "its own are the default model with an encoder of their shape that has learned nothing: as fast as one that has. Heads are "
        "logistic regression; ours weigh the words of a text beside it. Evidence, where it is asked for, is a second reading of the "
        "sentences of every passage with a frame.",
        ("benchmarks.serving",), ("benchmarks.serving", "--rounds", "2", "--seconds", "3"),
    ),
    Section(
        "bulk", "Bulk", "A file of passages scored to a file, beside the loop that people write first.",
        ("benchmarks.bulk",), ("benchmarks.bulk", "--rows", "500", "--rounds", "2"),
    ),
    Section(
        "growth", "What speed depends on", "All cores, the default model.",
        ("benchmarks.growth",), ("benchmarks.growth", "--passages", "64", "--rounds", "2", "--seconds", "1"),
    ),
    Section(
        "profile", "Where the time goes",
        "The parts of a request that is alone, for which the graph takes two threads; then what it costs while all cores are busy; then "
        "the graph on one thread: the limit is what a product of matrices alone reaches on this machine.",
        ("benchmarks.profile",), ("benchmarks.profile", "--passages", "100", "--seconds", "1"),
    ),
    Section(
        "setfit", "SetFit",
        "Training and prediction on the same few passages, the encoder the same. `seconds` are those of both together.",
        ("benchmarks.learning_curve", "--peer", "setfit", "--size", "8", "--draws", "1"),
        ("benchmarks.learning_curve", "--peer", "setfit", "--size", "8", "--draws", "1", "--setfit-steps", "50"),
    ),
    Section(
        "retrain", "Retraining by the number of labels", "A whole process each, from its start to a registered version with its figures.",
        ("benchmarks.retrain",), ("benchmarks.retrain", "--size", "1050", "--rounds", "1"),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a benchmark printed; `problem` says what went wrong, if anything did."""

    section: str
    command: str
    date: str
    machine: str
    seconds: float
    output: str
    problem: str = ""


@click.command()
@click.option("--quick", is_flag=True, help="Less of everything: a third of the time, and wider spreads.")
@click.option("--only", multiple=True, type=click.Choice([section.name for section in SECTIONS]), help="May be repeated.")
@click.option("--none", "nothing", is_flag=True, help="Measure nothing; write the document of what --log holds.")
@click.option("--log", type=click.Path(dir_okay=False, path_type=Path), default=Path("runs/bench.jsonl"), show_default=True)
@click.option("--results", type=click.Path(dir_okay=False, path_type=Path), default=RESULTS, help="Default: benchmarks/RESULTS.md.")
@plain_errors
def command(quick: bool, only: tuple[str, ...], nothing: bool, log: Path, results: Path) -> None:
    """Run the benchmarks of speed, and write their results to one document."""
    log.parent.mkdir(parents=True, exist_ok=True)
    for section in () if nothing else [section for section in SECTIONS if not only or section.name in only]:
        click.echo(f"{section.name}: {section.about.partition('.')[0]}")
        outcome = run(section.name, section.quick if quick else section.full)
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(outcome)) + "\n")
        click.echo(f"{section.name}: {outcome.problem or 'done'} ({outcome.seconds:.0f} s)")
    with whole_file(results) as place:
        place.write_text(document(read_outcomes(log)), encoding="utf-8")
    click.echo(f"written: {results}")


def run(name: str, arguments: Sequence[str]) -> Outcome:
    """One benchmark in a process of its own; one that fails is an outcome as well, with the last of what it said."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, env={**os.environ, **search_paths()},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
    )  # fmt: skip
    seconds = time.perf_counter() - start
    problem = "" if done.returncode == 0 else "\n".join(done.stderr.strip().splitlines()[-TAIL:]) or f"exit code {done.returncode}"
    date = datetime.now(UTC).date().isoformat()
    return Outcome(name, f"python -m {' '.join(arguments)}", date, machine(), seconds, done.stdout.strip(), problem)


def read_outcomes(log: Path) -> list[Outcome]:
    """The last outcome of each section in a file of JSON lines; one that failed does not hide an earlier good one. Raises DataError."""
    found: dict[str, Outcome] = {}
    for number, line in enumerate(log.read_text(encoding="utf-8").splitlines() if log.exists() else (), 1):
        try:
            outcome = Outcome(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise DataError([BadRow(str(log), number, "is not an outcome of this benchmark")]) from error
        if not outcome.problem or found.get(outcome.section, outcome).problem:
            found[outcome.section] = outcome
    return list(found.values())


def document(outcomes: Iterable[Outcome]) -> str:
    """All outcomes as Markdown, in the order of SECTIONS."""
    by_name = {outcome.section: outcome for outcome in outcomes}
    head = (
        "# Results of the benchmarks of speed\n\n"
        "Written by `make bench`; figures are medians, in brackets the lowest and highest of the rounds. The claim is a ratio in one run "
        "on one machine: absolute times are worth little on another. What each command does: [README](README.md).\n"
    )
    return "\n".join([head, *(section_text(section, by_name.get(section.name)) for section in SECTIONS)])


def section_text(section: Section, outcome: Outcome | None) -> str:
    """A section of the document, also where there is nothing to show."""
    title = f"## {section.title}\n\n"
    if outcome is None:
        return f"{title}Not measured yet: `python -m benchmarks.suite --only {section.name}`.\n"
    when = f"`{outcome.command}`, {outcome.date}, {outcome.machine}, {outcome.seconds:.0f} s."
    if outcome.problem:
        return f"{title}Failed: {when}\n\n```\n{outcome.problem}\n```\n"
    return f"{title}{section.about}\n\n{when}\n\n{outcome.output}\n"


if __name__ == "__main__":
    command()
