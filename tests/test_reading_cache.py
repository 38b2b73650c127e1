"""A text that comes again is not read again, within a bound of bytes."""

from __future__ import annotations

import gc
import pickle
import tracemalloc
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from framing.encoder import EncodedTexts
from framing.model import FramingModel, Reading, ToRead
from framing.reading_cache import ENTRY_BYTES, ReadingCache
from tests.conftest import WordEncoder

PATIENCE = 20
GERMAN = "Regen, Regen und noch einmal Regen: so beschrieb der Bürgermeister gestern die Lage in seiner langen Rede vor dem Stadtrat."


class Counting(WordEncoder):
    """Notes what it reads; `meanwhile` happens before each text."""

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self.__dict__.update(read=[], calls=[], meanwhile=meanwhile)

    def encode(self, texts: Sequence[str]) -> EncodedTexts:
        self.__dict__["read"] += texts
        self.__dict__["calls"].append(list(texts))
        self.__dict__["meanwhile"]()
        return super().encode(texts)


def read(cache: ReadingCache, *texts: str, language: str | None = None) -> Reading:
    return cache.read(ToRead(texts, [language] * len(texts)))


@pytest.fixture
def model(tiny_model: FramingModel) -> FramingModel:
    return replace(tiny_model, encoder=Counting())


def test_a_text_that_comes_again_is_read_once_and_answered_alike(model):
    cache = ReadingCache(model, 100_000)
    first, again = read(cache, "Rain, rain."), read(cache, "Rain, rain.")
    assert model.encoder.read == ["Rain, rain."]
    assert np.array_equal(first.probabilities, again.probabilities)
    assert np.array_equal(first.probabilities, model.read(["Rain, rain."]).probabilities)


def test_of_several_texts_those_not_known_are_read_together_and_each_once(model):
    cache = ReadingCache(model, 100_000)
    read(cache, "Frost.")
    reading = read(cache, "Rain.", "Frost.", "Rain.", "Clear sky.")
    assert model.encoder.calls == [["Frost."], ["Rain.", "Clear sky."]]
    assert reading.probabilities.tolist() == [
        model.read([text]).probabilities[0].tolist() for text in ("Rain.", "Frost.", "Rain.", "Clear sky.")
    ]


def test_a_text_of_one_more_space_is_another(model):
    cache = ReadingCache(model, 100_000)
    for text in ("rain", "rain ", "Rain"):
        read(cache, text)
    assert model.encoder.read == ["rain", "rain ", "Rain"]


def test_a_known_language_makes_another_reading(model):
    cache = ReadingCache(model, 100_000)
    assert [read(cache, GERMAN, language=language).languages for language in (None, "en", None, "en")] == [["de"], ["en"], ["de"], ["en"]]
    assert read(cache, GERMAN).decisions.tolist() == [[1, 1]]
    assert len(model.encoder.read) == 2


def test_no_bytes_are_no_cache(model):
    cache = ReadingCache(model, 0)
    read(cache, "Rain.")
    read(cache, "Rain.")
    assert model.encoder.read == ["Rain.", "Rain."]


def test_those_not_used_for_longest_are_given_up_first(model):
    cache = ReadingCache(model, 3 * (ENTRY_BYTES + 100))
    for text in ("one", "two", "three", "one", "four"):
        read(cache, text)
    model.encoder.read.clear()
    for text in ("four", "one", "three", "two"):
        read(cache, text)
    assert model.encoder.read == ["two"]


def test_memory_stays_within_the_bound(tiny_model):
    """A gap between what is counted and what is taken would show: of 400 texts a third stay."""
    limit = 160_000
    tiny_model.read(["warm"], ["en"])
    tracemalloc.start()
    try:
        cache = ReadingCache(tiny_model, limit)
        for number in range(400):
            read(cache, f"text number {number}", language="en")
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert limit / 3 < taken <= limit


def test_who_asks_for_a_text_that_is_being_read_waits_for_that(tiny_model):
    reading, go_on = Event(), Event()

    def meanwhile() -> None:
        reading.set()
        go_on.wait(PATIENCE)

    model = replace(tiny_model, encoder=Counting(meanwhile))
    cache = ReadingCache(model, 100_000)
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(read, cache, "Rain.")
        assert reading.wait(PATIENCE)
        others = [threads.submit(read, cache, "Rain.") for _ in range(3)]
        go_on.set()
        assert {tuple(one.result(PATIENCE).probabilities[0]) for one in [first, *others]} == {
            tuple(tiny_model.read(["Rain."]).probabilities[0])
        }
    assert model.encoder.read == ["Rain."]


def test_an_error_is_raised_and_the_text_read_anew_next_time(tiny_model):
    fails = [True, False]

    def meanwhile() -> None:
        if fails.pop(0):
            raise RuntimeError("no memory")

    cache = ReadingCache(replace(tiny_model, encoder=Counting(meanwhile)), 100_000)
    with pytest.raises(RuntimeError, match="no memory"):
        read(cache, "Rain.")
    assert read(cache, "Rain.").probabilities.shape == (1, 2)


def test_an_error_reaches_those_who_wait_for_the_text(tiny_model, monkeypatch):
    reading, waiting, go_on = Event(), Event(), Event()

    class Watched(Future):
        def result(self, timeout=None):
            if not self.done():
                waiting.set()
            return super().result(timeout)

    monkeypatch.setattr("framing.reading_cache.Future", Watched)

    def meanwhile() -> None:
        reading.set()
        go_on.wait(PATIENCE)
        raise RuntimeError("no memory")

    cache = ReadingCache(replace(tiny_model, encoder=Counting(meanwhile)), 100_000)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(read, cache, "Rain.")
        assert reading.wait(PATIENCE)
        other = threads.submit(read, cache, "Rain.")
        assert waiting.wait(PATIENCE)
        go_on.set()
        for one in (first, other):
            with pytest.raises(RuntimeError, match="no memory"):
                one.result(PATIENCE)


def test_texts_themselves_are_not_kept(model):
    cache = ReadingCache(model, 100_000)
    reading = read(cache, "Zanzibarian rain.")
    model.encoder.read.clear()
    kept = pickle.dumps([(key, value.probabilities, value.languages) for key, value in cache._kept.items()])
    assert b"Zanzibarian" not in kept
    assert reading.languages == ["en"]
