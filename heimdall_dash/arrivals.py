"""Looks every few seconds for runs that were left behind, and has them brought."""

import logging
import threading
from collections.abc import Callable, Sequence

log = logging.getLogger(__name__)

LOOK_S = 5.0
STOP_S = 1.0


class Arrivals:
    """A thread beside the launcher. Guarantees: no failure of one look ends it, or another."""

    def __init__(self, looks: Sequence[Callable[[], object]]) -> None:
        """looks: each brings a bounded part of what lies in one place."""
        self._looks = looks
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="arrivals", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(STOP_S)

    def _run(self) -> None:
        failed: set[int] = set()  # looks whose failure was told
        while not self._stop.is_set():
            for number, look in enumerate(self._looks):
                try:
                    look()
                    failed.discard(number)
                except Exception:
                    if number not in failed:
                        failed.add(number)
                        log.exception("Looking for runs that were left behind failed, going on")
            self._stop.wait(LOOK_S)
