"""All that the server has to read, in one bounded queue: as many workers as cores, each with one text at a time.

Requests take turns, text by text, so that a long document delays a short one by little more than the text that is being read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from threading import Lock

from framing.api.room import Room
from framing.model import FramingModel, Labelling, Reading, ToRead
from framing.prediction import DocumentAnswer
from framing.reading_cache import ReadingCache

Finish = Callable[[Sequence[DocumentAnswer]], bytes]


LARGEST_SHARE = 0.125
AHEAD = 50_000
"""The most that a stream takes in ahead of what was sent, in characters: enough to keep the workers busy, and soon done."""


class QueueFull(Exception):
    """As much waits as may; nothing was taken in."""


class Job:
    """The labelling of at least one text by one model; `finish` makes one result of their answers, in order.

    Whoever cancels `result` drops what was not yet read for it.
    """

    def __init__(self, model: FramingModel, labellings: Sequence[Labelling], finish: Finish) -> None:
        self.model = model
        self.parts = [_Part(labelling) for labelling in labellings]
        self.missing = len(labellings)
        """Texts without an answer."""
        self.result: Future[bytes] = Future()
        self._finish = finish

    def finish(self) -> None:
        """Give the result, once no answer is missing."""
        result = self._finish([part.answer for part in self.parts if part.answer is not None])
        with suppress(InvalidStateError):  # it was cancelled meanwhile
            self.result.set_result(result)

    def fail(self, error: BaseException) -> None:
        with suppress(InvalidStateError):
            self.result.set_exception(error)


@dataclass(slots=True)
class _Part:
    """One text of a job: what its labelling asked for last, what of that was read, and the answer in the end."""

    labelling: Labelling
    asked: ToRead = ToRead((), ())
    readings: dict[int, Reading] = field(default_factory=dict)
    answer: DocumentAnswer | None = None


@dataclass(frozen=True, slots=True)
class _Step:
    """Begin a part, or read the text in one `row` of what it asked for."""

    job: Job
    part: _Part
    turn: Turn
    cache: ReadingCache
    row: int | None = None


@dataclass(slots=True)
class Turn:
    """The place of one request in the order, for all that it submits."""

    steps: deque[_Step] = field(default_factory=deque)
    cache: ReadingCache | None = None
    """Of the model that it began with: a stream that outlives that model goes on with it, and takes nothing from the next one's."""


class ReadingQueue:
    """Does jobs on `workers` threads, and takes none in while those that are not done cost `limit` together, in any unit.

    What was read is kept in `cache_bytes` for texts that come again. Streams take their jobs in one by one, as they have `room` for
    them, which is of the same limit.
    """

    def __init__(self, workers: int, limit: int, cache_bytes: int) -> None:
        self._workers = ThreadPoolExecutor(workers, thread_name_prefix="read")
        self._lock = Lock()
        self._turns: deque[Turn] = deque()
        """Those that have steps, the next one first."""
        self._limit = limit
        self._cost = 0
        self.room = Room(limit, AHEAD)
        self._cache_bytes = cache_bytes
        self._cache: ReadingCache | None = None

    def submit(self, job: Job, turn: Turn, cost: int = 0) -> None:
        """Take in a job. Raises QueueFull, but never for one without cost; how much it costs is not asked, or large ones would starve.

        One job counts for at most LARGEST_SHARE of the limit: in its turns it delays others little, and they should not be refused for it.
        """
        with self._lock:
            if cost and self._cost >= self._limit:
                raise QueueFull
            cost = min(cost, max(1, int(self._limit * LARGEST_SHARE)))
            self._cost += cost
            cache = turn.cache = turn.cache or self._cache_of(job.model)
        job.result.add_done_callback(lambda _: self._give_back(cost))
        self._put([_Step(job, part, turn, cache) for part in job.parts])
        self._wake(len(job.parts))

    def _give_back(self, cost: int) -> None:
        with self._lock:
            self._cost -= cost

    def _cache_of(self, model: FramingModel) -> ReadingCache:
        """The cache of the model that answers now. A turn keeps the one it began with, so that no answer mixes two models."""
        if self._cache is None or self._cache.model is not model:
            self._cache = ReadingCache(model, self._cache_bytes)
        return self._cache

    def _put(self, steps: Sequence[_Step], ahead: bool = False) -> None:
        """Put steps of one turn behind its others, or ahead of them."""
        turn = steps[0].turn
        with self._lock:
            if not turn.steps:
                self._turns.append(turn)
            turn.steps.extendleft(reversed(steps)) if ahead else turn.steps.extend(steps)

    def _wake(self, workers: int) -> None:
        for _ in range(workers):
            self._workers.submit(self._work)

    def _work(self) -> None:
        """Do one step, and one more for each that brings new ones: this thread takes one for them, and wakes others for the rest."""
        while (step := self._next()) is not None:
            try:
                new = self._do(step)
            except BaseException as error:  # noqa: BLE001 - raised to whoever waits for the job
                step.job.fail(error)
                new = []
            if not new:
                return
            self._put(new, ahead=True)  # so that a request holds few of its documents in pieces at a time
            self._wake(len(new) - 1)

    def _next(self) -> _Step | None:
        """A step of the request that has waited longest. Those of jobs that are over, cancelled say, are dropped."""
        with self._lock:
            while self._turns:
                turn = self._turns.popleft()
                step = turn.steps.popleft()
                if turn.steps:
                    self._turns.append(turn)
                if not step.job.result.done():
                    return step
        return None

    def _do(self, step: _Step) -> list[_Step]:
        """Do a step; returns those that follow from it."""
        part = step.part
        if step.row is None:
            return self._advance(step, None)
        reading = step.cache.read(part.asked.at([step.row]))
        with self._lock:
            part.readings[step.row] = reading
            if len(part.readings) < len(part.asked.texts):
                return []
        return self._advance(step, Reading.joined([part.readings.pop(row) for row in range(len(part.asked.texts))]))

    def _advance(self, step: _Step, reading: Reading | None) -> list[_Step]:
        part = step.part
        try:
            part.asked = next(part.labelling) if reading is None else part.labelling.send(reading)
        except StopIteration as end:
            part.answer = end.value
            with self._lock:
                step.job.missing -= 1
                last = not step.job.missing
            if last:
                step.job.finish()
            return []
        return [replace(step, row=row) for row in range(len(part.asked.texts))]
