"""What a day, or a month, of the world's news costs in cores and hours: arithmetic from one measured speed, for `docs/scale.md`.

Run: python -m benchmarks.scale --rate 181 --cores 2
"""

from __future__ import annotations

from dataclasses import dataclass

import click

from training.report import table

PASSAGES = (5, 10, 20)
"""Passages an article, an assumption with its range."""
MANY_CORES = 64


@dataclass(frozen=True, slots=True)
class Archive:
    """So many articles of one kind; where the number comes from stands in docs/scale.md."""

    name: str
    articles: int


ARCHIVES = (
    Archive("a day of GDELT, English", round(83_000_000 / 365)),
    Archive("a month of CC-NEWS, all languages", round(1_350_000_000 / 117)),
)


@click.command()
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), required=True, help="Passages a second that were measured.")
@click.option("--cores", type=click.IntRange(1), required=True, help="Cores they were measured on.")
def command(rate: float, cores: int) -> None:
    """Print core-hours for each archive, and the hours that many cores take."""
    click.echo(f"{cores} / {rate:g} = {cores / rate:.4f} seconds of a core a passage.\n")
    click.echo(cost_table(cores / rate))


def cost_table(core_seconds: float) -> str:
    """A line for each archive and number of passages an article, where a passage takes so many seconds of one core."""
    rows = [
        [
            archive.name,
            f"{archive.articles:,}",
            str(passages),
            f"{archive.articles * passages / 1e6:,.1f}",
            f"{core_hours(archive, passages, core_seconds):,.1f}",
            f"{core_hours(archive, passages, core_seconds) / MANY_CORES:,.2f}",
        ]
        for archive in ARCHIVES
        for passages in PASSAGES
    ]
    return table(("archive", "articles", "passages an article", "million passages", "core-hours", f"hours on {MANY_CORES} cores"), rows)


def core_hours(archive: Archive, passages: int, core_seconds: float) -> float:
    """Hours of one core for all passages of an archive."""
    return archive.articles * passages * core_seconds / 3600


if __name__ == "__main__":
    command()
