"""A server for the load client: `python -m tests.tiny_http PORT` echoes what it is sent, with a child process of its own beside it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Echo(BaseHTTPRequestHandler):
    """Answers a body with itself and status 200, or 503 to the body `busy`; without a length to `endless`,
    and not at all to `gone`, where it hangs up, and `mute`."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[int, bytes]] = []
    """The port of the client, and the body, of each request."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.client_address[1], body))
        self.close_connection = body in (b"gone", b"mute")
        if body == b"mute":
            self.rfile.read(1)  # until the client hangs up
        if body in (b"gone", b"mute"):
            return
        self.send_response(503 if body == b"busy" else 200)
        if body != b"endless":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def echoing() -> Iterator[tuple[int, list[tuple[int, bytes]]]]:
    """The port of a server in a thread, and the requests it was sent."""
    asked: list[tuple[int, bytes]] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), type("OwnEcho", (Echo,), {"asked": asked})) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        try:
            yield server.server_port, asked
        finally:
            server.shutdown()


if __name__ == "__main__":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    sys.stdout.write(f"{child.pid}\n")
    sys.stdout.flush()
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Echo).serve_forever()
