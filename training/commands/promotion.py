"""`framing models promote`, `rollback` and `history`: which version is champion, by what right, and since when."""

from __future__ import annotations

from pathlib import Path

import click

from framing.commands.display import one_line
from training import tracking
from training.commands import cache_options, rules_option, text_cache
from training.promote import Verdict
from training.promotion import challenge, conclude, roll_back, user
from training.rules import load_rules

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_LONGEST = 1000
"""Of a reason; registries on a database keep at most 5000 characters."""


def _said(_ctx: click.Context, option: click.Parameter, value: str | None) -> str | None:
    if value is not None and (not 1 <= len(value.strip()) <= _LONGEST or one_line(value) != value):
        raise click.BadParameter(f"must hold 1 to {_LONGEST} characters, and no control character or line feed", param=option)
    return value


_by_option = click.option("--by", callback=_said, help="Who says so; default: the user of this machine.")
_because_option = click.option("--because", callback=_said, help="Why; kept with the move.")


@click.command("promote")
@click.argument("number")
@click.option(
    "--evaluation", type=_FILE, help="Labelled passages that neither model was trained on; of a file in halves, the one for tuning."
)
@rules_option
@click.option("--accept-golden", "accepted", type=int, multiple=True, help="A golden answer of the champion that may change. Repeatable.")
@click.option("--force", is_flag=True, help="Promote whatever the rules say; needs --by and --because, which are kept with the verdict.")
@_by_option
@_because_option
@cache_options
def promote(
    number: str, evaluation: Path | None, rules: Path, accepted: tuple[int, ...], force: bool, by: str | None, because: str | None,
    cache: Path | None, no_cache: bool,
) -> None:  # fmt: skip
    """Make version NUMBER the champion, if the promotion rules allow."""
    if force and not (by and because):
        raise click.UsageError("--force needs --by WHO and --because WHY")
    if not force and evaluation is None:
        raise click.UsageError("--evaluation is needed, unless --force")
    client = tracking.connect()
    texts = text_cache(cache, no_cache)
    tried = challenge(client, tracking.version_of(client, number), evaluation, load_rules(rules), accepted, texts)
    tell(tried.verdict)
    click.echo(promoted(conclude(client, tried, by or user(), because, force)))


@click.command("rollback")
@_by_option
@_because_option
def rollback(by: str | None, because: str | None) -> None:
    """Make the version champion that was champion before. Several in a row go further back."""
    move = roll_back(tracking.connect(), by or user(), because or "no reason given")
    click.echo(f"version {move.to} is the champion again, in place of version {move.before}")


@click.command("history")
def history() -> None:
    """Every move of the champion, newest first: who, when, why, and from which version."""
    seen = tracking.throne(tracking.connect())
    if not seen.moves:
        click.echo(f"version {seen.champion} is champion; " * bool(seen.champion) + "no move of the champion is on record")
    made = seen.carried_out
    for move in reversed(seen.moves):
        mark = "*" if move in made[-1:] else " "
        before = f"version {move.before}" if move.before else "none"
        click.echo(f"{mark} {one_line(str(move))} (before: {before}){'' if move in made else NOT_MADE}")


NOT_MADE = "; not carried out, or undone by other means"


def tell(verdict: Verdict) -> None:
    """Print what each rule says."""
    for reason in verdict.reasons:
        click.echo(str(reason))


def promoted(move: tracking.Move) -> str:
    """The sentence for a move that was made."""
    before = f" in place of version {move.before}" if move.before else ""
    how = "by force, against the rules" if move.kind == "forced" else "promoted"
    return f"{how}: version {move.to} is the champion{before}"
