"""The commands that make and judge models, one a module, the options that say what is kept of texts, and how progress is told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from training.rules import RULES_FILE

if TYPE_CHECKING:
    from training.cache import TextCache

rules_option = click.option(
    "--rules", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=RULES_FILE,
    show_default="training/promotion.toml", help="The promotion rules, as TOML.",
)  # fmt: skip


SEED = click.IntRange(0, 2**32 - 1)
"""What every generator of random numbers takes."""


def _jobs(_ctx: click.Context, _option: click.Parameter, value: int) -> int:
    if value < 1 and value != -1:
        raise click.BadParameter(f"{value} threads do no work; accepted are 1 or more, or -1 for one a core")
    return value


def jobs_option(what: str) -> Callable[..., Any]:
    """`jobs`, how many threads do this."""
    return click.option("--jobs", default=-1, show_default=True, callback=_jobs, help=f"Threads for {what}; -1: one a core.")


def cache_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`cache`, a folder or None, and `no_cache`."""
    kept = click.option(
        "--cache", type=click.Path(file_okay=False, path_type=Path), envvar="FRAMING_CACHE", show_envvar=True,
        help="Folder where vectors are kept, and fine-tuned transformers, for other runs; default: ~/.cache/framing, for vectors alone.",
    )  # fmt: skip
    return kept(click.option("--no-cache", is_flag=True, help="Keep nothing, and take nothing that was kept.")(command))


def text_cache(cache: Path | None, no_cache: bool) -> TextCache:
    """Where vectors are kept, as the options say."""
    from training.cache import TextCache, default_folder

    return TextCache(None if no_cache else cache or default_folder())


def say_stage(stage: str) -> None:
    """Tell a person at a terminal what is being done now."""
    if sys.stderr.isatty():
        click.echo(f"… {stage}", err=True)
