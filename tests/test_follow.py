"""A folder that follows the registry, against real MLflow servers: on SQLite, and on PostgreSQL with S3."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from framing.artifact import check_golden, load_model, read_manifest
from framing.cli import framing
from framing.errors import TrainingError
from framing.following import Following, read_following, write_following
from framing.saved_heads import HEADS_FILE
from tests.conftest import ROOT
from tests.registry import make_champion, register
from tests.test_reload import OFTEN, wait_until
from tests.test_server import start, stop
from tests.tiny_folder import save_tiny
from training import tracking
from training.follow import Follower, follow, open_follower

__all__ = ["start"]  # a fixture

PATIENCE = 120
"""Seconds; only a broken test waits as long."""
NOBODY = "http://127.0.0.1:9"


def register_tiny(folder: Path, name: str, lean: float) -> str:
    save_tiny(folder / name, lean)
    return register(folder / name)


def register_broken(folder: Path) -> str:
    save_tiny(folder / "broken", 3.0)
    (folder / "broken" / HEADS_FILE).write_bytes(b"nothing")
    return register(folder / "broken")


def version_in(folder: Path) -> str:
    """The version in a folder that is sound."""
    model = load_model(folder)
    check_golden(model, folder)
    return model.identity.version


def renew(follower: Follower) -> str:
    """The version in the folder, after it was brought to the champion."""
    assert follower.renew().problem is None
    return version_in(follower.folder)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    return [record.getMessage() for record in records if record.name == "training.follow"]


@pytest.fixture
def follower(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    with open_follower(tmp_path / "live") as follower:
        yield follower


@pytest.fixture
def followed(sqlite_registry, follower, tmp_path) -> Follower:
    """A follower whose folder holds version 1 of the registry."""
    make_champion(register_tiny(tmp_path, "one", 0.0))
    renew(follower)
    return follower


def test_a_folder_goes_from_champion_to_champion_and_back_and_keeps_the_one_before(served_registry, follower, tmp_path, caplog):
    one, two = (register_tiny(tmp_path, name, lean) for name, lean in (("one", 0.0), ("two", -1.0)))
    first, second = (read_manifest(tmp_path / name).version for name in ("one", "two"))
    make_champion(one)
    assert renew(follower) == first
    copied = (tmp_path / "live").stat().st_ino
    make_champion(two)
    assert renew(follower) == renew(follower) == second
    make_champion(one)
    assert renew(follower) == first
    assert (tmp_path / "live").stat().st_ino == copied  # a rollback needs no download
    make_champion(register_tiny(tmp_path, "three", 1.0))
    assert renew(follower) == read_manifest(tmp_path / "three").version
    assert sorted(path.name.partition("-")[0] for path in (tmp_path / "live.versions").iterdir()) == ["1", "3"]
    assert said(caplog) == [f"{tmp_path}/live holds version {number}" for number in (1, 2, 1, 3)]


def test_without_a_champion_the_folder_stays_away_and_the_reason_stands_beside_it(sqlite_registry, follower, tmp_path):
    register_tiny(tmp_path, "one", 0.0)
    assert follower.renew().problem == "no version in the registry is champion; `framing models promote` makes one"
    assert not (tmp_path / "live").exists()
    assert read_following(tmp_path / "live") == follower.renew()


def test_a_broken_version_leaves_the_folder_as_it_is_and_is_told_once(followed, tmp_path, caplog):
    make_champion(register_broken(tmp_path))
    for _ in range(3):
        found = followed.renew()
    assert found.champion == "1"
    assert found.problem.startswith("version 2 is broken: ")
    assert found.problem.endswith("heads.npz: was altered: its sha256 is not the one in the manifest")
    assert version_in(tmp_path / "live") == read_manifest(tmp_path / "one").version
    make_champion(register_tiny(tmp_path, "three", 1.0))
    assert renew(followed) == read_manifest(tmp_path / "three").version
    assert sorted(path.name.partition("-")[0] for path in followed.versions.iterdir()) == ["1", "3"]
    assert [line.rpartition("live ")[2].partition(":")[0] for line in said(caplog)] == [
        "holds version 1", "stays as it is", "holds version 3",
    ]  # fmt: skip


def test_a_registry_that_stops_answering_leaves_the_folder_as_it_is_and_is_told_once(
    sqlite_registry, followed, tmp_path, caplog, monkeypatch
):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    os.killpg(sqlite_registry.process.pid, signal.SIGSTOP)
    try:
        problems = {followed.renew().problem for _ in range(2)}
    finally:
        os.killpg(sqlite_registry.process.pid, signal.SIGCONT)
    (problem,) = problems
    assert problem.startswith("the MLflow registry cannot be asked: ")
    assert (read_following(tmp_path / "live").champion, read_following(tmp_path / "live").problem) == ("1", problem)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", str(PATIENCE))
    assert renew(followed) == read_manifest(tmp_path / "one").version
    assert len(said(caplog)) == 3


def test_a_registry_that_is_not_there_yet_is_told_once_in_the_same_words_and_found_when_it_comes(
    sqlite_registry, follower, tmp_path, monkeypatch, caplog
):
    make_champion(register_tiny(tmp_path, "one", 0.0))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", NOBODY)
    assert follower.renew().problem == follower.renew().problem
    monkeypatch.setenv("MLFLOW_TRACKING_URI", sqlite_registry.url)
    assert renew(follower) == read_manifest(tmp_path / "one").version
    assert len(said(caplog)) == 2
    assert said(caplog)[0].startswith(f"{tmp_path}/live stays as it is: the MLflow registry cannot be asked: the MLflow store at {NOBODY}")


def test_what_went_wrong_is_tried_again_after_longer_and_longer_waits(sqlite_registry, tmp_path):
    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 5:
            make_champion(register_tiny(tmp_path, "one", 0.0))
        if len(waits) == 7:
            raise SystemExit

    waits: list[float] = []
    with pytest.raises(SystemExit):
        follow(tmp_path / "live", 5, sleep)
    assert waits == [10, 20, 40, 60, 60, 5, 5]


def test_a_copy_that_was_damaged_on_the_disk_is_fetched_again_by_the_next_follower(sqlite_registry, tmp_path):
    make_champion(register_tiny(tmp_path, "one", 0.0))
    with open_follower(tmp_path / "live") as follower:
        renew(follower)
    (tmp_path / "live" / HEADS_FILE).write_bytes(b"nothing")
    with open_follower(tmp_path / "live") as follower:
        assert renew(follower) == read_manifest(tmp_path / "one").version


def test_a_model_that_somebody_else_put_in_the_folder_is_not_taken_for_the_champion(sqlite_registry, follower, tmp_path, caplog):
    one = register_tiny(tmp_path, "one", 0.0)
    version = read_manifest(tmp_path / "one").version
    tracking.connect().set_model_version_tag(tracking.REGISTERED, one, "framing.version", version)
    make_champion(one)
    assert renew(follower) == version
    save_tiny(tmp_path / "live", -1.0)
    other = version_in(tmp_path / "live")
    assert renew(follower) == version
    assert f"holds model {other}, and version 1 is model {version}" in said(caplog)[-1]
    shutil.rmtree((tmp_path / "live").resolve())
    assert renew(follower) == version


def test_what_cannot_be_written_is_a_problem_and_not_the_end(followed, tmp_path):
    (tmp_path / "live.following.json").unlink()
    (tmp_path / "live.following.json").mkdir()
    assert followed.renew().problem == f"how it went cannot be written: {tmp_path}/live.following.json is there, but not as a file"


@pytest.mark.parametrize("once", [["--once"], []])
def test_a_folder_that_is_no_link_is_not_touched(once, tmp_path):
    (tmp_path / "live").mkdir()
    result = CliRunner().invoke(framing, ["models", "follow", *once, str(tmp_path / "live")])
    assert (result.exit_code, result.output) == (
        1, f"Error: {tmp_path}/live is there, but not as a link that can follow: move it away, or name another folder\n",
    )  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["live"]


def test_one_folder_has_one_follower(follower, tmp_path):
    with pytest.raises(TrainingError, match="live.versions is kept by another process; one is enough"), open_follower(tmp_path / "live"):
        pass


def test_once_ends_well_or_with_the_reason(sqlite_registry, tmp_path):
    number = register_tiny(tmp_path, "one", 0.0)
    arguments = ["models", "follow", "--once", str(tmp_path / "live")]
    early = CliRunner().invoke(framing, arguments)
    assert (early.exit_code, early.output) == (1, "Error: no version in the registry is champion; `framing models promote` makes one\n")
    make_champion(number)
    result = CliRunner().invoke(framing, arguments)
    assert (result.exit_code, result.output) == (0, f"{tmp_path}/live holds version 1\n")


KILLED = """
import importlib, os, signal, sys
from pathlib import Path
import mlflow.artifacts, mlflow.store.artifact.http_artifact_repo  # once, and not in each child
from framing.artifact import check_golden, load_model
from training.follow import open_follower

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

for target in sys.argv[2:]:
    child = os.fork()
    if child == 0:
        module, _, name = target.rpartition(".")
        with open_follower(Path(sys.argv[1])) as follower:
            setattr(importlib.import_module(module), name, die)
            follower.renew()
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL, target
    check_golden(load_model(sys.argv[1]), sys.argv[1])
    print(target, os.readlink(sys.argv[1]))
"""
STEPS = ("shutil.copytree", "framing.files._flush_tree", "training.follow._removed_on_error", "training.follow.point_link", "os.utime")


def test_a_kill_at_any_step_leaves_the_folder_whole_and_the_next_follower_cleans_up(followed, tmp_path):
    make_champion(register_tiny(tmp_path, "two", -1.0))
    other = tmp_path / "other"  # the follower of `live` is alive
    shutil.copytree(tmp_path / "live.versions", tmp_path / "other.versions")
    other.symlink_to(Path("other.versions", (tmp_path / "live").readlink().name))
    ended = subprocess.run([sys.executable, "-c", KILLED, str(other), *STEPS], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == 0, ended.stderr
    held = [line.partition("other.versions/")[2].partition("-")[0] for line in ended.stdout.splitlines()]
    assert held == ["1", "1", "1", "1", "2"]
    with open_follower(other) as follower:
        assert renew(follower) == read_manifest(tmp_path / "two").version
    assert sorted(path.name.partition("-")[0] for path in follower.versions.iterdir()) == ["1", "2"]
    assert not list(tmp_path.glob(".writing-*"))


def test_a_server_goes_over_to_what_is_promoted_and_both_processes_end_in_order(sqlite_registry, start, tmp_path):
    make_champion(register_tiny(tmp_path, "one", 0.0))
    live = tmp_path / "live"
    write_following(live, Following(problem="of an earlier day"))
    process = subprocess.Popen(
        [sys.executable, "-m", "framing.cli", "models", "follow", str(live), "--every", "0.1"],
        cwd=ROOT, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip
    try:
        while not live.exists():
            assert process.poll() is None, process.stderr.read()
        server = start(folder=live, **OFTEN)
        server.wait_for("/readyz")
        make_champion(register_tiny(tmp_path, "two", -1.0))
        ready = wait_until(server, lambda ready: ready["model"]["version"] == read_manifest(tmp_path / "two").version)
        wait_until(server, lambda ready: ready["following"]["champion"] == "2")
        make_champion(register_broken(tmp_path))
        told = wait_until(server, lambda ready: ready["following"]["problem"])
        assert told["following"]["problem"].startswith("version 3 is broken: ")
        assert (told["model"], told["problem"]) == (ready["model"], None)
        process.terminate()
        _, written = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 0, written
    assert "INFO" in written
    assert written.count("holds version 2") == 1
    assert written.count("stays as it is") == 1
    assert "Traceback" not in written
    assert stop(server)[1] == 0
