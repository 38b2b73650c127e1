"""One queue for all requests: by turns, bounded, and with the same answers whoever else asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import asdict, replace
from threading import Barrier, Event

import numpy as np
import pytest

from framing.api.queue import Job, QueueFull, ReadingQueue, Turn
from framing.encoder import CompiledEncoder, EncodedTexts
from framing.heads import Heads
from framing.model import FramingModel
from framing.prediction import DocumentAnswer, ModelIdentity
from framing.text import Split
from tests.conftest import WordEncoder

PATIENCE = 20
"""Seconds; only a broken test waits as long."""
LONG = "\n\n".join(f"The rain fell on day {number}." for number in range(30))


class Watched(WordEncoder):
    """Notes what it reads, and waits before each text until it may; `arrived` says that it has one."""

    def __init__(self, may: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self.__dict__.update(read=[], may=may, arrived=Event())

    def encode(self, texts: Sequence[str]) -> EncodedTexts:
        self.__dict__["read"] += texts
        self.__dict__["arrived"].set()
        self.__dict__["may"]()
        return super().encode(texts)


def as_json(answers: Sequence[DocumentAnswer]) -> bytes:
    return json.dumps([asdict(answer) for answer in answers]).encode()


def job(model: FramingModel, *texts: str, split: Split = "paragraph") -> Job:
    return Job(model, [model.labelling(text, split) for text in texts], as_json)


def label(queue: ReadingQueue, model: FramingModel, *texts: str) -> bytes:
    """The result of a job with a turn of its own."""
    submitted = job(model, *texts)
    queue.submit(submitted, Turn())
    return submitted.result.result(PATIENCE)


@pytest.fixture
def gate() -> Iterator[Event]:
    """What encoders wait for; opened at the end of the test at the latest."""
    gate = Event()
    yield gate
    gate.set()


@pytest.fixture
def watched(tiny_model: FramingModel, gate: Event) -> FramingModel:
    """The tiny model over an encoder that waits for the gate."""
    return replace(tiny_model, encoder=Watched(lambda: gate.wait(PATIENCE)))


@pytest.fixture(scope="module")
def compiled_model(tiny_model: FramingModel, compiled_encoder: CompiledEncoder) -> FramingModel:
    """The tiny model over a real graph, with heads that find about every second frame."""
    weights = np.random.default_rng(5).normal(size=(2, compiled_encoder.dimensions))
    heads = Heads(weights, None, np.zeros(2), np.array([0.5, 0.5]), np.array([0.4, 0.4]))
    return replace(tiny_model, encoder=compiled_encoder, heads=heads)


# --- answers ---


@pytest.mark.parametrize("cache_bytes", [0, 1_000_000])
def test_an_answer_is_the_same_to_the_bit_alone_under_load_and_among_documents(compiled_model, seed_texts, cache_bytes):
    texts = [f"{one}\n\n{other}" for one, other in zip(seed_texts[:30], seed_texts[30:60], strict=True)]
    alone = [as_json([compiled_model.predict(text)]) for text in texts]
    queue = ReadingQueue(3, 10**9, cache_bytes)
    with ThreadPoolExecutor(12) as clients:
        under_load = list(clients.map(lambda text: label(queue, compiled_model, text), texts * 2))
    assert under_load == alone * 2
    assert json.loads(label(queue, compiled_model, *texts)) == [json.loads(answer)[0] for answer in alone]
    assert any('"evidence": [{' in answer.decode() for answer in alone)


def test_documents_are_answered_in_their_order_whichever_is_done_first(tiny_model):
    answers = json.loads(label(ReadingQueue(3, 10**9, 0), tiny_model, LONG, "Frost.", "Leave a Reply"))
    assert [len(answer["passages"]) for answer in answers] == [30, 1, 1]


def test_workers_read_at_the_same_time(tiny_model):
    both = Barrier(2)
    model = replace(tiny_model, encoder=Watched(lambda: both.wait(PATIENCE)))
    assert json.loads(label(ReadingQueue(2, 10**9, 0), model, "Clear sky.\n\nCalm sea."))


def test_an_error_ends_the_job_that_met_it_and_no_other(tiny_model):
    class Picky(WordEncoder):
        def encode(self, texts: Sequence[str]) -> EncodedTexts:
            if "odd" in texts[0]:
                raise RuntimeError("this is odd")
            return super().encode(texts)

    model, queue = replace(tiny_model, encoder=Picky()), ReadingQueue(1, 10**9, 0)
    odd, even = job(model, "An odd text.", LONG), job(model, "Rain.")
    queue.submit(odd, Turn())
    queue.submit(even, Turn())
    with pytest.raises(RuntimeError, match="this is odd"):
        odd.result.result(PATIENCE)
    assert even.result.result(PATIENCE) == as_json([model.predict("Rain.")])


def test_each_job_is_answered_by_its_own_model_while_one_takes_the_others_place(tiny_model):
    swapped = replace(
        tiny_model, heads=replace(tiny_model.heads, intercepts=np.array([2.0, 2.0])), identity=ModelIdentity("new", "2", "c", None)
    )
    queue = ReadingQueue(2, 10**9, 1_000_000)
    for model in (tiny_model, swapped, tiny_model, swapped):
        jobs = [job(model, "Rain.") for _ in range(5)]
        for one in jobs:
            queue.submit(one, Turn())
        assert {one.result.result(PATIENCE) for one in jobs} == {as_json([model.predict("Rain.")])}


# --- order ---


def test_a_long_document_lets_a_short_one_pass(watched, gate):
    queue = ReadingQueue(1, 10**9, 0)
    long, short = job(watched, LONG), job(watched, "The frost came.")
    queue.submit(long, Turn())
    assert watched.encoder.arrived.wait(PATIENCE)
    queue.submit(short, Turn())
    gate.set()
    short.result.result(PATIENCE)
    read_before = watched.encoder.read.index("The frost came.")
    long.result.result(PATIENCE)
    assert read_before <= 3
    assert len(watched.encoder.read) == 31


def test_requests_take_turns_however_many_documents_each_has(watched, gate):
    queue, turn = ReadingQueue(1, 10**9, 0), Turn()
    many = [job(watched, f"Cloud {number}.") for number in range(20)]
    for one in many:
        queue.submit(one, turn)
    assert watched.encoder.arrived.wait(PATIENCE)
    single = job(watched, "The frost came.")
    queue.submit(single, Turn())
    gate.set()
    single.result.result(PATIENCE)
    many[-1].result.result(PATIENCE)
    assert watched.encoder.read.index("The frost came.") <= 3
    assert [text for text in watched.encoder.read if "Cloud" in text] == [f"Cloud {number}." for number in range(20)]


# --- bounds ---


def test_jobs_are_refused_while_those_before_cost_as_much_as_may_wait(watched, gate):
    queue = ReadingQueue(1, 100, 0)
    first = job(watched, "Rain.")
    queue.submit(first, Turn(), 10)
    for _ in range(9):
        queue.submit(job(watched, "Rain."), Turn(), 10)
    with pytest.raises(QueueFull):
        queue.submit(job(watched, "Rain."), Turn(), 1)
    gate.set()
    assert first.result.result(PATIENCE)
    after = job(watched, "Rain.")
    queue.submit(after, Turn(), 50)
    assert after.result.result(PATIENCE)


def test_a_large_job_keeps_no_small_ones_out(watched, gate):
    queue = ReadingQueue(1, 100, 0)
    large, small = job(watched, "Rain."), job(watched, "Frost.")
    queue.submit(large, Turn(), 5000)
    queue.submit(small, Turn(), 1)
    gate.set()
    assert large.result.result(PATIENCE)
    assert small.result.result(PATIENCE)


def test_a_job_that_costs_more_than_may_wait_is_taken_where_there_is_room(watched, gate):
    queue = ReadingQueue(1, 100, 0)
    queue.submit(job(watched, "Rain."), Turn(), 99)
    gate.set()
    large = job(watched, "Rain.")
    queue.submit(large, Turn(), 5000)
    assert large.result.result(PATIENCE)


def test_what_costs_nothing_is_never_refused(watched, gate):
    queue = ReadingQueue(1, 100, 0)
    for _ in range(10):
        queue.submit(job(watched, "Rain."), Turn(), 10)
    free = job(watched, "Rain.")
    queue.submit(free, Turn())
    assert not free.result.done()
    gate.set()
    assert free.result.result(PATIENCE)


def test_a_cancelled_job_is_not_read_further_and_leaves_its_room(watched, gate):
    queue = ReadingQueue(1, 100, 0)
    left = job(watched, LONG)
    queue.submit(left, Turn(), 100)
    assert watched.encoder.arrived.wait(PATIENCE)
    assert left.result.cancel()
    after = job(watched, "The frost came.")
    queue.submit(after, Turn(), 100)
    gate.set()
    assert after.result.result(PATIENCE)
    assert watched.encoder.read == ["The rain fell on day 0.", "The frost came."]
    with pytest.raises(CancelledError):
        left.result.result(PATIENCE)
