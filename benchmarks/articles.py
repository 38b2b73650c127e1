"""How a model reads the real articles: each paragraph's frames beside those that coders gave it.

The texts are not in this repository: without the folder that --articles names, nothing is measured, and this says so.
Run: python -m benchmarks.articles --articles ../shared/articles
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from framing.artifact import load_model
from framing.commands import model_option
from framing.model import FramingModel
from framing.prediction import DECISIONS, PassageAnswer
from training.halves import HALVES, Half, check_log, log_reading
from training.metrics import Answers, measure_all
from training.report import comparison_table, frame_table

SEEDS = Path(__file__).parent.parent / "seeds"


@dataclass(frozen=True, slots=True)
class CodedLine:
    """One line of an article, counted from 1 among those that are not empty, and the frames coders gave it."""

    file: str
    line: int
    frames: tuple[str, ...]
    furniture: bool


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A coded line and what the model made of it."""

    coded: CodedLine
    answer: PassageAnswer


def coded_lines(half: Half) -> list[CodedLine]:
    """The coded lines of one half."""
    rows = [json.loads(row) for row in (SEEDS / "articles.jsonl").read_text(encoding="utf-8").splitlines()]
    return [CodedLine(row["file"], row["line"], tuple(row["frames"]), row.get("furniture", False)) for row in rows if row["half"] == half]


def read_articles(model: FramingModel, folder: Path, half: Half) -> Iterator[ReadLine]:
    """Every coded line with the answer for the passage that starts on it."""
    coded = coded_lines(half)
    for file in sorted({line.file for line in coded}):
        text = (folder / file).read_text(encoding="utf-8")
        passages = {_line_of(text, passage.start): passage for passage in model.predict(text).passages}
        yield from (ReadLine(line, passages[line.line]) for line in coded if line.file == file)


def _line_of(text: str, start: int) -> int:
    """The number of the line, among those that are not empty, that holds the character at `start`."""
    return sum(1 for line in text[: start + 1].splitlines() if line.strip())


@click.command()
@model_option
@click.option("--articles", type=click.Path(path_type=Path), default=Path("../shared/articles"), show_default=True)
@click.option("--half", type=click.Choice(HALVES), default="tune", show_default=True)
@click.option("--reason", default="", help="Why the sealed half is read; written to seeds/sealed.md.")
def command(folder: Path, articles: Path, half: Half, reason: str) -> None:
    """Compare a model's reading of the real articles with the coders'."""
    if not articles.is_dir():
        raise click.ClickException(f"skipped: there are no articles at {articles}")
    if half == "sealed":
        if not reason.strip():
            raise click.UsageError("sealed passages are read only with a reason: --reason 'why now'")
        check_log(SEEDS)
    model = load_model(folder)
    lines = list(read_articles(model, articles, half))
    kept = [line for line in lines if not line.coded.furniture and line.answer.left_out is None]
    names = model.codebook.names
    answers = Answers(
        np.array([[frame.probability for frame in line.answer.frames] for line in kept]),
        np.array([[DECISIONS.index(frame.decision) for frame in line.answer.frames] for line in kept], np.int8),
        np.array([[name in line.coded.frames for name in names] for line in kept]),
    )
    # Lines of one article are alike and there are few articles: an interval over either would mean nothing.
    measures = measure_all(answers, names, [line.coded.file for line in kept], draws=0)
    if half == "sealed":
        log_reading(SEEDS, "articles.jsonl (sealed)", str(model.identity), measures, reason)
    for line in kept:
        if set(line.answer.present) != set(line.coded.frames):
            shown = ", ".join(f"{frame.frame} {frame.probability:.2f} {frame.decision}" for frame in line.answer.frames)
            click.echo(f"{line.coded.file[:3]} line {line.coded.line}: coded {', '.join(line.coded.frames) or 'none'}; {shown}")
            click.echo(f"    {line.answer.text[:160]}")
    missed = [line for line in lines if line.coded.furniture and line.answer.left_out is None]
    lost = [line for line in lines if not line.coded.furniture and line.answer.left_out is not None]
    click.echo(f"\nfurniture scored: {len(missed)}; text left out: {len(lost)}\n")
    click.echo(comparison_table({f"articles ({half})": measures}) + "\n\n" + frame_table(measures, names))


if __name__ == "__main__":
    command()
