"""What a model read, kept for texts that come again, as wire stories do."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from hashlib import blake2b
from threading import Lock

from framing.model import FramingModel, Reading, ToRead

CACHE_BYTES = 16_000_000
"""Some ten thousand texts."""
ENTRY_BYTES = 1200
"""Memory that one text takes beside its probabilities and decisions."""

_Key = tuple[bytes, str | None]
_Promises = Mapping[_Key, Future[Reading]]


class ReadingCache:
    """Readings of texts by one model; those not used for longest are given up beyond `limit` bytes, 0 keeps none. Thread-safe.

    It keeps probabilities, a hundredth of the vectors behind them, and digests in place of texts. Whoever asks for a text that
    another thread is reading waits for that.
    """

    def __init__(self, model: FramingModel, limit: int = CACHE_BYTES) -> None:
        self.model = model
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[_Key, Reading] = OrderedDict()
        self._under_way: dict[_Key, Future[Reading]] = {}
        self._lock = Lock()

    def read(self, asked: ToRead) -> Reading:
        """The reading (n,) of texts; those that are not known are read together."""
        if not self._limit:
            return self.model.read(asked.texts, asked.languages)
        keys = [_key_of(text, language) for text, language in zip(asked.texts, asked.languages, strict=True)]
        rows = {key: row for row, key in enumerate(keys)}
        with self._lock:
            found = {key: self._kept[key] for key in rows if key in self._kept}
            for key in found:
                self._kept.move_to_end(key)
            promised = {key: self._under_way.get(key) for key in rows if key not in found}
            mine = {key: Future[Reading]() for key, other in promised.items() if other is None}
            self._under_way.update(mine)
        if mine:
            self._read(asked, [rows[key] for key in mine], mine)
        found.update({key: (other or mine[key]).result() for key, other in promised.items()})
        return Reading.joined([found[key] for key in keys])

    def _read(self, asked: ToRead, rows: Sequence[int], promises: _Promises) -> None:
        """Keep the promises, one for each of the rows; an error is raised to all who wait for one of them."""
        try:
            part = asked.at(rows)
            readings = dict(zip(promises, self.model.read(part.texts, part.languages).singles(), strict=True))
        except BaseException as error:  # noqa: BLE001 - raised by the promises
            self._settle(promises, {})
            for promise in promises.values():
                promise.set_exception(error)
            return
        self._settle(promises, readings)
        for key, promise in promises.items():
            promise.set_result(readings[key])

    def _settle(self, promises: _Promises, readings: Mapping[_Key, Reading]) -> None:
        with self._lock:
            for key in promises:
                del self._under_way[key]
            for key, reading in readings.items():
                self._kept[key] = reading
                self._size += _size_of(reading)
            while self._size > self._limit:
                self._size -= _size_of(self._kept.popitem(last=False)[1])


def _key_of(text: str, language: str | None) -> _Key:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest(), language


def _size_of(reading: Reading) -> int:
    return ENTRY_BYTES + reading.probabilities.nbytes + reading.decisions.nbytes
