"""`framing serve`: answer over HTTP."""

from __future__ import annotations

from pathlib import Path

import click

from framing.api.server import serve
from framing.api.settings import load_settings

_MODEL = "Folder of the model.  [env var: FRAMING_MODEL; default: models/default of the checkout]"

_MULTILINGUAL = (
    "Folder of the model for passages in languages that the other was not trained on.  "
    "[env var: FRAMING_MULTILINGUAL; default: the folder beside the model named after it with -multilingual]"
)


_LABELS = "Keep labels: a file, or postgresql+psycopg2://USER@HOST/DATABASE.  [env var: FRAMING_LABELS; default: keep none]"

_POOL = "File of texts to label: GET /v1/labels/next says which ones first; needs --labels.  [env var: FRAMING_POOL; default: none]"


@click.command
@click.option("--host", help="Name or address to listen on.  [env var: FRAMING_HOST; default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on, 0 for any free one.  [env var: FRAMING_PORT; default: 8000]")
@click.option("--model", type=click.Path(path_type=Path), help=_MODEL)
@click.option("--multilingual", type=click.Path(path_type=Path), help=_MULTILINGUAL)
@click.option("--labels", help=_LABELS)
@click.option("--pool", type=click.Path(path_type=Path), help=_POOL)
def command(
    host: str | None, port: int | None, model: Path | None, multilingual: Path | None, labels: str | None, pool: Path | None
) -> None:  # fmt: skip
    """Answer over HTTP, with a page at / to paste an article into. Ctrl-C ends it."""
    given = {"host": host, "port": port, "model": model, "multilingual": multilingual, "labels": labels, "pool": pool}
    serve(load_settings(**{name: value for name, value in given.items() if value is not None}))
