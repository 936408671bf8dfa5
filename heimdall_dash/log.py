"""Log lines that tell the story without flooding it. Only programs configure logging."""

import json
import logging
import time
from datetime import UTC, datetime
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


class JsonLines(logging.Formatter):
    """An event as one JSON object; `time` is ISO 8601 in UTC, `error` a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        event = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        if record.exc_info:
            event["error"] = self.formatException(record.exc_info)
        return json.dumps(event, ensure_ascii=False)


def set_up(level: str, form: str = "text") -> None:
    """One line per event, for programs (the web server, the worker, the launcher).

    form: "text" or "json"
    """
    logging.basicConfig(
        level=level.upper(), format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", force=True
    )
    if form == "json":
        for handler in logging.getLogger().handlers:
            handler.setFormatter(JsonLines())
    for chatty in ("httpx", "asyncio"):
        logging.getLogger(chatty).setLevel("WARNING")
