"""Recipes and peers on the five published folds of the Gun Violence Frame Corpus (ACL 2020), each trained on a fold's train part alone.

The corpus is not in this repository: without the folder that --data names, nothing is measured, and this says so.
Run: python -m benchmarks.gvfc --data ../shared/benchmarks/gvfc --recipe frozen --recipe finetuned --peer setfit --out runs/gvfc.jsonl
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from benchmarks.contenders import DECISION_RULE, Contender, contenders, recipes_asked
from benchmarks.gvfc.corpus import DEFAULT_FOLDER, FOLDS, load_fold, read_codebook
from benchmarks.options import check_out, contender_options, plain_errors
from benchmarks.trials import Result, Trial, cells, notes, read_results, run_all
from training.report import table

DATA = "GVFC"
INNER_FOLDS = 3
"""Folds within a train part for calibration and thresholds: its rarest frame stands in 39 headlines."""
PUBLISHED = ("BERT as published (Table 1)", ".76", ".82", "", "", "5", "")


@click.command()
@click.option("--data", "folder", type=click.Path(path_type=Path), default=DEFAULT_FOLDER, show_default=True)
@click.option(
    "--folds", type=click.IntRange(1, FOLDS), default=FOLDS, show_default=True, help="How many of the five folds, from the first."
)
@click.option("--fold", "chosen", type=click.IntRange(0, FOLDS - 1), multiple=True, help="One fold by number; may be repeated.")
@contender_options
@plain_errors
def command(
    folder: Path, folds: int, chosen: tuple[int, ...], recipes: tuple[str, ...], no_recipes: bool, peers: tuple[str, ...],
    setfit_steps: int, cache: Path | None, out: Path | None, resume: bool, only_table: bool,
) -> None:  # fmt: skip
    """Train and test each contender on the published folds, fold by fold."""
    check_out(out, only_table or resume)
    results = []
    if not only_table:
        if not folder.is_dir():
            raise click.ClickException(f"skipped: the corpus is not at {folder}")
        own = [replace(recipe, folds=INNER_FOLDS) for recipe in recipes_asked(recipes, no_recipes)]
        who = contenders(own, peers, setfit_steps, cache)
        for result in run_all(trials(folder, chosen or range(folds), who), out, resume):
            click.echo(str(result), err=True)
            results.append(result)
    click.echo("\n" + report(read_results(out) if out else results))


def trials(folder: Path, folds: Sequence[int], who: Sequence[Contender]) -> Iterator[Trial]:
    """Every contender on one fold before the next begins."""
    codebook = read_codebook(folder)
    for fold in folds:
        train, test = load_fold(folder, fold, codebook)
        repeated = len(set(train.groups) & set(test.groups))
        click.echo(f"fold {fold}: {len(train)} train and {len(test)} test headlines; {repeated} texts stand in both")
        yield from (Trial(DATA, f"fold {fold}", 0, contender, train, test) for contender in who)


def report(results: Sequence[Result]) -> str:
    """One row a contender: means over its folds, in brackets the lowest and highest."""
    names = dict.fromkeys(result.key.contender for result in results if result.key.data == DATA)
    rows: list[Sequence[str]] = [PUBLISHED]
    for name in names:
        own = [result for result in results if result.key.contender == name and result.key.data == DATA]
        rows.append([name, *cells(own), str(len(own)), notes(own)])
    header = ["contender", "macro F1", "micro F1", "mAP", "seconds a fold", "folds", "note"]
    return f"{DECISION_RULE}\n\n{table(header, rows)}"


if __name__ == "__main__":
    command()
