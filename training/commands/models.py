"""`framing models`: what the registry holds, and which version answers."""

from __future__ import annotations

from pathlib import Path

import click

from training import tracking
from training.commands import compare, follow, promotion


@click.group("models")
def command() -> None:
    """List the registered models, compare them, and promote the one that answers."""


for _command in (compare.command, follow.command, promotion.promote, promotion.rollback, promotion.history):
    command.add_command(_command)


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


@command.command("export")
@click.argument("number")
@click.argument("folder", type=click.Path(exists=False, path_type=Path))
def export(number: str, folder: Path) -> None:
    """Write the model folder of version NUMBER to FOLDER, whole or not at all, and only if it is sound."""
    identity = tracking.export_version(tracking.version_of(tracking.connect(), number), folder)
    click.echo(f"{identity.version} in {folder}")
