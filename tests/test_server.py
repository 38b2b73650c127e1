"""`framing serve` as people run it: a process, a socket, signals."""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPResponse, IncompleteRead
from pathlib import Path

import httpx
import pytest

from framing.api import server as module
from framing.api.settings import load_settings
from framing.artifact import Manifest, save_model
from framing.encoder import CompiledEncoder
from framing.heads import Heads
from framing.model import FramingModel
from tests.conftest import ROOT

PATIENCE = 30
"""Seconds; only a broken test waits as long."""


@dataclass
class Running:
    """A server process and where it listens."""

    process: subprocess.Popen[str]
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_for(self, path: str) -> httpx.Response:
        """The first answer from `path` that is not a refusal."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                response = httpx.get(self.url + path)
            except httpx.TransportError:
                response = None
            if response is not None and response.is_success:
                return response
            time.sleep(0.05)
        raise AssertionError(f"no answer from {path}; exit code {self.process.poll()}")


Start = Callable[..., Running]


@contextmanager
def servers(folder: Path, tiny_model: FramingModel) -> Iterator[Start]:
    """Starts servers over the tiny model, or over another `folder`; whatever still runs at the end is killed."""
    pickled = folder / "tiny.pickle"
    pickled.write_bytes(pickle.dumps(tiny_model))
    running: list[subprocess.Popen[str]] = []

    def start_one(folder: Path | None = None, **environment: str) -> Running:
        port = free_port()
        module, model = ("tests.tiny_server", pickled) if folder is None else ("framing.cli", folder)
        process = subprocess.Popen(
            [sys.executable, "-m", module, "serve", "--model", str(model), "--port", str(port)],
            cwd=ROOT, env={**os.environ, **environment}, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        running.append(process)
        return Running(process, port)

    try:
        yield start_one
    finally:
        for process in running:
            process.kill()
            process.communicate()


@pytest.fixture
def start(tmp_path: Path, tiny_model: FramingModel) -> Iterator[Start]:
    """For tests that need a server of their own, or end it."""
    with servers(tmp_path, tiny_model) as start_one:
        yield start_one


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, tiny_model: FramingModel) -> Iterator[Running]:
    """One server for all tests that only ask it, which is ready."""
    with servers(tmp_path_factory.mktemp("server"), tiny_model) as start_one:
        running = start_one()
        running.wait_for("/readyz")
        yield running


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stop(running: Running, number: signal.Signals = signal.SIGTERM) -> tuple[float, int, str]:
    """Seconds until the process has ended, its exit code, and what it wrote."""
    began = time.monotonic()
    running.process.send_signal(number)
    _, written = running.process.communicate(timeout=PATIENCE)
    return time.monotonic() - began, running.process.returncode, written


def test_a_model_is_ready_before_the_language_identifier_which_is_then_loaded_beside(monkeypatch):
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def load_slowly() -> None:
        begun.set()
        go_on.wait(5)
        ended.set()

    monkeypatch.setattr(module, "load_identifier", load_slowly)
    served = module.load_served(load_settings())
    try:
        assert begun.wait(5)
        assert served.model.predict("The minister said that they would hold the talks.").passages[0].language == "en"
        assert not ended.is_set()
    finally:
        go_on.set()


def test_it_starts_answers_and_ends_in_order(start):
    server = start()
    assert server.wait_for("/readyz").json()["model"]["name"] == "tiny"
    answer = httpx.post(f"{server.url}/v1/predict", json={"text": "Rain, rain."})
    assert answer.json()["passages"][0]["frames"][0]["decision"] == "present"
    assert "server" not in answer.headers
    seconds, code, written = stop(server)
    assert (code, "Traceback" in written) == (0, False)
    assert f"http://127.0.0.1:{server.port} is ready" in written
    assert seconds < 3


def test_ctrl_c_ends_it_without_a_traceback(start):
    server = start()
    server.wait_for("/readyz")
    _, code, written = stop(server, signal.SIGINT)
    assert (code, "Traceback" in written) == (0, False)


def test_it_is_alive_before_the_model_is_loaded_and_then_ready(start):
    server = start(LOADING_PAUSE="2")
    server.wait_for("/healthz")
    early = httpx.get(f"{server.url}/readyz")
    assert (early.status_code, early.headers["content-type"]) == (503, "application/problem+json")
    server.wait_for("/readyz")


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz"])
def test_what_only_asks_for_the_head_of_an_answer_gets_it_without_the_answer(server, path):
    whole, head = httpx.get(server.url + path), httpx.head(server.url + path)
    assert head.status_code == whole.status_code == 200
    assert head.headers["content-length"] == str(len(whole.content))
    assert head.content == b""


def test_it_can_be_stopped_while_the_model_is_being_loaded(start):
    server = start(LOADING_PAUSE="1")
    server.wait_for("/healthz")
    seconds, code, written = stop(server)
    assert (code, "Traceback" in written) == (0, False)
    assert seconds < 4


def test_a_request_under_way_is_answered_before_the_end(start):
    server = start(TEXT_PAUSE="1")
    server.wait_for("/readyz")
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(httpx.post, f"{server.url}/v1/predict", json={"text": "The match ended."}, timeout=PATIENCE)
        time.sleep(0.4)
        _, code, _ = stop(server)
        assert pending.result().status_code == 200
    assert code == 0


def test_a_request_that_takes_too_long_is_told_that_the_server_stops(start):
    server = start(TEXT_PAUSE="3", GRACE="1")
    server.wait_for("/readyz")
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(httpx.post, f"{server.url}/v1/predict", json={"text": "The match ended."}, timeout=PATIENCE)
        time.sleep(0.4)
        _, code, written = stop(server)
        assert (pending.result().status_code, pending.result().json()["type"]) == (503, "urn:framing:problem:stopping")
    assert (code, "Traceback" in written) == (0, False)


def test_health_answers_quickly_while_many_predictions_run(start):
    server = start(TEXT_PAUSE="0.2")
    server.wait_for("/readyz")
    with ThreadPoolExecutor(12) as pool:
        texts = [f"Clear sky over hill {number}." for number in range(12)]
        pending = [pool.submit(httpx.post, f"{server.url}/v1/predict", json={"text": text}, timeout=PATIENCE) for text in texts]
        time.sleep(0.1)
        assert not all(one.done() for one in pending)
        with httpx.Client(base_url=server.url) as client:
            began = time.monotonic()
            assert client.get("/healthz").status_code == 200
            assert client.get("/readyz").status_code == 200
        assert time.monotonic() - began < 0.5
        assert not all(one.done() for one in pending)
        assert {one.result().status_code for one in pending} == {200}


@pytest.mark.parametrize("with_length", [True, False])
def test_nine_megabytes_are_refused_before_they_have_come(server, with_length):
    framing = "Content-Length: 9000000" if with_length else "Transfer-Encoding: chunked"
    head = f"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{framing}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as client:
        client.sendall(head.encode())
        if not with_length:
            piece = b"%x\r\n%s\r\n" % (100_000, b"a" * 100_000)
            for _ in range(81):
                client.sendall(piece)
        answer = HTTPResponse(client)  # although the body has not ended
        answer.begin()
        assert answer.status == 413
        assert json.load(answer)["detail"] == "The body may have at most 8,000,000 bytes."


def test_a_client_that_leaves_in_the_middle_of_its_body_does_no_harm(start):
    server = start()
    server.wait_for("/readyz")
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b'POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"text":')
        time.sleep(0.2)
    server.wait_for("/readyz")
    _, code, written = stop(server)
    assert (code, "Traceback" in written) == (0, False)


def test_a_model_folder_that_is_not_there_ends_it_with_a_sentence(start, tmp_path):
    server = start(folder=tmp_path / "nowhere")
    _, written = server.process.communicate(timeout=PATIENCE)
    assert server.process.returncode == 1
    assert "manifest.json: cannot be read (No such file or directory)" in written
    assert "Traceback" not in written


def test_an_address_that_is_taken_ends_it_with_a_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "framing.cli", "serve", "--port", str(port)], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE
        )
    assert ended.returncode == 1
    assert f"cannot listen on 127.0.0.1, port {port} (Address already in use)" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_wrong_setting_ends_it_with_a_sentence():
    ended = subprocess.run(
        [sys.executable, "-m", "framing.cli", "serve"],
        cwd=ROOT, env={**os.environ, "FRAMING_PORT": "http"}, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr == "Error: FRAMING_PORT is 'http'; it must be a whole number from 0 (any free port) to 65535\n"


def test_a_saved_model_folder_is_served_with_what_its_manifest_tells(
    start, tmp_path: Path, tiny_model: FramingModel, tiny_manifest: Manifest, compiled_encoder: CompiledEncoder
):
    weights = tiny_model.heads.vector_weights[:, :1].repeat(compiled_encoder.dimensions, axis=1)
    heads = Heads(weights, None, tiny_model.heads.intercepts, tiny_model.heads.thresholds, tiny_model.heads.floors)
    folder = tmp_path / "model"
    manifest = replace(tiny_manifest, metrics={"macro_f1": 0.5})
    saved = save_model(replace(tiny_model, encoder=compiled_encoder, heads=heads), folder, manifest, ["Rain fell."], "A card.")
    server = start(folder=folder)
    assert server.wait_for("/readyz").json()["model"]["version"] == saved.version
    details = httpx.get(f"{server.url}/v1/model").json()["details"]
    assert details == {
        "created": "2026-01-01", "recipe": {"name": "frozen"}, "data": {"digest": "d", "passages": 2}, "metrics": {"macro_f1": 0.5},
    }  # fmt: skip
    assert httpx.post(f"{server.url}/v1/predict", json={"text": "Rain fell."}).status_code == 200


@dataclass
class LineStream:
    """A body of JSON lines that is sent piece by piece, while its answers are read."""

    connection: socket.socket

    def send(self, line: bytes) -> None:
        self.connection.sendall(b"%x\r\n%s\r\n" % (len(line), line))

    def end(self) -> None:
        self.connection.sendall(b"0\r\n\r\n")


@pytest.fixture
def open_stream() -> Iterator[Callable[[Running], LineStream]]:
    head = "POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
    opened: list[socket.socket] = []

    def open_one(server: Running) -> LineStream:
        opened.append(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE))
        opened[-1].sendall(head.encode())
        return LineStream(opened[-1])

    yield open_one
    for connection in opened:
        connection.close()


def test_lines_are_answered_while_others_are_still_to_come(server, open_stream):
    stream = open_stream(server)
    answers = HTTPResponse(stream.connection)
    for number in range(3):
        stream.send(b'{"text": "Rain %d."}\n' % number)
        if not number:
            answers.begin()
        assert json.loads(answers.readline())["passages"][0]["text"] == f"Rain {number}."
    stream.end()
    assert answers.read() == b""


@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson"])
def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(server, kind):
    body = b'{"text": "Rain."}\n'
    head = f"POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as client:
        client.sendall(head.encode())
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(body)
        answer = HTTPResponse(client)
        answer.begin()
        assert answer.status == 200
        assert json.loads(answer.read())["passages"][0]["text"] == "Rain."


def test_a_thousand_lines_are_answered_in_order(server, open_stream):
    stream = open_stream(server)
    answers = HTTPResponse(stream.connection)

    def send() -> None:
        for first in range(0, 1000, 100):
            stream.send(b"".join(b'{"text": "Rain %d.", "evidence": false}\n' % number for number in range(first, first + 100)))
        stream.end()

    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send)
        answers.begin()
        texts = [json.loads(answer)["passages"][0]["text"] for answer in answers]
        sending.result(PATIENCE)
    assert texts == [f"Rain {number}." for number in range(1000)]


def test_a_stream_without_a_line_yet_is_told_that_the_server_stops(start, open_stream):
    server = start(GRACE="1")
    server.wait_for("/readyz")
    stream = open_stream(server)
    server.wait_for("/healthz")  # by when the head has been read
    _, code, written = stop(server)
    answer = HTTPResponse(stream.connection)
    answer.begin()
    assert (answer.status, json.load(answer)["type"]) == (503, "urn:framing:problem:stopping")
    assert (code, "Traceback" in written) == (0, False)


def test_a_stream_breaks_off_visibly_when_the_server_stops(start, open_stream):
    server = start(TEXT_PAUSE="2", GRACE="1")
    server.wait_for("/readyz")
    stream = open_stream(server)
    stream.send(b'{"text": "Rain."}\n{"text": "Frost."}\n{"text": "Clear sky."}\n')
    answers = HTTPResponse(stream.connection)
    answers.begin()
    _, code, written = stop(server)
    with pytest.raises(IncompleteRead):
        answers.read()
    assert (code, "Traceback" in written) == (0, False)


def test_idle_clients_are_asked_whether_they_are_still_there():
    with module._listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()), listener.accept()[0] as accepted:
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 60
