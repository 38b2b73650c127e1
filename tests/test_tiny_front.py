"""The front that other tests put before a server."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

from tests.tiny_front import in_front_of
from tests.tiny_http import echoing


def test_bodies_in_chunks_are_read_whole_so_that_the_next_request_of_the_connection_is_understood():
    with (
        echoing() as (port, asked),
        in_front_of(f"http://127.0.0.1:{port}") as front,
        closing(HTTPConnection(urlsplit(front.url).netloc)) as client,
    ):
        for chunks in ([], [b"ab", b"cd"], []):
            client.request("POST", "/", iter(chunks), {"Transfer-Encoding": "chunked"}, encode_chunked=True)
            assert client.getresponse().read() == b"".join(chunks)
        assert front.asked == ["POST /"] * 3
        assert [body for _, body in asked] == [b"", b"abcd", b""]
