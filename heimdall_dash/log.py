"""Log lines that tell the story without flooding it. Only programs configure logging."""

import json
import logging
import time
from datetime import UTC, datetime
from typing import Any

EVERY_S = 5.0


class Rarely:
    """Logs a kind of event once in five seconds, and at DEBUG in between."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._next: dict[str, float] = {}

    def info(self, kind: str, message: str, *arguments: Any) -> None:
        self._say(logging.INFO, kind, message, *arguments)

    def warning(self, kind: str, message: str, *arguments: Any) -> None:
        self._say(logging.WARNING, kind, message, *arguments)

    def _say(self, level: int, kind: str, message: str, *arguments: Any) -> None:
        now = time.monotonic()
        if now >= self._next.get(kind, 0.0):
            if len(self._next) > 1000:
                self._next.clear()
            self._next[kind] = now + EVERY_S
            self._log.log(level, message, *arguments)
        else:
            self._log.debug(message, *arguments)


class Seldom(logging.Filter):
    """Lets the same warning through once in five seconds: those of uvicorn, which strangers cause
    as often as they like."""

    def __init__(self) -> None:
        super().__init__()
        self._next: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno != logging.WARNING:
            return True
        now, kind = time.monotonic(), str(record.msg)
        if now < self._next.get(kind, 0.0):
            return False
        self._next[kind] = now + EVERY_S
        return True


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
    strangers = logging.getLogger("uvicorn.error")
    if not any(isinstance(one, Seldom) for one in strangers.filters):
        strangers.addFilter(Seldom())
    for chatty in ("httpx", "asyncio"):
        logging.getLogger(chatty).setLevel("WARNING")
