"""Room for what all streams hold together: each has an equal share, and waits for that rather than being refused."""

from __future__ import annotations

from asyncio import Event
from collections.abc import Iterator
from contextlib import contextmanager


class Share:
    """What one stream holds of a room."""

    def __init__(self) -> None:
        self.held = 0
        self.freed = Event()


class Room:
    """Streams hold at most `limit` together, and none more than `most` nor than an equal part, in any unit. For one event loop.

    Those that hold nothing do not count. They take one thing in whatever it costs and whatever others hold, so that clients who do
    not read their answers stop no other: beyond the limit each stream may hold one line, and have the next one ready.
    """

    def __init__(self, limit: int, most: int) -> None:
        self._limit = limit
        self._most = most
        self._held = 0
        self._holding = 0
        """How many shares hold anything."""
        self._waiting: dict[Share, int] = {}
        """What those who wait want to take, the longest wait first."""

    @contextmanager
    def share(self) -> Iterator[Share]:
        """A share for as long as the block lasts; what it holds then is given back."""
        share = Share()
        try:
            yield share
        finally:
            self.give_back(share, share.held)

    async def take(self, share: Share, cost: int) -> None:
        """Wait until a share may hold so much more."""
        self._waiting[share] = cost
        try:
            while not self._fits(share, cost):
                share.freed.clear()
                await share.freed.wait()
        finally:
            del self._waiting[share]
        self._change(share, cost)

    def give_back(self, share: Share, cost: int) -> None:
        """Hold so much less, and wake those for whom there is room now."""
        self._change(share, -cost)
        for other, wanted in self._waiting.items():
            if self._fits(other, wanted):
                other.freed.set()

    def _fits(self, share: Share, cost: int) -> bool:
        if not share.held:
            return True
        own = min(self._most, self._limit // self._holding)
        return share.held + cost <= own and self._held + cost <= self._limit

    def _change(self, share: Share, cost: int) -> None:
        before = bool(share.held)
        share.held += cost
        self._held += cost
        self._holding += bool(share.held) - before
