"""`framing models follow`: keep a folder at the champion, for a server to serve."""

from __future__ import annotations

import logging
import signal
from pathlib import Path
from threading import Event
from types import FrameType

import click

from training.follow import follow, follow_once


@click.command("follow")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--every", type=click.FloatRange(min=0.1), default=5.0, show_default=True, help="Seconds between looks at the registry.")
@click.option("--once", is_flag=True, help="Look once, and end with an error if the folder cannot be brought to the champion.")
def command(folder: Path, every: float, once: bool) -> None:
    """Keep FOLDER at the version that is champion, checked before it is put in place; `framing serve --model FOLDER` changes to it.

    FOLDER is a link into FOLDER.versions; how it goes is told in FOLDER.following.json, and by the server at /readyz.
    """
    if once:
        click.echo(f"{folder} holds version {follow_once(folder).champion}")
        return
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    logging.getLogger("training").setLevel(logging.INFO)
    ended = Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()
        raise SystemExit(0)  # also out of a download, which leaves nothing half-made

    signal.signal(signal.SIGTERM, end)
    follow(folder, every, ended)
