"""What a run takes of its machine, as metrics beside its own: `system/…`.

The machine is read every few seconds; what was read since the last time is averaged and joins the
epoch that was logged last, one value per cell and epoch. Nothing is stored before the first epoch.
"""

import logging
import threading
from collections.abc import Callable

from heimdall_dash.publish.gpus import Cells
from heimdall_dash.publish.machine import Machine

log = logging.getLogger(__name__)

PREFIX = "system/"
LEAST_INTERVAL_S = 0.1
STOP_WITHIN_S = 1.0  # a driver may hang; nobody waits for it


class Watching:
    """A thread that reads the machine, and writes averages beside the newest epoch."""

    def __init__(
        self,
        machine: Machine,
        newest: Callable[[], int],
        write: Callable[[int, Cells], None],
        interval_s: float,
    ) -> None:
        """newest: the epoch that was logged last. write: cells beside an epoch."""
        self._machine, self._newest, self._write = machine, newest, write
        self._interval_s = max(LEAST_INTERVAL_S, interval_s)
        self._written = newest()  # an epoch of an earlier process is not this one's
        self._sums: dict[str, tuple[float, int]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heimdall-system", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """The last epoch gets what was measured since the one before."""
        self._stop.set()
        self._thread.join(timeout=STOP_WITHIN_S)

    def _run(self) -> None:
        try:
            while not self._stop.wait(self._interval_s):
                self._look()
            self._look()
        except Exception:
            log.exception("the machine is not watched any more; the training goes on")
        finally:
            self._machine.close()

    def _look(self) -> None:
        for name, value in self._machine.read().items():
            total, count = self._sums.get(name, (0.0, 0))
            self._sums[name] = (total + value, count + 1)
        epoch = self._newest()
        if epoch != self._written and self._sums:
            self._written = epoch
            sums, self._sums = self._sums, {}
            cells = {PREFIX + name: total / count for name, (total, count) in sums.items()}
            self._write(epoch, cells)
