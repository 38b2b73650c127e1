"""What streams hold together: a share for each, and nobody waits for whoever holds most."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

from framing.api.room import Room, Share


async def takes_at_once(room: Room, share: Share, cost: int) -> bool:
    taking = asyncio.ensure_future(room.take(share, cost))
    await asyncio.sleep(0)
    taken = not taking.cancel()
    await asyncio.wait([taking])
    return taken


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(scenario(), 20))


def test_one_stream_holds_at_most_its_most():
    async def scenario() -> None:
        room = Room(limit=100, most=30)
        with room.share() as share:
            assert [await takes_at_once(room, share, 10) for _ in range(4)] == [True, True, True, False]
            room.give_back(share, 10)
            assert await takes_at_once(room, share, 10)

    run(scenario)


def test_shares_are_equal_and_smaller_the_more_there_are():
    async def scenario() -> None:
        room = Room(limit=100, most=100)
        with room.share() as one, room.share() as other:
            assert [await takes_at_once(room, share, 25) for share in (one, other)] == [True, True]
            assert [await takes_at_once(room, share, 25) for share in (one, other)] == [True, True]
            assert [await takes_at_once(room, share, 1) for share in (one, other)] == [False, False]
        with room.share() as alone:
            assert [await takes_at_once(room, alone, 50) for _ in range(3)] == [True, True, False]

    run(scenario)


def test_streams_that_hold_nothing_make_no_share_smaller():
    async def scenario() -> None:
        room = Room(limit=100, most=50)
        with ExitStack() as idle:
            for _ in range(1000):
                idle.enter_context(room.share())
            with room.share() as busy:
                assert [await takes_at_once(room, busy, 25) for _ in range(3)] == [True, True, False]

    run(scenario)


def test_a_new_stream_takes_one_thing_where_others_hold_all_and_the_rest_once_they_give_back():
    async def scenario() -> None:
        room = Room(limit=100, most=100)
        with room.share() as early:
            await room.take(early, 100)
            with room.share() as late:
                assert [await takes_at_once(room, late, 10) for _ in range(2)] == [True, False]
                waiting = asyncio.ensure_future(room.take(late, 10))
                room.give_back(early, 10)
                await asyncio.sleep(0)
                assert not waiting.done()  # as much is held as may be
                room.give_back(early, 10)
                await asyncio.wait_for(waiting, 20)

    run(scenario)


def test_one_thing_larger_than_all_room_is_taken_by_who_holds_nothing():
    async def scenario() -> None:
        room = Room(limit=100, most=30)
        with room.share() as share:
            assert await takes_at_once(room, share, 5000)
            assert not await takes_at_once(room, share, 1)

    run(scenario)


def test_a_stream_that_ends_gives_back_what_it_held_and_wakes_who_waits():
    async def scenario() -> None:
        room = Room(limit=100, most=100)
        with room.share() as stays:
            await room.take(stays, 50)
            with room.share() as ends:
                await room.take(ends, 50)
                waiting = asyncio.ensure_future(room.take(stays, 50))
                await asyncio.sleep(0)
                assert not waiting.done()
            await waiting

    run(scenario)
