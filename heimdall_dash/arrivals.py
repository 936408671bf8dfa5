"""Looks every few seconds for runs that were left behind, and has them brought."""

import logging
import threading
from collections.abc import Callable

from heimdall_dash.log import Rarely

log = logging.getLogger(__name__)

LOOK_S = 5.0
STOP_S = 1.0


class Arrivals:
    """A thread beside the launcher. Guarantees: no failure of one look ends it."""

    def __init__(self, look: Callable[[], object]) -> None:
        """look: brings what there is; may take its time."""
        self._look = look
        self._stop = threading.Event()
        self._failed = Rarely(log)
        self._thread = threading.Thread(target=self._run, name="arrivals", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._look()
            except Exception as error:
                self._failed.info("look", "Looking for runs that were left behind: %r", error)
            self._stop.wait(LOOK_S)
