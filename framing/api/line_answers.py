"""Answers to a body of JSON lines: taken in, labelled and sent side by side, and little of it held at a time."""

from __future__ import annotations

import logging
from asyncio import CancelledError, Future, Queue, TaskGroup, wrap_future
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from framing.api.body import LINES, parse_predict_request, too_many_bytes
from framing.api.lines import Line, LineSplitter
from framing.api.problems import Problem, mistake, stopping
from framing.api.queue import ReadingQueue, Turn
from framing.api.room import Share
from framing.api.settings import Settings
from framing.api.work import TEXT_COST, cost_of, job_for
from framing.model import FramingModel

_log = logging.getLogger("uvicorn.error")


@dataclass(frozen=True, slots=True)
class _Taken:
    """A line that was taken in, what its answer will be, and what it costs until that is sent."""

    number: int
    answer: Future[bytes] | Problem
    cost: int


class LineAnswers(Response):
    """One answer of `model` for each line of the body of `request`, in order.

    Lines are taken in while those whose answers were not sent have room in the queue's room for streams. So they wait where a request
    of one body would be refused.
    """

    media_type = LINES

    def __init__(self, request: Request, model: FramingModel, queue: ReadingQueue, settings: Settings) -> None:
        super().__init__(headers={"Content-Type": LINES})
        del self.headers["Content-Length"]
        self._request = request
        self._pieces = request.stream()
        self._model = model
        self._queue = queue
        self._settings = settings
        self._turn = Turn()
        self._taken: Queue[_Taken | None] = Queue()
        """In order; None behind the last."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin to answer once a piece of the body has come.

        Where a client waits to be asked for its body (Expect: 100-continue), the server asks when it begins to read, but no more once
        it has begun to answer.
        """
        try:
            first = await anext(self._pieces)
        except ClientDisconnect:
            return
        except CancelledError as error:
            raise stopping() from error
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            with suppress(CancelledError):  # the server's time for ending in order is up; a body without end tells the client
                await self._exchange(first, send)
        finally:
            self._drop()

    async def _exchange(self, first: bytes, send: Send) -> None:
        try:
            with self._queue.room.share() as share:
                async with TaskGroup() as tasks:
                    taking = tasks.create_task(self._take_all(first, share))
                    await self._send_all(send, share)
                    taking.cancel()
        except* ClientDisconnect:
            pass

    async def _take_all(self, first: bytes, share: Share) -> None:
        """Take in every line, and then watch the connection. Raises ClientDisconnect once the client is gone."""
        splitter = LineSplitter(self._settings.max_body_bytes)
        await self._take_each(splitter.feed(first), share)
        async for piece in self._pieces:
            await self._take_each(splitter.feed(piece), share)
        await self._take_each(splitter.end(), share)
        self._taken.put_nowait(None)
        await self._request.receive()
        raise ClientDisconnect

    async def _take_each(self, lines: Iterator[Line], share: Share) -> None:
        for line in lines:
            await self._take(line, share)

    async def _take(self, line: Line, share: Share) -> None:
        try:
            if line.content is None:
                raise too_many_bytes(self._settings.max_body_bytes, "The line")
            asked = await parse_predict_request(line.content, self._settings, "The line")
        except Problem as problem:
            await self._queue.room.take(share, TEXT_COST)
            self._taken.put_nowait(_Taken(line.number, problem, TEXT_COST))
            return
        cost = cost_of(asked)
        await self._queue.room.take(share, cost)
        job = job_for(asked, self._model, self._settings.passages_at_most(len(self._model.codebook.names)))
        self._queue.submit(job, self._turn)
        self._taken.put_nowait(_Taken(line.number, wrap_future(job.result), cost))

    async def _send_all(self, send: Send, share: Share) -> None:
        while taken := await self._taken.get():
            await send({"type": "http.response.body", "body": await _line_for(taken) + b"\n", "more_body": True})
            self._queue.room.give_back(share, taken.cost)
        await send({"type": "http.response.body", "body": b""})

    def _drop(self) -> None:
        """Cancel what nobody waits for any more."""
        while not self._taken.empty():
            taken = self._taken.get_nowait()
            if taken and isinstance(taken.answer, Future):
                taken.answer.cancel()


async def _line_for(taken: _Taken) -> bytes:
    try:
        if isinstance(taken.answer, Problem):
            raise taken.answer
        return await taken.answer
    except Problem as problem:
        return problem.as_line(taken.number)
    except Exception:  # noqa: BLE001 - the other lines go on
        _log.exception("Line %s of a body was not answered", taken.number)
        return mistake().as_line(taken.number)
