"""What every part agrees on: a job, its status and its transitions, an epoch's row, columns.

A row is `{"epoch": 7, "train_loss": 0.1, …}`; columns are `{"epoch": [7], "train_loss": [0.1], …}`
with None where a row has no such metric. Nothing here knows Redis, HTTP or the page.
"""

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from math import isfinite
from typing import Any

from heimdall_dash.errors import InvalidMetric

Value = float | int | None | list[float | None]
Row = dict[str, Any]
Columns = dict[str, list[Any]]

MAX_EPOCH = 2**53 - 1  # the largest integer that JavaScript counts exactly
MAX_LIST = 256  # values in one array-valued metric
MAX_METRICS = 512  # metrics in one row
LAST_UNIX_S = 253_402_300_799.0  # the end of the year 9999
MAX_DEPTH = 20  # of nested configs and facts
NO_EPOCH = -1  # the cursor before the first epoch

MAX_KNOWN_NAMES = 10_000
_KNOWN_NAMES: set[str] = set()  # metric names that were checked before
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_./-]{0,63}\Z")


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


def check_epoch(epoch: object) -> int:
    """The epoch as an int, 0 ≤ epoch < 2**53; raises InvalidMetric."""
    if isinstance(epoch, bool) or not isinstance(epoch, int):
        integral = getattr(epoch, "__index__", None)  # numpy's and torch's integers
        if isinstance(epoch, bool) or integral is None:
            raise InvalidMetric(f"epoch must be an integer ≥ 0, got {_shown(epoch)}")
        try:
            epoch = int(integral())
        except (TypeError, ValueError) as error:
            raise InvalidMetric(f"epoch must be an integer ≥ 0, got {_shown(epoch)}") from error
    if not 0 <= epoch <= MAX_EPOCH:
        raise InvalidMetric(f"epoch must be between 0 and {MAX_EPOCH}, got {epoch}")
    return epoch


def clean_row(epoch: object, metrics: Mapping[str, object]) -> tuple[Row, list[str]]:
    """A row that JSON can carry, and the names of metrics that held NaN or infinity.

    Not-finite values become None. Any finite scalar is a metric (int, float, numpy, 0-d tensor),
    and so is a list of up to 256 of them. Raises InvalidMetric for anything else.
    """
    not_finite: list[str] = []
    if len(metrics) > MAX_METRICS:
        raise InvalidMetric(f"at most {MAX_METRICS} metrics per epoch, got {len(metrics)}")
    if not metrics.keys() <= _KNOWN_NAMES:  # `Job.log` is to be quick: new names only
        _check_new_names(metrics.keys() - _KNOWN_NAMES)
    row: Row = {"epoch": check_epoch(epoch), **metrics}
    for name, value in metrics.items():
        if type(value) is not float or not isfinite(value):
            row[name], was_finite = _clean_value(name, value)
            if not was_finite:
                not_finite.append(name)
    return row, not_finite


def are_known(metrics: Mapping[str, object]) -> bool:
    """Whether all these names were checked before, and are not too many for one row."""
    return len(metrics) <= MAX_METRICS and metrics.keys() <= _KNOWN_NAMES


def _check_new_names(names: Iterable[object]) -> None:
    for name in names:
        check_metric_name(name)
        if len(_KNOWN_NAMES) < MAX_KNOWN_NAMES:
            _KNOWN_NAMES.add(str(name))


def check_metric_name(name: object) -> None:
    if not isinstance(name, str) or not _NAME.match(name):
        raise InvalidMetric(
            f"a metric's name is a letter, then up to 63 of A-Z a-z 0-9 _ . / -, got {_shown(name)}"
        )
    if name in {"epoch", "timestamp"}:
        raise InvalidMetric(f"{name!r} is the row's own column, not a metric")


def _clean_value(name: str, value: object) -> tuple[Value, bool]:
    """The value and whether all of it was finite; None stays None and counts as finite."""
    if value is None:
        return None, True
    if type(value) is list and {*map(type, value)} == {float} and all(map(isfinite, value)):
        if len(value) > MAX_LIST:
            raise InvalidMetric(f"metric {name!r}: at most {MAX_LIST} values, got {len(value)}")
        return value.copy(), True
    if isinstance(value, (str, bytes, bool, Mapping)):
        raise InvalidMetric(
            f"metric {name!r} must be a number or a list of them, got {value!r:.80}"
        )
    tolist = getattr(value, "tolist", None)  # numpy arrays and torch tensors, of any rank
    if tolist is not None:
        value = tolist()
    if isinstance(value, Sequence) and not isinstance(value, str):
        if len(value) > MAX_LIST:
            raise InvalidMetric(f"metric {name!r}: at most {MAX_LIST} values, got {len(value)}")
        pairs = [_clean_number(name, item) for item in value]
        return [number for number, _ in pairs], all(ok for _, ok in pairs)
    return _clean_number(name, value)


def _clean_number(name: str, value: object) -> tuple[float | int | None, bool]:
    if value is None:
        return None, True
    if isinstance(value, (str, bytes, bool, Sequence, Mapping)):
        raise InvalidMetric(
            f"metric {name!r} must be a number or a list of them, got {value!r:.80}"
        )
    if isinstance(value, int) and abs(value) <= MAX_EPOCH:
        return value, True
    try:
        number = float(value)  # type: ignore[arg-type]
    except OverflowError:
        return None, False
    except (TypeError, ValueError) as error:
        raise InvalidMetric(
            f"metric {name!r} must be a number or a list of them, got {_shown(value)}"
        ) from error
    return (number, True) if isfinite(number) else (None, False)


def _shown(value: object) -> str:
    return f"{type(value).__name__} {value!r:.80}"


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
        raise InvalidMetric(f"{where}: not JSON: {_shown(value)}")


def storable(text: str) -> str:
    """The text with what is no Unicode (parts of foreign file names) replaced by `?`."""
    return text.encode("utf-8", "replace").decode()


def to_columns(rows: Iterable[Row]) -> Columns:
    """Rows as columns of equal length: `epoch` first, None where a row lacks a metric."""
    rows = list(rows)
    names = list(dict.fromkeys(["epoch", *(name for row in rows for name in row)]))
    return {name: [row.get(name) for row in rows] for name in names}
