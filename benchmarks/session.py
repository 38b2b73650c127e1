"""Ten labels are corrected, and the model that answers changes, while others ask it: the session of the README, run and timed.

`framing models follow` and `framing serve` run all the while, and four clients ask without a pause. Every command is one that a user
would type; what each says is printed. The labels are seeds, and ten of them slips. If the promotion rules cannot tell that ten
corrections make nothing worse, the promotion is forced, with the reason.
Run: python -m benchmarks.session
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import click

from benchmarks.load import Address, LoadError, ask
from benchmarks.options import plain_errors
from benchmarks.retrain import SEEDS, spread_out
from benchmarks.servers import ServerFailed, running
from framing.errors import FramingError

LABELS = 1000
SLIPS = 10
CLIENTS = 4
PATIENCE = 120.0
"""Seconds that a move of the champion may take to reach whoever asks."""
EVALUATION = "evaluation.jsonl"

Said = Counter[str]
"""Answers by the version of the model that gave them, and by what went wrong."""


@click.command()
@plain_errors
def command() -> None:
    """Run the session, and print each command, what it says and how long it took."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        user = User(folder)
        first, corrected = write_labels(folder)
        write_evaluation(folder / EVALUATION)
        user.types("labels", "import", first, "--codebook", SEEDS / "codebook.toml", "--coder", "anna")
        user.types("train", "--from-labels", "--recipe", "frozen", "--keep-kinds", "--evaluation", EVALUATION, "--out", "first")
        user.types("models", "promote", "1", "--evaluation", EVALUATION)
        with user.follows("live"), user.serves("live") as address, _asked(address) as said:
            before = _version(address)
            user.types("labels", "import", corrected, "--codebook", SEEDS / "codebook.toml", "--coder", "anna", "--replace")
            user.types("train", "--from-labels", "--recipe", "refit", "--evaluation", EVALUATION, "--out", "second")
            user.types("models", "compare", "champion", "2", "--evaluation", EVALUATION, "--html", "comparison.html")
            if not user.types("models", "promote", "2", "--evaluation", EVALUATION, may_be_refused=True):
                why = ("--force", "--by", "anna", "--because", "ten labels were slips")
                user.types("models", "promote", "2", "--evaluation", EVALUATION, *why)
            click.echo(f"# the server answers by it {_changed(address, before):.1f} seconds later")
            after = _version(address)
            user.types("models", "rollback", "--because", "to show that it works")
            click.echo(f"# the server answers by version 1 again {_changed(address, after):.1f} seconds later")
    click.echo(f"{said.total()} requests: " + ", ".join(f"{count} {what}" for what, count in said.most_common()))


class User:
    """Types commands in a folder, where the stores stand too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(SEEDS.parent),
            "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
            "FRAMING_LABELS": str(folder / "labels.db"),
            "FRAMING_CACHE": str(folder / "cache"),
        }

    def types(self, *words: object, may_be_refused: bool = False) -> bool:
        """Run a command of framing, and print it with what it says; returns whether it did what it was to do. Raises FramingError
        unless it did, or might refuse."""
        click.echo(f"\n$ framing {' '.join(str(word).replace(f'{SEEDS.parent}/', '').replace(f'{self.folder}/', '') for word in words)}")
        start = time.perf_counter()
        done = subprocess.run(self._command(*words), cwd=self.folder, env=self.environment, capture_output=True, text=True)
        click.echo(done.stdout.rstrip())
        if done.returncode and not may_be_refused:
            raise FramingError(f"it ended with {done.returncode}: {done.stderr.strip()}")
        click.echo(f"# {time.perf_counter() - start:.1f} seconds" + (", refused" if done.returncode else ""))
        return not done.returncode

    @contextmanager
    def follows(self, live: str) -> Iterator[None]:
        """Have a folder follow the champion, from the first time that it does to the end of the block."""
        with (self.folder / "follow.log").open("wb") as log:
            process = subprocess.Popen(
                self._command("models", "follow", live), cwd=self.folder, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )
        try:
            end = time.monotonic() + PATIENCE
            while not (self.folder / live).exists():
                if process.poll() is not None or time.monotonic() > end:
                    raise ServerFailed("no champion came", self.folder / "follow.log")
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait()

    @contextmanager
    def serves(self, live: str) -> Iterator[Address]:
        """Serve a folder until the end of the block."""
        arguments = ["-m", "framing.cli", "serve", "--model", str(self.folder / live), "--port", "{port}"]
        with running(arguments, "/v1/predict", b'{"text": "Rain fell."}', self.folder / "serve.log") as server:
            yield server.address

    def _command(self, *words: object) -> list[str]:
        return [sys.executable, "-m", "framing.cli", *map(str, words)]


def write_labels(folder: Path) -> tuple[Path, Path]:
    """A file of labels with some slips, and one of these put right."""
    rows = [json.loads(line) for line in spread_out((SEEDS / "passages.jsonl").read_text(encoding="utf-8").splitlines(), LABELS)]
    slips = [row for row in rows if row["frames"]][:: LABELS // SLIPS // 3][:SLIPS]
    wrong = {row["id"] for row in slips}
    contents = {
        "week.jsonl": [{**row, "frames": [] if row["id"] in wrong else row["frames"]} for row in rows],
        "corrected.jsonl": slips,
    }
    for name, content in contents.items():
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in content), encoding="utf-8")
    first, corrected = (folder / name for name in contents)
    return first, corrected


def write_evaluation(path: Path) -> None:
    """What is for tuning of both sets that nothing is trained on, as one file."""
    with path.open("w", encoding="utf-8") as file:
        for name in ("challenge", "retold"):
            rows = map(json.loads, (SEEDS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
            for row in rows:
                if row["half"] == "tune":  # the two call some passages alike
                    file.write(json.dumps({**row, "id": f"{name}-{row['id']}", "group": f"{name}/{row['group']}"}) + "\n")


@contextmanager
def _asked(address: Address) -> Iterator[Said]:
    """Clients that ask until the end of the block, one request after the other each; counts what they were told."""
    texts = [json.loads(line)["text"] for line in (SEEDS / "retold.jsonl").read_text(encoding="utf-8").splitlines()]
    ended, said = Event(), Said()

    def keep_asking(client: int) -> Said:
        own, number = Said(), client
        while not ended.is_set():
            body = json.dumps({"text": texts[number % len(texts)], "split": "none"}).encode()
            number += CLIENTS
            try:
                status, answer = ask(address, body)
                own[f"answered by {json.loads(answer)['model']['version']}" if status == 200 else f"refused with {status}"] += 1
            except (OSError, LoadError) as error:
                own[f"failed ({error})"] += 1
        return own

    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(keep_asking, client) for client in range(CLIENTS)]
        try:
            yield said
        finally:
            ended.set()
            for client in clients:
                said.update(client.result())


def _version(address: Address) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{address.port}/readyz", timeout=PATIENCE) as answer:
        return str(json.load(answer)["model"]["version"])


def _changed(address: Address, before: str) -> float:
    """Seconds until the server answers by another version. Raises FramingError if it never does."""
    start = time.monotonic()
    while _version(address) == before:
        if time.monotonic() - start > PATIENCE:
            raise FramingError(f"{before} still answers after {PATIENCE:.0f} seconds")
        time.sleep(0.1)
    return time.monotonic() - start


if __name__ == "__main__":
    command()
