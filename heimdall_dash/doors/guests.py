"""How many connections there may be, and how quickly one may speak: limits before any token."""

import resource
import time
from collections import Counter

from heimdall_dash.turns import Turns

MOST = 8192  # connections of one web process; each costs some 30 kB
SPARE = 256  # descriptors for the store, files and the way out
ROOM = "heimdall_guests"  # where a server's state keeps them
TURNS = "heimdall_turns"


class Guests:
    """Counts the connections of one server. One address may have half of them, so that nobody
    takes all: behind a proxy everybody has its address."""

    def __init__(self, most: int | None = None) -> None:
        self.most = most or min(MOST, max(64, _descriptors() - SPARE))
        self._by_address: Counter[str] = Counter()
        self._all = 0

    def may_come(self, address: str) -> bool:
        return self._all < self.most and self._by_address[address] < self.most // 2

    def came(self, address: str) -> None:
        self._all += 1
        self._by_address[address] += 1

    def went(self, address: str) -> None:
        self._all -= 1
        self._by_address[address] -= 1
        if self._by_address[address] <= 0:
            del self._by_address[address]


def guests_of(state: object) -> Guests:
    """Those of a server, by its state, which its connections share."""
    room = vars(state)
    if ROOM not in room:
        room[ROOM] = Guests()
    found: Guests = room[ROOM]
    return found


def turns_of(state: object) -> Turns:
    """In which what the connections of a server ask for is begun: a thousand that ask at once must
    not come before everybody else."""
    found: Turns = vars(state).setdefault(TURNS, Turns())
    return found


def _descriptors() -> int:
    """How many this process may have, raised to what it is allowed: usual are 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST + SPARE
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        soft = allowed
    return wanted if soft == resource.RLIM_INFINITY else soft


class Allowance:
    """So many a second for ever, and a burst at once."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second, self._burst = per_second, burst
        self._left, self._at = burst, time.monotonic()

    def take(self, count: float = 1.0) -> bool:
        """False when there is none left."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
        self._left -= count
        return self._left >= 0

    def wait_s(self, count: float = 1.0) -> float:
        """Take it in any case; how long to wait until it is there."""
        return 0.0 if self.take(count) else -self._left / self._per_second
