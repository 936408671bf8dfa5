"""The store's clock, as a web process reads it: signs of life are written and judged by one clock.

A trainer's machine, this one and the store's may disagree by minutes; and when a whole machine was
suspended, every sign of life is old at once without anybody being dead.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

FED_EVERY_S = 1.0
LATE_S = 5.0  # a reading that comes this much later than it should: something stood still
GRACE_S = 20.0  # then everybody has so long to show a sign of life before anyone is judged


class StoreClock:
    """Fed with the store's time about once a second; `now()` goes on by itself in between.

    Guarantees: where the store's time advances by more than a few seconds beyond the time between
    two readings (machine suspended, this process frozen, store away, clock set), `now()` stands
    still at its old value for 20 s. So those who stood still too can first show that they live.
    It never runs ahead of the last reading by more than a few seconds. Before the first reading
    it is this machine's clock.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """monotonic: seconds, rising; of this process."""
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._read: datetime | None = None  # the newest reading
        self._read_at = 0.0  # when it came, by `monotonic`
        self._held: datetime | None = None  # where `now()` stands still
        self._held_until = 0.0

    def feed(self, store_now: datetime) -> None:
        """A reading: what the store's clock shows at this moment."""
        with self._lock:
            at = self._monotonic()
            if self._read is not None:
                jump_s = abs((store_now - self._read).total_seconds() - FED_EVERY_S)
                if jump_s > LATE_S:
                    self._held = self._now(at)
                    self._held_until = at + GRACE_S
            self._read, self._read_at = store_now, at

    def now(self) -> datetime:
        """The store's time, for judging signs of life by."""
        with self._lock:
            return self._now(self._monotonic())

    def _now(self, at: float) -> datetime:
        if self._held is not None and at < self._held_until:
            return self._held
        self._held = None
        if self._read is None:
            return datetime.now(UTC)
        since_s = min(max(0.0, at - self._read_at), FED_EVERY_S + LATE_S)
        return self._read + timedelta(seconds=since_s)
