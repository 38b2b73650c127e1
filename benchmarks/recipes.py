"""The table of recipes by one command: each trained on the seeds, judged, logged as an MLflow run, and timed.

Run: python -m benchmarks.recipes --out runs/recipes.jsonl
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from benchmarks.options import check_out, every_option, out_option, plain_errors, table_option, weights_option
from framing.artifact import load_model
from framing.codebook import Codebook, load_codebook
from framing.data import Dataset, check_open, load_dataset
from framing.errors import BadRow, DataError, FramingError
from framing.model import FramingModel
from training import tracking
from training.copies import joined_groups
from training.halves import check_apart, describe, load_evaluation
from training.intervals import Figure
from training.metrics import answers_of, measure_all
from training.recipes import CHAMPION, RECIPES, Recipe, recipe_named
from training.report import table
from training.run import Run
from training.train import Trained, train

SEEDS = Path(__file__).parent.parent / "seeds"
PASSAGES = ("passages.jsonl",)
OWN_DATA: Mapping[str, tuple[str, ...]] = {"multilingual": (*PASSAGES, "multilingual.jsonl")}
"""By name of a recipe, the files of seeds/ it is trained on, where these are others than PASSAGES."""
TIMED = 200
ROUNDS = 3
EVALUATION = ("challenge.jsonl", "retold.jsonl", "pages.jsonl")
"""Files of seeds/ whose halves for tuning every recipe is measured on."""
HEADER = (
    "recipe", "passages", "macro F1, cross-validated", "mAP, cross-validated",
    *(f"{measure}, {Path(name).stem} (tune)" for name in EVALUATION for measure in ("macro F1", "mAP")),
    "training seconds", "passages a second", "MB",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; figures by the names of `training.metrics`."""

    recipe: str
    model: str
    passages: int
    cross_validated: Mapping[str, Figure]
    evaluated: tuple[Mapping[str, Figure], ...]
    """On each of EVALUATION."""
    training_seconds: float | None
    """Wall time; None where fine-tuned weights may have come from a cache."""
    passages_a_second: float
    megabytes: float


@click.command()
@click.option("--recipe", "names", multiple=True, type=click.Choice([recipe.name for recipe in RECIPES]), help="Default: all of them.")
@click.option("--track/--no-track", default=True, help="Log each to MLflow (MLFLOW_TRACKING_URI, or sqlite:///mlflow.db) and register it.")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), default=Path("runs/recipes"), show_default=True, help="For models."
)
@weights_option
@every_option
@out_option
@table_option
@plain_errors
def command(names: tuple[str, ...], track: bool, folder: Path, cache: Path | None, every: int, out: Path | None, only_table: bool) -> None:
    """Train each recipe on its data and print the table of recipes."""
    check_out(out, only_table)
    rows: list[Row] = []
    if not only_table:
        codebook = load_codebook(SEEDS / "codebook.toml")
        called = describe([Path(name) for name in EVALUATION], "tune")
        held_back = tuple(load_evaluation(SEEDS / name, codebook) for name in EVALUATION)
        if track:
            tracking.connect()  # a store that cannot be reached is known before hours of work
        for recipe in [recipe_named(name) for name in names] or [recipe for recipe in RECIPES if recipe.encoder != CHAMPION]:
            try:
                dataset = thinned(own_data(recipe, codebook), every)
                trained, row = measure(recipe, dataset, held_back, folder / recipe.name, cache)
            except FramingError as error:
                click.echo(f"skipped: recipe {recipe.name}: {error}", err=True)
                continue
            rows.append(row)
            if out:
                with out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(row)) + "\n")
            click.echo(table(HEADER, [cells(row)]).splitlines()[-1], err=True)
            if track:
                version = tracking.log_training(dataset, trained, together(held_back), evaluation_name=called)
                click.echo(f"registered as {tracking.REGISTERED} version {version.number}, run {version.run}")
    click.echo("\n" + table(HEADER, [cells(row) for row in (read_rows(out) if out else rows)]))


def own_data(recipe: Recipe, codebook: Codebook) -> Dataset:
    """The passages a recipe is trained on."""
    paths = [SEEDS / name for name in OWN_DATA.get(recipe.name, PASSAGES)]
    check_open(paths)
    return load_dataset(paths, codebook)


def thinned(dataset: Dataset, every: int) -> Dataset:
    """The passages of every so-many-eth group."""
    kept = set(list(dict.fromkeys(dataset.groups))[::every])
    return dataset.subset([row for row, group in enumerate(dataset.groups) if group in kept])


def together(parts: Sequence[Dataset]) -> Dataset:
    """Several sets of passages as one."""
    return Dataset(parts[0].codebook, tuple(passage for part in parts for passage in part.passages))


def measure(recipe: Recipe, dataset: Dataset, held_back: Sequence[Dataset], folder: Path, cache: Path | None = None) -> tuple[Trained, Row]:
    """Train and save one model, and judge and time the model that was saved."""
    check_apart(dataset, together(held_back))
    start = time.perf_counter()
    trained = train(dataset, recipe, folder, run=Run(cache=cache), leave_kinds_out=False)
    seconds = time.perf_counter() - start
    model = load_model(folder)
    row = Row(
        recipe.name,
        trained.manifest.version,
        len(dataset),
        _overall(trained.measures[recipe.name]),
        tuple(_overall(measure_all(answers_of(model, part), part.codebook.names, joined_groups(part))) for part in held_back),
        None if cache is not None and recipe.finetuning is not None else seconds,
        passages_a_second(model, dataset.texts),
        megabytes(folder),
    )
    return trained, row


def passages_a_second(model: FramingModel, texts: Sequence[str], rounds: int = ROUNDS) -> float:
    """Of TIMED texts from all over the data, scored together by a warm model on all cores: the best of some rounds."""
    chosen = texts[:: max(1, len(texts) // TIMED)][:TIMED]
    model.score(chosen[:10])
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        model.score(chosen)
        seconds.append(time.perf_counter() - start)
    return len(chosen) / min(seconds)


def megabytes(folder: Path) -> float:
    """Size of all files of a folder, in millions of bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def read_rows(path: Path) -> list[Row]:
    """The lines in a file, the last of each recipe. Raises DataError."""
    rows: dict[str, Row] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() if path.exists() else (), 1):
        try:
            entry = json.loads(line)
            evaluated = tuple(map(_figures, entry["evaluated"]))
            row = Row(**{**entry, "cross_validated": _figures(entry["cross_validated"]), "evaluated": evaluated})
            if len(cells(row)) != len(HEADER):
                raise ValueError("another number of evaluations")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DataError([BadRow(str(path), number, "is not a line of this table")]) from error
        rows[row.recipe] = row
    return list(rows.values())


def _figures(entries: Mapping[str, Mapping[str, float | None]]) -> dict[str, Figure]:
    return {name: Figure(**figure) for name, figure in entries.items()}


def cells(row: Row) -> list[str]:
    """A line as the table shows it."""
    return [
        f"`{row.recipe}`",
        f"{row.passages:,}",
        *(str(part[name]) for part in (row.cross_validated, *row.evaluated) for name in ("macro_f1", "mean_average_precision")),
        "-" if row.training_seconds is None else f"{row.training_seconds:,.0f}",
        f"{row.passages_a_second:,.0f}",
        f"{row.megabytes:.1f}",
    ]


def _overall(measures: Mapping[str, Figure]) -> dict[str, Figure]:
    return {name: figure for name, figure in measures.items() if "/" not in name}


if __name__ == "__main__":
    command()
