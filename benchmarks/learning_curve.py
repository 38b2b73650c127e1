"""How far 8, 16, 32, 64 and all examples a frame go: recipes and peers on the same draws, and which recipe the library would pick.

Default: the seeds, tested on the tune half of the challenge set. With --gvfc K: fold K of the Gun Violence Frame Corpus.
Run: python -m benchmarks.learning_curve --recipe frozen --recipe finetuned --peer setfit --out runs/curve.jsonl
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.contenders import DECISION_RULE, Contender, contenders, recipes_asked
from benchmarks.draws import apart_from, draw
from benchmarks.gvfc.corpus import DEFAULT_FOLDER, FOLDS, load_fold, read_codebook
from benchmarks.options import check_out, contender_options, plain_errors
from benchmarks.trials import Result, Trial, cells, notes, read_results, run_all, spread
from framing.codebook import load_codebook
from framing.data import Dataset, check_open, load_dataset
from training.advice import advise
from training.halves import load_evaluation
from training.report import table

SEEDS = Path(__file__).parent.parent / "seeds"
ALL = "all"
SIZES = ("8", "16", "32", "64", ALL)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True)
class Source:
    """Passages to draw from, with no group in common with those to test on, which stay the same."""

    name: str
    pool: Dataset
    test: Dataset


def gvfc_source(folder: Path, fold: int) -> Source:
    """A published fold, but headlines of its train part that also stand in its test part."""
    if not folder.is_dir():
        raise click.ClickException(f"skipped: the corpus is not at {folder}")
    train, test = load_fold(folder, fold, read_codebook(folder))
    return Source(f"GVFC fold {fold}", apart_from(train, test), test)


def file_source(data: Sequence[Path], codebook: Path, test: Path) -> Source:
    """Labelled files; of a test file in halves, the one for tuning."""
    frames = load_codebook(codebook)
    check_open(data)
    held_back = load_evaluation(test, frames)
    return Source(f"{'+'.join(path.stem for path in data)} to {test.stem}", apart_from(load_dataset(data, frames), held_back), held_back)


def parse_size(size: str) -> int | None:
    """A number of examples a frame, None for all. Raises BadParameter."""
    if size == ALL:
        return None
    if not size.isdecimal() or int(size) < 1:
        raise click.BadParameter(f"'{size}' is neither a number of examples from 1 up nor '{ALL}'", param_hint="--size")
    return int(size)


@click.command()
@click.option("--data", multiple=True, type=_FILE, default=[SEEDS / "passages.jsonl"], help="Passages to draw from. Default: the seeds.")
@click.option("--codebook", type=_FILE, default=SEEDS / "codebook.toml", help="Default: that of the seeds.")
@click.option("--test", type=_FILE, default=SEEDS / "challenge.jsonl", help="Passages to test on. Default: the challenge set's tune half.")
@click.option("--gvfc", type=click.IntRange(0, FOLDS - 1), help="A fold of the corpus in place of the files.")
@click.option("--gvfc-data", type=click.Path(path_type=Path), default=DEFAULT_FOLDER, show_default=True)
@click.option("--size", "sizes", multiple=True, default=SIZES, show_default=True, help="Examples a frame; may be repeated.")
@click.option("--draws", type=click.IntRange(1), default=3, show_default=True, help="Draws of each size; of all there is one.")
@contender_options
@plain_errors
def command(
    data: tuple[Path, ...], codebook: Path, test: Path, gvfc: int | None, gvfc_data: Path, sizes: tuple[str, ...], draws: int,
    recipes: tuple[str, ...], no_recipes: bool, peers: tuple[str, ...], setfit_steps: int, cache: Path | None, out: Path | None,
    resume: bool, only_table: bool,
) -> None:  # fmt: skip
    """Train each contender on the same few examples, and test all on the same passages."""
    check_out(out, only_table or resume)
    for size in sizes:
        parse_size(size)
    source = file_source(data, codebook, test) if gvfc is None else gvfc_source(gvfc_data, gvfc)
    click.echo(f"{source.name}: draws from {len(source.pool)} passages, tests on {len(source.test)}")
    results = []
    if not only_table:
        who = contenders(recipes_asked(recipes, no_recipes), peers, setfit_steps, cache)
        for result in run_all(trials(source, sizes, draws, who), out, resume):
            click.echo(str(result), err=True)
            results.append(result)
    click.echo("\n" + report(read_results(out) if out else results, source, sizes))


def trials(source: Source, sizes: Sequence[str], draws: int, who: Sequence[Contender]) -> Iterator[Trial]:
    """Size by size and draw by draw, every contender on the same passages."""
    for size in sizes:
        for number in range(1 if size == ALL else draws):
            drawn = draw(source.pool, parse_size(size), number)
            yield from (Trial(source.name, size, number, contender, drawn, source.test) for contender in who)


def report(results: Sequence[Result], source: Source, sizes: Sequence[str]) -> str:
    """A row for each size and contender, then what the library would pick at each size and what was best there."""
    own = [result for result in results if result.key.data == source.name]
    rows, picks = [], []
    for size in sizes:
        here = [result for result in own if result.key.part == size]
        for name in dict.fromkeys(result.key.contender for result in here):
            theirs = [result for result in here if result.key.contender == name]
            rows.append([size, spread([result.passages for result in theirs], 0), name, *cells(theirs), str(len(theirs)), notes(theirs)])
        advice = advise(draw(source.pool, parse_size(size), 0))
        picks.append(f"- {size} a frame: the library picks `{advice.recipe}`: {advice.reason}. {best(here)}")
    header = ["examples a frame", "passages", "contender", "macro F1", "micro F1", "mAP", "seconds", "draws", "note"]
    return f"{DECISION_RULE} Means over draws, in brackets the lowest and highest.\n\n{table(header, rows)}\n\n" + "\n".join(picks)


def best(results: Sequence[Result]) -> str:
    """Who had the highest mean macro F1, and mAP, over draws that all of them were measured on."""
    shared = _shared_draws(results)
    compared = [result for result in results if result.key.draw in shared and result.macro_f1 is not None]
    if not compared:
        return "No draw here was measured for every contender."
    said = []
    for label, measure in (("macro F1", "macro_f1"), ("mAP", "mean_average_precision")):
        means = {
            name: sum(getattr(result, measure) for result in compared if result.key.contender == name) / len(shared)
            for name in dict.fromkeys(result.key.contender for result in compared)
        }
        winner = max(means, key=means.__getitem__)
        said.append(f"{label} {winner} ({means[winner]:.3f})")
    return "Highest here: " + ", ".join(said) + "."


def _shared_draws(results: Sequence[Result]) -> set[int]:
    names = {result.key.contender for result in results if result.macro_f1 is not None}
    measured = {(result.key.draw, result.key.contender) for result in results if result.macro_f1 is not None}
    return {number for number, _ in measured if all((number, name) in measured for name in names)}


if __name__ == "__main__":
    command()
