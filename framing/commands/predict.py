"""`framing predict`: label articles and show what was found, or print it as JSON."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import get_args

import click

from framing import artifact
from framing.commands import fallback_option, model_option
from framing.commands.display import document_lines, visible
from framing.errors import TextError
from framing.model import FramingModel
from framing.prediction import DocumentAnswer
from framing.text import Split

STANDARD_INPUT = "-"


@click.command
@click.argument("files", nargs=-1, metavar="[FILES]...")
@click.option("--split", type=click.Choice(get_args(Split)), default="paragraph", show_default=True, help="What counts as one passage.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each file, a line each.")
@model_option
@fallback_option
@click.pass_context
def command(ctx: click.Context, files: tuple[str, ...], split: Split, as_json: bool, folder: Path, fallback: Path | None) -> None:
    """Label articles: each of FILES, or standard input where FILES is '-' or not given. Text is UTF-8.

    The profile of an article comes first: how much of its text stands under each frame. Then its passages, with the
    frames that are present or unsure, their probabilities, and marked the sentences that carry them.
    """
    model = artifact.with_fallback(artifact.load_model(folder), folder, fallback)
    failed = False
    for name in files or (STANDARD_INPUT,):
        try:
            answer = predict_file(model, name, split)
        except TextError as error:
            click.echo(f"Error: {error}", err=True)
            failed = True
            continue
        if as_json:
            click.echo(as_json_line(name, answer))
        else:
            _show(answer, name if len(files) > 1 else None)
    if failed:
        ctx.exit(1)


def predict_file(model: FramingModel, name: str, split: Split) -> DocumentAnswer:
    """Label the text of one file, or of standard input for '-'. Raises TextError that names the file."""
    text = _read(name)
    try:
        return model.predict(text, split)
    except TextError as error:
        raise TextError(f"{_spoken(name)}: {error}") from error


def as_json_line(name: str, answer: DocumentAnswer) -> bytes:
    """The answer as the API gives it, behind the file's name; in UTF-8 whatever the terminal speaks, as JSON must be."""
    readable = os.fsencode(name).decode(errors="replace")
    return json.dumps({"file": readable, **asdict(answer), "left_out": len(answer.left_out)}, ensure_ascii=False).encode()


def _read(name: str) -> str:
    try:
        if name == STANDARD_INPUT:
            if sys.stdin.isatty():
                click.echo("Paste the text, then press Ctrl-D on a line of its own.", err=True)
            content = sys.stdin.buffer.read()
        else:
            content = Path(name).read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise TextError(f"{_spoken(name)}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise TextError(f"{_spoken(name)}: is not UTF-8 text (byte {error.start})") from error
    if "\0" in text:
        raise TextError(f"{_spoken(name)}: is not UTF-8 text (byte {content.index(0)} is NUL)")
    return text


def _spoken(name: str) -> str:
    return "standard input" if name == STANDARD_INPUT else visible(name)


def _show(answer: DocumentAnswer, title: str | None) -> None:
    color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    if title is not None:
        click.echo(click.style(f"== {visible(title)}", bold=True), color=color)
    for line in document_lines(answer, shutil.get_terminal_size().columns, color):
        click.echo(line, color=color)
    click.echo()
