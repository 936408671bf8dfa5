"""What the training loop asks of whoever shows its epochs. `heimdall_dash.publisher.Job` fits."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol


class Publisher(Protocol):
    """Takes epochs, facts and warnings. No call blocks or raises."""

    def log(self, epoch: int, /, **metrics: Any) -> None:
        """One epoch's metrics; epochs rise strictly, repeats are dropped."""

    def describe(self, facts: Mapping[str, Any]) -> None:
        """What is true of the whole job: bounds, sizes, versions."""

    def warn(self, message: str) -> None:
        """Something the reader of the charts should know."""

    def predictions(
        self,
        epoch: int,
        /,
        *,
        truth: Any,
        mean: Any,
        covariance: Any,
        labels: Sequence[str],
        unit: str,
        axes: Sequence[str],
        places: Mapping[str, Any],
    ) -> None:
        """Some of the epoch's predictions, to look at."""


class NullPublisher:
    """Shows nothing to anybody."""

    def log(self, epoch: int, /, **metrics: Any) -> None:
        pass

    def describe(self, facts: Mapping[str, Any]) -> None:
        pass

    def warn(self, message: str) -> None:
        pass

    def predictions(self, epoch: int, /, **predicted: Any) -> None:
        pass


class LinesPublisher:
    """Appends each epoch to a file, one JSON object a line, and passes all on to another.

    A number that is not finite is written as null. Epochs already in the file are not repeated.
    """

    def __init__(self, path: Path, behind: Publisher) -> None:
        self.path = path
        self.behind = behind
        self._last_epoch = _last_epoch(path)
        # a crash may have cut the last line: the next one must not join it
        is_cut = path.exists() and path.read_bytes()[-1:] not in (b"", b"\n")
        self._line_end = "\n" if is_cut else ""

    def log(self, epoch: int, /, **metrics: Any) -> None:
        self.behind.log(epoch, **metrics)
        if epoch > self._last_epoch:
            self._last_epoch = epoch
            self._append({"epoch": epoch} | {k: finite(v) for k, v in metrics.items()})

    def describe(self, facts: Mapping[str, Any]) -> None:
        self.behind.describe(facts)

    def warn(self, message: str) -> None:
        self.behind.warn(message)

    def predictions(self, epoch: int, /, **predicted: Any) -> None:
        self.behind.predictions(epoch, **predicted)

    def _append(self, row: Mapping[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(self._line_end + json.dumps(row, allow_nan=False) + "\n")
        self._line_end = ""


def finite(value: float | list[float] | None) -> Any:
    """The value, with None for NaN and infinities."""
    if isinstance(value, list):
        return [finite(v) for v in value]
    if value is None or not math.isfinite(value):
        return None
    return value


def _last_epoch(path: Path) -> int:
    """The last whole line's epoch, -1 where there is none."""
    last = -1
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                last = max(last, int(json.loads(line)["epoch"]))
            except (ValueError, KeyError, TypeError):
                continue  # a line cut off by a crash; its epoch is published again
    return last
