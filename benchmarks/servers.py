"""Servers as processes of their own: started, waited for, weighed and ended with all that they started themselves."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.load import OK, Address, LoadError, ask
from framing.errors import FramingError

ROOT = Path(__file__).parent.parent
PATIENCE = 120
"""Seconds a server may take to its first answer."""
GRACE = 10
"""Seconds it may take to end."""
LOOK_SECONDS = 0.05
TAIL = 12
"""Lines of the log of a server that failed."""
_ACCESS = '"POST '
"""In lines that tell of a request; there are many while a server is waited for."""


class ServerFailed(FramingError):
    """A server that did not come to answer; says so with the end of its log."""

    def __init__(self, problem: str, log: Path) -> None:
        lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if _ACCESS not in line]
        super().__init__("\n    ".join([f"{problem}; the end of its log:", *(lines[-TAIL:] or ["(empty)"])]))


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers: its number as a process, and the seconds from its start to its first answer."""

    pid: int
    address: Address
    ready_seconds: float

    def memory(self) -> int:
        """Bytes of memory it holds with all processes it started, what they share counted once. Needs psutil."""
        return sum(process.memory_full_info().pss for process in self._processes())

    def processor_seconds(self) -> float:
        """Processor time that it has taken so far with all processes it started and that still run. Needs psutil."""
        taken = [process.cpu_times() for process in self._processes()]
        return float(sum(times.user + times.system for times in taken))

    def _processes(self) -> list[Any]:
        import psutil

        first = psutil.Process(self.pid)
        return [first, *first.children(recursive=True)]


@contextmanager
def running(
    arguments: Sequence[str], path: str, first: bytes, log: Path, environment: Mapping[str, str] | None = None, patience: float = PATIENCE
) -> Iterator[Running]:
    """Start a server of this Python, with `{port}` in its arguments filled in, and wait until it has answered the request `first`.

    It runs in the root of this checkout and ends with the block. Raises ServerFailed.
    """
    address = Address(_free_port(), path)
    command = [sys.executable, *(part.replace("{port}", str(address.port)) for part in arguments)]
    start = time.perf_counter()
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **search_paths(), **(environment or {})},
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        with _ended_in_order():
            _await_answer(process, address, first, log, start + patience)
            yield Running(process.pid, address, time.perf_counter() - start)
    finally:
        _end(process)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """A benchmark that is told to end runs through its `finally`, or else its server would stay. For the main thread."""
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _await_answer(process: subprocess.Popen[bytes], address: Address, first: bytes, log: Path, end: float) -> None:
    said = "nobody listened"
    while time.perf_counter() < end:
        if process.poll() is not None:
            raise ServerFailed(f"it ended by itself with exit code {process.returncode}", log)
        try:
            status, body = ask(address, first)
            if status == OK:
                return
            said = f"its last answer was {status}: {body[:200].decode(errors='replace')}"
        except (OSError, LoadError):
            pass
        time.sleep(LOOK_SECONDS)
    raise ServerFailed(f"it gave no good answer in time ({said})", log)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server and whatever else is in its session."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def search_paths() -> dict[str, str]:
    """This checkout and this Python first, so that a server, and what it starts, runs the code that stands here."""
    first = {"PYTHONPATH": str(ROOT), "PATH": str(Path(sys.executable).parent)}
    return {name: os.pathsep.join([place, *filter(None, [os.environ.get(name)])]) for name, place in first.items()}
