"""Wrong tokens: counted per address, logged, and slowed down.

An address that was wrong too often waits before what it shows next is looked at, and few may wait
at a time: it can try some a second, and whoever shows the right token from there still gets in.
"""

import asyncio
import logging
from collections import Counter

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from heimdall_dash.log import Rarely

log = logging.getLogger(__name__)

FREE_PER_MINUTE = 10  # wrong tokens, for typing errors
WAIT_S = 1.0
MAX_WAITING = 4  # per address: so many guesses a second at most
RETRY_AFTER_S = 10


class Attempts:
    """Of one web process."""

    def __init__(self, wait_s: float = WAIT_S) -> None:
        self._wait_s = wait_s
        self._limit = RateLimitItemPerMinute(FREE_PER_MINUTE)
        self._wrong = MovingWindowRateLimiter(MemoryStorage())
        self._waiting: Counter[str] = Counter()
        self._log = Rarely(log)

    async def may_try(self, address: str) -> bool:
        """Wait where the address was wrong too often; False when too many of its own wait."""
        if self._wrong.test(self._limit, address):
            return True
        if self._waiting[address] >= MAX_WAITING:
            return False
        self._waiting[address] += 1
        try:
            await asyncio.sleep(self._wait_s)
        finally:
            self._waiting[address] -= 1
            if not self._waiting[address]:
                del self._waiting[address]
        return True

    def was_wrong(self, address: str) -> None:
        self._wrong.hit(self._limit, address)
        self._log.warning(address, "A wrong token was shown by %s", address)
