"""Options that several benchmarks share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from benchmarks.contenders import PEERS
from benchmarks.peers.setfit import STEPS
from framing.errors import FramingError
from training.recipes import RECIPES

recipes_option = click.option(
    "--recipe", "recipes", multiple=True, default=["frozen"], show_default=True, type=click.Choice([recipe.name for recipe in RECIPES]),
    help="May be repeated.",
)  # fmt: skip
no_recipes_option = click.option("--no-recipes", is_flag=True, help="Only the peers.")
peers_option = click.option("--peer", "peers", multiple=True, type=click.Choice(PEERS), help="Another system on the same passages.")
steps_option = click.option(
    "--setfit-steps", type=click.IntRange(1), default=STEPS, show_default=True, help="Steps of 16 pairs after which SetFit's training ends."
)
weights_option = click.option(
    "--cache", type=click.Path(file_okay=False, path_type=Path),
    help="Keeps fine-tuned transformers, which recipes and runs share; seconds are then not told, or told to be without their making.",
)  # fmt: skip
every_option = click.option(
    "--every", type=click.IntRange(1), default=1, show_default=True, help="Only one group in so many, to try the command out."
)
out_option = click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Results are added to this file as JSON lines; the table is of all of it.",
)
resume_option = click.option("--resume", is_flag=True, help="Leave out what --out holds already. It is not asked whether the code changed.")
table_option = click.option("--table", "only_table", is_flag=True, help="Measure nothing; print the table of what --out holds.")


def contender_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Who takes part, and where results go."""
    for option in (table_option, resume_option, out_option, weights_option, steps_option, peers_option, no_recipes_option, recipes_option):
        command = option(command)
    return command


def check_out(out: Path | None, needed: bool) -> None:
    """Make the folder of --out, so that no result is lost for want of one. Raises UsageError where a file is needed and not there."""
    if needed and (out is None or not out.is_file()):
        raise click.UsageError("--table and --resume need --out, the file with the results")
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)


def plain_errors(command: Callable[..., None]) -> Callable[..., None]:
    """What a person can act on ends as one message."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except (FramingError, OSError, UnicodeDecodeError) as error:
            raise click.ClickException(str(error)) from error

    return wrapped
