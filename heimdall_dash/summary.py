"""What each metric of a run came to: the last, the least and the greatest finite value with their
epochs, and how many there are.

Kept up to date from the writes alone: a new write is looked at once, whatever came before it. Only
where it may take the place of an earlier cell does the whole history have to be read again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from math import isfinite
from typing import Any, Self

import orjson

from heimdall_dash.cells import START, Position, Write

VERSION = 1  # of the text; one of another version is made anew
OWN = frozenset({"epoch", "timestamp"})


@dataclass(slots=True)
class Came:
    """What one metric came to; of equal extremes, the first epoch."""

    last: float
    last_epoch: int
    least: float
    least_epoch: int
    greatest: float
    greatest_epoch: int
    count: int

    @classmethod
    def of(cls, epochs: Sequence[int], values: Sequence[float]) -> Self:
        """epochs: rising; of equal length, at least one."""
        low = min(range(len(values)), key=values.__getitem__)
        high = max(range(len(values)), key=values.__getitem__)
        return cls(
            values[-1], epochs[-1], values[low], epochs[low], values[high], epochs[high],
            len(values),
        )  # fmt: skip

    def add(self, epoch: int, value: float) -> None:
        """epoch: newer than all in here."""
        self.last, self.last_epoch = value, epoch
        if value < self.least:
            self.least, self.least_epoch = value, epoch
        if value > self.greatest:
            self.greatest, self.greatest_epoch = value, epoch
        self.count += 1

    def view(self) -> dict[str, Any]:
        return {
            "last": self.last,
            "last_epoch": self.last_epoch,
            "min": self.least,
            "min_epoch": self.least_epoch,
            "max": self.greatest,
            "max_epoch": self.greatest_epoch,
            "count": self.count,
        }


@dataclass
class Summary:
    """As of `position` in the history that is named `stream`."""

    stream: str = ""
    position: Position = START
    metrics: dict[str, Came] = field(default_factory=dict)

    def take(self, writes: Iterable[Write]) -> bool:
        """Writes in the order of their positions, newer than what is in here. False when only the
        whole history tells: then what is in here is of no use any more."""
        for write in writes:
            if write.row is None:
                if any(came.last_epoch > write.epoch for came in self.metrics.values()):
                    return False
            elif not self._take_row(write.epoch, write.row, write.not_finite):
                return False
            self.position = write.position
        return True

    def _take_row(self, epoch: int, row: Mapping[str, Any], marks: Mapping[str, str]) -> bool:
        for name, value in row.items():
            if name in OWN or (value is None and name not in marks):
                continue
            known = self.metrics.get(name)
            if known is not None and epoch <= known.last_epoch:
                return False
            if not is_number(value):
                continue
            if known is None:
                self.metrics[name] = Came.of([epoch], [float(value)])
            else:
                known.add(epoch, float(value))
        return all(
            name not in self.metrics or epoch > self.metrics[name].last_epoch
            for name in marks
            if name not in row
        )

    def views(self, names: Iterable[str] | None = None) -> dict[str, Any]:
        """names: None for all."""
        wanted = self.metrics if names is None else names
        return {name: self.metrics[name].view() for name in wanted if name in self.metrics}

    def text(self) -> bytes:
        metrics = {name: astuple(came) for name, came in self.metrics.items()}
        return orjson.dumps([VERSION, self.stream, str(self.position), metrics])

    @classmethod
    def parse(cls, text: str | bytes) -> Self | None:
        """None for what cannot be read."""
        try:
            version, stream, position, metrics = orjson.loads(text)
            if version != VERSION:
                return None
            made = {name: Came(*came) for name, came in metrics.items()}
            return cls(stream, Position.parse(position), made)
        except (ValueError, TypeError, AttributeError):
            return None


def is_number(value: object) -> bool:
    return type(value) in (float, int) and isfinite(value)  # type: ignore[arg-type]
