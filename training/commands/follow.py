"""`framing models follow`: keep a folder at the champion, for a server to serve."""

from __future__ import annotations

import logging
import os
import signal
from pathlib import Path
from types import FrameType

import click

from framing.cli import INTERRUPTED
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
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    try:
        follow(folder, every)
    except SystemExit as ended:
        logging.shutdown()
        os._exit(int(ended.code or 0))  # at once: the interpreter would wait for the threads of a download, however long that hangs


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0 if number == signal.SIGTERM else INTERRUPTED)  # also out of a download, which leaves nothing half-made
