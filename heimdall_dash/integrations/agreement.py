"""Whether to stop, said by the first of several processes to all of them after the same batch.

One that stopped alone would leave the others waiting for its gradients for ever.
"""

import time
from collections.abc import Callable
from typing import Any

from heimdall_dash.integrations.run import Run

TALK_EVERY_S = 1.0  # each talk costs the training a broadcast
MOST_BATCHES = 1_000  # between two talks, however quick they are


class Agreement:
    def __init__(self, run: Run, world_size: int, broadcast: Callable[[Any], Any]) -> None:
        """run: has a job on the first rank alone. broadcast: the first rank's object, on each."""
        self._run, self._world_size, self._broadcast = run, world_size, broadcast
        self._batches_left = self._batches = 1  # until they talk again, and between two talks
        self._talked_at = time.monotonic()

    def must_stop(self) -> bool:
        """To be asked on every rank after each batch; waits while the run is paused."""
        if self._world_size == 1:
            return self._run.must_stop()
        self._batches_left -= 1
        if self._batches_left > 0:
            return False
        while True:
            pace = self._batches / max(time.monotonic() - self._talked_at, 1e-3)
            said = (self._run.is_paused(), self._run.is_cancelled(), int(pace * TALK_EVERY_S))
            is_paused, is_cancelled, batches = self._broadcast(said)
            self._talked_at = time.monotonic()
            self._batches = self._batches_left = min(max(batches, 1), MOST_BATCHES)
            if not is_paused:
                return bool(is_cancelled)
            self._run.wait_a_look()  # and talk again, before the other ranks lose patience
