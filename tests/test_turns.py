"""Long work of several in one loop: a piece at a time."""

import asyncio

import pytest

from heimdall_dash import turns
from heimdall_dash.turns import FEW, Turns


async def rounds_of(workers: int, items: int) -> list[int]:
    """In which round of the loop each item was taken, by so many at once."""
    shared, taken, now = Turns(), [], 0

    async def counts() -> None:
        nonlocal now
        while True:
            now += 1
            await asyncio.sleep(0)

    async def works() -> None:
        async for _ in shared.pieces(range(items)):
            taken.append(now)  # noqa: PERF401 - `now` changes

    counting = asyncio.create_task(counts())
    await asyncio.gather(*[works() for _ in range(workers)])
    counting.cancel()
    return taken


def test_one_piece_is_done_in_a_round_of_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the others wait for came after all of everybody's pieces."""
    monkeypatch.setattr(turns, "PIECE_S", 0.0)
    taken = asyncio.run(rounds_of(5, FEW + 10))
    assert len(taken) == len(set(taken)) == 5 * (FEW + 10)


def test_few_items_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PIECE_S", 60.0)
    assert len(set(asyncio.run(rounds_of(5, FEW)))) == 1


def test_turn_that_nobody_waits_for_any_more_is_anothers() -> None:
    async def scene() -> None:
        shared = Turns()
        waiting = [asyncio.create_task(shared.next()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        waiting[1].cancel()
        async with asyncio.timeout(10):
            await waiting[2]

    asyncio.run(scene())
