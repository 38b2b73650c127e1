"""Servers of a benchmark: they are there when they answer, and gone with all they started."""

from __future__ import annotations

import signal

import psutil
import pytest

from benchmarks.load import ask
from benchmarks.servers import ServerFailed, running

ECHO = ("-m", "tests.tiny_http", "{port}")


def test_a_server_answers_is_weighed_with_its_child_and_both_end_with_the_block(tmp_path):
    log = tmp_path / "log"
    with running(ECHO, "/", b"first", log) as server:
        assert ask(server.address, b"one") == (200, b"one")
        assert server.ready_seconds > 0
        child = psutil.Process(int(log.read_text()))
        alone = psutil.Process(server.pid).memory_full_info().pss
        assert server.memory() > alone
        taken = [process.cpu_times() for process in (psutil.Process(server.pid), child)]
        assert server.processor_seconds() >= sum(times.user + times.system for times in taken) > 0
    assert not psutil.pid_exists(server.pid)
    psutil.wait_procs([child], timeout=10)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_a_server_that_ends_by_itself_is_told_with_the_end_of_its_log(tmp_path):
    code = "print('127.0.0.1 \"POST /\" 503'); raise SystemExit('no weights here')"
    with pytest.raises(ServerFailed) as failed, running(("-c", code), "/", b"first", tmp_path / "log"):
        pass
    assert str(failed.value) == "it ended by itself with exit code 1; the end of its log:\n    no weights here"


def test_a_server_that_only_says_no_is_told_with_its_last_answer_and_ended(tmp_path):
    with pytest.raises(ServerFailed, match="its last answer was 503: busy"), running(ECHO, "/", b"busy", tmp_path / "log", patience=5):
        pass
    assert not any("tests.tiny_http" in " ".join(process.cmdline()) for process in psutil.Process().children())


def test_a_benchmark_that_is_told_to_end_leaves_no_server_behind(tmp_path):
    started: list[int] = []

    def measure() -> None:
        with running(ECHO, "/", b"first", tmp_path / "log") as server:
            started.append(server.pid)
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(SystemExit, match="143"):
        measure()
    assert not psutil.pid_exists(started[0])
