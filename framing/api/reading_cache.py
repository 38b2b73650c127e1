"""What a model read, kept for texts that come again, as wire stories do."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future
from hashlib import blake2b
from threading import Lock

from framing.model import FramingModel, Reading

ENTRY_BYTES = 1200
"""Memory that one text takes beside its probabilities and decisions."""

_Key = tuple[bytes, str | None]


class ReadingCache:
    """Readings of single texts by one model; those not used for longest are given up beyond `limit` bytes, 0 keeps none. Thread-safe.

    It keeps probabilities, a hundredth of the vectors behind them, and digests in place of texts. Whoever asks for a text that
    another thread is reading waits for that.
    """

    def __init__(self, model: FramingModel, limit: int) -> None:
        self.model = model
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[_Key, Reading] = OrderedDict()
        self._under_way: dict[_Key, Future[Reading]] = {}
        self._lock = Lock()

    def read(self, text: str, language: str | None) -> Reading:
        """The reading (n = 1) of a text, whose language is given where it is known."""
        if not self._limit:
            return self.model.read([text], [language])
        key = (blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest(), language)
        with self._lock:
            if (kept := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return kept
            others = self._under_way.get(key)
            mine = self._under_way[key] = others or Future()
        if others is None:
            self._read(key, text, language, mine)
        return mine.result()

    def _read(self, key: _Key, text: str, language: str | None, result: Future[Reading]) -> None:
        try:
            reading = self.model.read([text], [language])
        except BaseException as error:  # noqa: BLE001 - raised to all who wait for it
            with self._lock:
                del self._under_way[key]
            result.set_exception(error)
            return
        with self._lock:
            del self._under_way[key]
            self._keep(key, reading)
        result.set_result(reading)

    def _keep(self, key: _Key, reading: Reading) -> None:
        self._kept[key] = reading
        self._size += _size_of(reading)
        while self._size > self._limit:
            self._size -= _size_of(self._kept.popitem(last=False)[1])


def _size_of(reading: Reading) -> int:
    return ENTRY_BYTES + reading.probabilities.nbytes + reading.decisions.nbytes
