"""Log lines that tell the story without flooding it. Only programs configure logging."""

import logging
import time
from typing import Any

EVERY_S = 5.0


class Rarely:
    """Logs a kind of event at INFO once in five seconds, and at DEBUG in between."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._next: dict[str, float] = {}

    def info(self, kind: str, message: str, *arguments: Any) -> None:
        now = time.monotonic()
        if now >= self._next.get(kind, 0.0):
            if len(self._next) > 1000:
                self._next.clear()
            self._next[kind] = now + EVERY_S
            self._log.info(message, *arguments)
        else:
            self._log.debug(message, *arguments)


def set_up(level: str) -> None:
    """One line per event, for programs (the web server, the worker, the launcher)."""
    logging.basicConfig(
        level=level.upper(), format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", force=True
    )
    for chatty in ("httpx", "asyncio"):
        logging.getLogger(chatty).setLevel("WARNING")
