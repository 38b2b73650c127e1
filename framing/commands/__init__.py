"""The commands that use a model, one a module, and the option that says which model."""

from __future__ import annotations

from pathlib import Path

import click

from framing.artifact import DEFAULT_FOLDER

model_option = click.option(
    "--model",
    "folder",
    type=click.Path(path_type=Path),
    envvar="FRAMING_MODEL",
    show_envvar=True,
    default=DEFAULT_FOLDER,
    show_default="models/default of the checkout",
    help="Folder of the model.",
)

fallback_option = click.option(
    "--multilingual",
    "fallback",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="FRAMING_MULTILINGUAL",
    show_envvar=True,
    show_default="the folder beside the model that is named after it with -multilingual, where its encoder is installed",
    help="Folder of the model for passages in languages that the other was not trained on.",
)
