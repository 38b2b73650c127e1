"""`framing labels`: labels into the store and out of it, how far coders agree, and what to label next."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import get_args

import click
from tqdm import tqdm

from framing import artifact
from framing.codebook import Codebook, load_codebook
from framing.commands import fallback_option, model_option
from framing.commands.display import one_line
from framing.data import open_rows_writer
from framing.errors import BadRow, DataError
from framing.files import same_file
from framing.label_columns import importable
from framing.labels import Labels, Role, open_store
from framing.labels.agreement import RELIABLE, TENTATIVE, Agreement, Figure, agreement
from framing.labels.current import CurrentLabels, current_labels
from framing.labels.disagreements import disagreements
from framing.labels.exchange import Coding, export_labels, import_labels
from framing.labels.labelled import LabelledTexts
from framing.model import FramingModel
from framing.selection import DIVERSE, PoolText, Waiting, load_pool, rank

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

_FATE = {True: "replaced too", False: "left as they were; --replace takes these over"}

store_option = click.option(
    "--labels",
    "where",
    required=True,
    envvar="FRAMING_LABELS",
    show_envvar=True,
    help="The label store: a file, or postgresql+psycopg2://USER@HOST/DATABASE.",
)
only_option = click.option("--codebook", "book", type=_FILE, help="Only labels made by this codebook.")


@click.group("labels")
def command() -> None:
    """Keep labels, compare those of several coders, and see what to label next. Nothing in the store is ever overwritten."""


@command.command("import")
@click.argument("files", nargs=-1, required=True, type=_FILE)
@store_option
@click.option("--codebook", "book", type=_FILE, show_default="the model's", help="The codebook that the coders followed.")
@model_option
@click.option("--coder", help="Who labelled the rows that have no 'coder'.")
@click.option(
    "--role",
    type=click.Choice(get_args(Role)),
    show_default="as the rows say in 'role', else coder",
    help="Who decides between coders adjudicates.",
)
@click.option("--replace", is_flag=True, help="Let a row take the place of another answer that its coder gave before.")
def import_(
    files: tuple[Path, ...], where: str, book: Path | None, folder: Path, coder: str | None, role: Role | None, replace: bool
) -> None:
    """Keep the label of every row of FILES, or of none: CSV, JSON lines or Parquet, with `text`, `frames` and `coder`."""
    codebook = load_codebook(book or folder / artifact.CODEBOOK_FILE)
    with _opened(where) as store:
        done = import_labels(store, files, codebook, Coding(coder, role, replace))
    click.echo(f"{done.new} new, {done.replaced} replaced, {done.unchanged} as before")
    if done.described:
        click.echo(f"{done.described} with the frames of before but another group, style or language: {_FATE[replace]}")


@command.command("export")
@click.argument("target", type=click.Path(path_type=Path))
@store_option
@only_option
@click.option("--settled", is_flag=True, help="One row a text: the adjudicator's answer, or the one all coders give; others are left out.")
def export(target: Path, where: str, book: Path | None, settled: bool) -> None:
    """Write the labels of coders that hold now to TARGET (CSV, JSON lines or Parquet), as `framing train` reads them."""
    with _current(where, book) as current:
        rows = export_labels(current, target, settled)
        left_out = sum(text.settled is None for text in current.texts) if settled else 0
        decided = 0 if settled else sum(text.adjudication is not None for text in current.texts)
    click.echo(f"{rows} labels in {target}" + (f"; {left_out} texts are not settled" if left_out else ""))
    if decided:
        click.echo(f"what adjudicators have said of {decided} texts is not among them: --settled goes by it")


@command.command("agreement")
@store_option
@only_option
@click.option("--json", "as_json", is_flag=True, help="Every figure as JSON.")
def show_agreement(where: str, book: Path | None, as_json: bool) -> None:
    """Krippendorff's alpha of the coders, over whole answers and by frame, and the share of pairs of them that say the same."""
    with _current(where, book) as current:
        found = agreement(current)
    click.echo(json.dumps(asdict(found), indent=1) if as_json else "\n".join(_lines(found)))


@command.command("disagreements")
@store_option
@only_option
def show_disagreements(where: str, book: Path | None) -> None:
    """The texts that wait for an adjudicator, as JSON lines.

    Add `frames` and `coder` to a line and import it with --role adjudicator: the text is settled, and the coders' labels stay.
    """
    with _current(where, book) as current:
        for waiting in disagreements(current):
            click.echo(json.dumps(importable(waiting.as_row(), current.codebook.names), ensure_ascii=False).encode())


@command.command("next")
@click.option("--pool", type=_FILE, required=True, help="Texts to choose from: CSV, JSON lines or Parquet, with `text`.")
@model_option
@fallback_option
@click.option("--count", type=click.IntRange(1), default=50, show_default=True)
@click.option(
    "--labels", "where", envvar="FRAMING_LABELS", show_envvar=True, help="The label store: texts that it has labels on are left out."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file (CSV, JSON lines or Parquet).")
def show_next(pool: Path, folder: Path, fallback: Path | None, count: int, where: str | None, out: Path | None) -> None:
    """The texts of a pool that should be labelled next, as JSON lines: those that the model is unsure of and that speak for others.

    Each line says of which frame. Add `frames` and `coder` to it, and import it.
    """
    if out is not None and same_file(pool, out):
        raise DataError([BadRow(str(out), None, "is the pool itself, whose other texts would be lost; write to another file")])
    texts = load_pool(pool)
    if where is not None:
        with _opened(where, create=False) as store:
            labelled = LabelledTexts(store).digests()
        texts = tuple(text for text in texts if text.digest not in labelled)
    model = artifact.with_fallback(artifact.load_model(folder), folder, fallback)
    chosen = [importable(waiting.as_row(), model.codebook.names) for waiting in _ranked(texts, model, count)]
    if out is None:
        for row in chosen:
            click.echo(json.dumps(row, ensure_ascii=False).encode())
        return
    with open_rows_writer(out) as writer:
        for row in chosen:
            writer.write(row)
    click.echo(f"{writer.rows} texts in {out}, of {len(texts)} without a label")


def _ranked(texts: Sequence[PoolText], model: FramingModel, count: int) -> tuple[Waiting, ...]:
    """The first texts in their order; a bar shows how far the model has read them."""
    with tqdm(unit=" readings", disable=None, file=sys.stderr) as bar:

        def on_texts(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return rank(texts, model, min(count, DIVERSE), on_texts=on_texts)[:count]


@contextmanager
def _opened(where: str, create: bool = True) -> Iterator[Labels]:
    store = open_store(where, create)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def _current(where: str, book: Path | None) -> Iterator[CurrentLabels]:
    codebook: Codebook | None = load_codebook(book) if book else None
    with _opened(where, create=False) as store:
        yield current_labels(store, codebook)


def _lines(found: Agreement) -> Iterator[str]:
    coders = one_line(", ".join(found.coders))
    yield f"{found.texts} texts labelled by two or more of {coders}; they differ on {found.disputed}"
    yield ""
    widest = max(map(len, ("whole answer", *found.frames)))
    yield f"{'':{widest}}   alpha   agree   labels"
    for name, figure in {"whole answer": found.whole, **found.frames}.items():
        yield f"{name:{widest}}  {_alpha(figure)}   {figure.agreement:5.0%}  {figure.present:7}"
    yield ""
    yield f"Krippendorff (2018) asks for an alpha of {RELIABLE:.3f}, and for tentative conclusions at least {TENTATIVE}."


def _alpha(figure: Figure) -> str:
    return "     -" if figure.alpha is None else f"{figure.alpha:6.3f}"
