"""A body that comes in pieces, cut into lines; nothing but a line feed ends one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank, without its end; `number` counts all lines from 1. `content` is None if it was too long to be kept."""

    number: int
    content: bytes | None


class LineSplitter:
    """Gives each line as soon as its end has come, and holds at most `limit` bytes of one that has not ended."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()
        self._too_long = False
        self._number = 0

    def feed(self, piece: bytes) -> Iterator[Line]:
        """The lines that end in this piece of the body."""
        *ended, begun = piece.split(b"\n")
        for part in ended:
            self._hold(part)
            yield from self.end()
        self._hold(begun)

    def end(self) -> Iterator[Line]:
        """The line that is held: the last one, if called once the body has come whole."""
        self._number += 1
        if self._too_long:
            yield Line(self._number, None)
        elif self._held.strip():
            yield Line(self._number, bytes(self._held))
        self._held.clear()
        self._too_long = False

    def _hold(self, part: bytes) -> None:
        self._too_long = self._too_long or len(self._held) + len(part) > self._limit
        if self._too_long:
            self._held.clear()
        else:
            self._held += part
