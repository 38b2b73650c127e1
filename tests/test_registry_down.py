"""A registry that stops answering, loses files, or holds what this program does not know: every command says so in one sentence."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from framing.artifact import write_run
from framing.cli import framing
from framing.data import load_dataset
from framing.saved_heads import HEADS_FILE
from tests.conftest import ROOT
from tests.registry import make_champion
from tests.registry import register as register_as_it_is
from tests.tiny_folder import WEATHER, save_tiny
from tests.tiny_front import Front, in_front_of
from training import tracking
from training.learned import learned_from
from training.tracking.registry import LEARNED

NOBODY = "http://127.0.0.1:9"
PROMPT = 20
"""Seconds in which a process that is told to end must have; requests would be waited for much longer."""


@pytest.fixture
def front(sqlite_registry, monkeypatch) -> Iterator[Front]:
    """What stands between this process and an empty registry."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with in_front_of(sqlite_registry.url) as front:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", front.url)
        yield front


@pytest.fixture
def registered(front, tmp_path, monkeypatch) -> Front:
    """Version 1 is champion and has learned from `known.jsonl`, version 2 is surer of everything; `new.jsonl` is new to both."""
    monkeypatch.chdir(tmp_path)
    written("known.jsonl", "known")
    written("new.jsonl", "new")
    Path("loose.toml").write_text("[macro_f1]\nloss = 1\n", encoding="utf-8")
    for name, lean in (("one", 0.0), ("two", 1.0)):
        save_tiny(tmp_path / name, lean)
        register(tmp_path / name)
    make_champion("1")
    front.recorded()
    return front


def written(name: str, word: str) -> None:
    frames = {"Rain fell": ["rain"], "Frost fell": ["frost"], "A calm day": []}
    rows = [
        {"id": f"{word}-{at}-{text}", "group": f"{word}-{at}", "text": f"{text} {word} {at}", "frames": frames[text]}
        for at in range(12)
        for text in frames
    ]
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def register(folder: Path, said: bool = True, other: bool = True) -> str:
    """A version whose run has said what it learned from, or has some `other` file alone, or none."""
    import mlflow

    client = tracking.connect()
    with mlflow.start_run() as run:
        write_run(folder, run.info.run_id)
        if said:
            mlflow.log_dict(learned_from(load_dataset(["known.jsonl"], WEATHER)).as_dict(), LEARNED)
        if other:
            mlflow.log_artifacts(str(folder), "model")
    if not client.search_registered_models(f"name='{tracking.REGISTERED}'"):
        client.create_registered_model(tracking.REGISTERED)
    return str(client.create_model_version(tracking.REGISTERED, f"{run.info.artifact_uri}/model", run.info.run_id).version)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(framing, ["models", *arguments])


def problem(result: Result) -> str:
    """The one sentence that a command which failed ends with."""
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert result.exit_code == 1
    return result.output.partition("Error: ")[2].splitlines()[0]


PROMOTE = ("promote", "2", "--evaluation", "new.jsonl", "--rules", "loose.toml")
COMPARE = ("compare", "champion", "2", "--evaluation", "new.jsonl")
COMMANDS = (
    ("list",),
    ("history",),
    ("rollback",),
    PROMOTE,
    (*COMPARE, "--no-track"),
    ("export", "1", "out-{}"),
    ("follow", "--once", "live-{}"),
)
"""With `{}` in the name of a folder that must be a new one."""


def first_of_each_kind(asked: list[str]) -> list[int]:
    """The numbers of the requests that differ in more than a file's or a run's name."""
    kinds = ["/".join(one.split("/")[:6]) for one in asked]
    return sorted({kind: number for number, kind in reversed(list(enumerate(kinds)))}.values())


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_registry_that_dies_at_any_request_is_one_sentence_and_leaves_a_champion(registered, command):
    client = tracking.connect()
    tracking.move_champion(client, tracking.throne(client), "2", "promoted", "ana", "first")
    tracking.move_champion(client, tracking.throne(client), "1", "promoted", "ana", "second")
    registered.recorded()
    assert run(*(part.format("whole") for part in command)).exit_code == 0
    asked = registered.recorded()
    for dies in first_of_each_kind(asked):
        make_champion("1")
        registered.recorded()
        registered.fate = lambda number, _, dies=dies: "gone" if number >= dies else "answered"
        result = run(*(part.format(dies) for part in command))
        registered.fate = lambda _number, _asked: "answered"
        said, now = problem(result), tracking.throne(client).champion
        assert said, asked[dies]
        assert now == "1" or ("was not made champion" not in said and now == "2"), (asked[dies], said)
        assert now == "2" or "was made champion" not in said, (asked[dies], said)
    assert not list(Path().glob(".*"))


def test_what_a_run_has_learned_from_and_cannot_be_read_stops_a_comparison_and_a_promotion(registered):
    registered.fate = lambda _, asked: "gone" if asked.endswith(LEARNED) else "answered"
    for command in (COMPARE, PROMOTE):
        assert problem(run(*command)).startswith("what run ")
        assert "has learned from cannot be read: " in problem(run(*command))
    registered.fate = lambda _number, _asked: "answered"
    assert tracking.throne(tracking.connect()).champion == "1"
    assert "version 1 (champion): 36 texts and 12 groups of the evaluation" in problem(
        run("compare", "1", "2", "--evaluation", "known.jsonl")
    )


def test_a_run_that_never_said_what_it_learned_from_is_unknown_and_one_that_has_lost_its_files_is_not(registered, tmp_path):
    save_tiny(tmp_path / "silent", 0.0)
    number = register(tmp_path / "silent", said=False)
    unknown = f"Whether version {number} was trained on any of these passages is not known: no run tells."
    assert f"- {unknown}\n" in run("compare", "1", number, "--evaluation", "new.jsonl", "--no-track").output
    assert unknown.rstrip(".") in run("promote", number, *PROMOTE[2:]).output
    register(tmp_path / "silent", said=False, other=False)
    assert problem(run("compare", "1", "./silent", "--evaluation", "new.jsonl")).startswith("what run ")


def test_a_version_without_its_files_or_with_broken_ones_is_called_by_its_number(registered, tmp_path):
    save_tiny(tmp_path / "other", 0.0)
    (tmp_path / "other" / HEADS_FILE).write_bytes(b"nothing")
    broken, empty = register_as_it_is(tmp_path / "other"), register(tmp_path / "one", other=False)
    for number, why in (
        (broken, f"version {broken} is broken: "),
        (empty, f"models:/framing/{empty} holds no model of framing, or its files"),
    ):
        for command in (("compare", "1", number, *COMPARE[3:]), ("promote", number, *PROMOTE[2:])):
            assert problem(run(*command)).startswith(why)


def test_a_record_of_a_move_that_another_version_wrote_is_one_sentence_and_a_follower_goes_on(registered):
    tracking.connect().set_registered_model_tag(tracking.REGISTERED, "champion.move.00001.x", '{"whither": "2"}')
    for command in (("history",), ("rollback",), PROMOTE):
        assert problem(run(*command)).startswith("the tag champion.move.00001.x of the registered model 'framing' is no record of a move")
    assert run("follow", "--once", "live").output == "live holds version 1\n"


def test_two_folders_are_compared_without_a_registry_and_everything_else_needs_one(registered, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", NOBODY)
    done = run("compare", "one", "two", *COMPARE[3:], "--no-track")
    assert done.exit_code == 0, done.output
    assert "- Whether folder one was trained on any of these passages is not known: no run tells.\n" in done.output
    for command in (("compare", "one", "two", *COMPARE[3:]), ("compare", "one", "champion", *COMPARE[3:], "--no-track")):
        assert problem(run(*command)).startswith(f"the MLflow store at {NOBODY} cannot be used: ")


def test_a_folder_is_meant_before_an_alias_of_its_name_but_champion_is_always_the_alias(registered, tmp_path):
    tracking.connect().set_registered_model_alias(tracking.REGISTERED, "two", "1")
    save_tiny(tmp_path / "champion", 0.0)
    assert "between folder two and version 1 (" in run("compare", "champion", "two", *COMPARE[3:], "--no-track").output


@contextmanager
def following(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "framing.cli", "models", "follow", str(folder), "--every", "0.1"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("number", "code", "hangs"), [(signal.SIGINT, 130, "/registered-models/get"), (signal.SIGTERM, 0, HEADS_FILE)])
def test_a_follower_ends_at_once_also_while_the_registry_or_a_download_hangs(registered, tmp_path, number, code, hangs):
    registered.fate = lambda _, asked: "mute" if asked.endswith(hangs) else "answered"
    with following(tmp_path / "live") as process:
        assert registered.muted.wait(10 * PROMPT)
        told = time.monotonic()
        process.send_signal(number)
        _, said = process.communicate(timeout=PROMPT)
    assert time.monotonic() - told < PROMPT
    assert (process.returncode, said) == (code, "")
    assert not list((tmp_path / "live.versions").iterdir())
