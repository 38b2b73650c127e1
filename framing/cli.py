"""The command `framing`: a table of commands, each imported when it is called, and how every error ends."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from typing import Any

import click

from framing.errors import FramingError, MissingExtra
from framing.importing import importing

CALLED = "framing.called"
"""Where a context keeps how the last command of the table was called, and what pip must install for it."""
INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of the signal, as shells give it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table; `module` holds the click command under the name `command`, `extra` is what pip must install for it."""

    name: str
    module: str
    summary: str
    extra: str | None = None
    parts: tuple[Entry, ...] = ()
    """Commands of this group that stand in another module than it does."""


COMMANDS = (
    Entry("predict", "framing.commands.predict", "Label articles: files, or what comes in on standard input."),
    Entry("score", "framing.commands.score", "Label each row of a CSV, JSON lines or Parquet file."),
    Entry("serve", "framing.commands.serve", "Answer over HTTP, with a page to paste an article into."),
    Entry(
        "labels",
        "framing.commands.labels",
        "Keep labels, compare several coders, see what to label next.",
        "labels",
        (Entry("suspects", "training.commands.suspects", "Labels that are likely wrong, the worst first.", "train"),),
    ),
    Entry("train", "training.commands.train", "Train a model from labelled passages and a codebook.", "train"),
    Entry("evaluate", "training.commands.evaluate", "Judge a model on labelled passages it has not seen.", "train"),
    Entry("models", "training.commands.models", "List, compare and promote the registered models.", "train"),
)


class LazyCommand(click.Command):
    """A command of which only the table is known until it is called."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry.name, help=entry.summary, short_help=entry.summary)
        self.entry = entry

    def make_context(self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any) -> click.Context:
        """The context of the real command, which then runs in place of this one."""
        if parent is not None:
            parent.meta[CALLED] = (f"{parent.command_path} {self.entry.name}", self.entry.extra)
        with importing():
            real: click.Command = importlib.import_module(self.entry.module).command
        if isinstance(real, click.Group):
            for part in self.entry.parts:
                real.add_command(LazyCommand(part))
        return real.make_context(info_name, args, parent, **extra)


class CommandTable(click.Group):
    """All commands of the table, and what the user sees where one of them fails."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for entry in COMMANDS:
            self.add_command(LazyCommand(entry))

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names in the order of the table."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what a person can act on ends as one message and exit code 1, Ctrl-C as exit code 130."""
        if os.environ.get("NO_COLOR"):
            ctx.color = False
        try:
            return super().invoke(ctx)
        except FramingError as error:
            raise click.ClickException(str(error)) from error
        except ModuleNotFoundError as error:
            raise click.ClickException(str(_missing_extra(error, *ctx.meta.get(CALLED, ("", None))))) from error
        except KeyboardInterrupt:
            click.echo(err=True)  # what comes next does not share a line with ^C
            ctx.exit(INTERRUPTED)


def _missing_extra(error: ModuleNotFoundError, called: str, extra: str | None) -> MissingExtra:
    """What to install; the error itself is raised again where it is no matter of installing, but a mistake in this program."""
    ours = (error.name or "").startswith(("framing", "training."))
    if extra is None or ours:
        raise error
    return MissingExtra(f"'{called}' (which looked for {str(error.name).partition('.')[0]})", extra)


def _print_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from importlib import metadata

    try:
        click.echo(f"framing {metadata.version('framing')}")
    except metadata.PackageNotFoundError:
        click.echo("framing, from a checkout that is not installed")
    ctx.exit()


@click.group(cls=CommandTable, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show the version and exit.")
def framing() -> None:
    """Find the frames of news articles: which passage carries which, how surely, and in which sentence."""


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal of few letters shows '?' for the others
    framing(prog_name="framing")


if __name__ == "__main__":
    main()
