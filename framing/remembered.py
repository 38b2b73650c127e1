"""A memory of the last texts, so that one which comes again soon, as wire stories do, is not read again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from threading import Lock
from typing import Generic, TypeVar

Result = TypeVar("Result")

MOST = 4096
"""Texts whose results are at hand; the texts themselves are not kept."""


class Remembered(Generic[Result]):
    """`read`, which gives one result for each text, the same whatever stands beside it; safe to share between threads."""

    def __init__(self, read: Callable[[Sequence[str]], Iterable[Result]], most: int = MOST) -> None:
        self._read = read
        self._most = most
        self._known: dict[bytes, Result] = {}
        self._changing = Lock()

    def __call__(self, texts: Sequence[str]) -> list[Result]:
        """The result of each text."""
        keys = [hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts]
        with self._changing:
            found = {key: self._known[key] for key in keys if key in self._known}
        unread = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        found.update(zip(unread, self._read(list(unread.values())), strict=True))
        self._remember(found)
        return [found[key] for key in keys]

    def _remember(self, found: dict[bytes, Result]) -> None:
        with self._changing:
            for key in found:  # one that comes again is forgotten last
                self._known.pop(key, None)
            self._known.update(found)
            for key in list(islice(self._known, max(0, len(self._known) - self._most))):
                del self._known[key]
