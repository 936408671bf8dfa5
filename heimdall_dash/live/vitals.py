"""How it goes with following the store: whether it was heard a moment ago, and what went wrong."""

import time

HEARD_WITHIN_S = 10.0  # the store counts as heard for so long after its last answer
STEADY_S = 30.0  # after so long without a fault all counts as well again


class Vitals:
    """Asked from any thread, so by the process's clock and not by the loop's."""

    def __init__(self) -> None:
        self.is_following = False
        self.heard_at = float("-inf")  # by `clock`
        self.faults = 0  # how often following ended by a fault of ours, and was begun again
        self._fault = ""
        self._steady_at = float("-inf")

    @staticmethod
    def clock() -> float:
        """Seconds, rising."""
        return time.monotonic()

    @property
    def available(self) -> bool:
        """Whether the store was really heard a moment ago."""
        return self.is_following and self.clock() - self.heard_at < HEARD_WITHIN_S

    def heard(self) -> None:
        self.heard_at = self.clock()

    def note_fault(self, error: Exception) -> str:
        """Count it; returns it in words."""
        self.faults += 1
        self._fault = repr(error)[:200]
        self._steady_at = self.clock() + STEADY_S
        return self._fault

    def health(self) -> str:
        """`healthy`, or `unhealthy: …`."""
        often = "once" if self.faults == 1 else f"{self.faults} times"
        told = f"following ended {often} by a fault, last {self._fault}"
        if not self.available:
            return f"unhealthy: not following the store{f'; {told}' if self.faults else ''}"
        return "healthy" if self.clock() >= self._steady_at else f"unhealthy: {told}"
