"""A front for an HTTP server of the tests: hands on what it is asked, until it is told that the server fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

Fate = Literal["answered", "gone", "mute"]
"""Of a request: handed on, hung up on as by a server that has ended, or never answered as by one that hangs."""
_OWN = ("connection", "content-length", "date", "host", "server", "transfer-encoding")


@dataclass
class Front:
    """Where it listens, what it was asked so far (`GET /path`), and what it does with a request, by its number from 0 and by that."""

    url: str
    asked: list[str] = field(default_factory=list)
    fate: Callable[[int, str], Fate] = lambda _number, _asked: "answered"
    muted: threading.Event = field(default_factory=threading.Event)
    """Set when the first request is left without an answer."""

    def recorded(self) -> list[str]:
        """What was asked since the last time."""
        asked, self.asked = self.asked, []
        return asked


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    front: Front
    behind: str

    def handle_request(self) -> None:
        body = self._body()
        asked = f"{self.command} {self.path.partition('?')[0]}"
        self.front.asked.append(asked)
        fate = self.front.fate(len(self.front.asked) - 1, asked)
        if fate == "answered":
            self._hand_on(body)
            return
        self.close_connection = True
        if fate == "mute":
            self.front.muted.set()
            self.rfile.read(1)  # until the client hangs up

    def _body(self) -> bytes:
        """Whole, in chunks too, as `requests` sends an empty file: what was left unread would be taken for the next request."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # headers that trail the chunks
        return body

    def _hand_on(self, body: bytes) -> None:
        with closing(HTTPConnection(self.behind)) as connection:
            connection.request(self.command, self.path, body, {name: value for name, value in self.headers.items() if _handed_on(name)})
            answer = connection.getresponse()
            content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if _handed_on(name):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request  # noqa: N815 - http.server calls them so

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def _handed_on(header: str) -> bool:
    return header.lower() not in _OWN


@contextmanager
def in_front_of(url: str) -> Iterator[Front]:
    """A front in a thread for the server at `url`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        front = Front(f"http://127.0.0.1:{server.server_port}")
        server.RequestHandlerClass = type("OwnHandler", (_Handler,), {"front": front, "behind": urlsplit(url).netloc})
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        try:
            yield front
        finally:
            server.shutdown()
