"""Long work in the one loop that serves everybody, cut into pieces: one piece at a time, and
between two of them whatever else there is to do.

Fifty viewers that each were sent their history in one go held everybody up for a second.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")

PIECE_S = 0.004
FEW = 20  # items that are no long work: what comes live never waits


class Turns:
    """Of one event loop. Whoever asks first has the first turn."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def next(self) -> None:
        """Wait until no other piece is done in this round of the loop; then do one."""
        async with self._lock:
            await asyncio.sleep(0)

    async def pieces(self, items: Sequence[Item]) -> AsyncIterator[Item]:
        """The items, for what is done with each; a new turn whenever a piece is over."""
        until = time.perf_counter() + PIECE_S if len(items) <= FEW else 0.0
        for item in items:
            if time.perf_counter() >= until:
                await self.next()
                until = time.perf_counter() + PIECE_S
            yield item
