"""A body that comes in pieces is cut where a line feed stands, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framing.api.lines import Line, LineSplitter

LIMIT = 12


def split(pieces: list[bytes], limit: int = 1000) -> list[Line]:
    splitter = LineSplitter(limit)
    return [line for piece in pieces for line in splitter.feed(piece)] + list(splitter.end())


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (b"one\ntwo\n", [(1, b"one"), (2, b"two")]),
        (b"one\ntwo", [(1, b"one"), (2, b"two")]),
        (b"one\r\ntwo\r\n", [(1, b"one\r"), (2, b"two\r")]),
        (b"one\n\n \t\r\ntwo\n\n", [(1, b"one"), (4, b"two")]),
        (b"\n", []),
        (b"", []),
        ("a\u2028b\u2029c\x85d\x0be\x0cf\rg".encode(), [(1, "a\u2028b\u2029c\x85d\x0be\x0cf\rg".encode())]),
        (b"\xff\nok", [(1, b"\xff"), (2, b"ok")]),
    ],
)
def test_lines_end_at_line_feeds_and_blank_ones_count_but_are_not_given(body, lines):
    assert split([body]) == [Line(number, content) for number, content in lines]


def test_a_line_is_given_as_soon_as_its_end_has_come():
    splitter = LineSplitter(1000)
    assert list(splitter.feed(b"one\ntw")) == [Line(1, b"one")]
    assert list(splitter.feed(b"o")) == []
    assert list(splitter.feed(b"\n")) == [Line(2, b"two")]


def test_a_line_beyond_the_limit_is_not_kept_and_the_next_one_is():
    assert split([b"123456", b"7890123", b"45\nok\n", b"123456789012\n"], LIMIT) == [
        Line(1, None),
        Line(2, b"ok"),
        Line(3, b"123456789012"),
    ]


def test_little_is_held_of_a_line_without_end():
    splitter = LineSplitter(LIMIT)
    for _ in range(1000):
        assert list(splitter.feed(b"0123456789")) == []
        assert len(splitter._held) <= LIMIT
    assert list(splitter.end()) == [Line(1, None)]


pieces_of_bodies = st.lists(st.binary(max_size=8) | st.sampled_from([b"\n", b"\r\n", b" ", b"0123456789", b"\n\n", "\u2028".encode()]))


@given(pieces_of_bodies)
def test_however_a_body_is_cut_into_pieces_its_lines_are_the_same(pieces):
    body = b"".join(pieces)
    expected = [
        Line(number, content if len(content) <= LIMIT else None)
        for number, content in enumerate(body.split(b"\n"), 1)
        if content.strip() or len(content) > LIMIT
    ]
    assert split(pieces, LIMIT) == split([body], LIMIT) == expected
