"""The load client: each body once, connections kept, and only good answers counted."""

from __future__ import annotations

import pytest

from benchmarks.load import Address, Load, LoadError, ask, put_load
from tests.tiny_http import echoing


def bodies(count: int) -> list[bytes]:
    return [f"text {number}".encode() for number in range(count)]


def test_each_body_is_sent_once_in_order_on_one_connection_that_is_kept():
    with echoing() as (port, asked):
        load = put_load(Address(port, "/"), bodies(20), connections=1, seconds=30)
    assert [body for _, body in asked] == bodies(20)
    assert len({client for client, _ in asked}) == 1
    assert (len(load.waits), load.failed) == (20, 0)


def test_several_connections_share_the_bodies():
    with echoing() as (port, asked):
        load = put_load(Address(port, "/"), bodies(40), connections=4, seconds=30)
    assert sorted(body for _, body in asked) == sorted(bodies(40))
    assert len({client for client, _ in asked}) == 4
    assert len(load.waits) == 40


def test_answers_that_are_not_good_are_counted_apart():
    with echoing() as (port, _):
        load = put_load(Address(port, "/"), [b"busy", b"one", b"busy", b"two"], connections=1, seconds=30)
    assert (len(load.waits), load.failed) == (2, 2)


def test_it_ends_when_the_time_is_up():
    with echoing() as (port, asked):
        load = put_load(Address(port, "/"), [b"again"] * 100_000, connections=2, seconds=0.1)
    assert 0 < len(load.waits) == len(asked) < 100_000
    assert load.seconds >= 0.1


def test_one_answer_is_its_status_and_its_body():
    with echoing() as (port, _):
        assert ask(Address(port, "/"), "größer".encode()) == (200, "größer".encode())
        assert ask(Address(port, "/"), b"busy") == (503, b"busy")


@pytest.mark.parametrize(("body", "problem"), [(b"endless", "without a Content-Length"), (b"gone", "closed a connection")])
def test_an_answer_that_cannot_be_read_is_told(body, problem):
    with echoing() as (port, _), pytest.raises(LoadError, match=problem):
        ask(Address(port, "/"), body)


def test_a_server_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr("benchmarks.load.PATIENCE", 0.2)
    with echoing() as (port, _):
        with pytest.raises(LoadError, match="gave no answer within 0.2 seconds"):
            ask(Address(port, "/"), b"mute")
        with pytest.raises(LoadError, match="gave no answer"):
            put_load(Address(port, "/"), [b"mute"], connections=1, seconds=0.1)


def test_nobody_at_the_address_is_an_os_error():
    with echoing() as (port, _):
        pass
    with pytest.raises(OSError, match=str(port)):
        ask(Address(port, "/"), b"one")


def test_rate_share_and_percentiles_are_of_the_good_answers():
    load = Load(seconds=2.0, waits=(0.1, 0.2, 0.3, 0.4), failed=6, client_seconds=0.5)
    assert (load.rate, load.client_share, load.wait(50)) == (2.0, 0.25, pytest.approx(0.25))
    assert Load(1.0, (), 3, 0.1).wait(50) != Load(1.0, (), 3, 0.1).wait(50)
