"""What every part agrees on: a job, its status and its transitions, an epoch's row, columns.

A row is `{"epoch": 7, "train_loss": 0.1, …}`; columns are `{"epoch": [7], "train_loss": [0.1], …}`
with None where a row has no such metric. Nothing here knows Redis, HTTP or the page.
"""

import time
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from math import isfinite
from typing import Any

from heimdall_dash.errors import InvalidMetric

Row = dict[str, Any]
Columns = dict[str, list[Any]]

MAX_EPOCH = 2**53 - 1  # the largest integer that JavaScript counts exactly
MAX_LIST = 256  # values in one array-valued metric
LAST_UNIX_S = 253_402_300_799.0  # the end of the year 9999
MAX_DEPTH = 20  # of nested configs and facts
NO_EPOCH = -1  # the cursor before the first epoch
MOST_RUNS = 100  # that a page looks at together


class Status(StrEnum):
    PENDING = "pending"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})

# action → statuses from which it is legal
LEGAL: dict[str, frozenset[Status]] = {
    "pause": frozenset({Status.QUEUED, Status.RUNNING}),
    "resume": frozenset({Status.PAUSED}),
    "cancel": frozenset({Status.PENDING, Status.QUEUED, Status.RUNNING, Status.PAUSED}),
    "delete": frozenset({Status.PENDING, Status.QUEUED, Status.PAUSED}) | FINAL,
}


def utc_now() -> str:
    """Now as ISO 8601 in UTC with milliseconds and `Z`."""
    return iso_time(time.time())


def iso_time(unix_s: float) -> str:
    """A time as ISO 8601 in UTC with milliseconds and `Z`; a clock at an impossible year gives the
    nearest possible one, since a row is worth more than its time."""
    # rounded: 1763900000.123 is a little less than it says, and would lose a millisecond each time
    seconds, milliseconds = divmod(round(clamped(unix_s) * 1000), 1000)
    return f"{_to_the_second(seconds)}.{milliseconds:03d}Z"


def clamped(unix_s: float) -> float:
    """The nearest time that can be written; 0 for one that is none."""
    if 0.0 <= unix_s <= LAST_UNIX_S:
        return unix_s
    return LAST_UNIX_S if unix_s > 0 else 0.0


@lru_cache(maxsize=2)
def _to_the_second(unix_s: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(unix_s))


def parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def check_json(value: object, where: str, depth: int = 0) -> None:
    """Raises InvalidMetric, naming the place, for what cannot be stored and shown as JSON."""
    if depth > MAX_DEPTH:
        raise InvalidMetric(f"{where}: nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, Mapping):
        for name, inner in value.items():
            check_json(name, where, depth + 1)
            check_json(inner, f"{where}.{name}", depth + 1)
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            check_json(inner, f"{where}[{index}]", depth + 1)
    elif isinstance(value, str):
        if value != storable(value):
            raise InvalidMetric(f"{where}: not valid Unicode text")
    elif isinstance(value, float) and not isfinite(value):
        raise InvalidMetric(f"{where}: must be finite, got {value}")
    elif isinstance(value, int) and abs(value) > MAX_EPOCH:
        raise InvalidMetric(
            f"{where}: integers may not exceed 2**53, got {value.bit_length()} bits"
        )
    elif value is not None and not isinstance(value, (bool, int, float)):
        raise InvalidMetric(f"{where}: not JSON: a {type(value).__name__}")


def storable(text: str) -> str:
    """The text with what is no Unicode (parts of foreign file names) replaced by `?`."""
    return text.encode("utf-8", "replace").decode()
