"""`framing models`: what the registry holds, and which version answers."""

from __future__ import annotations

from pathlib import Path

import click

from framing.artifact import load_model
from framing.errors import PromotionRefused
from training import tracking
from training.commands import follow
from training.halves import load_evaluation
from training.promote import judge

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("models")
def command() -> None:
    """List the registered models, and promote the one that answers."""


command.add_command(follow.command)


@command.command("list")
def list_models() -> None:
    """Every registered version, newest first; the champion is marked."""
    found = tracking.versions(tracking.connect())
    if not found:
        click.echo("no model is registered yet; `framing train` registers one")
    for version in found:
        mark = "*" if tracking.CHAMPION in version.aliases else " "
        recipe, digest = (version.tags.get(tag, "?") for tag in ("recipe", "framing.version"))
        click.echo(f"{mark} {version.number:>4}  {recipe:12}  {digest:12}  run {version.run}")


@command.command("promote")
@click.argument("number")
@click.option("--evaluation", type=_FILE, required=True, help="Labelled passages that neither model was trained on.")
def promote(number: str, evaluation: Path) -> None:
    """Move the alias champion to version NUMBER, if the promotion rule allows."""
    client = tracking.connect()
    version, before = tracking.version_of(client, number), tracking.champion(client)
    challenger = tracking.load_version(version)
    verdict = judge(challenger, tracking.load_version(before) if before else None, load_evaluation(evaluation, challenger.codebook))
    tracking.record_verdict(client, version, verdict)
    if not verdict.passed:
        raise PromotionRefused(verdict.reasons)
    click.echo("promoted: " + "; ".join(verdict.reasons))


@command.command("export")
@click.argument("number")
@click.argument("folder", type=click.Path(exists=False, path_type=Path))
def export(number: str, folder: Path) -> None:
    """Write the model folder of version NUMBER to FOLDER, whole or not at all, and check it."""
    tracking.export_version(tracking.version_of(tracking.connect(), number), folder)
    click.echo(f"{load_model(folder).identity.version} in {folder}")
