"""Work beside the server that never ends for good: what ends is started again, and it shows."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

log = logging.getLogger(__name__)

RETRY_FIRST_S = 0.25
RETRY_MAX_S = 10.0
STEADY_S = 60.0  # work that has run for so long counts as well again


class Background:
    """One piece of background work. Guarantees: it runs as long as the server does; each end is
    logged the moment it happens, counted, and told by `health()` until it has run steadily."""

    def __init__(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """work: starts it anew at each call; it is not expected to return."""
        self.name, self._work = name, work
        self.ends = 0  # how often it ended since the server started
        self._ended_at = float("-inf")
        self._reason = ""
        self._turn_at: float | None = None
        self._turn_s = 0.0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Beside what is inside the `with`."""
        task = asyncio.create_task(self._run(), name=self.name)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def turn(self, within_s: float) -> None:
        """The work went round once; it is stuck when the next turn does not come in time."""
        self._turn_at, self._turn_s = time.monotonic(), within_s

    def health(self) -> str:
        """`healthy`, or what is wrong."""
        now = time.monotonic()
        if now - self._ended_at < STEADY_S:
            times = "once" if self.ends == 1 else f"{self.ends} times"
            return f"unhealthy: ended {times} and was started again: {self._reason}"
        if self._turn_at is not None and now - self._turn_at > self._turn_s:
            return f"unhealthy: stuck for {now - self._turn_at:.0f} s"
        return "healthy"

    async def _run(self) -> None:
        quick_ends = 0
        while True:
            started_at = time.monotonic()
            try:
                await self._work()
                self._reason = "it returned"
            except Exception as error:
                self._reason = f"{type(error).__name__}: {error}"[:200]
                log.critical("%s ended; starting it again", self.name, exc_info=error)
            else:
                log.critical("%s returned; starting it again", self.name)
            self.ends, self._ended_at, self._turn_at = self.ends + 1, time.monotonic(), None
            quick_ends = quick_ends + 1 if self._ended_at - started_at < STEADY_S else 1
            delay_s = min(RETRY_MAX_S, RETRY_FIRST_S * 2 ** min(quick_ends - 1, 10))
            await asyncio.sleep(delay_s * random.uniform(0.8, 1.2))
