"""Wrong tokens: counted per address, logged, and slowed down.

An address that was wrong too often waits before what it shows next is looked at, and few may wait
at a time: it can try some a second, and whoever shows the right token from there still gets in.

Many may share an address, so two kinds do not wait. What is known to be wrong is refused at once
and counts once: a publisher with an old token, which asks every second, tells nobody anything new.
And a connection that has shown the right token goes on.
"""

import asyncio
import hashlib
import logging
from collections import Counter, OrderedDict
from typing import Any

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from heimdall_dash.log import Rarely

log = logging.getLogger(__name__)

FREE_PER_MINUTE = 10  # wrong tokens, for typing errors
WAIT_S = 1.0
MAX_WAITING = 4  # per address: so many guesses a second at most
RETRY_AFTER_S = 10
MOST_KNOWN = 10_000  # wrong tokens and good connections that are remembered, each

Client = tuple[str, int]  # address and port: one connection


class Attempts:
    """Of one web process."""

    def __init__(self, wait_s: float = WAIT_S) -> None:
        self._wait_s = wait_s
        self._limit = RateLimitItemPerMinute(FREE_PER_MINUTE)
        self._wrong = MovingWindowRateLimiter(MemoryStorage())
        self._waiting: Counter[str] = Counter()
        self._known_wrong: OrderedDict[bytes, None] = OrderedDict()
        self._good: OrderedDict[Client, None] = OrderedDict()
        self._log = Rarely(log)

    def is_known(self, shown: bytes) -> bool:
        """Whether this was wrong before."""
        return _digest(shown) in self._known_wrong

    async def may_try(self, client: Client) -> bool:
        """Wait where the address was wrong too often; False when too many of its own wait."""
        address, _ = client
        if client in self._good or self._wrong.test(self._limit, address):
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

    def was_right(self, client: Client) -> None:
        _remember(self._good, client)

    def was_wrong(self, client: Client, shown: bytes) -> None:
        self._good.pop(client, None)  # the next on this connection is a guess
        _remember(self._known_wrong, _digest(shown))
        address, _ = client
        self._wrong.hit(self._limit, address)
        self._log.warning(address, "A wrong token was shown by %s", address)


def _digest(shown: bytes) -> bytes:
    return hashlib.sha256(shown).digest()


def _remember(known: OrderedDict[Any, None], what: Any) -> None:
    known[what] = None
    known.move_to_end(what)
    if len(known) > MOST_KNOWN:
        known.popitem(last=False)
