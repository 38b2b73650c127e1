"""A client that keeps some HTTP/1.1 connections busy, small enough to leave the cores to the server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from framing.errors import FramingError

Result = TypeVar("Result")

OK = 200
PATIENCE = 30
"""Seconds that an answer may take before this client gives up."""


class LoadError(FramingError):
    """A server whose answers this client cannot read."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where requests go; the host is always this machine."""

    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a load: seconds it took, seconds each good answer took, answers that were not good, CPU seconds of the client."""

    seconds: float
    waits: tuple[float, ...]
    failed: int
    client_seconds: float

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return len(self.waits) / self.seconds

    @property
    def client_share(self) -> float:
        """How much of one core the client itself took."""
        return self.client_seconds / self.seconds

    def wait(self, percent: float) -> float:
        """Seconds within which so many percent of the good answers came; NaN if there were none."""
        return float(np.percentile(self.waits, percent)) if self.waits else float("nan")


def put_load(address: Address, bodies: Sequence[bytes], connections: int, seconds: float) -> Load:
    """Send each body once, one after the other on every connection, until none is left or the time is up.

    Each connection is kept open and asks again when it was answered. Raises LoadError, or OSError where nobody listens.
    """
    requests = [_request(address, body) for body in bodies]
    return asyncio.run(_in_time(_load(address, requests, connections, seconds), seconds + PATIENCE))


def ask(address: Address, body: bytes) -> tuple[int, bytes]:
    """Status and body of one answer. Raises LoadError, or OSError where nobody listens."""
    return asyncio.run(_in_time(_ask_once(address, _request(address, body)), PATIENCE))


async def _in_time(work: Coroutine[Any, Any, Result], seconds: float) -> Result:
    try:
        return await asyncio.wait_for(work, seconds)
    except TimeoutError as error:
        raise LoadError(f"the server gave no answer within {PATIENCE} seconds") from error


async def _load(address: Address, requests: Sequence[bytes], connections: int, seconds: float) -> Load:
    waiting = iter(requests)
    waits: list[float] = []
    failed: list[int] = []
    busy, start = time.process_time(), time.perf_counter()
    workers = (_keep_asking(address, waiting, start + seconds, waits, failed) for _ in range(connections))
    await asyncio.gather(*workers)
    return Load(time.perf_counter() - start, tuple(waits), len(failed), time.process_time() - busy)


async def _keep_asking(address: Address, requests: Iterator[bytes], end: float, waits: list[float], failed: list[int]) -> None:
    reader, writer = await _connect(address)
    try:
        for request in requests:
            sent = time.perf_counter()
            if sent > end:
                return
            status, _ = await _ask(reader, writer, request)
            if status == OK:
                waits.append(time.perf_counter() - sent)
            else:
                failed.append(status)
    finally:
        writer.close()


async def _ask_once(address: Address, request: bytes) -> tuple[int, bytes]:
    reader, writer = await _connect(address)
    try:
        return await _ask(reader, writer, request)
    finally:
        writer.close()


async def _connect(address: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", address.port)


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> tuple[int, bytes]:
    writer.write(request)
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        return int(head.split(" ", 2)[1]), await reader.readexactly(_length(head))
    except asyncio.IncompleteReadError as error:
        raise LoadError("the server closed a connection in the middle of an answer, or without one") from error


def _length(head: str) -> int:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name == "content-length":
            return int(value)
    raise LoadError("the server sent an answer without a Content-Length, which this client does not read")


def _request(address: Address, body: bytes) -> bytes:
    head = (
        f"POST {address.path} HTTP/1.1",
        f"Host: 127.0.0.1:{address.port}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join([*head, "", ""]).encode() + body
